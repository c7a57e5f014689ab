//! What programs do to get anywhere.

use std::time::Duration;

use daemonlab::sys::call::Call;
use daemonlab::sys::records::{
    Access, At, Follow, KillTarget, Lock, MaskHow, OpenHow, PollFd, Replace,
};
use daemonlab::sys::{Pid, Signal};
use proptest::prelude::*;

use super::calls::USR1;
use super::opened::lock;
use super::paths::{mode, path};
use super::relatives::disposition;
use super::symbols::pid;

/// What programs do to get anywhere.
pub(super) fn idiom() -> BoxedStrategy<Vec<Call>> {
    let open = |path: &str, how| Call::Open {
        dir: At::Cwd,
        path: path.into(),
        how,
        mode: 0o666,
    };
    let writable = OpenHow {
        create: true,
        ..OpenHow::new(Access::ReadWrite)
    };
    let directory = OpenHow {
        directory: true,
        ..OpenHow::new(Access::Read)
    };
    let data = || b"written".to_vec();
    prop_oneof![
        2 => Just(vec![open("d", directory)]),
        1 => Just(vec![
            open("sgid", OpenHow::new(Access::ReadWrite)),
            Call::Write { fd: 0, data: data() },
            Call::Fstat { fd: 0 },
        ]),
        1 => (lock(), lock()).prop_map(move |(one, other)| vec![
            open("f", OpenHow::new(Access::Read)),
            Call::Flock { fd: 0, lock: one },
            open("f", OpenHow::new(Access::Read)),
            Call::Flock { fd: 0, lock: other },
        ]),
        1 => (60_000..70_000_usize).prop_map(|length| vec![
            Call::Pipe,
            Call::Write { fd: 0, data: vec![b'y'; length] },
            Call::Poll {
                fds: vec![PollFd { fd: 0, read: false, write: true }],
                timeout: Some(Duration::ZERO),
                mask: None,
            },
        ]),
        3 => path().prop_map(move |path| vec![
            open(path.to_str().unwrap_or("new"), writable),
            Call::Write { fd: 0, data: data() },
            Call::Flock { fd: 0, lock: Lock::Exclusive },
        ]),
        2 => (mode(), mode()).prop_map(move |(mask, mode)| vec![
            Call::Umask { mask },
            Call::Mkdir { dir: At::Cwd, path: "other".into(), mode },
            Call::Stat { dir: At::Cwd, path: "other".into(), follow: Follow::Yes },
        ]),
        1 => Just(vec![
            Call::Mkdir { dir: At::Cwd, path: "d/d".into(), mode: 0o755 },
            Call::Rename { dir: At::Cwd, from: "group".into(), to: "d".into(), replace: Replace::Yes },
        ]),
        1 => Just(vec![
            open("new", OpenHow { append: true, ..writable }),
            Call::Ftruncate { fd: 0, length: i64::MAX as u64 },
            Call::Write { fd: 0, data: data() },
            Call::Ftruncate { fd: 0, length: 0 },
        ]),
        1 => disposition().prop_map(move |disposition| vec![
            Call::SigAction { signal: Signal::PIPE, disposition },
            Call::Pipe,
            Call::Close { fd: 1 },
            Call::Write { fd: 0, data: data() },
        ]),
        1 => pid().prop_map(|pid| vec![
            Call::PidfdOpen { pid },
            Call::PidfdSendSignal { pidfd: 0, signal: Some(Signal::USR1) },
        ]),
        1 => Just(vec![
            Call::SigMask { how: MaskHow::Block, set: USR1 },
            Call::SignalFd { set: USR1 },
            Call::Read { fd: 0, max: 128 },
            Call::Kill {
                target: KillTarget::Process(Pid::from_raw(0)),
                signal: Some(Signal::USR1),
            },
            Call::Read { fd: 0, max: 128 },
        ]),
        1 => Just(vec![Call::Pipe; 6]),
    ]
    .boxed()
}
