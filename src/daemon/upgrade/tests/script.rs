//! What both sides call.

pub(super) use std::path::{Path, PathBuf};
pub(super) use std::time::Duration;

pub(super) use rstest::rstest;

pub(super) use super::super::message::{FDS_MAX, LENGTH_MAX, encode};
pub(super) use super::super::*;
pub(super) use crate::daemon::scripts::{Steps, close, file, getpid, nothing, now, pid, returned};
pub(super) use crate::sys::call::{Call, Ret};
pub(super) use crate::sys::records::{
    At, FileKind, Follow, Ids, Message, PollFd, Replace, SocketKind, Stat, UnixAddr,
};
pub(super) use crate::sys::scripted::{Step, on};

pub(super) const PATH: &str = "/run/up.sock";
pub(super) const MAKING: &str = "/run/.up.sock.7";
pub(super) const OWN: u32 = 1000;
pub(super) const LISTENS: i32 = 5;
pub(super) const TALKS: i32 = 6;
pub(super) const TIME: Duration = Duration::from_secs(10);

pub(super) fn socket(fd: i32) -> Step {
    let kind = SocketKind::Stream;
    on(Call::Socket { kind }).gives(Ret::Fd(fd))
}

pub(super) fn peer_is(uid: u32) -> Steps {
    let peer = Peer {
        pid: pid(8),
        uid,
        gid: uid,
    };
    vec![on(Call::GetPeer { fd: TALKS }).gives(Ret::Peer(peer))]
}

pub(super) fn own_uid() -> Step {
    on(Call::GetResUid).gives(Ret::Ids(Ids {
        real: OWN,
        effective: OWN,
        saved: OWN,
    }))
}

pub(super) fn wait_for(read: bool, left: Duration) -> Step {
    on(Call::Poll {
        fds: vec![PollFd {
            fd: TALKS,
            read,
            write: !read,
        }],
        timeout: Some(left),
        mask: None,
    })
    .gives(nothing())
}

pub(super) fn script(parts: impl IntoIterator<Item = Steps>) -> Steps {
    parts.into_iter().flatten().collect()
}

pub(super) fn because(cause: Cause) -> Failure {
    Failure::new(Stage::Upgrade, PATH, cause)
}

pub(super) fn connect() -> Step {
    let address = UnixAddr::Path(PATH.into());
    on(Call::Connect { fd: TALKS, address })
}

pub(super) fn look(path: &str, answer: Result<FileKind, Errno>) -> Step {
    let stat = answer.map(|kind| Ret::Stat(Stat { kind, ..file(3) }));
    on(Call::Stat {
        dir: At::Cwd,
        path: PathBuf::from(path),
        follow: Follow::No,
    })
    .answers(stat)
}

pub(super) fn unlink(path: &str) -> Step {
    let path = PathBuf::from(path);
    on(Call::Unlink { dir: At::Cwd, path })
}

pub(super) fn listening() -> Steps {
    vec![
        look(PATH, Err(Errno::ENOENT)),
        getpid(7),
        socket(LISTENS),
        unlink(MAKING).fails(Errno::ENOENT),
        on(Call::Bind {
            fd: LISTENS,
            address: UnixAddr::Path(MAKING.into()),
        })
        .done(),
        on(Call::Listen {
            fd: LISTENS,
            backlog: 8,
        })
        .done(),
        look(MAKING, Ok(FileKind::Socket)),
        on(Call::Rename {
            dir: At::Cwd,
            from: MAKING.into(),
            to: PATH.into(),
            replace: Replace::Yes,
        })
        .done(),
    ]
}

/// It is dropped: the name is still its own.
pub(super) fn removal() -> Steps {
    vec![
        getpid(7),
        look(PATH, Ok(FileKind::Socket)),
        unlink(PATH).done(),
        close(LISTENS),
    ]
}
