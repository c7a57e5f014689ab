//! The signals that end the server.

use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// How the server is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGTERM.
    Gracefully,
    /// SIGQUIT: gracefully, since another has taken over.
    Replaced,
    /// SIGINT.
    AtOnce,
}

/// The signals, as a descriptor that is readable when one has come.
pub struct Signals {
    fd: SignalFd,
}

impl Signals {
    /// Takes SIGTERM, SIGINT and SIGQUIT from now on; they no longer end the
    /// process by themselves.
    ///
    /// # Errors
    /// EMFILE and its like.
    pub fn take() -> Result<Signals, Errno> {
        let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT]
            .into_iter()
            .collect();
        signals.thread_block()?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let fd = SignalFd::with_flags(&signals, flags)?;
        Ok(Signals { fd })
    }

    /// The next one that has come, if one has.
    pub fn next(&self) -> Option<Stop> {
        let info = match self.fd.read_signal() {
            Ok(info) => info?,
            Err(errno) => {
                log::error!("cannot read signals: {errno}");
                return None;
            }
        };
        let signal = Signal::try_from(info.ssi_signo as i32).ok()?;
        log::info!("{signal} from PID {}", info.ssi_pid);
        match signal {
            Signal::SIGTERM => Some(Stop::Gracefully),
            Signal::SIGQUIT => Some(Stop::Replaced),
            Signal::SIGINT => Some(Stop::AtOnce),
            _ => None,
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
