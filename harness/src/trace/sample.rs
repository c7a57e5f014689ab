//! A trace with everything that can be in one, to test what is made of it.

use std::time::Duration;

use crate::world::event::{Actor, CallEvent, CallResult, End, Event, What};
use crate::world::spec::Role;

use super::told::{Begun, Finished, Happening, Over, Running, Sender};

fn actor(task: &str, pid: i32, tid: i32, role: Role) -> Actor {
    Actor {
        task: task.to_owned(),
        pid,
        tid,
        role,
        launch: "trace".to_owned(),
    }
}

pub fn launcher() -> Actor {
    actor("0", 2, 2, Role::Launcher)
}

pub fn daemon() -> Actor {
    actor("0.1", 3, 3, Role::Daemon)
}

fn thread() -> Actor {
    actor("0.1/t1", 3, 4, Role::Daemon)
}

pub fn call(by: &Actor, name: &str, shown: &str, began: u64, result: CallResult) -> What {
    let answer = match result {
        CallResult::Returned(0) => "ok".to_owned(),
        CallResult::Returned(value) => value.to_string(),
        CallResult::Failed(_) => "EPERM".to_owned(),
        CallResult::Never => String::new(),
    };
    What::Call {
        by: by.clone(),
        call: Box::new(CallEvent {
            index: 1,
            name: name.to_owned(),
            shown: shown.to_owned(),
            in_table: true,
            paths: vec!["/run/a.pid".into()],
            object: (name == "write").then(|| "/run/a.pid".to_owned()),
            through_link: false,
            target: (name == "kill").then_some(2),
            signal: (name == "kill").then_some(libc::SIGUSR1),
            began: Duration::from_millis(began),
            result,
            answer,
            injected: false,
        }),
    }
}

pub fn begun() -> Begun {
    Begun {
        command: vec!["/bin/a".to_owned(), "-d".to_owned()],
        at: Duration::from_millis(1),
    }
}

pub fn finished() -> Finished {
    Finished {
        over: Over::Settled,
        launcher: Some(End::Signal(10)),
        launcher_seconds: 0.25,
        running: vec![
            Running {
                pid: 3,
                name: "a".to_owned(),
                role: Some(Role::Daemon),
            },
            Running {
                pid: 9,
                name: "b\n".to_owned(),
                role: None,
            },
        ],
        more_running: 1,
        calls: 4,
        signals: 3,
        processes: 2,
        lost: 5,
        seconds: 1.5,
    }
}

/// What happens: a launcher that forks, a daemon with a thread that signals
/// it, and all the rest there is. Each kind of event is there.
pub fn happenings() -> Vec<Happening> {
    let (launcher, daemon, thread) = (launcher(), daemon(), thread());
    let signal = |to: &Actor, signal, code, from_pid| What::Signal {
        to: to.clone(),
        signal,
        code,
        from_pid,
        from_uid: 0,
    };
    let told = [
        (
            2,
            What::Launched {
                id: "trace".to_owned(),
                pid: 2,
            },
        ),
        (
            2,
            What::Executed {
                by: launcher.clone(),
                path: Some("/bin/a".to_owned()),
            },
        ),
        (
            2,
            What::Executed {
                by: launcher.clone(),
                path: None,
            },
        ),
        (
            4,
            What::Forked {
                by: launcher.clone(),
                new: daemon.clone(),
                thread: false,
            },
        ),
        (
            4,
            call(&launcher, "fork", "fork()", 3, CallResult::Returned(3)),
        ),
        (
            5,
            What::Forked {
                by: daemon.clone(),
                new: thread.clone(),
                thread: true,
            },
        ),
        (
            6,
            call(
                &daemon,
                "write",
                "write(3, \"3\\n\")",
                5,
                CallResult::Returned(2),
            ),
        ),
        (
            6,
            call(
                &daemon,
                "kill",
                "kill(1, SIGUSR1)",
                6,
                CallResult::Failed(1),
            ),
        ),
        (9, signal(&launcher, libc::SIGUSR1, 0, 3)),
        (
            9,
            call(
                &thread,
                "kill",
                "kill(2, SIGUSR1)",
                8,
                CallResult::Returned(0),
            ),
        ),
        (
            9,
            What::Output {
                id: "trace".to_owned(),
                stderr: false,
                bytes: 2,
            },
        ),
        (
            9,
            What::Output {
                id: "trace".to_owned(),
                stderr: true,
                bytes: 7,
            },
        ),
        (
            9,
            What::WantsPtrace {
                by: daemon.clone(),
                request: "PTRACE_TRACEME".to_owned(),
            },
        ),
        (9, What::UnseenCalls { by: daemon.clone() }),
        (
            9,
            What::Fault {
                label: "f".to_owned(),
                pid: 3,
                role: Role::Daemon,
                call: "kill".to_owned(),
                done: "passed".to_owned(),
            },
        ),
        (
            10,
            call(&launcher, "pause", "pause()", 7, CallResult::Never),
        ),
        (
            10,
            What::Exited {
                by: launcher.clone(),
                end: End::Signal(10),
            },
        ),
        (
            10,
            What::Ended {
                pid: 2,
                end: End::Signal(10),
            },
        ),
        (11, signal(&daemon, libc::SIGCHLD, libc::CLD_EXITED, 77)),
        (11, signal(&daemon, libc::SIGSEGV, libc::SI_KERNEL, 0)),
        (
            12,
            What::Exited {
                by: daemon,
                end: End::Exit(0),
            },
        ),
        (12, What::Lost { events: 5 }),
    ];
    let happening = |(at, what): (u64, What)| {
        let text = match &what {
            What::Output { stderr: false, .. } => Some("a\n".to_owned()),
            _ => None,
        };
        let sender = match &what {
            What::Signal { from_pid: 3, .. } => Some(Sender {
                task: "0.1".to_owned(),
                role: Role::Daemon,
            }),
            _ => None,
        };
        Happening {
            event: Event {
                at: Duration::from_millis(at),
                what,
            },
            text,
            sender,
        }
    };
    told.into_iter().map(happening).collect()
}
