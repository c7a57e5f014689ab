//! Whether a thread that was let go waits in the kernel, and for what.

use std::cell::{OnceCell, RefCell};

use crate::world::real::proc::Record;
use crate::world::real::proc::stat::Stat;
use crate::world::real::tracer::{memory, stop};
use crate::world::syscalls;

/// What a thread does that has not stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It runs, or is about to stop.
    Runs,
    /// It waits for somebody.
    Waits,
    /// It waits for somebody, or until its time has come.
    WaitsForTime,
}

/// The files that tell what a thread does, open from the first look on: to open
/// one takes longer than to read it.
#[derive(Debug, Default)]
pub struct Looks {
    syscall: OnceCell<Record>,
    stat: OnceCell<Record>,
    /// What the first of them said when the thread was last seen asleep, and how
    /// it was.
    asleep: RefCell<Option<(String, Rest)>>,
}

impl Looks {
    /// What this thread does, as far as `/proc/PID/stat` and `/proc/PID/syscall`
    /// (`proc_pid_stat(5)`, `proc_pid_syscall(5)`) tell. The kernel wakes a sleeper
    /// before the call returns that wakes it, so that one who is seen asleep while
    /// nobody runs stays so.
    ///
    /// The letter alone does not tell that a thread sleeps: `wait4` sets it before
    /// it looks whether there is anything to wait for, even with `WNOHANG`, and who
    /// is preempted there keeps it. But the kernel names the call of a thread only
    /// once that is off the run queue (`task_current_syscall` in
    /// `lib/syscall.c`). The letter is looked at after that, since a thread that has
    /// stopped is off the run queue as well. That it has is asked for first: the
    /// kernel would wait a tick for one that is on its way there.
    ///
    /// Who is asleep in the same call at the same place as before is so still, if
    /// it has not stopped there since: to see that takes less than the letter.
    pub fn rest_of(&self, tid: i32) -> Rest {
        if stop::is_stopped(tid) {
            return Rest::Runs;
        }
        let text = Record::of(&self.syscall, || format!("/proc/{tid}/syscall"));
        if let (Some(text), Some((before, rest))) = (&text, &*self.asleep.borrow())
            && text == before
        {
            return match stop::is_stopped(tid) {
                true => Rest::Runs,
                false => *rest,
            };
        }
        let rest = self.rest_in(tid, text.as_deref());
        let asleep = text.filter(|_| rest != Rest::Runs).map(|text| (text, rest));
        *self.asleep.borrow_mut() = asleep;
        rest
    }

    /// The same, by what it is doing and its letter.
    fn rest_in(&self, tid: i32, text: Option<&str>) -> Rest {
        let rest = match seen_in(text) {
            Seen::Running => return Rest::Runs,
            Seen::Call(call) if is_vfork(tid, &call) => Asleep::ForItsChild,
            Seen::Call(call) if waits_forever(&call) => Asleep::Forever,
            Seen::Call(_) | Seen::Hidden => Asleep::ForTime,
        };
        let stat = Record::of(&self.stat, || format!("/proc/{tid}/stat"));
        match (stat.and_then(|text| Stat::parse(&text)?.state.into()), rest) {
            (Some('S'), Asleep::Forever | Asleep::ForItsChild) => Rest::Waits,
            (Some('S'), Asleep::ForTime) => Rest::WaitsForTime,
            // vfork(2) waits so for its child; everything else that does is short.
            (Some('D'), Asleep::ForItsChild) => Rest::Waits,
            _ => Rest::Runs,
        }
    }
}

fn seen_in(text: Option<&str>) -> Seen {
    match text {
        Some(text) => parse(text)
            .filter(|call| call.number >= 0)
            .map_or(Seen::Running, Seen::Call),
        None => Seen::Hidden,
    }
}

/// What a thread waits for that is off the run queue, if it sleeps there.
enum Asleep {
    ForItsChild,
    Forever,
    ForTime,
}

/// A call that a sleeping thread is in: its number and arguments.
struct InCall {
    number: i64,
    args: [u64; 6],
}

/// What `/proc/PID/syscall` tells.
enum Seen {
    /// The thread sleeps in this call.
    Call(InCall),
    /// It is on a run queue, or sleeps outside of any call, which is short.
    Running,
    /// This kernel does not tell.
    Hidden,
}

fn parse(text: &str) -> Option<InCall> {
    let mut words = text.split_ascii_whitespace();
    let number = words.next()?.parse().ok()?;
    let mut args = [0; 6];
    for arg in &mut args {
        *arg = u64::from_str_radix(words.next()?.trim_start_matches("0x"), 16).ok()?;
    }
    Some(InCall { number, args })
}

/// Whether it waits for its child to leave its memory. What makes a child may
/// be asleep for other reasons, and a short time only.
fn is_vfork(tid: i32, call: &InCall) -> bool {
    let vfork = |flags: u64| flags & libc::CLONE_VFORK as u64 != 0;
    match syscalls::name(call.number) {
        Some("vfork") => true,
        Some("clone") => vfork(call.args[0]),
        // The first word of `struct clone_args`.
        Some("clone3") => memory::word(tid, call.args[0]).is_some_and(vfork),
        _ => false,
    }
}

/// Whether no time ends it.
fn waits_forever(call: &InCall) -> bool {
    let args = &call.args;
    let is_endless = |milliseconds: u64| (milliseconds as i32) < 0;
    match syscalls::name(call.number) {
        Some("nanosleep" | "clock_nanosleep" | "restart_syscall") | None => false,
        Some("poll") => is_endless(args[2]),
        Some("epoll_wait" | "epoll_pwait") => is_endless(args[3]),
        Some("ppoll" | "rt_sigtimedwait") => args[2] == 0,
        Some("select" | "pselect6" | "recvmmsg") => args[4] == 0,
        Some("futex" | "epoll_pwait2" | "semtimedop") => args[3] == 0,
        Some(_) => true,
    }
}

#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::wait4("61 0xffffffff 0x0 0x0 0x0 0x0 0x0 0x7ffc 0x7f00", true)]
    #[case::poll_endless("7 0x1 0x2 0xffffffff 0x0 0x0 0x0 0x1 0x2", true)]
    #[case::poll("7 0x1 0x2 0x64 0x0 0x0 0x0 0x1 0x2", false)]
    #[case::sigtimedwait("128 0x1 0x0 0x7ffd 0x8 0x0 0x0 0x1 0x2", false)]
    #[case::sigwaitinfo("128 0x1 0x0 0x0 0x8 0x0 0x0 0x1 0x2", true)]
    #[case::nanosleep("35 0x1 0x0 0x0 0x8 0x0 0x0 0x1 0x2", false)]
    #[case::futex("202 0x1 0x80 0x0 0x0 0x0 0x0 0x1 0x2", true)]
    fn a_call_waits_forever_or_not(#[case] text: &str, #[case] forever: bool) {
        assert_eq!(waits_forever(&parse(text).unwrap()), forever);
    }

    #[rstest]
    #[case("running")]
    #[case("-1 0x7ffc 0x7f00")]
    #[case("")]
    fn who_is_in_no_call_waits_for_nothing(#[case] text: &str) {
        assert!(parse(text).is_none_or(|call| call.number < 0));
    }
}
