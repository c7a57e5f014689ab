//! A launch's filter, from the side that answers.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::desk::{Desk, Kernel};
use super::listener::{Listener, Notice};
use super::role::look_up;
use super::rules::Rules;
use crate::world::event::What;
use crate::world::spec::Role;

/// How many calls are taken in a row before init looks at anything else.
const BURST: usize = 64;

/// What has stopped in one launch, and what becomes of it.
#[derive(Debug)]
pub struct Watch {
    listener: Option<Listener>,
    desk: Desk,
    launcher: i32,
    session: i32,
}

impl Watch {
    /// Answers for the launch of this launcher, which was started in `session`.
    pub fn new(listener: Listener, rules: Rules, launcher: i32, session: i32) -> Watch {
        Watch {
            listener: Some(listener),
            desk: Desk::new(rules),
            launcher,
            session,
        }
    }

    /// What to wait for, as long as a process with the filter lives.
    pub fn source(&self) -> Option<BorrowedFd<'_>> {
        self.listener.as_ref().map(AsFd::as_fd)
    }

    /// When a delay is over that holds a call back now.
    pub fn deadline(&self) -> Option<Duration> {
        self.desk.deadline()
    }

    /// How often each fault has matched, by label.
    pub fn matched(&self) -> BTreeMap<String, u32> {
        self.desk.rules().matched()
    }

    /// When each fault matched, by label.
    pub fn matched_at(&self) -> BTreeMap<String, Vec<Duration>> {
        self.desk.rules().matched_at()
    }

    /// Takes what has stopped, answers it or holds it back, and gives what
    /// there is to tell. `ready` is what waiting for [`Watch::source`] gave.
    pub fn serve(&mut self, now: Duration, ready: PollFlags) -> Vec<What> {
        let mut told = Vec::new();
        let Some(listener) = &self.listener else {
            return told;
        };
        let kernel = Stopped {
            listener,
            launcher: self.launcher,
            session: self.session,
        };
        let mut left = !ready.contains(PollFlags::POLLHUP) || ready.contains(PollFlags::POLLIN);
        for _ in 0..BURST {
            match listener.take() {
                Ok(Some(notice)) => told.extend(self.desk.arrive(&kernel, now, notice)),
                Ok(None) => break,
                Err(_) => {
                    left = false;
                    break;
                }
            }
        }
        told.extend(self.desk.release(&kernel, now));
        if !left {
            // Nobody is left who could stop.
            self.listener = None;
        }
        told
    }

    /// Answers what nothing holds back any more.
    pub fn release(&mut self, now: Duration) -> Vec<What> {
        let Some(listener) = &self.listener else {
            return Vec::new();
        };
        let kernel = Stopped {
            listener,
            launcher: self.launcher,
            session: self.session,
        };
        self.desk.release(&kernel, now)
    }
}

/// The kernel, as far as a stopped call is concerned.
struct Stopped<'a> {
    listener: &'a Listener,
    launcher: i32,
    session: i32,
}

impl Kernel for Stopped<'_> {
    fn waits(&self, notice: &Notice) -> bool {
        self.listener.waits(notice.id)
    }

    fn lives(&self, notice: &Notice) -> bool {
        Path::new("/proc").join(notice.tid.to_string()).exists()
    }

    fn who(&self, notice: &Notice) -> Option<(i32, Role)> {
        look_up(notice.tid, self.launcher, self.session)
    }

    fn makes_thread(&self, notice: &Notice) -> bool {
        let flags = match notice.number {
            libc::SYS_clone => notice.args[0],
            // The flags are the first field of `struct clone_args` (`clone(2)`).
            libc::SYS_clone3 => {
                let mut flags = [0; 8];
                let memory = File::open(format!("/proc/{}/mem", notice.tid));
                match memory.and_then(|memory| memory.read_exact_at(&mut flags, notice.args[0])) {
                    Ok(()) => u64::from_ne_bytes(flags),
                    Err(_) => 0,
                }
            }
            _ => 0,
        };
        flags & libc::CLONE_THREAD as u64 != 0
    }

    fn pass(&self, notice: &Notice) -> Result<(), Errno> {
        self.listener.pass(notice.id)
    }

    fn fail(&self, notice: &Notice, errno: i32) -> Result<(), Errno> {
        self.listener.fail(notice.id, errno)
    }

    fn kill(&self, notice: &Notice, process: i32) -> Result<(), Errno> {
        // While its thread waits, the PID is that process's and no other's.
        if self.listener.waits(notice.id) {
            kill(Pid::from_raw(process), Signal::SIGKILL)
        } else {
            Err(Errno::ESRCH)
        }
    }
}
