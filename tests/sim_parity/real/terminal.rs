//! The terminal that a program is started from.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Disposition, KillTarget};
use daemonlab::sys::{Pid, Signal, Signals};

/// A pseudo-terminal, the controlling one of this process's session.
pub struct Terminal {
    /// The side of its window.
    window: Option<File>,
    /// The side of the programs.
    programs: File,
}

impl Terminal {
    /// Opens the window. The sandbox has terminals of its own, so that the
    /// first one is `/dev/pts/0`.
    ///
    /// # Errors
    /// Of each call.
    pub fn open() -> io::Result<Terminal> {
        // This process is the shell: the end of a window is no end of it, and
        // it may say who is in the foreground.
        for signal in [Signal::HUP, Signal::TTOU] {
            Linux.sigaction(signal, Disposition::Ignore)?;
        }
        let mut both = File::options();
        both.read(true).write(true);
        let mut no_control = both.clone();
        no_control.custom_flags(libc::O_NOCTTY);
        let window = no_control.open("/dev/pts/ptmx")?;
        // SAFETY: a call on a descriptor that is open.
        if unsafe { libc::unlockpt(window.as_raw_fd()) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Terminal {
            window: Some(window),
            // A session's leader that has none takes it for its own.
            programs: both.open("/dev/pts/0")?,
        })
    }

    /// Puts the process group of this process into the foreground.
    ///
    /// # Errors
    /// Of tcsetpgrp(3).
    pub fn foreground(&self) -> nix::Result<()> {
        nix::unistd::tcsetpgrp(&self.programs, nix::unistd::getpgrp())
    }

    /// Closes the window, and passes the hang-up on to the job, as a shell
    /// does.
    pub fn hang_up(&mut self, job: i32) {
        drop(self.window.take());
        for signal in [Signal::HUP, Signal::CONT] {
            // Nobody may be left.
            let _ = Linux.kill(KillTarget::Group(Pid::from_raw(job)), Some(signal));
        }
    }
}
