//! Where nobody waits.

use super::script::*;

#[test]
fn nobody_is_signalled_where_nobody_waits() {
    let mut before = before_fork();
    before.drain(6..8);
    let steps = script([
        planning(Mode::Background),
        before,
        vec![
            fork(0),
            close(READ),
            on(Call::SetSid).gives(Ret::Pid(pid(INTER))),
            fork(0),
        ],
        cleaning(),
        pid_file(),
        vec![tell(WRITE, &Record::Detached), close(WRITE)],
        // Ready, and no line to say so on.
        removal(),
    ]);
    let settings = Settings {
        launcher_waits: LauncherWaits::ForDetached,
        ..settings()
    };
    let stopped = returned(steps, |sys| match start(sys, settings) {
        Ok(Started::Daemon(ready)) => ready.notify().map(|running| running.stop()),
        _ => panic!("this is the daemon"),
    });
    assert!(matches!(stopped, Ok(Ok(crate::daemon::Removal::Removed))));
}

#[test]
fn the_foreground_forks_nothing_and_says_nothing() {
    let foreground_way = script([
        planning(Mode::Foreground),
        vec![getpid(DAEMON)],
        pid_file(),
        removal(),
    ]);
    let settings = Settings {
        mode: Mode::Foreground,
        ..settings()
    };
    let run = |sys: Scripted| {
        let plan = Plan::make(sys, InheritedFds::none(), settings.clone())?;
        foreground(plan)?.notify().map(drop)
    };
    assert_eq!(returned(foreground_way, run), Ok(()));
    let unknown = getpid(DAEMON).instead(Err(Errno::EIO));
    let steps = script([planning(Mode::Foreground), vec![unknown, close(DIR)]]);
    let expected = Failure::new(Stage::Launch, "getpid", Cause::Errno(Errno::EIO));
    assert_eq!(returned(steps, run), Err(expected));
}
