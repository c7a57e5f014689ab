//! Signals: sending, masks, dispositions, waiting for one.

use std::os::fd::RawFd;
use std::time::Duration;

use super::call::{Call, Ret};
use super::records::{Disposition, KillTarget, MaskHow, SignalInfo};
use super::{Errno, Fd, Kernel, Result, Signal, SignalSet};

/// Signals (`signal(7)`).
pub trait Signals: Kernel {
    /// Sends `signal`, or with `None` only asks whether it could be sent
    /// (`kill(2)`).
    ///
    /// # Errors
    /// EPERM, ESRCH. A number that is no single process or group, and to
    /// `kill(2)` would mean many (0, below 0, group 1), is ESRCH.
    fn kill(&self, target: KillTarget, signal: Option<Signal>) -> Result<()> {
        self.call(Call::Kill { target, signal }).map(Ret::unit)
    }

    /// Sends `signal` to the process that `pidfd` stands for
    /// (`pidfd_send_signal(2)`).
    ///
    /// # Errors
    /// EPERM, ESRCH.
    fn pidfd_send_signal(&self, pidfd: RawFd, signal: Option<Signal>) -> Result<()> {
        self.call(Call::PidfdSendSignal { pidfd, signal })
            .map(Ret::unit)
    }

    /// Changes the signal mask and gives the one before (`sigprocmask(2)`).
    /// SIGKILL, SIGSTOP and the two signals of the C library's threads (32 and
    /// 33, `nptl(7)`) are silently never blocked.
    ///
    /// # Errors
    /// None for valid arguments.
    fn sigmask(&self, how: MaskHow, set: SignalSet) -> Result<SignalSet> {
        self.call(Call::SigMask { how, set }).map(Ret::signals)
    }

    /// Sets what `signal` does and gives what it did before (`sigaction(2)`).
    ///
    /// # Errors
    /// EINVAL for SIGKILL and SIGSTOP, and for the two signals of the C
    /// library's threads (32 and 33, `nptl(7)`).
    fn sigaction(&self, signal: Signal, disposition: Disposition) -> Result<Disposition> {
        self.call(Call::SigAction {
            signal,
            disposition,
        })
        .map(Ret::disposition)
    }

    /// The signals that are pending for the caller (`sigpending(2)`).
    ///
    /// # Errors
    /// None for valid arguments.
    fn sigpending(&self) -> Result<SignalSet> {
        self.call(Call::SigPending).map(Ret::signals)
    }

    /// Takes the first pending signal of `set`, waiting up to `timeout`, or
    /// for ever with `None` (`sigtimedwait(2)`).
    ///
    /// # Errors
    /// EAGAIN when the time has passed, EINTR when a handler has run.
    fn sigtimedwait(&self, set: SignalSet, timeout: Option<Duration>) -> Result<SignalInfo> {
        self.call(Call::SigTimedWait { set, timeout })
            .map(Ret::signal_info)
    }

    /// A descriptor that can be read while a signal of `set` is pending for
    /// whoever looks at it (`signalfd(2)`); close-on-exec and non-blocking.
    /// The signals are to be blocked, or they act as ever.
    ///
    /// # Errors
    /// EMFILE, ENFILE, ENOMEM.
    fn signalfd(&self, set: SignalSet) -> Result<Fd<Self>> {
        let raw: RawFd = self.call(Call::SignalFd { set }).map(Ret::fd)?;
        Ok(Fd::from_raw(self, raw))
    }

    /// Takes a signal from a descriptor of [`Signals::signalfd`]; `None` while
    /// none is pending.
    ///
    /// # Errors
    /// EINTR, EBADF; EPROTO if it is another kind of descriptor.
    fn read_signal(&self, fd: RawFd) -> Result<Option<SignalInfo>> {
        let max = SignalInfo::SIGNALFD_SIZE;
        match self.call(Call::Read { fd, max }).map(Ret::bytes) {
            Err(Errno::EAGAIN) => Ok(None),
            Err(errno) => Err(errno),
            Ok(bytes) => match SignalInfo::from_signalfd(&bytes) {
                None => Err(Errno::EPROTO),
                info => Ok(info),
            },
        }
    }
}

impl<K: Kernel> Signals for K {}
