//! Starting a program: the child, up to its exec.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use caps::{CapSet, Capability};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::personality::{self, Persona};
use nix::sys::prctl::{set_keepcaps, set_timerslack};
use nix::sys::resource::{getrlimit, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::sys::socket::{MsgFlags, recv, send as send_bytes};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{
    Gid, Uid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, getpid, setgroups, setresgid, setresuid,
};

use super::launch::now;
use super::program::Program;
use crate::world::limits::{Bound, Limit, Resource, Wanted};
use crate::world::real::tracer::{Filter, Mark, Stops};
use crate::world::spec::{LaunchSpec, Order};

/// What a child tells init on its way; the socket closes at exec.
#[derive(Debug, PartialEq, Eq)]
pub enum Report {
    /// It is about to exec. If calls must stop, it waits to be traced first.
    Started {
        /// Its PID.
        pid: i32,
        /// The moment, in nanoseconds of `CLOCK_MONOTONIC`.
        at: u64,
    },
    /// It cannot go on.
    Failed {
        /// The errno.
        errno: i32,
        /// What it cannot do, as it fits after "cannot".
        what: String,
    },
}

impl Report {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Report::Started { pid, at } => {
                [&[1][..], &pid.to_le_bytes(), &at.to_le_bytes()].concat()
            }
            Report::Failed { errno, what } => {
                [&[3][..], &errno.to_le_bytes(), what.as_bytes()].concat()
            }
        }
    }

    /// Reads one; `None` if it is none.
    pub fn parse(bytes: &[u8]) -> Option<Report> {
        let (kind, rest) = bytes.split_first()?;
        let number = rest.first_chunk().map(|bytes| i32::from_le_bytes(*bytes));
        Some(match kind {
            1 => Report::Started {
                pid: number?,
                at: u64::from_le_bytes(*rest.get(4..)?.first_chunk()?),
            },
            3 => Report::Failed {
                errno: number?,
                what: String::from_utf8_lossy(rest.get(4..)?).into_owned(),
            },
            _ => return None,
        })
    }
}

/// What a child is given.
#[derive(Debug)]
pub struct Start<'a> {
    /// What to start.
    pub launch: &'a LaunchSpec,
    /// Which calls must stop, if any.
    pub calls: &'a Stops,
    /// How late its timers may be, in nanoseconds; init's own are not to be.
    pub slack: u64,
    /// The signals that init ignores.
    pub ignored: u64,
    /// Whether groups may be set at all here.
    pub groups: bool,
}

/// Becomes the program. Comes back only with why it could not.
pub fn exec(start: &Start<'_>, streams: [OwnedFd; 3], report: OwnedFd) -> (OwnedFd, Failed) {
    // Numbers that nothing else wants: what is left open must not cover them.
    let [high, higher] = spare(&start.launch.stray_fds);
    let report = match move_to(&report, high) {
        Ok(moved) => moved,
        Err(errno) => {
            return (
                report,
                Failed(errno, "move the report's descriptor".to_owned()),
            );
        }
    };
    let failed = match prepare(start, streams, higher, &report) {
        Err(failed) => failed,
        Ok(never) => match never {},
    };
    (report, failed)
}

/// What failed, and how.
#[derive(Debug)]
pub struct Failed(Errno, String);

impl Failed {
    /// This call, with what it was for, as it fits after "cannot".
    pub fn new(errno: Errno, what: &str) -> Failed {
        Failed(errno, what.to_owned())
    }
}

/// Tells init why it could not.
pub fn report_failure(report: BorrowedFd<'_>, Failed(errno, what): Failed) {
    let failed = Report::Failed {
        errno: errno as i32,
        what,
    };
    let _ = send(report, &failed);
}

fn send(to: BorrowedFd<'_>, report: &Report) -> Result<(), Errno> {
    send_bytes(to.as_raw_fd(), &report.bytes(), MsgFlags::MSG_NOSIGNAL).map(drop)
}

/// Waits until init traces this process. Only then may it set its filter:
/// without a tracer, calls that stop fail.
fn until_traced(report: BorrowedFd<'_>) -> Result<(), Errno> {
    match recv(report.as_raw_fd(), &mut [0], MsgFlags::empty())? {
        0 => Err(Errno::EPIPE),
        _ => Ok(()),
    }
}

pub fn step<T>(what: &str, done: Result<T, Errno>) -> Result<T, Failed> {
    done.map_err(|errno| Failed(errno, what.to_owned()))
}

fn prepare(
    start: &Start<'_>,
    streams: [OwnedFd; 3],
    spare: RawFd,
    report: &OwnedFd,
) -> Result<Infallible, Failed> {
    let launch = start.launch;
    let [stdin, stdout, stderr] = streams;
    step("set standard input", dup2_stdin(&stdin))?;
    step("set standard output", dup2_stdout(&stdout))?;
    step("set standard error", dup2_stderr(&stderr))?;
    drop((stdin, stdout, stderr));
    // SAFETY: numbers only; what is marked is closed at exec, not now.
    let marked = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    step("mark descriptors", Errno::result(marked))?;
    leave_open(&launch.stray_fds, spare)?;
    umask(Mode::from_bits_truncate(launch.umask));
    let cwd = format!("enter the working directory {:?}", launch.cwd);
    step(&cwd, chdir(&launch.cwd))?;
    step("set the timer slack", set_timerslack(start.slack))?;
    dispositions(start.ignored, &launch.ignored);
    block(&launch.blocked)?;
    if launch.order == Order::Steered {
        step("fix its addresses", fix_addresses())?;
    }
    become_user(start)?;
    let program = Program::find(launch)?;
    let pid = getpid().as_raw();
    step(
        "report the start",
        send(report.as_fd(), &Report::Started { pid, at: now() }),
    )?;
    if !start.calls.numbers.is_empty() {
        step("wait to be traced", until_traced(report.as_fd()))?;
    }
    let mark = step("mark the exec", Mark::draw())?;
    let filter = Filter::new(start.calls, Some(mark));
    // Last, so that only the exec meets them: who becomes a user that has more
    // processes than it may cannot exec.
    limit(&launch.limits)?;
    if !start.calls.numbers.is_empty() {
        step("set a filter on system calls", filter.install())?;
    }
    program.execute(mark)
}

/// The two highest numbers below the usual limit that are not to be left open.
fn spare(stray: &[RawFd]) -> [RawFd; 2] {
    let mut free = (3..1024).rev().filter(|number| !stray.contains(number));
    [free.next().unwrap_or(1023), free.next().unwrap_or(1022)]
}

fn move_to(fd: &OwnedFd, number: RawFd) -> Result<OwnedFd, Errno> {
    let moved = fcntl(fd, FcntlArg::F_DUPFD_CLOEXEC(number))?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(moved) })
}

/// Opens `/dev/null` at these numbers, to stay open at exec.
fn leave_open(numbers: &[RawFd], spare: RawFd) -> Result<(), Failed> {
    if numbers.is_empty() {
        return Ok(());
    }
    let open = || -> Result<OwnedFd, Errno> {
        let mode = nix::fcntl::OFlag::O_RDWR | nix::fcntl::OFlag::O_CLOEXEC;
        let null = nix::fcntl::open("/dev/null", mode, Mode::empty())?;
        move_to(&null, spare)
    };
    let null = step("open /dev/null", open())?;
    for number in numbers {
        // SAFETY: whatever init had at that number is this child's copy, which
        // nobody uses any more: standard streams apart, its owners were dropped
        // or are never to be.
        let done = unsafe { libc::dup2(null.as_raw_fd(), *number) };
        step(
            &format!("leave descriptor {number} open"),
            Errno::result(done),
        )?;
    }
    Ok(())
}

/// Sets what differs from what init has. What it handles is the default from the
/// exec on (`execve(2)`).
fn dispositions(before: u64, ignored: &[i32]) {
    for number in 1..=64 {
        let to = match (before & 1 << (number - 1) != 0, ignored.contains(&number)) {
            (false, true) => libc::SIG_IGN,
            (true, false) => libc::SIG_DFL,
            _ => continue,
        };
        // By the system call: glibc denies the two signals that it uses itself,
        // which whoever started the harness may have ignored.
        let action: [usize; 4] = [to, 0, 0, 0];
        let old: *mut [usize; 4] = std::ptr::null_mut();
        // SAFETY: the record is the kernel's `struct sigaction`: handler,
        // flags, restorer, mask, 32 bytes where a long has 8; no handler runs
        // code. SIGKILL and SIGSTOP are refused, which is as well.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, number, &raw const action, old, 8) };
    }
}

/// The program's addresses are the same each time: who sorts by them does so alike.
fn fix_addresses() -> Result<(), Errno> {
    personality::set(personality::get()? | Persona::ADDR_NO_RANDOMIZE).map(drop)
}

fn block(blocked: &[i32]) -> Result<(), Failed> {
    let mut mask = SigSet::empty().as_ref().to_owned();
    for number in blocked {
        // SAFETY: the set is initialized; a number that is none is refused.
        unsafe { libc::sigaddset(&raw mut mask, *number) };
    }
    // SAFETY: the set was made by libc's own functions.
    let mask = unsafe { SigSet::from_sigset_t_unchecked(mask) };
    step(
        "set the signal mask",
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&mask), None),
    )
}

/// Groups, group id, user id. A filter needs `CAP_SYS_ADMIN` after that; it is
/// kept up to exec, which takes it from everyone but root.
fn become_user(start: &Start<'_>) -> Result<(), Failed> {
    let launch = start.launch;
    let groups: Vec<Gid> = launch.groups.iter().copied().map(Gid::from_raw).collect();
    if start.groups || !groups.is_empty() {
        step(
            &format!("set the groups {:?}", launch.groups),
            setgroups(&groups),
        )?;
    }
    let (uid, gid) = (Uid::from_raw(launch.uid), Gid::from_raw(launch.gid));
    step(&format!("become group {gid}"), setresgid(gid, gid, gid))?;
    let keep = !start.calls.numbers.is_empty() && !uid.is_root();
    step("keep capabilities", set_keepcaps(keep))?;
    step(&format!("become user {uid}"), setresuid(uid, uid, uid))?;
    if keep {
        let raised = caps::raise(None, CapSet::Effective, Capability::CAP_SYS_ADMIN);
        step(
            "keep CAP_SYS_ADMIN up to exec",
            raised.map_err(|_| Errno::last()),
        )?;
    }
    Ok(())
}

/// Sets resource limits. Nobody can raise a hard one: that takes
/// `CAP_SYS_RESOURCE` outside of every user namespace.
fn limit(limits: &BTreeMap<Resource, Wanted>) -> Result<(), Failed> {
    for (resource, wanted) in limits {
        let read = format!("look at the limit {resource}");
        let (soft, hard) = step(&read, getrlimit(resource.number()))?;
        let world = Limit {
            soft: Bound::from_raw(soft),
            hard: Bound::from_raw(hard),
        };
        let made = wanted.over(world);
        let what = format!("set the limit {resource} to {made} where it is {world}");
        let done = setrlimit(resource.number(), made.soft.raw(), made.hard.raw());
        step(&what, done)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_survive_the_way() {
        for report in [
            Report::Started {
                pid: 7,
                at: 1 << 40,
            },
            Report::Failed {
                errno: 13,
                what: "enter \"/ä\"".to_owned(),
            },
        ] {
            assert_eq!(Report::parse(&report.bytes()), Some(report));
        }
        assert_eq!(Report::parse(&[]), None);
        assert_eq!(Report::parse(&[1, 2]), None);
        assert_eq!(Report::parse(&[9]), None);
    }

    #[test]
    fn spare_numbers_are_not_to_be_left_open() {
        assert_eq!(spare(&[]), [1023, 1022]);
        assert_eq!(spare(&[1023, 5, 1021]), [1022, 1020]);
    }
}
