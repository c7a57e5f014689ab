//! Faults and holds of one launch.

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

use super::calls;
use super::listener::{Listener, Notice};
use super::role::look_up;
use super::rules::{Rules, Ruling, Verdict, Wait};
use crate::world::event::What;
use crate::world::spec::Role;

/// How many calls are taken in a row before init looks at anything else.
const BURST: usize = 64;

/// A launch's filter, from the side that answers.
#[derive(Debug)]
pub struct Watch {
    listener: Option<Listener>,
    rules: Rules,
    launcher: i32,
    session: i32,
    held: Vec<Held>,
}

/// A call that is held back.
#[derive(Debug)]
struct Held {
    notice: Notice,
    process: i32,
    role: Role,
    ruling: Ruling,
}

impl Watch {
    /// Answers for the launch of this launcher, which was started in `session`.
    pub fn new(listener: Listener, rules: Rules, launcher: i32, session: i32) -> Watch {
        Watch {
            listener: Some(listener),
            rules,
            launcher,
            session,
            held: Vec::new(),
        }
    }

    /// What to wait for, as long as a process with the filter lives.
    pub fn source(&self) -> Option<BorrowedFd<'_>> {
        self.listener.as_ref().map(AsFd::as_fd)
    }

    /// When a delay is over that holds a call back now.
    pub fn deadline(&self) -> Option<Duration> {
        let waits = self.held.iter().flat_map(|held| &held.ruling.holds);
        let moment = |(_, wait): &(String, Wait)| match wait {
            Wait::Until(moment) => Some(*moment),
            Wait::Matched(..) => None,
        };
        waits.filter_map(moment).min()
    }

    /// How often each fault has matched, by label.
    pub fn matched(&self) -> BTreeMap<String, u32> {
        self.rules.matched()
    }

    /// When each fault matched, by label.
    pub fn matched_at(&self) -> BTreeMap<String, Vec<Duration>> {
        self.rules.matched_at()
    }

    /// Takes what has stopped, answers it or holds it back, and gives what
    /// there is to tell. `ready` is what waiting for [`Watch::source`] gave.
    pub fn serve(&mut self, now: Duration, ready: PollFlags) -> Vec<What> {
        let mut told = Vec::new();
        let Some(listener) = &self.listener else {
            return told;
        };
        for _ in 0..BURST {
            match listener.take() {
                Ok(Some(notice)) => {
                    if let Some(held) = arrive(
                        listener,
                        &mut self.rules,
                        &mut self.held,
                        (self.launcher, self.session),
                        now,
                        notice,
                        &mut told,
                    ) {
                        self.held.push(held);
                    }
                }
                Ok(None) => break,
                Err(_) => {
                    self.listener = None;
                    return told;
                }
            }
        }
        // Nobody is left who could stop.
        if ready.contains(PollFlags::POLLHUP) && !ready.contains(PollFlags::POLLIN) {
            self.listener = None;
        }
        told.extend(self.release(now));
        told
    }

    /// Answers what nothing holds back any more.
    pub fn release(&mut self, now: Duration) -> Vec<What> {
        let mut told = Vec::new();
        let Some(listener) = &self.listener else {
            self.held.clear();
            return told;
        };
        let rules = &self.rules;
        self.held.retain_mut(|held| {
            if !listener.waits(held.notice.id) && !thread_exists(held.notice.tid) {
                return false;
            }
            held.ruling.holds.retain(|(label, wait)| {
                let over = rules.is_over(wait, now);
                if over {
                    told.push(held_event(
                        label,
                        held.process,
                        held.role,
                        held.notice.number,
                        "released",
                    ));
                }
                !over
            });
            if !held.ruling.holds.is_empty() {
                return true;
            }
            carry_out(listener, held, &mut told);
            false
        });
        told
    }
}

/// A thread that waits for an answer can be looked up: it cannot have ended
/// meanwhile if it still waits afterwards.
fn arrive(
    listener: &Listener,
    rules: &mut Rules,
    held: &mut [Held],
    (launcher, session): (i32, i32),
    now: Duration,
    notice: Notice,
    told: &mut Vec<What>,
) -> Option<Held> {
    // A signal has interrupted the call and the kernel makes it again: it is
    // the one that is held back already (5.18 and older).
    let same = |held: &&mut Held| {
        let Notice {
            tid, number, args, ..
        } = held.notice;
        (tid, number, args) == (notice.tid, notice.number, notice.args)
            && !listener.waits(held.notice.id)
    };
    if let Some(again) = held.iter_mut().find(same) {
        again.notice.id = notice.id;
        return None;
    }
    let known = look_up(notice.tid, launcher, session).filter(|_| listener.waits(notice.id));
    let Some((process, role)) = known else {
        let _ = listener.pass(notice.id);
        return None;
    };
    if makes_thread(&notice) {
        let _ = listener.pass(notice.id);
        return None;
    }
    let mut ruling = rules.arrive(now, notice.number, role);
    let mut tell = |label: &str, done: &str| {
        told.push(held_event(label, process, role, notice.number, done));
    };
    ruling
        .watched_by
        .iter()
        .for_each(|label| tell(label, "passed"));
    ruling.holds.retain(|(label, wait)| {
        let over = rules.is_over(wait, now);
        tell(label, if over { "passed" } else { "held" });
        !over
    });
    let held = Held {
        notice,
        process,
        role,
        ruling,
    };
    if held.ruling.holds.is_empty() {
        carry_out(listener, &held, told);
        return None;
    }
    Some(held)
}

fn carry_out(listener: &Listener, held: &Held, told: &mut Vec<What>) {
    let id = held.notice.id;
    let done = match held.ruling.verdict {
        Verdict::Pass => listener.pass(id),
        Verdict::Fail(errno) => listener.fail(id, errno),
        // While its thread waits, the PID is that process's and no other's.
        Verdict::Kill if listener.waits(id) => kill(Pid::from_raw(held.process), Signal::SIGKILL),
        Verdict::Kill => Err(Errno::ESRCH),
    };
    if let (Some(label), Ok(())) = (&held.ruling.decided_by, done) {
        let done = held.ruling.verdict.done();
        told.push(held_event(
            label,
            held.process,
            held.role,
            held.notice.number,
            &done,
        ));
    }
}

fn held_event(label: &str, pid: i32, role: Role, number: i64, done: &str) -> What {
    What::Fault {
        label: label.to_owned(),
        pid,
        role,
        call: calls::name(number),
        done: done.to_owned(),
    }
}

fn thread_exists(tid: i32) -> bool {
    Path::new("/proc").join(tid.to_string()).exists()
}

/// Whether it makes a thread rather than a process, which is nobody's fork.
fn makes_thread(notice: &Notice) -> bool {
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
