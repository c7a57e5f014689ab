use std::time::Duration;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Disposition, Ended, KillTarget, MaskHow, SignalInfo};
use daemonlab::sys::{Credentials, Errno, Pid, Process, Signal, SignalSet, Signals, Uid};
use rstest::rstest;

use crate::support::{alone, alone_as_root, child, end_of, forked, interrupt_for_ever};

fn set<const N: usize>(signals: [Signal; N]) -> SignalSet {
    signals.into_iter().collect()
}

fn signal(number: i32) -> Signal {
    Signal::new(number).unwrap()
}

fn raise(signal: Signal) {
    let own = Linux.getpid().unwrap();
    Linux.kill(KillTarget::Process(own), Some(signal)).unwrap();
}

/// The signals that nothing can block: the kernel's two, and the C library's.
fn unblockable() -> SignalSet {
    let own = (32..libc::SIGRTMIN()).map(signal);
    own.chain([Signal::KILL, Signal::STOP]).collect()
}

#[test]
fn kill_reaches_a_process_a_group_and_nobody() {
    alone(|| {
        let pid = child(|| {
            Linux.setsid().unwrap();
            Linux
                .kill(
                    KillTarget::Group(Linux.getpid().unwrap()),
                    Some(Signal::USR2),
                )
                .unwrap();
            unreachable!("SIGUSR2 kills");
        });
        // It can be asked for until it is waited for.
        assert_eq!(Linux.kill(KillTarget::Process(pid), None), Ok(()));
        assert_eq!(end_of(pid), Ended::Killed(Signal::USR2));
        assert_eq!(
            Linux.kill(KillTarget::Process(pid), None),
            Err(Errno::ESRCH)
        );
        assert_eq!(Linux.kill(KillTarget::Group(pid), None), Err(Errno::ESRCH));
    });
}

#[rstest]
#[case(KillTarget::Process(Pid::from_raw(0)))]
#[case(KillTarget::Process(Pid::from_raw(-1)))]
#[case(KillTarget::Process(Pid::from_raw(i32::MIN)))]
#[case(KillTarget::Group(Pid::from_raw(1)))]
#[case(KillTarget::Group(Pid::from_raw(0)))]
#[case(KillTarget::Group(Pid::from_raw(-1)))]
fn a_number_that_would_mean_many_reaches_nobody(#[case] target: KillTarget) {
    alone(|| {
        assert_eq!(Linux.kill(target, None), Err(Errno::ESRCH));
        // Would end this process among the many.
        assert_eq!(Linux.kill(target, Some(Signal::TERM)), Err(Errno::ESRCH));
    });
}

#[test]
fn a_stranger_may_not_be_signalled() {
    alone_as_root(|| {
        let stranger = Linux.getpid().unwrap();
        let pidfd = Linux.pidfd_open(stranger).unwrap();
        forked(|| {
            Linux.setuid(Uid::from_raw(4321)).unwrap();
            let target = KillTarget::Process(stranger);
            assert_eq!(Linux.kill(target, Some(Signal::USR1)), Err(Errno::EPERM));
            assert_eq!(Linux.kill(target, None), Err(Errno::EPERM));
            let sent = Linux.pidfd_send_signal(pidfd.raw(), Some(Signal::USR1));
            assert_eq!(sent, Err(Errno::EPERM));
        });
    });
}

#[test]
fn a_pidfd_reaches_its_process_and_never_another() {
    alone(|| {
        let pid = child(|| {
            Linux.sigtimedwait(SignalSet::EMPTY, None).unwrap();
        });
        let pidfd = Linux.pidfd_open(pid).unwrap();
        assert_eq!(Linux.pidfd_send_signal(pidfd.raw(), None), Ok(()));
        assert_eq!(
            Linux.pidfd_send_signal(pidfd.raw(), Some(signal(40))),
            Ok(())
        );
        assert_eq!(end_of(pid), Ended::Killed(signal(40)));
        assert_eq!(
            Linux.pidfd_send_signal(pidfd.raw(), None),
            Err(Errno::ESRCH)
        );
        assert_eq!(Linux.pidfd_send_signal(-1, None), Err(Errno::EBADF));
    });
}

#[test]
fn a_mask_is_blocked_unblocked_and_set() {
    alone(|| {
        let (hup, usr1, last) = (Signal::HUP, Signal::USR1, signal(64));
        Linux.sigmask(MaskHow::Set, set([hup])).unwrap();
        assert_eq!(
            Linux.sigmask(MaskHow::Block, set([usr1, last])),
            Ok(set([hup]))
        );
        assert_eq!(
            Linux.sigmask(MaskHow::Unblock, set([hup])),
            Ok(set([hup, usr1, last]))
        );
        assert_eq!(
            Linux.sigmask(MaskHow::Set, SignalSet::ALL),
            Ok(set([usr1, last]))
        );
        let all = Linux.sigmask(MaskHow::Set, SignalSet::EMPTY).unwrap();
        assert_eq!(all.bits(), !unblockable().bits());
        assert_eq!(
            Linux.sigmask(MaskHow::Block, SignalSet::EMPTY),
            Ok(SignalSet::EMPTY)
        );
    });
}

#[test]
fn a_blocked_signal_waits_and_is_taken_with_its_sender() {
    alone(|| {
        forked(|| {
            let both = set([Signal::USR1, signal(34)]);
            Linux.sigmask(MaskHow::Set, both).unwrap();
            assert_eq!(Linux.sigpending(), Ok(SignalSet::EMPTY));
            raise(signal(34));
            raise(Signal::USR1);
            assert_eq!(Linux.sigpending(), Ok(both));
            for signal in [Signal::USR1, signal(34)] {
                let info = Linux.sigtimedwait(both, None).unwrap();
                assert_eq!(info.signal, signal);
                assert_eq!(info.pid, Linux.getpid().unwrap());
                assert_eq!(info.uid, Linux.getresuid().unwrap().real);
            }
            assert_eq!(Linux.sigpending(), Ok(SignalSet::EMPTY));
        });
    });
}

#[rstest]
#[case(Duration::ZERO)]
#[case(Duration::from_millis(1))]
fn a_wait_for_a_signal_that_does_not_come_is_eagain(#[case] timeout: Duration) {
    alone(|| {
        Linux.sigmask(MaskHow::Block, set([Signal::USR1])).unwrap();
        let waited = Linux.sigtimedwait(set([Signal::USR1]), Some(timeout));
        assert_eq!(waited, Err(Errno::EAGAIN));
    });
}

#[test]
fn a_handler_interrupts_a_wait_for_another_signal() {
    alone(|| {
        forked(|| {
            Linux.sigmask(MaskHow::Set, set([Signal::USR1])).unwrap();
            Linux
                .sigaction(Signal::ALRM, Disposition::Interrupt)
                .unwrap();
            interrupt_for_ever();
            for timeout in [None, Some(Duration::MAX)] {
                let waited = Linux.sigtimedwait(set([Signal::USR1]), timeout);
                assert_eq!(waited, Err(Errno::EINTR), "{timeout:?}");
            }
        });
    });
}

#[rstest]
#[case(Signal::USR1)]
#[case(Signal::CHLD)]
#[case(signal(34))]
#[case(signal(64))]
fn a_disposition_is_what_was_set_last(#[case] signal: Signal) {
    alone(|| {
        forked(|| {
            use Disposition::{Default, Foreign, Ignore, Interrupt};
            assert_eq!(Linux.sigaction(signal, Ignore), Ok(Default));
            raise(signal);
            assert_eq!(Linux.sigaction(signal, Interrupt), Ok(Ignore));
            raise(signal);
            assert_eq!(Linux.sigaction(signal, Default), Ok(Interrupt));
            extern "C" fn handler(_: libc::c_int) {}
            // SAFETY: the handler does nothing.
            unsafe { libc::signal(signal.number(), handler as *const () as libc::sighandler_t) };
            assert_eq!(Linux.sigaction(signal, Default), Ok(Foreign));
            assert_eq!(Linux.sigaction(signal, Foreign), Err(Errno::EINVAL));
        });
    });
}

#[test]
fn a_default_disposition_kills_again() {
    alone(|| {
        let pid = child(|| {
            Linux.sigaction(Signal::USR1, Disposition::Ignore).unwrap();
            Linux.sigaction(Signal::USR1, Disposition::Default).unwrap();
            raise(Signal::USR1);
            unreachable!("SIGUSR1 kills");
        });
        assert_eq!(end_of(pid), Ended::Killed(Signal::USR1));
    });
}

#[test]
fn what_cannot_be_blocked_cannot_be_ignored() {
    alone(|| {
        for signal in unblockable().iter() {
            let ignored = Linux.sigaction(signal, Disposition::Ignore);
            assert_eq!(ignored, Err(Errno::EINVAL), "{signal}");
        }
    });
}

#[test]
fn a_signalfd_gives_what_is_pending_and_who_sent_it() {
    alone(|| {
        forked(|| {
            let wanted = set([Signal::TERM, Signal::INT]);
            Linux.sigmask(MaskHow::Block, wanted).unwrap();
            let fd = Linux.signalfd(wanted).unwrap();
            assert_eq!(Linux.read_signal(fd.raw()), Ok(None));
            raise(Signal::INT);
            let info = Linux.read_signal(fd.raw()).unwrap().unwrap();
            assert_eq!(info.signal, Signal::INT);
            assert_eq!(info.pid, Linux.getpid().unwrap());
            assert_eq!(SignalInfo::from_signalfd(&info.to_signalfd()), Some(info));
            assert_eq!(Linux.read_signal(fd.raw()), Ok(None));
            assert_eq!(Linux.read_signal(1000), Err(Errno::EBADF));
        });
    });
}
