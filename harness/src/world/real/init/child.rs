//! Starting a program: the child, up to its exec. Its memory is init's: it makes
//! system calls, and writes nowhere but on its own stack.

use std::ffi::{CString, c_int, c_long, c_void};
use std::mem::MaybeUninit;

use super::plan::{Act, Plan};
use super::program::Paths;
use super::report::{SHORT, broken, started};
use crate::world::real::kernel::call;

/// Does what a plan says, in a child that does nothing else. Comes back only if it
/// cannot, with the status of who could not execute a program.
pub extern "C" fn follow(plan: *mut c_void) -> c_int {
    // SAFETY: it is what the child was given, which stays as it is until the
    // child's exec.
    let plan = unsafe { &*plan.cast::<Plan>() };
    let mut chosen = 0;
    for (at, step) in plan.steps.iter().enumerate() {
        if let Err(errno) = carry_out(plan, &step.act, &mut chosen) {
            let _ = tell(plan, &broken(errno, at as u32, chosen as u32));
            break;
        }
    }
    127
}

fn carry_out(plan: &Plan, act: &Act, chosen: &mut usize) -> Result<(), i32> {
    match act {
        Act::Must(made) => make(made.number, made.arguments).map(drop),
        Act::Try(made) => {
            let _ = make(made.number, made.arguments);
            Ok(())
        }
        Act::Find => {
            *chosen = find(&plan.program.paths)?;
            Ok(())
        }
        Act::Report => report(plan),
        Act::AwaitTracer => await_tracer(plan),
        Act::Execute => execute(plan, *chosen),
    }
}

/// What the plan says is valid for as long as the child follows it.
fn make(number: c_long, arguments: [usize; 6]) -> Result<usize, i32> {
    // SAFETY: whatever an argument points to is the plan's, or on this stack, and
    // is as the call asks for it.
    unsafe { call(number, arguments) }
}

fn tell(plan: &Plan, bytes: &[u8; SHORT]) -> Result<(), i32> {
    let mut told = Err(libc::EBADF);
    for report in plan.report {
        let (at, flags) = (bytes.as_ptr() as usize, libc::MSG_NOSIGNAL as usize);
        told = make(libc::SYS_sendto, [report as usize, at, SHORT, flags, 0, 0]).map(drop);
        // Else it was not moved there yet.
        if told != Err(libc::EBADF) {
            break;
        }
    }
    told
}

fn report(plan: &Plan) -> Result<(), i32> {
    let pid = make(libc::SYS_getpid, [0; 6])?;
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let clock = libc::CLOCK_MONOTONIC as usize;
    let to = (&raw mut now) as usize;
    make(libc::SYS_clock_gettime, [clock, to, 0, 0, 0, 0])?;
    let at = (now.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(now.tv_nsec as u64);
    tell(plan, &started(pid as i32, at))
}

fn await_tracer(plan: &Plan) -> Result<(), i32> {
    let [report, _] = plan.report;
    let mut byte = 0_u8;
    let to = (&raw mut byte) as usize;
    match make(libc::SYS_recvfrom, [report as usize, to, 1, 0, 0, 0])? {
        0 => Err(libc::EPIPE),
        _ => Ok(()),
    }
}

/// Which of these paths it is.
fn find(paths: &Paths) -> Result<usize, i32> {
    let Paths::Sought(paths) = paths else {
        return Ok(0);
    };
    let mut why = libc::ENOENT;
    for (at, path) in paths.iter().enumerate() {
        let (here, name) = (libc::AT_FDCWD as usize, path.as_ptr() as usize);
        let (access, by) = (libc::X_OK as usize, libc::AT_EACCESS as usize);
        match make(libc::SYS_faccessat2, [here, name, access, by, 0, 0]) {
            Ok(_) if is_file(path) => return Ok(at),
            Err(libc::EACCES) => why = libc::EACCES,
            _ => {}
        }
    }
    Err(why)
}

fn is_file(path: &CString) -> bool {
    let mut found = MaybeUninit::<libc::statx>::zeroed();
    let (here, name) = (libc::AT_FDCWD as usize, path.as_ptr() as usize);
    let (mask, to) = (libc::STATX_TYPE as usize, found.as_mut_ptr() as usize);
    let looked = make(libc::SYS_statx, [here, name, 0, mask, to, 0]);
    // SAFETY: it was zeroed, which is a value of it, and the kernel may have
    // filled it in.
    let mode = unsafe { found.assume_init() }.stx_mode;
    looked.is_ok() && u32::from(mode) & libc::S_IFMT == libc::S_IFREG
}

fn execute(plan: &Plan, chosen: usize) -> Result<(), i32> {
    let path = match &plan.program.paths {
        Paths::Given(path) => Some(path),
        Paths::Sought(paths) => paths.get(chosen),
    };
    let path = path.map_or(0, |path| path.as_ptr() as usize);
    let [arguments, environment] = plan.program.given();
    let [first, second] = plan.mark.words().map(|word| word as usize);
    let all = [path, arguments, environment, first, second, 0];
    make(libc::SYS_execve, all).map(drop)
}
