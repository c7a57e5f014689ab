//! Starting a program: what the child is to do, up to its exec. Init thinks it
//! out, since the child can only make system calls.

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::{CString, c_long};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::sys::personality::{self, Persona};
use nix::sys::resource::getrlimit;

use super::program::Program;
use super::report::Failed;
use crate::world::limits::{Bound, Limit, Resource, Wanted};
use crate::world::real::tracer::{Filter, Mark, Stops};
use crate::world::spec::{LaunchSpec, Order};

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

/// Descriptors that init has opened for the child.
#[derive(Debug)]
pub struct Ends {
    /// Standard input, output and error.
    pub streams: [RawFd; 3],
    /// Where it reports.
    pub report: RawFd,
    /// `/dev/null`, where there is something to be left open.
    pub null: Option<RawFd>,
}

/// One thing to do.
#[derive(Debug)]
pub struct Step {
    /// What.
    pub act: Act,
    /// The same for people, as it fits after "cannot".
    what: String,
}

/// What a child can do.
#[derive(Debug)]
pub enum Act {
    /// This call, which must not fail.
    Must(Call),
    /// This call, whether it fails or not.
    Try(Call),
    /// Look the program up.
    Find,
    /// Say that it is about to exec.
    Report,
    /// Wait until it is traced: without a tracer, calls that stop fail.
    AwaitTracer,
    /// Become the program.
    Execute,
}

/// A system call; what it points to is the plan's.
#[derive(Debug)]
pub struct Call {
    /// Its number.
    pub number: c_long,
    /// Its arguments.
    pub arguments: [usize; 6],
}

/// All that a child does, in order.
#[derive(Debug)]
pub struct Plan {
    /// Each step.
    pub steps: Vec<Step>,
    /// The program that it becomes.
    pub program: Program,
    /// What marks the exec.
    pub mark: Mark,
    /// Where it reports: once that has been moved, and before.
    pub report: [RawFd; 2],
    /// What calls point to.
    kept: Vec<Box<dyn Any>>,
}

impl Plan {
    /// The one for this.
    ///
    /// # Errors
    /// A string with a zero byte; a limit that cannot be read.
    pub fn new(start: &Start<'_>, ends: &Ends) -> Result<Plan, Failed> {
        let launch = start.launch;
        let mark = Mark::draw().map_err(|errno| Failed::new(errno, "mark the exec"))?;
        // Numbers that nothing else wants: what is left open must not cover them.
        let [high, higher] = spare(&launch.stray_fds);
        let mut plan = Plan {
            steps: Vec::new(),
            program: Program::of(launch)?,
            mark,
            report: [high, ends.report],
            kept: Vec::new(),
        };
        plan.descriptors(ends, higher, &launch.stray_fds);
        plan.surroundings(start)?;
        plan.become_user(start)?;
        plan.add(Act::Find, plan.program.sought());
        plan.add(Act::Report, "report the start".to_owned());
        let stops = !start.calls.numbers.is_empty();
        if stops {
            plan.add(Act::AwaitTracer, "wait to be traced".to_owned());
        }
        // Last, so that only the exec meets them: who becomes a user that has more
        // processes than it may cannot exec.
        plan.limits(&launch.limits)?;
        if stops {
            plan.filter(Filter::new(start.calls, Some(mark)))?;
        }
        plan.add(Act::Execute, String::new());
        Ok(plan)
    }

    /// The same for who leads a session of its own.
    pub fn in_a_session(mut self) -> Plan {
        let act = Act::Try(call(libc::SYS_setsid, &[]));
        let what = "make a session".to_owned();
        self.steps.insert(0, Step { act, what });
        self
    }

    /// What could not be done where a step has failed, with this program chosen.
    pub fn what(&self, step: usize, chosen: usize) -> String {
        match self.steps.get(step) {
            Some(Step {
                act: Act::Execute, ..
            }) => self.program.start(chosen),
            Some(step) => step.what.clone(),
            None => "follow its plan".to_owned(),
        }
    }

    fn add(&mut self, act: Act, what: String) {
        self.steps.push(Step { act, what });
    }

    fn must(&mut self, number: c_long, arguments: &[usize], what: impl Into<String>) {
        self.add(Act::Must(call(number, arguments)), what.into());
    }

    /// Keeps what a call points to, and gives where it is.
    fn keep<T: 'static>(&mut self, values: Vec<T>) -> usize {
        let values = values.into_boxed_slice();
        let at = values.as_ptr() as usize;
        self.kept.push(Box::new(values));
        at
    }

    fn descriptors(&mut self, ends: &Ends, spare: RawFd, stray: &[RawFd]) {
        let [high, _] = self.report;
        let mut duplicate = |from: RawFd, to: RawFd, flags: i32, what: String| {
            let arguments = [from as usize, to as usize, flags as usize];
            self.must(libc::SYS_dup3, &arguments, what);
        };
        let moved = "move the report's descriptor".to_owned();
        duplicate(ends.report, high, libc::O_CLOEXEC, moved);
        for (from, (to, name)) in ends.streams.iter().zip([
            (libc::STDIN_FILENO, "input"),
            (libc::STDOUT_FILENO, "output"),
            (libc::STDERR_FILENO, "error"),
        ]) {
            duplicate(*from, to, 0, format!("set standard {name}"));
        }
        if let Some(null) = ends.null {
            duplicate(null, spare, libc::O_CLOEXEC, "open /dev/null".to_owned());
        }
        let all = [
            3,
            libc::c_uint::MAX as usize,
            libc::CLOSE_RANGE_CLOEXEC as usize,
        ];
        self.must(libc::SYS_close_range, &all, "mark descriptors");
        for number in stray {
            let arguments = [spare as usize, *number as usize, 0];
            let what = format!("leave descriptor {number} open");
            self.must(libc::SYS_dup3, &arguments, what);
        }
    }

    fn surroundings(&mut self, start: &Start<'_>) -> Result<(), Failed> {
        let launch = start.launch;
        let mask = launch.umask as usize & 0o777;
        self.must(libc::SYS_umask, &[mask], "set the umask");
        let what = format!("enter the working directory {:?}", launch.cwd);
        let folder = launch.cwd.as_os_str().as_bytes().to_vec();
        let folder = CString::new(folder).map_err(|_| Failed::new(Errno::EINVAL, &what))?;
        let folder = self.keep(folder.into_bytes_with_nul());
        self.must(libc::SYS_chdir, &[folder], what);
        let slack = [libc::PR_SET_TIMERSLACK as usize, start.slack as usize];
        self.must(libc::SYS_prctl, &slack, "set the timer slack");
        self.dispositions(start.ignored, &launch.ignored);
        self.block(&launch.blocked);
        if launch.order == Order::Steered {
            let what = "fix its addresses";
            let own = personality::get().map_err(|errno| Failed::new(errno, what))?;
            // Who sorts by them does so alike each time.
            let fixed = own | Persona::ADDR_NO_RANDOMIZE;
            self.must(libc::SYS_personality, &[fixed.bits() as usize], what);
        }
        Ok(())
    }

    /// Sets what differs from what init has. What it handles is the default from the
    /// exec on (`execve(2)`).
    fn dispositions(&mut self, before: u64, ignored: &[i32]) {
        for number in 1..=64_i32 {
            let to = match (before & 1 << (number - 1) != 0, ignored.contains(&number)) {
                (false, true) => libc::SIG_IGN,
                (true, false) => libc::SIG_DFL,
                _ => continue,
            };
            // The kernel's `struct sigaction`: handler, flags, restorer, mask. SIGKILL
            // and SIGSTOP are refused, which is as well.
            let action = self.keep(vec![to, 0, 0, 0]);
            let arguments = [number as usize, action, 0, size_of::<u64>()];
            let act = Act::Try(call(libc::SYS_rt_sigaction, &arguments));
            self.add(act, format!("set the disposition of signal {number}"));
        }
    }

    fn block(&mut self, blocked: &[i32]) {
        let bits = blocked.iter().filter(|number| (1..=64).contains(*number));
        let mask = bits.fold(0_u64, |mask, number| mask | 1 << (number - 1));
        let mask = self.keep(vec![mask]);
        let arguments = [libc::SIG_SETMASK as usize, mask, 0, size_of::<u64>()];
        self.must(libc::SYS_rt_sigprocmask, &arguments, "set the signal mask");
    }

    /// Groups, group id, user id. A filter needs `CAP_SYS_ADMIN` after that; it is
    /// kept up to exec, which takes it from everyone but root.
    fn become_user(&mut self, start: &Start<'_>) -> Result<(), Failed> {
        let launch = start.launch;
        if start.groups || !launch.groups.is_empty() {
            let count = launch.groups.len();
            let groups = self.keep(launch.groups.clone());
            let what = format!("set the groups {:?}", launch.groups);
            self.must(libc::SYS_setgroups, &[count, groups], what);
        }
        let (uid, gid) = (launch.uid as usize, launch.gid as usize);
        let what = format!("become group {gid}");
        self.must(libc::SYS_setresgid, &[gid, gid, gid], what);
        let keep = !start.calls.numbers.is_empty() && uid != 0;
        let keeps = [libc::PR_SET_KEEPCAPS as usize, usize::from(keep)];
        self.must(libc::SYS_prctl, &keeps, "keep capabilities");
        let what = format!("become user {uid}");
        self.must(libc::SYS_setresuid, &[uid, uid, uid], what);
        if keep {
            let what = "keep CAP_SYS_ADMIN up to exec";
            let (header, sets) = capabilities().map_err(|errno| Failed::new(errno, what))?;
            let (header, sets) = (self.keep(header), self.keep(sets));
            self.must(libc::SYS_capset, &[header, sets], what);
        }
        Ok(())
    }

    /// Sets resource limits. Nobody can raise a hard one: that takes
    /// `CAP_SYS_RESOURCE` outside of every user namespace.
    fn limits(&mut self, limits: &BTreeMap<Resource, Wanted>) -> Result<(), Failed> {
        for (resource, wanted) in limits {
            let (soft, hard) = getrlimit(resource.number())
                .map_err(|errno| Failed::new(errno, &format!("look at the limit {resource}")))?;
            let world = Limit {
                soft: Bound::from_raw(soft),
                hard: Bound::from_raw(hard),
            };
            let made = wanted.over(world);
            let what = format!("set the limit {resource} to {made} where it is {world}");
            let limit = self.keep(vec![made.soft.raw(), made.hard.raw()]);
            let arguments = [0, resource.number() as usize, limit, 0];
            self.must(libc::SYS_prlimit64, &arguments, what);
        }
        Ok(())
    }

    fn filter(&mut self, filter: Filter) -> Result<(), Failed> {
        let what = "set a filter on system calls";
        let record = filter.record().map_err(|errno| Failed::new(errno, what))?;
        self.kept.push(Box::new(filter));
        let record = self.keep(vec![record]);
        let arguments = [libc::SECCOMP_SET_MODE_FILTER as usize, 0, record];
        self.must(libc::SYS_seccomp, &arguments, what);
        Ok(())
    }
}

fn call(number: c_long, arguments: &[usize]) -> Call {
    let mut all = [0; 6];
    all[..arguments.len()].copy_from_slice(arguments);
    Call {
        number,
        arguments: all,
    }
}

/// What `capset(2)` takes to make `CAP_SYS_ADMIN` effective alone, with the other
/// sets as init has them.
fn capabilities() -> Result<(Vec<u32>, Vec<u32>), Errno> {
    /// `_LINUX_CAPABILITY_VERSION_3`.
    const VERSION: u32 = 0x2008_0522;
    const SYS_ADMIN: u32 = 1 << 21;
    let mut header = vec![VERSION, 0];
    // Twice what is effective, permitted and inheritable, 32 capabilities each.
    let mut sets = vec![0_u32; 6];
    // SAFETY: the header and the sets are as long as this version says.
    let got = unsafe { libc::syscall(libc::SYS_capget, header.as_mut_ptr(), sets.as_mut_ptr()) };
    Errno::result(got)?;
    (sets[0], sets[3]) = (SYS_ADMIN, 0);
    Ok((header, sets))
}

/// The two highest numbers below the usual limit that are not to be left open.
fn spare(stray: &[RawFd]) -> [RawFd; 2] {
    let mut free = (3..1024).rev().filter(|number| !stray.contains(number));
    [free.next().unwrap_or(1023), free.next().unwrap_or(1022)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spare_numbers_are_not_to_be_left_open() {
        assert_eq!(spare(&[]), [1023, 1022]);
        assert_eq!(spare(&[1023, 5, 1021]), [1022, 1020]);
    }
}
