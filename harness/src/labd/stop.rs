//! The signals that end the server.

use std::os::fd::RawFd;

use daemonlab::sys::records::MaskHow;
use daemonlab::sys::{Errno, Fd, Signal, SignalSet, System};

use super::log::Log;

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
pub struct Signals<S: System> {
    sys: S,
    log: Log<S>,
    fd: Fd<S>,
}

impl<S: System> Signals<S> {
    /// Takes SIGTERM, SIGINT and SIGQUIT from now on; they no longer end the
    /// process by themselves.
    ///
    /// # Errors
    /// EMFILE and its like.
    pub fn take(sys: &S, log: &Log<S>) -> Result<Signals<S>, Errno> {
        let signals: SignalSet = [Signal::TERM, Signal::INT, Signal::QUIT]
            .into_iter()
            .collect();
        sys.sigmask(MaskHow::Block, signals)?;
        Ok(Signals {
            sys: sys.clone(),
            log: log.clone(),
            fd: sys.signalfd(signals)?,
        })
    }

    /// What is readable when one has come.
    pub fn fd(&self) -> RawFd {
        self.fd.raw()
    }

    /// The next one that has come, if one has.
    pub fn next(&self) -> Option<Stop> {
        let info = match self.sys.read_signal(self.fd.raw()) {
            Ok(info) => info?,
            Err(errno) => {
                self.log.error(format_args!("cannot read signals: {errno}"));
                return None;
            }
        };
        self.log
            .info(format_args!("{} from PID {}", info.signal, info.pid));
        match info.signal {
            Signal::TERM => Some(Stop::Gracefully),
            Signal::QUIT => Some(Stop::Replaced),
            Signal::INT => Some(Stop::AtOnce),
            _ => None,
        }
    }
}
