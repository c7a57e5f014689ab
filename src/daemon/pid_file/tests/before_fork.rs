//! What is seen before anything is made.

use super::script::*;

fn testing(steps: Steps, start: Start) -> Result<Option<u64>, Failure> {
    let mut script = vec![open_dir()];
    script.extend(steps);
    script.push(close(DIR));
    returned(script, |sys| {
        let place = Place::open(&sys, Path::new("/run/a.pid"))?;
        Ok(place.test(start)?.map(|stat| stat.inode))
    })
}

#[test]
fn before_the_fork_a_living_holder_is_seen() {
    let held = Err(failure(Cause::Held(Some(pid(12)))));
    assert_eq!(testing(living(NAME, "12\n"), Start::Fresh), held);
    let mut steps = vec![nobody(NAME)];
    steps.extend(living(ASIDE, "12\n"));
    assert_eq!(testing(steps, Start::Fresh), held);
    assert_eq!(
        testing(living(NAME, "12\n"), Start::Upgrade),
        Ok(Some(THEIRS))
    );
    // One whose name a daemon had that died may get it back before the turn.
    let mut steps = vec![nobody(NAME)];
    steps.extend(living(ASIDE, "12\n"));
    assert_eq!(testing(steps, Start::Upgrade), Ok(Some(THEIRS)));
}

#[test]
fn before_the_fork_nothing_is_left_locked() {
    let mut steps = stale(NAME);
    steps.extend([nobody(ASIDE), close(OLD)]);
    assert_eq!(testing(steps, Start::Fresh), Ok(None));
    let steps = vec![nobody(NAME), nobody(ASIDE)];
    assert_eq!(testing(steps, Start::Fresh), Ok(None));
}

#[rstest]
#[case("a.pid", ".")]
#[case("run/a.pid", "run")]
#[case("/a.pid", "/")]
#[case("../a.pid", "..")]
fn the_directory_of_a_path(#[case] path: &str, #[case] directory: &str) {
    assert_eq!(parent(Path::new(path)), Path::new(directory));
}

#[test]
fn a_path_that_names_no_file_is_refused() {
    let refused = returned(Vec::new(), |sys| {
        Place::open(&sys, Path::new("/run/..")).err()
    });
    assert!(refused.is_some());
    assert_eq!(Path::new("/run/").file_name(), Some(OsStr::new("run")));
}
