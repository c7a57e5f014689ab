//! Descriptors that are not there, or too many.

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::call::Call;
use daemonlab::sys::records::{Access, Lock};

use super::calls::*;
use super::case::{Case, alone};
use crate::scenery::MOST_FDS;

pub fn cases() -> Vec<Case> {
    // Three are there from the start.
    let pipes = vec![Call::Pipe; (MOST_FDS - 3) / 2];
    let all_taken = pipes.iter().cloned().chain([stream(), stream()]);
    let one_left = pipes.iter().cloned().chain([Call::Pipe]);
    let (first, last) = (5, 4);
    let to = MOST_FDS as i32;
    vec![
        alone("close_of_what_is_not_open", R::NotOpen, [close(7)]),
        alone(
            "read_of_a_reference",
            R::ReferenceOnly,
            [open("f", how(Access::Path)), read(3, 1)],
        ),
        alone("socket_beyond_the_limit", R::TooManyFds, all_taken),
        alone("pipe_with_room_for_one_end", R::PipeNeedsTwoFds, one_left),
        alone(
            "close_range_from_last_to_first",
            R::RangeReversed,
            [Call::CloseRange { first, last }],
        ),
        alone(
            "dup2_beyond_the_limit",
            R::Dup2BeyondLimit,
            [Call::Dup2 { from: fd(0), to }],
        ),
        alone(
            "flock_of_what_another_has_locked",
            R::LockedByAnother,
            [
                reads("f"),
                flock(3, Lock::Exclusive),
                reads("f"),
                flock(4, Lock::Shared),
            ],
        ),
    ]
}
