//! Both sides, call by call.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rstest::rstest;

use super::message::{FDS_MAX, LENGTH_MAX, encode};
use super::*;
use crate::daemon::scripts::{Steps, close, file, getpid, nothing, now, pid, returned};
use crate::sys::call::{Call, Ret};
use crate::sys::records::{
    At, FileKind, Follow, Ids, Message, PollFd, Replace, SocketKind, Stat, UnixAddr,
};
use crate::sys::scripted::{Step, on};

const PATH: &str = "/run/up.sock";
const MAKING: &str = "/run/.up.sock.7";
const OWN: u32 = 1000;
const LISTENS: i32 = 5;
const TALKS: i32 = 6;
const TIME: Duration = Duration::from_secs(10);

fn socket(fd: i32) -> Step {
    let kind = SocketKind::Stream;
    on(Call::Socket { kind }).gives(Ret::Fd(fd))
}

fn peer_is(uid: u32) -> Steps {
    let peer = Peer {
        pid: pid(8),
        uid,
        gid: uid,
    };
    vec![on(Call::GetPeer { fd: TALKS }).gives(Ret::Peer(peer))]
}

fn own_uid() -> Step {
    on(Call::GetResUid).gives(Ret::Ids(Ids {
        real: OWN,
        effective: OWN,
        saved: OWN,
    }))
}

fn wait_for(read: bool, left: Duration) -> Step {
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

fn script(parts: impl IntoIterator<Item = Steps>) -> Steps {
    parts.into_iter().flatten().collect()
}

fn because(cause: Cause) -> Failure {
    Failure::new(Stage::Upgrade, PATH, cause)
}

fn connect() -> Step {
    let address = UnixAddr::Path(PATH.into());
    on(Call::Connect { fd: TALKS, address })
}

fn receive() -> Step {
    on(Call::Receive {
        fd: TALKS,
        max_bytes: LENGTH_MAX,
        max_fds: FDS_MAX,
    })
}

fn message(data: &[u8], fds: &[i32]) -> Ret {
    Ret::Message(Message {
        data: data.to_vec(),
        fds: fds.to_vec(),
    })
}

fn asking() -> Steps {
    script([
        vec![now(Duration::ZERO), socket(TALKS), connect().done()],
        peer_is(OWN),
        vec![own_uid()],
    ])
}

fn taken(steps: Steps) -> Result<Vec<(String, i32)>, Failure> {
    returned(steps, |sys| {
        let sockets = take(&sys, Path::new(PATH), TIME)?;
        let given = sockets.into_iter();
        Ok(given
            .map(|socket| (socket.name, socket.fd.into_raw()))
            .collect())
    })
}

#[test]
fn names_and_sockets_belong_together() {
    let bytes = encode(&["http", "https"]).unwrap();
    let steps = script([
        asking(),
        vec![receive().gives(message(&bytes, &[20, 21])), close(TALKS)],
    ]);
    let expected = vec![("http".to_owned(), 20), ("https".to_owned(), 21)];
    assert_eq!(taken(steps), Ok(expected));
}

#[test]
fn an_answer_may_come_late_and_in_pieces() {
    let bytes = encode(&["http"]).unwrap();
    let steps = script([
        asking(),
        vec![
            receive().fails(Errno::EAGAIN),
            now(Duration::from_secs(4)),
            wait_for(true, Duration::from_secs(6)),
            receive()
                .fails(Errno::EINTR)
                .gives(message(&bytes[..3], &[20])),
            receive().gives(message(&bytes[3..], &[])),
            close(TALKS),
        ],
    ]);
    assert_eq!(taken(steps), Ok(vec![("http".to_owned(), 20)]));
}

#[test]
fn a_full_backlog_is_waited_for() {
    let pause = on(Call::Poll {
        fds: Vec::new(),
        timeout: Some(Duration::from_millis(100)),
        mask: None,
    });
    let bytes = encode(&[]).unwrap();
    let steps = script([
        vec![
            now(Duration::ZERO),
            socket(TALKS),
            connect().fails(Errno::EAGAIN),
            now(Duration::from_secs(1)),
            pause.fails(Errno::EINTR),
            connect().done(),
        ],
        // Root is always trusted.
        peer_is(0),
        vec![receive().gives(message(&bytes, &[])), close(TALKS)],
    ]);
    assert_eq!(taken(steps), Ok(Vec::new()));
}

#[test]
fn nobody_waits_for_ever() {
    let late = Err(because(Cause::TimedOut(TIME)));
    let steps = script([
        asking(),
        vec![receive().fails(Errno::EAGAIN), now(TIME), close(TALKS)],
    ]);
    assert_eq!(taken(steps), late);
    let steps = vec![
        now(Duration::ZERO),
        socket(TALKS),
        connect().fails(Errno::EAGAIN),
        now(TIME),
        close(TALKS),
    ];
    assert_eq!(taken(steps), late);
}

#[test]
fn a_strangers_sockets_are_not_taken() {
    let steps = script([
        vec![now(Duration::ZERO), socket(TALKS), connect().done()],
        peer_is(OWN + 1),
        vec![own_uid(), close(TALKS)],
    ]);
    let why = "a process of user id 1001 listens there".to_owned();
    assert_eq!(taken(steps), Err(because(Cause::Text(why))));
}

#[test]
fn descriptors_without_names_are_closed() {
    let bytes = encode(&["http"]).unwrap();
    let steps = script([
        asking(),
        vec![
            receive().gives(message(&bytes, &[20, 21])),
            close(20),
            close(21),
            close(TALKS),
        ],
    ]);
    let why = "1 names came with 2 sockets".to_owned();
    assert_eq!(taken(steps), Err(because(Cause::Text(why))));
}

#[test]
fn what_fails_while_asking_is_named() {
    let whole = script([asking(), vec![receive()]]);
    for failing in 0..whole.len() {
        let mut steps = whole[..failing].to_vec();
        steps.push(whole[failing].clone().instead(Err(Errno::EIO)));
        steps.extend((failing > 1).then(|| close(TALKS)));
        assert_eq!(
            taken(steps),
            Err(because(Cause::Errno(Errno::EIO))),
            "{failing}"
        );
    }
}

fn look(path: &str, answer: Result<FileKind, Errno>) -> Step {
    let stat = answer.map(|kind| Ret::Stat(Stat { kind, ..file(3) }));
    on(Call::Stat {
        dir: At::Cwd,
        path: PathBuf::from(path),
        follow: Follow::No,
    })
    .answers(stat)
}

fn unlink(path: &str) -> Step {
    let path = PathBuf::from(path);
    on(Call::Unlink { dir: At::Cwd, path })
}

fn listening() -> Steps {
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

fn listen(steps: Steps) -> Result<(), Failure> {
    returned(steps, |sys| {
        OldSide::listen(&sys, Path::new(PATH)).map(drop)
    })
}

/// It is dropped: the name is still its own.
fn removal() -> Steps {
    vec![
        getpid(7),
        look(PATH, Ok(FileKind::Socket)),
        unlink(PATH).done(),
        close(LISTENS),
    ]
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

const FDS: [i32; 1] = [30];

fn send(data: &[u8], fds: &[i32]) -> Step {
    on(Call::Send {
        fd: TALKS,
        data: data.to_vec(),
        fds: fds.to_vec(),
        to: None,
    })
}

fn accept() -> Step {
    on(Call::Accept { fd: LISTENS }).gives(Ret::Fd(TALKS))
}

fn served(steps: Steps) -> Result<Served, Failure> {
    let steps = script([listening(), steps, removal()]);
    returned(steps, |sys| {
        let old = OldSide::listen(&sys, Path::new(PATH))?;
        old.serve(&[("http", FDS[0])], TIME)
    })
}

fn accepted(uid: u32) -> Steps {
    let mut steps = vec![accept()];
    steps.extend(peer_is(uid));
    steps.extend((uid != 0).then(own_uid));
    steps
}

fn them(uid: u32) -> Peer {
    Peer {
        pid: pid(8),
        uid,
        gid: uid,
    }
}

#[test]
fn the_descriptors_go_with_the_first_byte_and_once() {
    let bytes = encode(&["http"]).unwrap();
    let steps = script([
        accepted(OWN),
        vec![
            now(Duration::ZERO),
            send(&bytes, &FDS).fails(Errno::EAGAIN),
            now(Duration::from_secs(1)),
            wait_for(false, Duration::from_secs(9)),
            send(&bytes, &FDS).gives(Ret::Size(2)),
            send(&bytes[2..], &[]).gives(Ret::Size(bytes.len() - 2)),
            close(TALKS),
        ],
    ]);
    assert_eq!(served(steps), Ok(Served::Handed(them(OWN))));
}

#[test]
fn a_stranger_gets_nothing() {
    let steps = script([accepted(OWN + 1), vec![close(TALKS)]]);
    assert_eq!(served(steps), Ok(Served::Refused(them(OWN + 1))));
}

#[rstest]
#[case::nobody_asks(vec![accept().instead(Err(Errno::EAGAIN))])]
#[case::gone_again(vec![accept().instead(Err(Errno::ECONNABORTED))])]
#[case::gone_while_served(script([
    accepted(0),
    vec![
        now(Duration::ZERO),
        send(&encode(&["http"]).unwrap(), &FDS).fails(Errno::EPIPE),
        close(TALKS),
    ],
]))]
fn who_has_gone_is_nobody(#[case] steps: Steps) {
    assert_eq!(served(steps), Ok(Served::Nobody));
}

#[test]
fn who_does_not_listen_holds_nobody_up() {
    let bytes = encode(&["http"]).unwrap();
    let steps = script([
        accepted(0),
        vec![
            now(Duration::ZERO),
            send(&bytes, &FDS).fails(Errno::EAGAIN),
            now(TIME),
            close(TALKS),
        ],
    ]);
    assert_eq!(served(steps), Err(because(Cause::TimedOut(TIME))));
}

#[test]
fn what_fails_while_it_serves_is_named() {
    let bytes = encode(&["http"]).unwrap();
    let whole = script([accepted(OWN), vec![now(Duration::ZERO), send(&bytes, &FDS)]]);
    for failing in 0..whole.len() {
        let mut steps = whole[..failing].to_vec();
        steps.push(whole[failing].clone().instead(Err(Errno::EIO)));
        steps.extend((failing > 0).then(|| close(TALKS)));
        assert_eq!(
            served(steps),
            Err(because(Cause::Errno(Errno::EIO))),
            "{failing}"
        );
    }
}
