//! Processes that are not there, and those that nobody may be.

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::call::Call;
use daemonlab::sys::records::WaitMode;

use super::calls::*;
use super::case::{Case, alone, case};
use crate::program::NOBODY;
use crate::scenery::FIRST_PID;

pub fn cases() -> Vec<Case> {
    let signals = |pidfd| Call::PidfdSendSignal {
        pidfd,
        signal: None,
    };
    vec![
        alone(
            "fork_without_a_free_pid",
            R::NoPidFree,
            [Call::Fork, Call::Fork],
        )
        .on(|scene| scene.pids(FIRST_PID, FIRST_PID + 1))
        .in_the_simulation_alone("a sandbox has more PIDs than a test should make processes"),
        alone(
            "wait_without_a_child",
            R::NoSuchChild,
            [wait(WaitMode::NoHang)],
        ),
        case(
            "wait_that_a_handler_interrupts",
            R::WaitInterrupted,
            [
                me(handles()),
                me(Call::Fork),
                me(wait(WaitMode::Block)),
                child(interrupts()),
            ],
        ),
        alone(
            "setsid_by_who_leads_a_group",
            R::SetSidByLeader,
            [Call::SetSid],
        ),
        alone(
            "getsid_of_nobody",
            R::AskedOfNobody,
            [Call::GetSid {
                pid: Some(pid(NOBODY)),
            }],
        ),
        alone(
            "getpgid_of_nobody",
            R::AskedOfNobody,
            [Call::GetPgid {
                pid: Some(pid(NOBODY)),
            }],
        ),
        alone("pidfd_open_of_no_pid", R::PidfdOfNoPid, [pidfd(-1)]),
        alone("pidfd_open_of_nobody", R::PidfdOfNobody, [pidfd(NOBODY)]),
        alone(
            "pidfd_send_signal_through_a_file",
            R::NotAPidfd,
            [reads("f"), signals(fd(3))],
        ),
        case(
            "pidfd_send_signal_to_who_was_waited_for",
            R::PidfdOfReaped,
            [
                me(Call::Fork),
                me(pidfd(1)),
                child(Call::Exit { status: 0 }),
                me(wait(WaitMode::NoHang)),
                me(signals(fd(3))),
            ],
        ),
    ]
}
