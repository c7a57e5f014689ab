//! Sockets.

use daemonlab::sys::call::Call;
use daemonlab::sys::records::{SocketKind, UnixAddr};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::opened::data;
use super::paths::path;
use super::symbols::fd;

pub(super) fn address() -> BoxedStrategy<UnixAddr> {
    prop_oneof![
        10 => Just(UnixAddr::Path("s".into())),
        2 => Just(UnixAddr::Path("d/s".into())),
        4 => Just(UnixAddr::Abstract(b"name".to_vec())),
        3 => path().prop_map(UnixAddr::Path),
    ]
    .boxed()
}

pub(super) fn sockets() -> BoxedStrategy<Call> {
    let kind = prop_oneof![3 => Just(SocketKind::Stream), 2 => Just(SocketKind::Datagram)];
    prop_oneof![
        4 => kind.prop_map(|kind| Call::Socket { kind }),
        4 => (fd(), address()).prop_map(|(fd, address)| Call::Bind { fd, address }),
        3 => (fd(), 0..3_u32).prop_map(|(fd, backlog)| Call::Listen { fd, backlog }),
        5 => (fd(), address()).prop_map(|(fd, address)| Call::Connect { fd, address }),
        3 => fd().prop_map(|fd| Call::Accept { fd }),
        1 => fd().prop_map(|fd| Call::GetPeer { fd }),
        1 => fd().prop_map(|fd| Call::EndSending { fd }),
        4 => (fd(), data(), vec(fd(), 0..3), option::weighted(0.3, address()))
            .prop_map(|(fd, data, fds, to)| Call::Send { fd, data, fds, to }),
        3 => (fd(), 0..20_usize, 0..3_usize).prop_map(|(fd, max_bytes, max_fds)| Call::Receive {
            fd, max_bytes, max_fds,
        }),
    ]
    .boxed()
}
