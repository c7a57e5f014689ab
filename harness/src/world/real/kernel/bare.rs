//! Children that share their parent's memory up to their exec (`CLONE_VM` of
//! `clone(2)`). To copy a process takes longer than all that a launch does
//! besides, and the exec throws the copy away.
//!
//! What runs there must leave libc alone: its errno, its locks and its heap are
//! the parent's, which goes on meanwhile. So system calls are made by hand here.
//! On machines where nobody has written that down, a child gets a copy.

use std::ffi::{c_int, c_long, c_void};
use std::mem::MaybeUninit;

use nix::errno::Errno;
use nix::unistd::Pid;

#[cfg(target_arch = "x86_64")]
const SHARED: c_int = libc::CLONE_VM;
#[cfg(not(target_arch = "x86_64"))]
const SHARED: c_int = 0;

/// How much a child's stack holds, in bytes: a hundred times of what it needs.
const STACK: usize = 64 << 10;

/// Where a child's calls keep what they are about. It must outlive them.
#[derive(Debug)]
pub struct Stack(Box<[MaybeUninit<u8>]>);

impl Stack {
    /// An empty one.
    pub fn new() -> Stack {
        Stack(Box::new_uninit_slice(STACK))
    }
}

/// Makes a child that runs `run` with `given` and ends when that returns.
///
/// # Safety
/// Until the child has executed a program or ended, `stack` and `given` stay
/// where they are, and nobody writes to what is given. `run` allocates nothing,
/// calls nothing of libc, and does not panic.
pub unsafe fn spawn<T>(
    stack: &mut Stack,
    run: extern "C" fn(*mut c_void) -> c_int,
    given: &T,
) -> Result<Pid, Errno> {
    let top = stack.0.as_mut_ptr_range().end;
    let top = top.map_addr(|address| address & !0xf).cast();
    let given: *const T = given;
    // SAFETY: the stack grows downwards from its end, which is aligned as every
    // machine asks; the rest is the caller's promise.
    let pid = unsafe { libc::clone(run, top, SHARED | libc::SIGCHLD, given.cast_mut().cast()) };
    Errno::result(pid).map(Pid::from_raw)
}

/// A system call, without libc; gives its result or its errno.
///
/// # Safety
/// As the call itself.
#[cfg(target_arch = "x86_64")]
pub unsafe fn call(number: c_long, arguments: [usize; 6]) -> Result<usize, i32> {
    /// The largest errno that the kernel gives (`MAX_ERRNO` in `linux/err.h`).
    const MOST: isize = 4095;
    let [first, second, third, fourth, fifth, sixth] = arguments;
    let value: isize;
    // SAFETY: these are the registers of `syscall(2)`, "Architecture calling
    // conventions"; the kernel changes two more, and no memory but what the call
    // is about.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => value,
            in("rdi") first,
            in("rsi") second,
            in("rdx") third,
            in("r10") fourth,
            in("r8") fifth,
            in("r9") sixth,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    match (-MOST..0).contains(&value) {
        true => Err(-value as i32),
        false => Ok(value as usize),
    }
}

/// A system call in a child that has memory of its own; gives its result or its
/// errno.
///
/// # Safety
/// As the call itself.
#[cfg(not(target_arch = "x86_64"))]
pub unsafe fn call(number: c_long, arguments: [usize; 6]) -> Result<usize, i32> {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    // SAFETY: the caller's promise.
    let value = unsafe { libc::syscall(number, first, second, third, fourth, fifth, sixth) };
    match value {
        -1 => Err(Errno::last_raw()),
        value => Ok(value as usize),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI32, Ordering};

    use nix::sys::wait::{WaitStatus, waitpid};

    use super::*;

    extern "C" fn says_who_it_is(given: *mut c_void) -> c_int {
        // SAFETY: it is what the test below gives, and outlives this child.
        let cell = unsafe { &*given.cast::<AtomicI32>() };
        // SAFETY: it takes no arguments.
        let own = unsafe { call(libc::SYS_getpid, [0; 6]) };
        cell.store(own.unwrap_or(0) as i32, Ordering::Relaxed);
        7
    }

    #[test]
    fn a_child_runs_in_memory_that_is_its_parents() {
        let (mut stack, cell) = (Stack::new(), AtomicI32::new(0));
        // SAFETY: both stay until the child has ended; it does one call and one store.
        let child = unsafe { spawn(&mut stack, says_who_it_is, &cell) }.unwrap();
        assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 7)));
        let expected = if SHARED == 0 { 0 } else { child.as_raw() };
        assert_eq!(cell.load(Ordering::Relaxed), expected);
    }

    #[test]
    fn a_call_gives_its_errno() {
        // SAFETY: a descriptor that there is not.
        let closed = unsafe { call(libc::SYS_close, [usize::MAX, 0, 0, 0, 0, 0]) };
        assert_eq!(closed, Err(libc::EBADF));
    }
}
