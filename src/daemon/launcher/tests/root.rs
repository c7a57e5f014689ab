//! Root is kept for as long as it may be needed, and no longer.

use super::script::*;

const USER: Wish = Wish {
    user: Some(5),
    ..READY
};

fn uids(real: u32, effective: u32, saved: u32) -> Step {
    on(Call::GetResUid).gives(Ret::Ids(Ids {
        real,
        effective,
        saved,
    }))
}

fn set_uid(real: Option<u32>, effective: Option<u32>, saved: Option<u32>) -> Step {
    let uid = |id: Option<u32>| id.map(Uid::from_raw);
    on(Call::SetResUid {
        real: uid(real),
        effective: uid(effective),
        saved: uid(saved),
    })
}

fn give_up() -> Steps {
    let gid = Some(Gid::from_raw(5));
    vec![
        uids(0, 0, 0),
        on(Call::GetGroups).gives(Ret::Groups(Vec::new())),
        on(Call::SetResGid {
            real: gid,
            effective: gid,
            saved: gid,
        })
        .done(),
        set_uid(Some(5), Some(5), Some(0)).done(),
    ]
}

fn finish() -> Steps {
    let sets = Capabilities::default();
    vec![
        set_uid(None, None, Some(5)).done(),
        uids(5, 5, 5),
        on(Call::SetCapabilities { sets }).done(),
        on(Call::GetCapabilities).gives(Ret::Capabilities(sets)),
    ]
}

#[test]
fn the_last_of_root_goes_once_the_daemon_has_dropped_its_own() {
    let steps = script([
        give_up(),
        started(),
        says(Record::Detached),
        finish(),
        says(Record::Ready),
        vec![intermediate_is_gone(), close(PIPE)],
    ]);
    assert_eq!(run(steps, USER), Ok(pid(DAEMON)));
}

#[test]
fn a_daemon_that_is_still_root_is_ended_with_what_was_kept() {
    let steps = script([
        give_up(),
        started(),
        vec![now(LIMIT), on_pipe(Duration::ZERO).gives(nothing())],
        vec![set_uid(None, Some(0), None).done()],
        kill_and_reap_all(LIMIT),
    ]);
    assert_eq!(run(steps, USER), Err(late()));
}

#[test]
fn root_that_cannot_be_taken_back_is_said() {
    let refused = |number| kill(KillTarget::Process(pid(number)), Signal::KILL).fails(Errno::EPERM);
    let steps = |end: Steps| {
        script([
            give_up(),
            started(),
            vec![now(LIMIT), on_pipe(Duration::ZERO).gives(nothing())],
            vec![
                set_uid(None, Some(0), None).fails(Errno::EPERM),
                refused(INTER),
                kill(KillTarget::Group(pid(INTER)), Signal::KILL).fails(Errno::EPERM),
                kill(KillTarget::Group(pid(DAEMON)), Signal::KILL).fails(Errno::ESRCH),
                refused(DAEMON),
                now(LIMIT),
            ],
            end,
            vec![close(PIPE)],
        ])
    };
    let lives = vec![
        lives(DAEMON),
        now(LIMIT + GRACE),
        on_pipe(Duration::ZERO).gives(nothing()),
        now(LIMIT + GRACE),
        wait(WaitFor::Any).gives(Ret::Waited(None)),
        now(LIMIT + GRACE + GRACE),
        on_pipe(Duration::ZERO).gives(nothing()),
    ];
    let says =
        "root could not be taken back to end it (EPERM): PID 101 could not be killed (EPERM)";
    let aftermath = |end| run(steps(end), USER).unwrap_err().aftermath;
    assert_eq!(aftermath(lives).as_deref(), Some(says));
    // Unless all have ended: the intermediate of a daemon that died is root's.
    let ends = script([
        vec![reap(DAEMON, Ended::Exited(3)), intermediate_is_gone()],
        the_end(),
    ]);
    assert_eq!(aftermath(ends), None);
}

#[test]
fn a_launcher_that_keeps_root_against_its_will_ends_everything() {
    let mut steps = give_up();
    steps[3] = set_uid(Some(5), Some(5), Some(0)).fails(Errno::EAGAIN);
    let steps = script([
        steps,
        kill_group(),
        vec![now(Duration::ZERO)],
        hangs_up(GRACE),
        vec![reap(INTER, Ended::Killed(Signal::KILL))],
        the_end(),
    ]);
    let failure = run(steps, USER).unwrap_err();
    assert_eq!(failure.stage, Stage::LauncherPrivileges);
    // The last of it.
    let mut last = finish();
    last[0] = set_uid(None, None, Some(5)).fails(Errno::EAGAIN);
    let steps = script([
        give_up(),
        started(),
        says(Record::Detached),
        last[..1].to_vec(),
        vec![set_uid(None, Some(0), None).done()],
        kill_and_reap_all(Duration::ZERO),
    ]);
    let failure = run(steps, USER).unwrap_err();
    assert_eq!(failure.stage, Stage::LauncherPrivileges);
}
