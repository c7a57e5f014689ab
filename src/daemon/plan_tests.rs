use rstest::rstest;

use super::*;
use crate::daemon::scripts::{Steps, close, file, pid, returned, stat_of};
use crate::daemon::{LauncherWaits, Start};
use crate::sys::Errno;
use crate::sys::call::{Call, Ret};
use crate::sys::records::{Access, OpenHow};
use crate::sys::scripted::{Run, Scripted, Step, on, on_any};

fn stat(path: &str, kind: FileKind) -> Step {
    let stat = Stat { kind, ..file(2) };
    on(Call::Stat {
        dir: At::Cwd,
        path: PathBuf::from(path),
        follow: Follow::Yes,
    })
    .gives(Ret::Stat(stat))
}

fn directory(path: &str) -> Step {
    stat(path, FileKind::Directory)
}

fn streams() -> Steps {
    (0..=2).map(|fd| stat_of(fd, file(1))).collect()
}

fn pid_dir() -> Step {
    on(Call::Open {
        dir: At::Cwd,
        path: PathBuf::from("/run"),
        how: OpenHow {
            directory: true,
            ..OpenHow::new(Access::Path)
        },
        mode: 0,
    })
    .gives(Ret::Fd(9))
}

fn settings() -> Settings {
    Settings {
        mode: Mode::Background,
        pid_file: "/run/a.pid".into(),
        ..Settings::default()
    }
}

fn making() -> Steps {
    let mut steps = streams();
    steps.extend([
        on(Call::CountThreads).gives(Ret::Size(1)),
        directory("/"),
        pid_dir(),
        on_any("openat").fails(Errno::ENOENT),
        on_any("openat").fails(Errno::ENOENT),
    ]);
    steps
}

fn made(steps: Steps, settings: Settings) -> Result<(), Failure> {
    returned(steps, |sys| {
        Plan::make(sys, InheritedFds::none(), settings).map(drop)
    })
}

#[test]
fn all_is_looked_at_and_nothing_is_made() {
    let mut steps = making();
    steps.push(close(9));
    assert_eq!(made(steps, settings()), Ok(()));
}

#[rstest]
#[case::streams(0, vec![], Stage::Streams)]
#[case::directory(4, vec![], Stage::WorkingDirectory)]
#[case::pid_dir(5, vec![], Stage::PidFile)]
#[case::pid_file(6, vec![close(9)], Stage::PidFile)]
#[case::older(7, vec![close(9)], Stage::PidFile)]
fn what_fails_before_the_fork_is_named(
    #[case] failing: usize,
    #[case] after: Steps,
    #[case] stage: Stage,
) {
    let mut steps = making();
    steps[failing] = steps[failing].clone().instead(Err(Errno::EIO));
    steps.truncate(failing + 1);
    steps.extend(after);
    let failure = made(steps, settings()).unwrap_err();
    assert_eq!((failure.stage, failure.errno()), (stage, Some(Errno::EIO)));
}

#[test]
fn a_working_directory_that_is_none_is_refused() {
    let mut steps = making();
    steps[4] = stat("/", FileKind::Regular);
    steps.truncate(5);
    assert_eq!(
        made(steps, settings()).unwrap_err().errno(),
        Some(Errno::ENOTDIR)
    );
}

#[test]
fn threads_are_warned_of_and_counted_only_where_that_can_be_done() {
    let mut steps = making();
    steps[3] = on(Call::CountThreads).gives(Ret::Size(3));
    let warning = "prog: warning: 3 threads are running, and only this one survives the fork; start threads after it\n";
    steps.insert(
        4,
        on(Call::Write {
            fd: 2,
            data: warning.into(),
        })
        .gives(Ret::Size(warning.len())),
    );
    steps.push(close(9));
    let run = Scripted::new(steps)
        .args(&["/usr/bin/prog"])
        .run(|sys| Plan::make(sys, InheritedFds::none(), settings()).map(drop));
    assert_eq!(run, Run::Returned(Ok(())));
    let mut steps = making();
    steps[3] = on(Call::CountThreads).fails(Errno::ENOENT);
    steps.push(close(9));
    assert_eq!(made(steps, settings()), Ok(()));
}

#[test]
fn a_log_that_cannot_be_opened_is_named() {
    let mut steps = making();
    steps.truncate(5);
    steps.push(on_any("openat").fails(Errno::EACCES));
    let settings = Settings {
        error_log: Some("/var/log/a".into()),
        ..settings()
    };
    let expected = Failure::new(Stage::ErrorLog, "/var/log/a", Cause::Errno(Errno::EACCES));
    assert_eq!(made(steps, settings), Err(expected));
}

#[rstest]
#[case::user(Settings { user: Some("who".into()), ..settings() })]
#[case::group(Settings { group: Some("who".into()), ..settings() })]
fn a_name_that_nobody_has_is_refused_first_of_all(#[case] settings: Settings) {
    let expected = Failure::new(Stage::Names, "who", Cause::NoSuchName);
    assert_eq!(made(vec![], settings), Err(expected));
}

#[test]
fn a_relative_upgrade_sock_means_the_directory_of_the_start() {
    let relative = Settings {
        upgrade_sock: "up.sock".into(),
        ..settings()
    };
    let mut steps = making();
    steps.insert(5, on(Call::GetCwd).gives(Ret::Path("/srv".into())));
    steps.push(close(9));
    let path = returned(steps, |sys| {
        let plan = Plan::make(sys, InheritedFds::none(), relative.clone())
            .ok()
            .unwrap();
        plan.settings.upgrade_sock.clone()
    });
    assert_eq!(path, Path::new("/srv/up.sock"));
    let mut steps = making();
    steps.truncate(5);
    steps.push(on(Call::GetCwd).fails(Errno::ENOENT));
    assert_eq!(made(steps, relative).unwrap_err().stage, Stage::Upgrade);
}

#[test]
fn the_foreground_needs_no_descriptors_and_enters_only_what_is_named() {
    let foreground = Settings {
        mode: Mode::Foreground,
        ..settings()
    };
    let mut steps = making();
    steps.drain(3..5);
    steps.push(close(9));
    let entered = returned(steps, |sys| {
        let unknown = on(Call::ListFds).fails(Errno::ENOENT);
        let inherited = returned(vec![unknown], |sys| InheritedFds::note(&sys));
        Plan::make(sys, inherited, foreground).and_then(|plan| plan.enter_directory())
    });
    assert_eq!(entered, Ok(()));
}

#[test]
fn a_note_that_failed_fails_the_background() {
    let unknown = on(Call::ListFds).fails(Errno::ENOENT);
    let inherited = returned(vec![unknown], |sys| InheritedFds::note(&sys));
    let failure = returned(streams(), |sys| {
        Plan::make(sys, inherited, settings()).err()
    });
    assert_eq!(failure.unwrap().stage, Stage::Descriptors);
}

#[test]
fn the_owner_of_the_pid_file_is_the_starter_unless_the_user_is_to_be() {
    let owner = |pid_file_owner| {
        let settings = Settings {
            user: Some("who".into()),
            pid_file_owner,
            start: Start::Upgrade,
            launcher_waits: LauncherWaits::ForReady,
            ..settings()
        };
        let mut steps = vec![
            on_any("capget").gives(Ret::Capabilities(crate::sys::records::Capabilities {
                effective: u64::MAX,
                ..Default::default()
            })),
            on_any("getresgid").gives(ids()),
            on_any("getresuid").gives(ids()),
            on(Call::GetGroups).gives(Ret::Groups(vec![crate::sys::Gid::from_raw(6)])),
        ];
        steps.extend(making());
        steps.push(close(9));
        let mock = Scripted::new(steps).user("who", 5, 6, &[6]);
        let run = mock.run(|sys| {
            let plan = Plan::make(sys, InheritedFds::none(), settings)
                .ok()
                .unwrap();
            let (_place, wanted, _rest) = plan.pid_file(pid(7));
            wanted.owner.map(|(uid, gid)| (uid.as_raw(), gid.as_raw()))
        });
        match run {
            Run::Returned(owner) => owner,
            Run::Exited(status) => panic!("{status}"),
        }
    };
    assert_eq!(owner(PidFileOwner::Starter), None);
    assert_eq!(owner(PidFileOwner::User), Some((5, 6)));
}

fn ids() -> Ret {
    Ret::Ids(crate::sys::records::Ids {
        real: 0,
        effective: 0,
        saved: 0,
    })
}

#[test]
fn a_test_looks_at_directories_and_opens_nothing() {
    let settings = Settings {
        error_log: Some("/var/log/a".into()),
        working_directory: Some("/srv".into()),
        ..settings()
    };
    let steps = [directory("/srv"), directory("/run"), directory("/var/log")];
    let checked = returned(steps.clone(), |sys| check(&sys, &settings));
    assert_eq!(checked, Ok(()));
    for (failing, stage) in [Stage::WorkingDirectory, Stage::PidFile, Stage::ErrorLog]
        .into_iter()
        .enumerate()
    {
        let mut steps = steps[..=failing].to_vec();
        steps[failing] = steps[failing].clone().instead(Err(Errno::ENOENT));
        let failure = returned(steps, |sys| check(&sys, &settings)).unwrap_err();
        assert_eq!(failure.stage, stage);
    }
}
