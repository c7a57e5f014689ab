//! Timers that are descriptors (`timerfd_create(2)`).
//!
//! A timer is an open file description: whoever inherits or is sent a
//! descriptor has the same one, and nobody tells who does. So that it can be
//! found, the kernel's timer is armed for an interval that nobody lives to see
//! and that is its name; `/proc/PID/fdinfo` shows it. No descriptor of it is
//! kept: who closes the last one closes the timer, and an epoll forgets it.
//!
//! When the time has come, the kernel is told how often
//! (`TFD_IOC_SET_TICKS`), and wakes who reads, polls or waits in an epoll. One
//! that nobody has read since does not come again, as in the kernel: only its
//! count grows. (That an edge-triggered epoll is told of, which the kernel does
//! not: nothing sets a count without a word.)

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::null_mut;
use std::time::Duration;

use nix::errno::Errno;

use super::deadline::Deadline;
use super::read::Bases;
use crate::world::real::proc::pids;
use crate::world::real::tracer::decider::Who;
use crate::world::real::tracer::tracee::RawCall;
use crate::world::syscalls;

/// The calls for them.
pub const NAMES: &[&str] = &["timerfd_settime", "timerfd_gettime"];

/// What the kernel's timer is armed for, in seconds; its name is added.
const AGES: i64 = 4_000_000_000;

/// Sets how often it has come (`sys/timerfd.h` of the kernel's interface):
/// kernels without `CONFIG_CHECKPOINT_RESTORE` do not know it.
const TFD_IOC_SET_TICKS: libc::Ioctl = 0x4008_5400u32 as libc::Ioctl;

/// Those that are armed, by name.
#[derive(Debug, Default)]
pub struct Descriptors {
    /// The name that was given last.
    last: i64,
    timers: BTreeMap<i64, Timer>,
}

#[derive(Debug)]
struct Timer {
    deadline: Deadline,
    /// Whether it has come since it was read.
    unread: bool,
    /// Where it was found last.
    place: Place,
}

/// A descriptor of a process.
#[derive(Clone, Copy, Debug)]
struct Place {
    pid: i32,
    fd: i32,
}

/// What the kernel shows of a timer.
struct Shown {
    clock: u64,
    ticks: u64,
    /// The timer's name, if it has one.
    name: Option<i64>,
}

impl Descriptors {
    /// Answers such a call; `None` if it is none of them, or if the kernel says
    /// what is wrong with it.
    pub fn answer(
        &mut self,
        who: &Who,
        call: &RawCall,
        bases: &Bases,
        now: Duration,
    ) -> Option<Result<i64, i32>> {
        let place = Place {
            pid: who.pid,
            fd: call.args[0] as i32,
        };
        let name = syscalls::name(call.number)?;
        if !NAMES.contains(&name) {
            return None;
        }
        // A process whose first thread has ended shows none of its own.
        let own = Place {
            pid: who.tid,
            ..place
        };
        let shown = match own.text() {
            Ok(text) => parse(&text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(_) => return Some(Err(Errno::ENOSYS as i32)),
        };
        let fault = Err(Errno::EFAULT as i32);
        match name {
            "timerfd_gettime" => {
                let deadline = self.deadline(&shown);
                Some(match deadline.write(who.tid, call.args[1], now) {
                    true => Ok(0),
                    false => fault,
                })
            }
            _ => {
                let [_, flags, new, old, ..] = call.args;
                let known = libc::TFD_TIMER_ABSTIME | libc::TFD_TIMER_CANCEL_ON_SET;
                if flags as i32 & !known != 0 {
                    return None;
                }
                let base = bases.of(shown.clock)?;
                let base = (flags as i32 & libc::TFD_TIMER_ABSTIME != 0).then_some(base);
                let deadline = Deadline::read(who.tid, new, base, now)?;
                let former = self.deadline(&shown);
                if let Err(errno) = self.set(place, &shown, deadline, now) {
                    return Some(Err(errno as i32));
                }
                Some(match old == 0 || former.write(who.tid, old, now) {
                    true => Ok(0),
                    false => fault,
                })
            }
        }
    }

    fn deadline(&self, shown: &Shown) -> Deadline {
        let timer = shown.name.and_then(|name| self.timers.get(&name));
        timer.map(|timer| timer.deadline).unwrap_or_default()
    }

    fn set(
        &mut self,
        place: Place,
        shown: &Shown,
        deadline: Deadline,
        now: Duration,
    ) -> Result<(), Errno> {
        if let Some(name) = shown.name {
            self.timers.remove(&name);
        }
        let ours = place.borrow().map_err(|_| Errno::ENOSYS)?;
        if deadline.at.is_none() {
            return arm(&ours, 0, 0);
        }
        let name = self.last + 1;
        arm(&ours, AGES, AGES + name)?;
        // No timer can have come never: who knows the request says so.
        if set_ticks(&ours, 0) != Err(Errno::EINVAL) {
            arm(&ours, 0, 0)?;
            return Err(Errno::ENOSYS);
        }
        self.last = name;
        let timer = Timer {
            deadline,
            unread: false,
            place,
        };
        self.timers.insert(name, timer);
        if deadline.is_over(now) {
            self.fire(name, now);
        }
        Ok(())
    }

    /// What comes next, by name.
    pub fn next(&self) -> Option<(Duration, i64)> {
        let timers = self.timers.iter().filter(|(_, timer)| !timer.unread);
        let next = timers.filter_map(|(name, timer)| Some((timer.deadline.at?, *name)));
        next.min()
    }

    /// Looks which of them were read, and forgets those that nobody has any
    /// more.
    pub fn look(&mut self) {
        self.timers.retain(|name, timer| {
            if !timer.unread {
                return true;
            }
            let shown = timer.find(*name);
            timer.unread = shown.as_ref().is_some_and(|shown| shown.ticks > 0);
            shown.is_some()
        });
    }

    /// Whether somebody has it still; if not, it is forgotten.
    pub fn lives(&mut self, name: i64) -> bool {
        let timer = self.timers.get_mut(&name);
        let lives = timer.is_some_and(|timer| timer.find(name).is_some());
        if !lives {
            self.timers.remove(&name);
        }
        lives
    }

    /// It has come.
    pub fn fire(&mut self, name: i64, now: Duration) {
        let Some(timer) = self.timers.get_mut(&name) else {
            return;
        };
        timer.count(name, now);
        match timer.deadline.at {
            None => drop(self.timers.remove(&name)),
            Some(_) => timer.unread = true,
        }
    }

    /// Time has jumped: the counts of those that nobody has read grow.
    pub fn count(&mut self, now: Duration) {
        let unread = self.timers.iter_mut().filter(|(_, timer)| timer.unread);
        unread.for_each(|(name, timer)| timer.count(*name, now));
    }
}

impl Timer {
    fn count(&mut self, name: i64, now: Duration) {
        if self.deadline.is_over(now)
            && let Some(shown) = self.find(name)
            && let Ok(ours) = self.place.borrow()
        {
            let times = self.deadline.pass(now);
            let _ = set_ticks(&ours, shown.ticks.saturating_add(times));
        }
    }

    /// Finds it where it was, or where else it is.
    fn find(&mut self, name: i64) -> Option<Shown> {
        let at = |place: Place| place.shown().filter(|shown| shown.name == Some(name));
        if let Some(shown) = at(self.place) {
            return Some(shown);
        }
        let places = pids().into_iter().flat_map(places_of);
        let (place, shown) = places
            .filter_map(|place| Some((place, at(place)?)))
            .next()?;
        self.place = place;
        Some(shown)
    }
}

fn places_of(pid: i32) -> Vec<Place> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten();
    let is_timer = |entry: &fs::DirEntry| {
        let link = fs::read_link(entry.path()).unwrap_or_default();
        link.as_os_str() == "anon_inode:[timerfd]"
    };
    let timers = entries.flatten().filter(is_timer);
    timers
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .map(|fd| Place { pid, fd })
        .collect()
}

impl Place {
    /// What the kernel shows of the timer; `None` if it is none.
    fn shown(self) -> Option<Shown> {
        parse(&self.text().ok()?)
    }

    /// What the kernel shows of the file (`proc_pid_fdinfo(5)`).
    fn text(self) -> std::io::Result<String> {
        let Place { pid, fd } = self;
        fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}"))
    }

    /// A descriptor of the same, for a moment.
    fn borrow(self) -> Result<OwnedFd, Errno> {
        // SAFETY: numbers only (`pidfd_open(2)`).
        let process = own(unsafe { libc::syscall(libc::SYS_pidfd_open, self.pid, 0) })?;
        let process = process.as_raw_fd();
        // SAFETY: numbers only (`pidfd_getfd(2)`).
        own(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process, self.fd, 0) })
    }
}

fn own(made: libc::c_long) -> Result<OwnedFd, Errno> {
    let fd = Errno::result(made)?;
    // SAFETY: the kernel has just made it, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

fn parse(text: &str) -> Option<Shown> {
    let field = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    let (seconds, _) = field("it_interval: (")?.split_once(',')?;
    let name = seconds.parse::<i64>().ok()? - AGES;
    Some(Shown {
        clock: field("clockid: ")?.parse::<i32>().ok()? as u64,
        ticks: field("ticks: ")?.parse().ok()?,
        name: (name > 0).then_some(name),
    })
}

fn arm(timer: &OwnedFd, seconds: i64, interval: i64) -> Result<(), Errno> {
    let spec = |tv_sec| libc::timespec { tv_sec, tv_nsec: 0 };
    let new = libc::itimerspec {
        it_value: spec(seconds),
        it_interval: spec(interval),
    };
    // SAFETY: the record outlives the call, which only reads it.
    let done = unsafe { libc::timerfd_settime(timer.as_raw_fd(), 0, &raw const new, null_mut()) };
    Errno::result(done).map(drop)
}

fn set_ticks(timer: &OwnedFd, ticks: u64) -> Result<(), Errno> {
    // SAFETY: the number outlives the call, which only reads it.
    let done = unsafe { libc::ioctl(timer.as_raw_fd(), TFD_IOC_SET_TICKS, &raw const ticks) };
    Errno::result(done).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_shows_a_timer_and_its_name() {
        let text = "pos:\t0\nflags:\t02\nclockid: 1\nticks: 5\nsettime flags: 00\n\
                    it_value: (3999999999, 967913513)\nit_interval: (4000000007, 0)\n";
        let shown = parse(text).unwrap();
        assert_eq!((shown.clock, shown.ticks, shown.name), (1, 5, Some(7)));
        let unnamed = text.replace("4000000007", "1");
        assert_eq!(parse(&unnamed).unwrap().name, None);
        assert!(parse("pos:\t0\nflags:\t02\n").is_none());
    }
}
