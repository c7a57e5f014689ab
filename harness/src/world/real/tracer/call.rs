//! A call that has stopped, and what it is about.

use std::cell::OnceCell;

use super::decode::{self, Details, Files};
use super::tracee::RawCall;
use crate::world::syscalls;

/// A call of a stopped task. What it is about is read from the task's memory
/// when it is asked for first.
#[derive(Debug)]
pub struct TracedCall {
    /// Its number and arguments.
    pub raw: RawCall,
    tid: i32,
    files: OnceCell<Box<Files>>,
    details: OnceCell<Box<Details>>,
}

impl TracedCall {
    /// The call that the stopped thread `tid` is about to make.
    pub fn new(tid: i32, raw: RawCall) -> TracedCall {
        TracedCall {
            raw,
            tid,
            files: OnceCell::new(),
            details: OnceCell::new(),
        }
    }

    /// Its name in section 2 of the manual.
    pub fn name(&self) -> String {
        syscalls::shown(self.raw.number)
    }

    /// The files that it is about.
    pub fn files(&self) -> &Files {
        let files = || Box::new(decode::files(self.tid, &self.raw));
        self.files.get_or_init(files)
    }

    /// What it is about.
    pub fn details(&self) -> &Details {
        let details = || Box::new(decode::details(self.tid, &self.raw, self.files()));
        self.details.get_or_init(details)
    }

    /// Whether it makes a thread rather than a process, which is nobody's fork.
    pub fn makes_thread(&self) -> bool {
        self.flags_of_clone() & libc::CLONE_THREAD as u64 != 0
    }

    fn flags_of_clone(&self) -> u64 {
        match self.raw.number {
            libc::SYS_clone => self.raw.args[0],
            // The flags are the first field of `struct clone_args` (`clone(2)`).
            libc::SYS_clone3 => super::memory::word(self.tid, self.raw.args[0]).unwrap_or(0),
            _ => 0,
        }
    }
}
