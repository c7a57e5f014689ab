//! What cannot be done to what is open.

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::Signal;
use daemonlab::sys::call::Call;
use daemonlab::sys::records::{Access, Disposition, OpenHow};

use super::calls::*;
use super::case::{Case, alone, case};
use crate::scenery::UNMAPPED;

/// The signals that only this descriptor tells.
const SIGNALS: Call = Call::SignalFd { set: USR1 };

/// How much a pipe holds.
const PIPE: usize = 65_536;

pub fn cases() -> Vec<Case> {
    let mut cases = read_and_written();
    cases.extend(changed());
    cases
}

fn read_and_written() -> Vec<Case> {
    let appends = OpenHow {
        append: true,
        ..creates()
    };
    vec![
        alone(
            "read_of_what_is_open_for_writing",
            R::NotOpenForReading,
            [writes("f"), read(3, 1)],
        ),
        alone(
            "read_of_the_end_to_write_to",
            R::NotOpenForReading,
            [Call::Pipe, read(4, 1)],
        ),
        case(
            "read_that_a_handler_interrupts",
            R::ReadInterrupted,
            [
                me(handles()),
                me(Call::Pipe),
                me(Call::Fork),
                me(read(3, 1)),
                child(interrupts()),
            ],
        ),
        alone(
            "read_of_a_directory",
            R::DirectoryRead,
            [reads("d"), read(3, 1)],
        ),
        alone("read_of_a_pidfd", R::PidfdRead, [pidfd(0), read(3, 1)]),
        alone(
            "read_of_a_signalfd_into_too_little",
            R::SignalfdBufferShort,
            [SIGNALS, read(3, 127)],
        ),
        alone(
            "read_of_a_signalfd_where_nothing_is_pending",
            R::SignalfdEmpty,
            [SIGNALS, read(3, 128)],
        ),
        alone(
            "write_to_what_is_open_for_reading",
            R::NotOpenForWriting,
            [reads("f"), write(3, 1)],
        ),
        alone(
            "write_to_the_end_to_read_from",
            R::NotOpenForWriting,
            [Call::Pipe, write(3, 1)],
        ),
        case(
            "write_that_a_handler_interrupts",
            R::WriteInterrupted,
            [
                me(handles()),
                me(Call::Pipe),
                me(Call::Fork),
                me(write(4, PIPE)),
                me(write(4, 4096)),
                child(interrupts()),
            ],
        ),
        alone(
            "write_to_a_pidfd",
            R::NothingToWriteTo,
            [pidfd(0), write(3, 1)],
        ),
        alone(
            "write_to_a_signalfd",
            R::NothingToWriteTo,
            [SIGNALS, write(3, 1)],
        ),
        alone(
            "write_beyond_the_longest_file",
            R::FileTooLarge,
            [
                open("new", appends),
                truncate(3, i64::MAX as u64),
                write(3, 1),
            ],
        ),
        alone(
            "write_to_a_pipe_that_nobody_reads",
            R::PipeWithoutReaders,
            [
                action(Signal::PIPE, Disposition::Ignore),
                Call::Pipe,
                close(3),
                write(4, 1),
            ],
        ),
    ]
}

fn changed() -> Vec<Case> {
    let writable = || open("f", how(Access::ReadWrite));
    vec![
        alone(
            "ftruncate_to_more_than_there_can_be",
            R::LengthTooLarge,
            [writable(), truncate(3, u64::MAX)],
        ),
        alone(
            "ftruncate_of_a_pidfd",
            R::LengthOfPidfd,
            [
                pidfd(0),
                Call::Ftruncate {
                    fd: exactly(3),
                    length: 0,
                },
            ],
        )
        .since(6, 16),
        alone(
            "ftruncate_of_a_pipe",
            R::NoLength,
            [Call::Pipe, truncate(4, 1)],
        ),
        alone(
            "ftruncate_of_what_is_open_for_reading",
            R::NotOpenForTruncating,
            [reads("f"), truncate(3, 1)],
        ),
        alone(
            "fchmod_where_all_is_fixed",
            R::AttributesReadOnly,
            [reads("/ro/f"), chmod(fd(3))],
        ),
        alone(
            "fchown_where_all_is_fixed",
            R::AttributesReadOnly,
            [reads("/ro/f"), chown(fd(3), 0)],
        ),
        alone(
            "fchmod_of_a_pidfd",
            R::NoAttributes,
            [pidfd(0), chmod(exactly(3))],
        )
        .since(6, 16),
        alone(
            "fchown_of_a_signalfd",
            R::NoAttributes,
            [SIGNALS, chown(exactly(3), 0)],
        )
        .since(6, 16),
        alone(
            "fchown_to_minus_one",
            R::OwnerMinusOne,
            [reads("f"), chown(fd(3), u32::MAX)],
        ),
        alone(
            "fchown_to_an_unmapped_id",
            R::OwnerUnmapped,
            [reads("f"), chown(fd(3), UNMAPPED)],
        ),
        alone(
            "fchown_by_who_is_not_root",
            R::MayNotChown,
            [reads("mine"), become_user(1000), chown(fd(3), 1001)],
        )
        .with_many_ids(),
        alone(
            "fchmod_of_a_strangers_file",
            R::MayNotChmod,
            [reads("f"), become_user(1000), chmod(fd(3))],
        )
        .with_many_ids(),
        alone(
            "fsync_of_a_pipe",
            R::NothingToSync,
            [Call::Pipe, Call::Fsync { fd: fd(4) }],
        ),
        alone(
            "fsync_of_a_device",
            R::NothingToSync,
            [Call::Fsync { fd: exactly(0) }],
        ),
    ]
}
