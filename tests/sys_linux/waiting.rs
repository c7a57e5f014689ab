use std::time::Duration;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Disposition, KillTarget, MaskHow, PollEvents, PollFd};
use daemonlab::sys::{Errno, Files, Pipes, Process, Signal, SignalSet, Signals, Waiting};

use crate::support::{alone, forked};

fn read(fd: i32) -> PollFd {
    PollFd {
        fd,
        read: true,
        write: false,
    }
}

fn write(fd: i32) -> PollFd {
    PollFd {
        fd,
        read: false,
        write: true,
    }
}

#[test]
fn each_descriptor_has_its_own_answer_in_order() {
    alone(|| {
        let (full, to_full) = Linux.pipe().unwrap();
        let (closed, to_closed) = Linux.pipe().unwrap();
        let (no_reader, to_nobody) = Linux.pipe().unwrap();
        let (empty, _to_empty) = Linux.pipe().unwrap();
        Linux.write(to_full.raw(), b"x").unwrap();
        drop(to_closed);
        drop(no_reader);
        let wishes = [
            read(full.raw()),
            write(to_full.raw()),
            read(closed.raw()),
            write(to_nobody.raw()),
            read(empty.raw()),
            read(-1),
            read(i32::MAX),
        ];
        let none = PollEvents::default();
        let answers = Linux.poll(&wishes, None, None).unwrap();
        assert_eq!(
            answers,
            [
                PollEvents {
                    readable: true,
                    ..none
                },
                PollEvents {
                    writable: true,
                    ..none
                },
                PollEvents {
                    hung_up: true,
                    ..none
                },
                PollEvents {
                    writable: true,
                    error: true,
                    ..none
                },
                none,
                none,
                PollEvents {
                    invalid: true,
                    ..none
                },
            ]
        );
    });
}

#[test]
fn time_that_passes_gives_empty_answers() {
    let (empty, _write) = Linux.pipe().unwrap();
    for timeout in [Duration::ZERO, Duration::from_millis(1)] {
        let answers = Linux
            .poll(&[read(empty.raw())], Some(timeout), None)
            .unwrap();
        assert_eq!(answers, [PollEvents::default()]);
    }
    assert_eq!(Linux.poll(&[], Some(Duration::ZERO), None), Ok(vec![]));
}

#[test]
fn a_signal_that_only_the_waits_mask_lets_in_interrupts() {
    alone(|| {
        forked(|| {
            let usr1 = SignalSet::EMPTY.with(Signal::USR1);
            Linux
                .sigaction(Signal::USR1, Disposition::Interrupt)
                .unwrap();
            Linux.sigmask(MaskHow::Set, usr1).unwrap();
            let own = KillTarget::Process(Linux.getpid().unwrap());
            Linux.kill(own, Some(Signal::USR1)).unwrap();
            // The mask of the process keeps it out, ...
            assert_eq!(Linux.poll(&[], Some(Duration::ZERO), None), Ok(vec![]));
            assert_eq!(
                Linux.poll(&[], Some(Duration::ZERO), Some(usr1)),
                Ok(vec![])
            );
            assert_eq!(Linux.sigpending(), Ok(usr1));
            // ... that of the wait lets it in, and is gone afterwards.
            assert_eq!(
                Linux.poll(&[], None, Some(SignalSet::EMPTY)),
                Err(Errno::EINTR)
            );
            assert_eq!(Linux.sigpending(), Ok(SignalSet::EMPTY));
            assert_eq!(Linux.sigmask(MaskHow::Block, SignalSet::EMPTY), Ok(usr1));
        });
    });
}
