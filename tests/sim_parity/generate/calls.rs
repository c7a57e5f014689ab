//! Single calls of every kind.

use daemonlab::sys::call::Call;
use daemonlab::sys::records::{PollFd, WaitFor, WaitMode};
use daemonlab::sys::{Signal, SignalSet};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::Union;

use super::credentials::credentials;
use super::opened::{descriptors, pipes};
use super::paths::files;
use super::signals::{set, signals, timeout};
use super::sockets::sockets;
use super::symbols::{fd, pid};
use crate::scenery::Range;

pub(super) fn call(range: Range) -> BoxedStrategy<Call> {
    let mut kinds: Vec<(u32, BoxedStrategy<Call>)> = vec![
        (10, Just(Call::Fork).boxed()),
        (14, processes()),
        (16, signals()),
        (26, files()),
        (14, descriptors()),
        (8, pipes()),
        (10, sockets()),
        (4, waits()),
    ];
    if range == Range::Many {
        kinds.push((14, credentials()));
    }
    Union::new_weighted(kinds).boxed()
}

fn processes() -> BoxedStrategy<Call> {
    prop_oneof![
        2 => (0..4).prop_map(|status| Call::Exit { status: status * 85 }),
        3 => (wait_for(), Just(WaitMode::NoHang)).prop_map(|(target, mode)| Call::Wait { target, mode }),
        2 => (wait_for(), Just(WaitMode::Block)).prop_map(|(target, mode)| Call::Wait { target, mode }),
        1 => Just(Call::GetPid),
        2 => Just(Call::GetPpid),
        2 => Just(Call::SetSid),
        1 => option::of(pid()).prop_map(|pid| Call::GetSid { pid }),
        1 => option::of(pid()).prop_map(|pid| Call::GetPgid { pid }),
        1 => any::<bool>().prop_map(|on| Call::SetChildSubreaper { on }),
        1 => pid().prop_map(|pid| Call::PidfdOpen { pid }),
        1 => Just(Call::CountThreads),
    ]
    .boxed()
}

fn wait_for() -> impl Strategy<Value = WaitFor> {
    prop_oneof![2 => Just(WaitFor::Any), 1 => pid().prop_map(WaitFor::Pid)]
}

pub(super) fn waits() -> BoxedStrategy<Call> {
    let one = (fd(), any::<bool>(), any::<bool>()).prop_map(|(fd, read, write)| PollFd {
        fd,
        read,
        write,
    });
    prop_oneof![
        5 => (vec(one.clone(), 0..4), timeout(), option::of(set()))
            .prop_map(|(fds, timeout, mask)| Call::Poll { fds, timeout, mask }),
        1 => vec(one, 17..18).prop_map(|fds| Call::Poll { fds, timeout: None, mask: None }),
        1 => Just(Call::Now),
    ]
    .boxed()
}

pub(super) const USR1: SignalSet = SignalSet::EMPTY.with(Signal::USR1);
