//! What servers and clients do.

use std::time::Duration;

use daemonlab::sys::call::Call;
use daemonlab::sys::records::{Access, At, OpenHow, PollFd, SocketKind, UnixAddr};
use proptest::collection::vec;
use proptest::prelude::*;

use super::opened::data;
use super::sockets::address;
use super::symbols::fd;
use crate::program::ANY;

/// A server and its client in one process, connected: the youngest descriptor
/// is the server's end, the next the client's.
fn connected() -> Vec<Call> {
    let address = || UnixAddr::Abstract(b"pair".to_vec());
    let stream = || Call::Socket {
        kind: SocketKind::Stream,
    };
    vec![
        stream(),
        Call::Bind {
            fd: 0,
            address: address(),
        },
        Call::Listen { fd: 0, backlog: 1 },
        stream(),
        Call::Connect {
            fd: 0,
            address: address(),
        },
        Call::Accept { fd: 0 },
    ]
}

/// The last two descriptors.
fn both_ways() -> Vec<PollFd> {
    let poll = |fd| PollFd {
        fd,
        read: true,
        write: true,
    };
    vec![poll(0), poll(1)]
}

fn and_then(calls: Vec<Call>) -> Vec<Call> {
    let mut all = connected();
    all.extend(calls);
    all
}

fn send(fd: i32, data: Vec<u8>, fds: Vec<i32>, to: Option<UnixAddr>) -> Call {
    Call::Send { fd, data, fds, to }
}

/// What servers and clients do.
pub(super) fn socket_idiom() -> BoxedStrategy<Vec<Call>> {
    let socket = |kind| Call::Socket { kind };
    let (stream, datagram) = (SocketKind::Stream, SocketKind::Datagram);
    let receive = |max_bytes, max_fds| Call::Receive {
        fd: 0,
        max_bytes,
        max_fds,
    };
    let named = |name: &str| UnixAddr::Abstract(name.as_bytes().to_vec());
    prop_oneof![
        1 => Just(vec![
            socket(datagram),
            Call::Bind { fd: 0, address: UnixAddr::Path("d/s".into()) },
            socket(stream),
            Call::Connect { fd: 0, address: UnixAddr::Path("d/s".into()) },
        ]),
        3 => (data(), vec(fd(), 0..3), 0..9_usize, 0..3_usize).prop_map(
            move |(data, fds, max_bytes, max_fds)| and_then(vec![
                send(1, data, fds, None),
                receive(max_bytes, max_fds),
            ]),
        ),
        1 => Just(and_then(vec![
            Call::Close { fd: 0 },
            send(0, b"late".to_vec(), Vec::new(), None),
            receive(4, 0),
        ])),
        1 => Just(and_then(vec![
            send(1, b"unread".to_vec(), Vec::new(), None),
            Call::Close { fd: 0 },
            Call::Poll {
                fds: vec![PollFd { fd: 0, read: true, write: true }],
                timeout: Some(Duration::ZERO),
                mask: None,
            },
            receive(4, 0),
            receive(4, 0),
        ])),
        1 => (0..3_i32, 0..3_i32).prop_map(move |(one, other)| and_then(vec![
            send(0, b"first".to_vec(), Vec::new(), None),
            Call::EndSending { fd: one },
            send(0, b"late".to_vec(), Vec::new(), None),
            send(1, b"answer".to_vec(), Vec::new(), None),
            receive(9, 0),
            receive(4, 0),
            Call::Poll { fds: both_ways(), timeout: Some(Duration::ZERO), mask: None },
            Call::EndSending { fd: other },
            Call::Poll { fds: both_ways(), timeout: Some(Duration::ZERO), mask: None },
        ])),
        1 => Just(and_then(vec![
            Call::Connect { fd: ANY + 1, address: named("pair") },
            Call::GetPeer { fd: 0 },
        ])),
        2 => (data(), vec(fd(), 0..3), 1..9_usize, 0..3_usize).prop_map(
            move |(data, fds, max_bytes, max_fds)| {
                let address = UnixAddr::Path("pair".into());
                vec![
                    socket(datagram),
                    Call::Bind { fd: 0, address: address.clone() },
                    send(0, data, fds, Some(address)),
                    receive(max_bytes, max_fds),
                ]
            },
        ),
        1 => (address(), 0..3_u32).prop_map(move |(address, backlog)| vec![
            socket(stream),
            Call::Bind { fd: 0, address },
            Call::Listen { fd: 0, backlog },
        ]),
        1 => (address(), data()).prop_map(move |(address, data)| vec![
            socket(stream),
            Call::Connect { fd: 0, address },
            send(0, data, Vec::new(), None),
        ]),
        1 => (address(), data(), vec(fd(), 0..2)).prop_map(move |(address, data, fds)| vec![
            socket(datagram),
            send(0, data.clone(), fds, Some(address.clone())),
            Call::Connect { fd: 0, address },
            send(0, data, Vec::new(), None),
        ]),
        1 => (1..14_usize).prop_map(move |count| {
            let mut calls = vec![
                socket(datagram),
                Call::Bind { fd: 0, address: named("full") },
                socket(datagram),
            ];
            let one = send(0, b"d".to_vec(), Vec::new(), Some(named("full")));
            calls.extend(vec![one; count]);
            calls
        }),
        1 => Just(vec![
            socket(datagram),
            Call::Bind { fd: 0, address: named("large") },
            send(0, vec![b'z'; 300_000], Vec::new(), Some(named("large"))),
        ]),
        1 => Just(vec![
            socket(datagram),
            Call::Bind { fd: 0, address: UnixAddr::Path("s".into()) },
            Call::Open {
                dir: At::Cwd,
                path: "s".into(),
                how: OpenHow::new(Access::Read),
                mode: 0,
            },
        ]),
    ]
    .boxed()
}
