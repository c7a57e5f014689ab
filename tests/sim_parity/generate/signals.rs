//! Signals.

use std::time::Duration;

use daemonlab::sys::call::Call;
use daemonlab::sys::records::{KillTarget, MaskHow};
use daemonlab::sys::{Signal, SignalSet};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::relatives::disposition;
use super::symbols::{fd, pid};

pub(super) fn signal() -> impl Strategy<Value = Signal> {
    let real_time = Signal::new(40).expect("a real-time signal");
    prop_oneof![
        4 => Just(Signal::USR1),
        2 => Just(Signal::USR2),
        2 => Just(Signal::TERM),
        3 => Just(Signal::CHLD),
        2 => Just(Signal::CONT),
        1 => Just(Signal::TSTP),
        1 => Just(Signal::STOP),
        1 => Just(Signal::HUP),
        1 => Just(Signal::PIPE),
        1 => Just(Signal::WINCH),
        1 => Just(Signal::SEGV),
        1 => Just(Signal::KILL),
        2 => Just(real_time),
    ]
}

pub(super) fn set() -> impl Strategy<Value = SignalSet> {
    prop_oneof![
        4 => vec(signal(), 1..4).prop_map(|signals| signals.into_iter().collect()),
        1 => Just(SignalSet::ALL),
        1 => Just(SignalSet::EMPTY),
    ]
}

pub(super) fn signals() -> BoxedStrategy<Call> {
    let target = prop_oneof![
        3 => pid().prop_map(KillTarget::Process),
        1 => pid().prop_map(KillTarget::Group),
    ];
    let how = prop_oneof![
        3 => Just(MaskHow::Block),
        1 => Just(MaskHow::Unblock),
        1 => Just(MaskHow::Set),
    ];
    let any_signal = prop_oneof![
        12 => signal(),
        1 => Just(Signal::new(32).expect("a reserved signal")),
    ];
    prop_oneof![
        5 => (target, option::weighted(0.85, signal())).prop_map(|(target, signal)| Call::Kill { target, signal }),
        1 => (fd(), option::weighted(0.8, signal())).prop_map(|(pidfd, signal)| Call::PidfdSendSignal { pidfd, signal }),
        4 => (how, set()).prop_map(|(how, set)| Call::SigMask { how, set }),
        4 => (any_signal, disposition()).prop_map(|(signal, disposition)| Call::SigAction { signal, disposition }),
        2 => Just(Call::SigPending),
        1 => set().prop_map(|set| Call::SignalFd { set }),
        3 => (set(), timeout()).prop_map(|(set, timeout)| Call::SigTimedWait { set, timeout }),
    ]
    .boxed()
}

pub(super) fn timeout() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![
        3 => Just(Some(Duration::ZERO)),
        1 => Just(Some(Duration::from_millis(1))),
        1 => Just(None),
    ]
}
