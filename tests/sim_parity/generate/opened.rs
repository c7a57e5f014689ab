//! Descriptors, and calls on what is open.

use daemonlab::sys::call::Call;
use daemonlab::sys::records::Lock;
use daemonlab::sys::{Gid, Uid};
use proptest::option;
use proptest::prelude::*;

use super::credentials::id;
use super::paths::mode;
use super::symbols::fd;

pub(super) fn data() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => "[a-z]{0,6}".prop_map(String::into_bytes),
        1 => Just(vec![b'x'; 5000]),
    ]
}

pub(super) fn lock() -> impl Strategy<Value = Lock> {
    prop_oneof![
        3 => Just(Lock::Exclusive), 2 => Just(Lock::Shared), 1 => Just(Lock::Unlock),
    ]
}

pub(super) fn descriptors() -> BoxedStrategy<Call> {
    let length = prop_oneof![8 => 0..20_u64, 1 => Just(u64::MAX), 1 => Just(i64::MAX as u64)];
    prop_oneof![
        3 => fd().prop_map(|fd| Call::Close { fd }),
        1 => (3..8_i32, 3..8_i32).prop_map(|(first, last)| Call::CloseRange { first, last }),
        2 => Just(Call::ListFds),
        3 => (fd(), 0..12_usize).prop_map(|(fd, max)| Call::Read { fd, max }),
        4 => (fd(), data()).prop_map(|(fd, data)| Call::Write { fd, data }),
        2 => (fd(), -1..18_i32).prop_map(|(from, to)| Call::Dup2 { from, to }),
        1 => (fd(), any::<bool>()).prop_map(|(fd, on)| Call::SetCloseOnExec { fd, on }),
        5 => (fd(), lock()).prop_map(|(fd, lock)| Call::Flock { fd, lock }),
        3 => fd().prop_map(|fd| Call::Fstat { fd }),
        2 => (fd(), length).prop_map(|(fd, length)| Call::Ftruncate { fd, length }),
        3 => (fd(), option::of(id()), option::of(id())).prop_map(|(fd, uid, gid)| Call::Fchown {
            fd, uid: uid.map(Uid::from_raw), gid: gid.map(Gid::from_raw),
        }),
        2 => (fd(), mode()).prop_map(|(fd, mode)| Call::Fchmod { fd, mode }),
        1 => fd().prop_map(|fd| Call::Fsync { fd }),
    ]
    .boxed()
}

pub(super) fn pipes() -> BoxedStrategy<Call> {
    prop_oneof![
        4 => Just(Call::Pipe),
        4 => (fd(), data()).prop_map(|(fd, data)| Call::Write { fd, data }),
        3 => (fd(), 1..6000_usize).prop_map(|(fd, max)| Call::Read { fd, max }),
        1 => fd().prop_map(|fd| Call::Write { fd, data: vec![b'y'; 70_000] }),
    ]
    .boxed()
}
