//! The old instance begins to listen.

use super::script::*;

fn listen(steps: Steps) -> Result<(), Failure> {
    returned(steps, |sys| {
        OldSide::listen(&sys, Path::new(PATH)).map(drop)
    })
}

#[test]
fn it_listens_before_it_has_the_name() {
    assert_eq!(listen(script([listening(), removal()])), Ok(()));
    let mut replacing = listening();
    replacing[0] = look(PATH, Ok(FileKind::Socket));
    replacing[3] = unlink(MAKING).done();
    assert_eq!(listen(script([replacing, removal()])), Ok(()));
}

#[rstest]
#[case::of_a_newer_instance(vec![
    getpid(7),
    on(Call::Stat { dir: At::Cwd, path: PATH.into(), follow: Follow::No }).gives(Ret::Stat(file(4))),
])]
#[case::gone(vec![getpid(7), look(PATH, Err(Errno::ENOENT))])]
#[case::in_a_forked_child(vec![getpid(8)])]
fn a_name_that_is_not_its_own_stays(#[case] found: Steps) {
    assert_eq!(
        listen(script([listening(), found, vec![close(LISTENS)]])),
        Ok(())
    );
}

#[test]
fn what_fails_while_it_begins_to_listen_is_named_and_cleared_away() {
    let whole = listening();
    for failing in 0..whole.len() {
        let mut steps = whole[..failing].to_vec();
        steps.push(whole[failing].clone().instead(Err(Errno::EIO)));
        steps.extend((failing > 4).then(|| unlink(MAKING).done()));
        steps.extend((failing > 2).then(|| close(LISTENS)));
        assert_eq!(
            listen(steps),
            Err(because(Cause::Errno(Errno::EIO))),
            "{failing}"
        );
    }
}

#[test]
fn another_kind_of_file_keeps_its_name() {
    let failure = listen(vec![look(PATH, Ok(FileKind::Regular))]).unwrap_err();
    assert_eq!(failure.stage, Stage::Upgrade);
}
