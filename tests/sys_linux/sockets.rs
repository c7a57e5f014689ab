use std::fs::Permissions;
use std::os::fd::RawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{
    Access, At, Disposition, Ended, Message, OpenHow, Peer, PollFd, SocketKind, UnixAddr,
};
use daemonlab::sys::{
    Credentials, Errno, Fd, Files, Gid, Pid, Pipes, Signal, Signals, Sockets, Uid, Waiting,
};
use nix::sys::resource::{Resource, setrlimit};
use rstest::rstest;

use crate::descriptors::is_close_on_exec;
use crate::support::{alone, alone_as_root, child, end_of, forked};

fn in_dir(dir: &tempfile::TempDir, name: &str) -> UnixAddr {
    UnixAddr::Path(dir.path().join(name))
}

fn listening(address: &UnixAddr, backlog: u32) -> Fd<Linux> {
    let socket = Linux.socket(SocketKind::Stream).unwrap();
    Linux.bind(socket.raw(), address.clone()).unwrap();
    Linux.listen(socket.raw(), backlog).unwrap();
    socket
}

/// Two ends of one connection.
fn connected() -> (Fd<Linux>, Fd<Linux>) {
    let dir = tempfile::tempdir().unwrap();
    let address = in_dir(&dir, "socket");
    let listening = listening(&address, 1);
    let client = Linux.socket(SocketKind::Stream).unwrap();
    Linux.connect(client.raw(), address).unwrap();
    (client, Linux.accept(listening.raw()).unwrap())
}

#[rstest]
#[case::path(false)]
#[case::abstract_name(true)]
fn a_connection_carries_bytes_both_ways(#[case] is_abstract: bool) {
    let dir = tempfile::tempdir().unwrap();
    let address = if is_abstract {
        UnixAddr::Abstract(dir.path().to_str().unwrap().as_bytes().to_vec())
    } else {
        in_dir(&dir, "socket")
    };
    let listening = listening(&address, u32::MAX);
    let client = Linux.socket(SocketKind::Stream).unwrap();
    assert!(is_close_on_exec(listening.raw()));
    Linux.connect(client.raw(), address).unwrap();
    let server = Linux.accept(listening.raw()).unwrap();
    assert!(is_close_on_exec(server.raw()));
    assert_eq!(Linux.send(client.raw(), b"hello", &[], None), Ok(5));
    let hello = Message {
        data: b"hello".to_vec(),
        fds: vec![],
    };
    assert_eq!(Linux.receive(server.raw(), 100, 4), Ok(hello));
    drop(server);
    assert_eq!(Linux.receive(client.raw(), 100, 4), Ok(Message::default()));
}

#[test]
fn a_datagram_goes_to_its_address_whole() {
    let dir = tempfile::tempdir().unwrap();
    let address = in_dir(&dir, "notify");
    let receiver = Linux.socket(SocketKind::Datagram).unwrap();
    Linux.bind(receiver.raw(), address.clone()).unwrap();
    let sender = Linux.socket(SocketKind::Datagram).unwrap();
    assert_eq!(
        Linux.send(sender.raw(), b"READY=1\nMAINPID=7", &[], Some(address)),
        Ok(17)
    );
    // What does not fit is lost.
    assert_eq!(
        Linux.receive(receiver.raw(), 7, 0).unwrap().data,
        b"READY=1"
    );
    let large = vec![0; 64 << 20];
    let sent = Linux.send(sender.raw(), &large, &[], Some(in_dir(&dir, "notify")));
    assert_eq!(sent, Err(Errno::EMSGSIZE));
}

#[test]
fn descriptors_arrive_close_on_exec_and_refer_to_the_same_files() {
    let (client, server) = connected();
    let root = Linux
        .open(At::Cwd, Path::new("/"), OpenHow::new(Access::Path), 0)
        .unwrap();
    let null = Linux
        .open(
            At::Cwd,
            Path::new("/dev/null"),
            OpenHow::new(Access::Read),
            0,
        )
        .unwrap();
    let sent = [root.raw(), null.raw()];
    assert_eq!(Linux.send(client.raw(), b"x", &sent, None), Ok(1));
    let message = Linux.receive(server.raw(), 10, 4).unwrap();
    assert_eq!(message.data, b"x");
    assert_eq!(message.fds.len(), 2);
    for (&sent, received) in sent.iter().zip(message.fds) {
        let received = Fd::from_raw(&Linux, received);
        assert!(is_close_on_exec(received.raw()));
        assert!(
            Linux
                .fstat(sent)
                .unwrap()
                .same_file(&Linux.fstat(received.raw()).unwrap())
        );
    }
}

/// The kernel closes what does not fit; none may stay open without a name.
#[rstest]
#[case(0)]
#[case(1)]
#[case(2)]
#[case(3)]
fn descriptors_that_do_not_fit_are_not_left_open(#[case] room: usize) {
    alone(|| {
        let (client, server) = connected();
        let fds: [RawFd; 3] = [client.raw(); 3];
        Linux.send(client.raw(), b"x", &fds, None).unwrap();
        let before = Linux.list_fds().unwrap();
        let message = Linux.receive(server.raw(), 10, room).unwrap();
        assert_eq!(message.fds.len(), room);
        let mut expected = before;
        expected.extend(message.fds);
        expected.sort_unstable();
        assert_eq!(Linux.list_fds(), Ok(expected));
    });
}

#[test]
fn descriptors_beyond_the_limit_are_left_out() {
    alone(|| {
        forked(|| {
            Linux.close_range(3, RawFd::MAX).unwrap();
            let (client, server) = connected();
            Linux.send(client.raw(), b"x", &[0, 1, 2], None).unwrap();
            let open = Linux.list_fds().unwrap();
            // Room for one more.
            let limit = *open.last().unwrap() as u64 + 2;
            setrlimit(Resource::RLIMIT_NOFILE, limit, limit).unwrap();
            let free = (0..limit as RawFd).filter(|fd| !open.contains(fd)).count();
            assert!(free < 3, "{open:?}");
            let message = Linux.receive(server.raw(), 10, 3).unwrap();
            assert_eq!(message.fds.len(), free);
        });
    });
}

#[test]
fn a_peer_that_is_gone_is_epipe_and_no_signal() {
    alone(|| {
        Linux.sigaction(Signal::PIPE, Disposition::Default).unwrap();
        let (client, server) = connected();
        drop(server);
        assert_eq!(Linux.send(client.raw(), b"x", &[], None), Err(Errno::EPIPE));
    });
}

#[test]
fn a_peer_that_left_words_unread_is_econnreset() {
    let (client, server) = connected();
    Linux.send(client.raw(), b"x", &[], None).unwrap();
    drop(server);
    assert_eq!(Linux.receive(client.raw(), 1, 0), Err(Errno::ECONNRESET));
}

#[test]
fn addresses_that_cannot_be_bound() {
    let dir = tempfile::tempdir().unwrap();
    let _taken = listening(&in_dir(&dir, "taken"), 1);
    let long = "x".repeat(108);
    for (address, errno) in [
        (in_dir(&dir, "taken"), Errno::EADDRINUSE),
        (in_dir(&dir, "no/dir"), Errno::ENOENT),
        (in_dir(&dir, "taken/x"), Errno::ENOTDIR),
        (in_dir(&dir, &long), Errno::ENAMETOOLONG),
        (UnixAddr::Path("".into()), Errno::EINVAL),
    ] {
        let socket = Linux.socket(SocketKind::Stream).unwrap();
        assert_eq!(
            Linux.bind(socket.raw(), address.clone()),
            Err(errno),
            "{address:?}"
        );
    }
}

#[test]
fn addresses_that_cannot_be_connected_to() {
    let dir = tempfile::tempdir().unwrap();
    let left_behind = in_dir(&dir, "left-behind");
    drop(listening(&left_behind, 1));
    let socket = Linux.socket(SocketKind::Stream).unwrap();
    let connect = |address| Linux.connect(socket.raw(), address);
    assert_eq!(connect(left_behind), Err(Errno::ECONNREFUSED));
    assert_eq!(connect(in_dir(&dir, "nothing")), Err(Errno::ENOENT));
    assert_eq!(
        connect(UnixAddr::Abstract(b"nobody/here".to_vec())),
        Err(Errno::ECONNREFUSED)
    );
}

#[test]
fn a_socket_that_may_not_listen() {
    let datagram = Linux.socket(SocketKind::Datagram).unwrap();
    assert_eq!(Linux.listen(datagram.raw(), 1), Err(Errno::EOPNOTSUPP));
    let without_address = Linux.socket(SocketKind::Stream).unwrap();
    assert_eq!(Linux.listen(without_address.raw(), 1), Err(Errno::EINVAL));
    assert_eq!(
        Linux.accept(without_address.raw()).unwrap_err(),
        Errno::EINVAL
    );
    assert_eq!(Linux.accept(datagram.raw()).unwrap_err(), Errno::EOPNOTSUPP);
}

#[test]
fn a_listening_socket_is_readable_once_somebody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let address = in_dir(&dir, "socket");
    let listening = listening(&address, 1);
    let wish = [PollFd {
        fd: listening.raw(),
        read: true,
        write: false,
    }];
    assert!(!Linux.poll(&wish, Some(Duration::ZERO), None).unwrap()[0].any());
    let client = Linux.socket(SocketKind::Stream).unwrap();
    Linux.connect(client.raw(), address).unwrap();
    assert!(Linux.poll(&wish, None, None).unwrap()[0].readable);
}

#[test]
fn nothing_waits_but_poll() {
    let dir = tempfile::tempdir().unwrap();
    let address = in_dir(&dir, "socket");
    let listening = listening(&address, 0);
    assert_eq!(Linux.accept(listening.raw()).unwrap_err(), Errno::EAGAIN);
    let (client, server) = connected();
    for end in [&client, &server] {
        assert_eq!(Linux.receive(end.raw(), 1, 0), Err(Errno::EAGAIN));
    }
    let full = loop {
        if let Err(errno) = Linux.send(client.raw(), &[0; 4096], &[], None) {
            break errno;
        }
    };
    assert_eq!(full, Errno::EAGAIN);
    // One waits already beside a backlog of none.
    let waiting: Vec<_> = (0..2)
        .map(|_| Linux.socket(SocketKind::Stream).unwrap())
        .collect();
    assert_eq!(Linux.connect(waiting[0].raw(), address.clone()), Ok(()));
    assert_eq!(Linux.connect(waiting[1].raw(), address), Err(Errno::EAGAIN));
}

#[test]
fn a_peer_is_known_by_its_credentials() {
    alone_as_root(|| {
        let dir = tempfile::tempdir().unwrap();
        let address = in_dir(&dir, "socket");
        let listening = listening(&address, 1);
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(dir.path().join("socket"), Permissions::from_mode(0o777)).unwrap();
        let client = child(|| {
            let (uid, gid) = (Uid::from_raw(4321), Gid::from_raw(4323));
            Linux.setresgid(Some(gid), Some(gid), Some(gid)).unwrap();
            Linux.setresuid(Some(uid), Some(uid), Some(uid)).unwrap();
            let socket = Linux.socket(SocketKind::Stream).unwrap();
            Linux.connect(socket.raw(), address).unwrap();
        });
        assert_eq!(end_of(client), Ended::Exited(0));
        let server = Linux.accept(listening.raw()).unwrap();
        let peer = Peer {
            pid: client,
            uid: 4321,
            gid: 4323,
        };
        assert_eq!(Linux.peer(server.raw()), Ok(peer));
    });
}

#[test]
fn nobody_is_the_peer_of_a_socket_without_connection() {
    let nobody = Peer {
        pid: Pid::from_raw(0),
        uid: u32::MAX,
        gid: u32::MAX,
    };
    let socket = Linux.socket(SocketKind::Stream).unwrap();
    assert_eq!(Linux.peer(socket.raw()), Ok(nobody));
    assert_eq!(Linux.peer(-1), Err(Errno::EBADF));
    let (pipe, _write) = Linux.pipe().unwrap();
    assert_eq!(Linux.peer(pipe.raw()), Err(Errno::ENOTSOCK));
}

#[test]
fn the_limit_of_descriptors_is_emfile() {
    alone(|| {
        forked(|| {
            Linux.close_range(3, RawFd::MAX).unwrap();
            setrlimit(Resource::RLIMIT_NOFILE, 3, 3).unwrap();
            assert_eq!(Linux.socket(SocketKind::Stream).unwrap_err(), Errno::EMFILE);
        });
    });
}
