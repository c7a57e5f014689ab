//! The old instance's file gets a second name.

use super::script::*;

fn upgrade() -> Steps {
    let mut steps = turn();
    steps.extend(living(NAME, "12\n"));
    steps.extend([
        write(NEW, "77\n"),
        chmod(),
        unlink(DIR, ASIDE).fails(Errno::ENOENT),
        link().done(),
        rename(TEMP, NAME, Replace::Yes).done(),
    ]);
    steps
}

#[test]
fn an_upgrade_gives_the_old_file_its_second_name_first() {
    assert_eq!(taking(upgrade(), Start::Upgrade), Ok(()));
}

#[test]
fn an_upgrade_that_fails_leaves_the_old_instance_its_name() {
    let steps = upgrade();
    let last = steps.len() - 1;
    for (failing, undone) in [
        (last - 2, vec![]),
        (last - 1, vec![]),
        (last, vec![unlinked(ASIDE)]),
    ] {
        let mut script = steps[..failing].to_vec();
        script.push(steps[failing].clone().instead(Err(Errno::EIO)));
        script.extend(undone);
        script.extend([unlinked(TEMP), close(NEW), close(DIR)]);
        assert_eq!(
            taking(script, Start::Upgrade),
            Err(failure(Cause::Errno(Errno::EIO)))
        );
    }
}

#[test]
fn an_upgrade_replaces_only_the_instance_that_it_saw() {
    let mut round = turn();
    round.extend(living(NAME, "12\n"));
    round.extend([unlinked(TEMP), close(NEW)]);
    let mut script = vec![open_dir()];
    script.extend(rounds(&round));
    let other = Wanted {
        replaces: Some(file(THEIRS + 1)),
        ..wanted(Start::Upgrade)
    };
    let held = failure(Cause::Held(Some(pid(12))));
    assert_eq!(returned(script, |sys| take(sys, &other)), Err(held));
}

#[test]
fn an_upgrade_from_nobody_is_a_fresh_start() {
    let mut steps = free();
    // An older instance does not matter to it.
    steps.remove(5);
    assert_eq!(taking(steps, Start::Upgrade), Ok(()));
}
