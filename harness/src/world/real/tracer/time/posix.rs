//! The timers of a process that end in a signal of its choice
//! (`timer_create(2)`).
//!
//! The kernel makes and deletes them, and `/proc/PID/timers` shows what for;
//! it never arms them. When the time has come, the signal is sent as the
//! kernel's timer would have sent it. One whose signal is still pending sends
//! no other: that is an overrun, which `timer_getoverrun(2)` tells, and the
//! signal only if it was one when it was sent.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use nix::errno::Errno;

use super::deadline::Deadline;
use super::read::Bases;
use crate::world::real::proc::status::Status;
use crate::world::real::tracer::decider::Who;
use crate::world::real::tracer::tracee::RawCall;
use crate::world::syscalls;

/// The calls for them.
pub const NAMES: &[&str] = &["timer_settime", "timer_gettime", "timer_getoverrun"];

/// A timer: its process and its number there.
pub type Id = (i32, i32);

/// Those that are armed, and those that were.
#[derive(Debug, Default)]
pub struct Timers(BTreeMap<Id, Timer>);

#[derive(Debug)]
struct Timer {
    deadline: Deadline,
    notice: Notice,
    /// Whether its signal was pending when it was looked at last.
    pending: bool,
    /// How often it has come since that was sent.
    missed: u64,
    /// The same of the signal before.
    overrun: u64,
}

/// What a timer sends, and by which clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Notice {
    clock: u64,
    signal: i32,
    value: u64,
    to: To,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    /// `SIGEV_NONE`.
    Nobody,
    /// `SIGEV_SIGNAL`, and what the C library makes a thread for.
    Process,
    /// `SIGEV_THREAD_ID`.
    Thread(i32),
}

impl Timers {
    /// Answers such a call; `None` if it is none of them, if the kernel says
    /// what is wrong with it, or if no time runs on the timer's clock.
    pub fn answer(
        &mut self,
        who: &Who,
        call: &RawCall,
        bases: &Bases,
        now: Duration,
    ) -> Option<Result<i64, i32>> {
        let name = syscalls::name(call.number)?;
        if !NAMES.contains(&name) {
            return None;
        }
        let id = (who.pid, call.args[0] as i32);
        let Some(text) = shown(who.pid) else {
            return Some(Err(Errno::ENOSYS as i32));
        };
        let notice = parse(&text, id.1)?;
        let base = bases.of(notice.clock)?;
        let done = |done| match done {
            true => Ok(0),
            false => Err(Errno::EFAULT as i32),
        };
        let former = self.0.get(&id).map(|timer| timer.deadline);
        let former = former.unwrap_or_default();
        Some(match name {
            "timer_gettime" => done(former.write(who.tid, call.args[1], now)),
            "timer_getoverrun" => {
                self.look();
                let overrun = self.0.get(&id).map_or(0, |timer| timer.overrun);
                Ok(overrun.min(i32::MAX as u64) as i64)
            }
            _ => {
                let [_, flags, new, old, ..] = call.args;
                let base = (flags as i32 & libc::TIMER_ABSTIME != 0).then_some(base);
                let timer = Timer {
                    deadline: Deadline::read(who.tid, new, base, now)?,
                    notice,
                    pending: false,
                    missed: 0,
                    overrun: 0,
                };
                let over = timer.deadline.is_over(now);
                self.0.insert(id, timer);
                if over {
                    self.fire(id, now);
                }
                done(old == 0 || former.write(who.tid, old, now))
            }
        })
    }

    /// What comes next.
    pub fn next(&self) -> Option<(Duration, Id)> {
        let sends = |timer: &Timer| !timer.pending && timer.notice.to != To::Nobody;
        let timers = self.0.iter().filter(|(_, timer)| sends(timer));
        timers
            .filter_map(|(id, timer)| Some((timer.deadline.at?, *id)))
            .min()
    }

    /// Looks whose signals have been taken.
    pub fn look(&mut self) {
        for ((pid, _), timer) in &mut self.0 {
            if timer.pending && !timer.notice.is_pending(*pid) {
                timer.pending = false;
                timer.overrun = timer.missed;
            }
        }
    }

    /// Whether it was not deleted; if it was, it is forgotten.
    pub fn lives(&mut self, id: Id) -> bool {
        let lives = shown(id.0).is_some_and(|text| parse(&text, id.1).is_some());
        if !lives {
            self.0.remove(&id);
        }
        lives
    }

    /// It has come.
    pub fn fire(&mut self, id: Id, now: Duration) {
        let Some(timer) = self.0.get_mut(&id) else {
            return;
        };
        timer.missed = timer.deadline.pass(now).saturating_sub(1);
        timer.pending = true;
        timer.notice.send(id, timer.missed);
    }

    /// Time has jumped: those whose signals are pending are overrun.
    pub fn count(&mut self, now: Duration) {
        for timer in self.0.values_mut().filter(|timer| timer.pending) {
            timer.missed = timer.missed.saturating_add(timer.deadline.pass(now));
        }
    }

    /// A process is gone.
    pub fn gone(&mut self, pid: i32) {
        self.0.retain(|(of, _), _| *of != pid);
    }
}

/// `siginfo_t` of a timer's signal (`sigaction(2)`).
#[repr(C)]
struct Info {
    signal: i32,
    errno: i32,
    code: i32,
    gap: i32,
    timer: i32,
    overrun: i32,
    value: u64,
    rest: [u64; 12],
}

impl Notice {
    fn is_pending(&self, pid: i32) -> bool {
        let at = match self.to {
            To::Nobody => return false,
            To::Process => pid,
            To::Thread(tid) => tid,
        };
        let status = Status::read(at);
        status.is_some_and(|status| status.pending >> (self.signal - 1) & 1 == 1)
    }

    fn send(&self, (pid, number): Id, overrun: u64) {
        let info = Info {
            signal: self.signal,
            errno: 0,
            code: libc::SI_TIMER,
            gap: 0,
            timer: number,
            overrun: overrun.min(i32::MAX as u64) as i32,
            value: self.value,
            rest: [0; 12],
        };
        let (signal, info) = (self.signal, &raw const info);
        // SAFETY: numbers, and a record that outlives the call, which only
        // reads it (`rt_sigqueueinfo(2)`).
        unsafe {
            match self.to {
                To::Nobody => 0,
                To::Process => libc::syscall(libc::SYS_rt_sigqueueinfo, pid, signal, info),
                To::Thread(tid) => {
                    libc::syscall(libc::SYS_rt_tgsigqueueinfo, pid, tid, signal, info)
                }
            }
        };
    }
}

/// What the kernel shows of a process's timers (`proc_pid_timers(5)`). Kernels
/// without `CONFIG_CHECKPOINT_RESTORE` show nothing.
fn shown(pid: i32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/timers")).ok()
}

fn parse(text: &str, number: i32) -> Option<Notice> {
    let mut lines = text.lines();
    let field = |line: Option<&str>, key| line?.strip_prefix(key).map(str::to_owned);
    lines.find(|line| {
        let id = line.strip_prefix("ID: ");
        id.is_some_and(|id| id.parse() == Ok(number))
    })?;
    let signal = field(lines.next(), "signal: ")?;
    let (signal, value) = signal.split_once('/')?;
    let notify = field(lines.next(), "notify: ")?;
    let (kind, to) = notify.split_once('/')?;
    let to = match (kind, to.split_once('.')?) {
        ("none", _) => To::Nobody,
        (_, ("tid", tid)) => To::Thread(tid.parse().ok()?),
        _ => To::Process,
    };
    Some(Notice {
        clock: field(lines.next(), "ClockID: ")?.parse::<i32>().ok()? as u64,
        signal: signal.parse().ok()?,
        value: u64::from_str_radix(value, 16).ok()?,
        to,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TEXT: &str = "ID: 0\nsignal: 14/0000000000000000\nnotify: signal/pid.7\nClockID: 1\n\
                        ID: 1\nsignal: 32/00007fff86e452a8\nnotify: signal/tid.9\nClockID: 0\n\
                        ID: 10\nsignal: 0/0000000000000000\nnotify: none/pid.7\nClockID: -6\n";

    #[rstest]
    #[case(0, 14, 0, To::Process, 1)]
    #[case(1, 32, 0x7fff_86e4_52a8, To::Thread(9), 0)]
    #[case(10, 0, 0, To::Nobody, -6i32 as u64)]
    fn the_kernel_shows_what_a_timer_is_for(
        #[case] number: i32,
        #[case] signal: i32,
        #[case] value: u64,
        #[case] to: To,
        #[case] clock: u64,
    ) {
        let expected = Notice {
            clock,
            signal,
            value,
            to,
        };
        assert_eq!(parse(TEXT, number), Some(expected));
        assert_eq!(parse(TEXT, 2), None);
    }

    #[test]
    fn a_record_is_as_long_as_the_kernels() {
        assert_eq!(size_of::<Info>(), size_of::<libc::siginfo_t>());
    }
}
