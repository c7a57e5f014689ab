//! Signals that reach nobody, and waits that end without one.

use std::time::Duration;

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::Signal;
use daemonlab::sys::call::Call;
use daemonlab::sys::records::{Disposition, KillTarget};

use super::calls::*;
use super::case::{Case, alone, case};
use crate::program::{NOBODY, PARENT};
use crate::scenery::MOST_FDS;

pub fn cases() -> Vec<Case> {
    let process = |number| kill(KillTarget::Process(pid(number)));
    let group = |number| kill(KillTarget::Group(pid(number)));
    let reserved = Signal::new(32).expect("a signal of the C library's");
    let at_once = Some(Duration::ZERO);
    vec![
        alone("kill_of_no_pid", R::KillNoPid, [process(-1)]),
        alone("kill_of_nobody", R::KillNobody, [process(NOBODY)]),
        alone("kill_of_no_group", R::KillNoGroup, [group(-1)]),
        alone("kill_of_an_empty_group", R::KillEmptyGroup, [group(NOBODY)]),
        case(
            "kill_of_a_stranger",
            R::MayNotSignal,
            [me(Call::Fork), child(set_uid(1000)), child(process(PARENT))],
        )
        .with_many_ids(),
        alone(
            "sigaction_for_sigkill",
            R::ActionOfUntouchable,
            [action(Signal::KILL, Disposition::Ignore)],
        ),
        alone(
            "sigaction_for_the_c_librarys_signal",
            R::ActionOfReserved,
            [action(reserved, Disposition::Ignore)],
        ),
        alone(
            "sigaction_with_a_foreign_handler",
            R::ActionForeign,
            [action(Signal::USR1, Disposition::Foreign)],
        ),
        case(
            "sigtimedwait_that_a_handler_interrupts",
            R::SigTimedWaitInterrupted,
            [
                me(handles()),
                me(Call::Fork),
                me(await_signal(Signal::TERM, None)),
                child(interrupts()),
            ],
        ),
        alone(
            "sigtimedwait_past_its_time",
            R::SigTimedWaitTimedOut,
            [await_signal(Signal::TERM, at_once)],
        ),
        alone(
            "ppoll_of_too_many",
            R::PollTooMany,
            [poll(vec![0; MOST_FDS + 1])],
        ),
        case(
            "ppoll_that_a_handler_interrupts",
            R::PollInterrupted,
            [
                me(handles()),
                me(Call::Pipe),
                me(Call::Fork),
                me(poll(vec![3])),
                child(interrupts()),
            ],
        ),
    ]
}
