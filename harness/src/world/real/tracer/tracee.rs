//! A traced thread as a type: [`Running`] and [`Stopped`] consume each other,
//! so that a request to a thread that runs, which the kernel would answer with
//! ESRCH as if the thread were dead, does not compile.
//!
//! The design follows the crate `safeptrace`. A thread can be killed at any
//! moment, even while it is stopped. Requests then give ESRCH, and its end
//! arrives by the same wait as everything else; that is why letting it go on
//! cannot fail.

use std::mem::{MaybeUninit, size_of};
use std::ptr::null_mut;

use libc::{c_int, c_long, c_uint, c_void, siginfo_t};
use nix::errno::Errno;

use super::arch;

/// What the kernel tells of by itself: forks, execs, exits, and what the
/// filter stops; and that whoever is traced dies with its tracer.
const OPTIONS: c_int = libc::PTRACE_O_TRACESECCOMP
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_TRACEEXIT
    | libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_EXITKILL;

/// A traced thread that runs.
///
/// Nothing can be asked of it but to stop:
///
/// ```no_run
/// use daemonlab_harness::world::real::tracer::{Running, Stopped};
///
/// fn goes_on(stopped: Stopped) -> Running {
///     let _ = stopped.call();
///     stopped.go_on(None)
/// }
/// ```
///
/// To ask a running one does not compile:
///
/// ```compile_fail,E0599
/// use daemonlab_harness::world::real::tracer::Running;
///
/// fn asks(running: Running) {
///     let _ = running.call();
/// }
/// ```
///
/// nor to ask one that was let go:
///
/// ```compile_fail,E0382
/// use daemonlab_harness::world::real::tracer::{Running, Stopped};
///
/// fn asks(stopped: Stopped) -> Running {
///     let running = stopped.go_on(None);
///     let _ = stopped.call();
///     running
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Running {
    tid: i32,
}

/// A traced thread that is stopped, for as long as this lives and nobody
/// kills it.
#[derive(Debug, PartialEq, Eq)]
pub struct Stopped {
    tid: i32,
}

/// A call before it is carried out, as the machine has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawCall {
    /// Its number.
    pub number: i64,
    /// Its arguments.
    pub args: [u64; 6],
}

/// Who has sent a signal, and why (`sigaction(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawSignal {
    /// Its number.
    pub signal: i32,
    /// `si_code`: `SI_USER`, `SI_TKILL`, `CLD_EXITED`, …
    pub code: i32,
    /// The sender's PID, or the child's; 0 where there is none.
    pub pid: i32,
    /// The sender's real user id, as this namespace has it.
    pub uid: u32,
}

impl Running {
    /// Begins to trace a thread, which runs on (`PTRACE_SEIZE`).
    ///
    /// # Errors
    /// EPERM where the kernel does not allow it, or somebody else traces it.
    pub(super) fn seize(tid: i32) -> Result<Running, Errno> {
        request(libc::PTRACE_SEIZE, tid, 0, OPTIONS as usize)?;
        Ok(Running { tid })
    }

    /// A thread that the kernel has attached when a traced one made it.
    pub(super) fn attached(tid: i32) -> Running {
        Running { tid }
    }

    /// It was seen to stop by a wait.
    pub(super) fn stopped(self) -> Stopped {
        Stopped { tid: self.tid }
    }

    /// Its thread id.
    pub fn tid(&self) -> i32 {
        self.tid
    }

    /// Makes it stop as soon as it can (`PTRACE_INTERRUPT`); the stop arrives
    /// by the wait.
    ///
    /// # Errors
    /// ESRCH if it is gone.
    pub fn interrupt(&self) -> Result<(), Errno> {
        request(libc::PTRACE_INTERRUPT, self.tid, 0, 0)
    }
}

impl Stopped {
    /// Its thread id.
    pub fn tid(&self) -> i32 {
        self.tid
    }

    /// Whether it is still where it has stopped: who was killed there is on its
    /// way to its end, and answers no request (`ptrace(2)`, "Death under
    /// ptrace").
    pub fn stands(&self) -> bool {
        self.event_message().is_ok()
    }

    /// The call that it has stopped before; `None` if its number is of another
    /// machine's numbering, or of another one of this machine.
    ///
    /// # Errors
    /// ESRCH if it was killed; EINVAL if it has stopped elsewhere.
    pub fn call(&self) -> Result<Option<RawCall>, Errno> {
        let info = self.syscall_info()?;
        if info.op != libc::PTRACE_SYSCALL_INFO_SECCOMP {
            return Err(Errno::EINVAL);
        }
        // SAFETY: `op` says that it is this member.
        let call = unsafe { info.u.seccomp };
        let is_known = info.arch == arch::AUDIT_ARCH
            && !u32::try_from(call.nr).is_ok_and(|number| arch::OTHER_NUMBERS.contains(&number));
        Ok(is_known.then_some(RawCall {
            number: call.nr as i64,
            args: call.args,
        }))
    }

    /// What the call that it has stopped after gives: a value, or an errno by
    /// its number, which may be one of those that no program sees.
    ///
    /// # Errors
    /// ESRCH if it was killed; EINVAL if it has stopped elsewhere.
    pub fn result(&self) -> Result<Result<i64, i32>, Errno> {
        let info = self.syscall_info()?;
        if info.op != libc::PTRACE_SYSCALL_INFO_EXIT {
            return Err(Errno::EINVAL);
        }
        // SAFETY: `op` says that it is this member.
        let exit = unsafe { info.u.exit };
        Ok(match exit.is_error {
            0 => Ok(exit.sval),
            _ => Err(-exit.sval as i32),
        })
    }

    fn syscall_info(&self) -> Result<libc::ptrace_syscall_info, Errno> {
        let mut info = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
        request(
            libc::PTRACE_GET_SYSCALL_INFO,
            self.tid,
            size_of::<libc::ptrace_syscall_info>(),
            info.as_mut_ptr() as usize,
        )?;
        // SAFETY: it was zeroed, which is a value of it, and the kernel has
        // written no more than its size.
        Ok(unsafe { info.assume_init() })
    }

    /// The signal that it has stopped for.
    ///
    /// # Errors
    /// ESRCH if it was killed.
    pub fn signal(&self) -> Result<RawSignal, Errno> {
        let mut info = MaybeUninit::<siginfo_t>::zeroed();
        request(
            libc::PTRACE_GETSIGINFO,
            self.tid,
            0,
            info.as_mut_ptr() as usize,
        )?;
        // SAFETY: it was zeroed, which is a value of it, and the kernel has
        // filled it in.
        let info = unsafe { info.assume_init() };
        // SAFETY: both are numbers in every kind of the record; whether they
        // are a PID and a user id, `si_code` says.
        let (pid, uid) = unsafe { (info.si_pid(), info.si_uid()) };
        let from_process =
            (info.si_code <= 0 && info.si_code != libc::SI_TIMER) || info.si_signo == libc::SIGCHLD;
        Ok(RawSignal {
            signal: info.si_signo,
            code: info.si_code,
            pid: if from_process { pid } else { 0 },
            uid: if from_process { uid } else { 0 },
        })
    }

    /// The number that comes with an event: the new thread's id after a fork,
    /// the former thread id after an exec, the wait status at an exit.
    ///
    /// # Errors
    /// ESRCH if it was killed.
    pub fn event_message(&self) -> Result<u64, Errno> {
        let mut message: libc::c_ulong = 0;
        request(
            libc::PTRACE_GETEVENTMSG,
            self.tid,
            0,
            &raw mut message as usize,
        )?;
        Ok(message)
    }

    /// Makes the call that it has stopped before give `result` without being
    /// carried out; a negative one is an errno.
    ///
    /// # Errors
    /// ESRCH if it was killed.
    pub fn skip_call(&mut self, result: i64) -> Result<(), Errno> {
        arch::skip(self.tid, result)
    }

    /// Takes back the call of this number that it has stopped before: signals
    /// that are pending are delivered first, and then it makes it again.
    ///
    /// # Errors
    /// ESRCH if it was killed.
    pub fn take_back_call(&mut self, number: i64) -> Result<(), Errno> {
        arch::take_back(self.tid, number)
    }

    /// Makes the call that it has stopped at another one. After a call, that
    /// matters where the kernel makes it again.
    ///
    /// # Errors
    /// ESRCH if it was killed.
    pub fn set_number(&mut self, number: i64) -> Result<(), Errno> {
        arch::set_number(self.tid, number)
    }

    /// Where its stack ends, or begins after an exec.
    ///
    /// # Errors
    /// ESRCH if it was killed.
    pub fn stack_pointer(&self) -> Result<u64, Errno> {
        Ok(self.syscall_info()?.stack_pointer)
    }

    /// Sets what the call that it has stopped after gives; a negative number
    /// is an errno.
    ///
    /// # Errors
    /// ESRCH if it was killed.
    pub fn set_result(&mut self, result: i64) -> Result<(), Errno> {
        arch::set_result(self.tid, result)
    }

    /// Sets an argument of the call, counted from 0. Programs rely on it that
    /// a call leaves its arguments alone: whoever changes one puts it back
    /// after the call.
    ///
    /// # Errors
    /// ESRCH if it was killed.
    pub fn set_argument(&mut self, index: usize, value: u64) -> Result<(), Errno> {
        arch::set_argument(self.tid, index, value)
    }

    /// It goes on, with this signal if it has stopped for one.
    pub fn go_on(self, signal: Option<i32>) -> Running {
        self.resume(libc::PTRACE_CONT, signal)
    }

    /// It goes on, and stops again when its call is over.
    pub fn go_through_call(self) -> Running {
        self.resume(libc::PTRACE_SYSCALL, None)
    }

    /// It stays stopped as job control has it, and runs when SIGCONT comes
    /// (`PTRACE_LISTEN`).
    pub fn stay_stopped(self) -> Running {
        self.resume(libc::PTRACE_LISTEN, None)
    }

    fn resume(self, how: c_uint, signal: Option<i32>) -> Running {
        // ESRCH: it was killed, and its end arrives.
        let _ = request(how, self.tid, 0, signal.unwrap_or(0) as usize);
        Running { tid: self.tid }
    }
}

fn request(what: c_uint, tid: i32, address: usize, data: usize) -> Result<(), Errno> {
    ask(what, tid, address, data).map(drop)
}

/// Makes a request that gives a number.
pub(super) fn ask(what: c_uint, tid: i32, address: usize, data: usize) -> Result<c_long, Errno> {
    let address = null_mut::<c_void>().wrapping_byte_add(address);
    let data = null_mut::<c_void>().wrapping_byte_add(data);
    // SAFETY: each caller gives the numbers or the address of a live record
    // that the request takes (`ptrace(2)`).
    let done: c_long = unsafe { libc::ptrace(what, tid, address, data) };
    Errno::result(done)
}
