//! What a parent does with its child.

use std::time::Duration;

use daemonlab::sys::call::Call;
use daemonlab::sys::records::{Disposition, KillTarget, MaskHow, PollFd, WaitFor, WaitMode};
use daemonlab::sys::{Pid, Signal, SignalSet};
use proptest::option;
use proptest::prelude::*;

use super::calls::USR1;
use super::opened::data;
use super::programs::By;
use super::signals::{set, signal};
use crate::program::{CHILD, PARENT};

/// What a parent does with its child.
pub(super) fn relatives() -> BoxedStrategy<Vec<(By, Call)>> {
    use By::{Same, SecondYoungest, Youngest};
    let pid = Pid::from_raw;
    let kill = move |who, signal| Call::Kill {
        target: KillTarget::Process(pid(who)),
        signal: Some(signal),
    };
    let wait = |mode| Call::Wait {
        target: WaitFor::Any,
        mode,
    };
    let handle = |disposition| Call::SigAction {
        signal: Signal::USR1,
        disposition,
    };
    let waits = prop_oneof![
        Just(wait(WaitMode::Block)),
        Just(Call::Read { fd: 0, max: 5 }),
        Just(Call::SigTimedWait {
            set: SignalSet::EMPTY.with(Signal::TERM),
            timeout: None
        }),
        (any::<bool>(), option::of(set())).prop_map(|(read, mask)| Call::Poll {
            fds: vec![PollFd {
                fd: 1,
                read,
                write: false
            }],
            timeout: None,
            mask,
        }),
    ];
    prop_oneof![
        3 => (waits, disposition()).prop_map(move |(waits, disposition)| vec![
            (Same, handle(disposition)),
            (Same, Call::Pipe),
            (Same, Call::Fork),
            (Same, waits),
            (Youngest, kill(PARENT, Signal::USR1)),
        ]),
        2 => data().prop_map(|data| vec![
            (Same, Call::Pipe),
            (Same, Call::Fork),
            (Same, Call::Read { fd: 0, max: 5 }),
            (Youngest, Call::Write { fd: 0, data }),
            (Youngest, Call::Exit { status: 3 }),
        ]),
        2 => Just(vec![
            (Same, Call::SigMask { how: MaskHow::Block, set: USR1 }),
            (Same, Call::Fork),
            (Same, Call::SigTimedWait { set: USR1, timeout: None }),
            (Youngest, kill(PARENT, Signal::USR1)),
        ]),
        2 => signal().prop_map(move |signal| vec![
            (Same, Call::Fork),
            (Same, kill(CHILD, signal)),
            (Same, wait(WaitMode::NoHang)),
        ]),
        2 => (0..3).prop_map(move |status| vec![
            (Same, Call::Fork),
            (Same, wait(WaitMode::Block)),
            (Youngest, Call::Exit { status }),
        ]),
        2 => any::<bool>().prop_map(move |on| vec![
            (Same, Call::SetChildSubreaper { on }),
            (Same, Call::Fork),
            (Youngest, Call::Fork),
            (SecondYoungest, Call::Exit { status: 0 }),
            (Youngest, Call::GetPpid),
            (Same, wait(WaitMode::NoHang)),
        ]),
        1 => Just(vec![
            (Same, Call::Fork),
            (Same, kill(CHILD, Signal::STOP)),
            (Youngest, Call::GetPid),
            (Same, kill(CHILD, Signal::CONT)),
            (Youngest, Call::GetPid),
        ]),
        1 => Just(vec![
            (Same, Call::SetSid),
            (Same, Call::Fork),
            (Youngest, Call::SetSid),
            (Same, Call::GetSid { pid: Some(pid(CHILD)) }),
        ]),
        1 => Just(vec![
            (Same, Call::SigMask { how: MaskHow::Block, set: SignalSet::EMPTY.with(Signal::CHLD) }),
            (Same, Call::Fork),
            (Youngest, Call::Exit { status: 1 }),
            (Same, Call::SigTimedWait {
                set: SignalSet::EMPTY.with(Signal::CHLD),
                timeout: Some(Duration::ZERO),
            }),
        ]),
    ]
    .boxed()
}

pub(super) fn disposition() -> impl Strategy<Value = Disposition> {
    prop_oneof![
        4 => Just(Disposition::Interrupt),
        1 => Just(Disposition::Ignore),
        1 => Just(Disposition::Default),
    ]
}
