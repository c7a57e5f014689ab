//! x86-64: `syscall(2)`, "Architecture calling conventions", and
//! `struct user_regs_struct` of `sys/user.h`.

use std::mem::offset_of;
use std::ops::Range;

use libc::user_regs_struct;
use nix::errno::Errno;

/// Whether programs can be traced here.
pub const SUPPORTED: bool = true;

/// How `struct seccomp_data` names this machine: `AUDIT_ARCH_X86_64` of
/// `linux/audit.h`.
pub const AUDIT_ARCH: u32 = 0xc000_003e;

/// Numbers of another numbering under the same name: those of x32, which have
/// `__X32_SYSCALL_BIT` of `asm/unistd.h`. The number -1 is none of them.
pub const OTHER_NUMBERS: Range<u32> = 0x4000_0000..0x8000_0000;

/// Where the arguments lie.
const ARGUMENTS: [usize; 6] = [
    offset_of!(user_regs_struct, rdi),
    offset_of!(user_regs_struct, rsi),
    offset_of!(user_regs_struct, rdx),
    offset_of!(user_regs_struct, r10),
    offset_of!(user_regs_struct, r8),
    offset_of!(user_regs_struct, r9),
];

/// Makes a call that has stopped before it was carried out give `result`
/// instead: the kernel skips the call number -1 and leaves the result as it is.
///
/// # Errors
/// ESRCH if the thread was killed.
pub fn skip(tid: i32, result: i64) -> Result<(), Errno> {
    poke(tid, offset_of!(user_regs_struct, orig_rax), -1)?;
    poke(tid, offset_of!(user_regs_struct, rax), result)
}

/// Takes back a call that has stopped before it was carried out: the thread is
/// as it was before the instruction `syscall` (two bytes), so that signals are
/// delivered first, and then makes the call again.
///
/// # Errors
/// ESRCH if the thread was killed.
pub fn take_back(tid: i32, number: i64) -> Result<(), Errno> {
    // SAFETY: the offset is one of the record's; the kernel refuses a thread
    // that is not ours and stopped.
    let next = unsafe {
        libc::ptrace(
            libc::PTRACE_PEEKUSER,
            tid,
            offset_of!(user_regs_struct, rip),
            0,
        )
    };
    poke(tid, offset_of!(user_regs_struct, rip), next - 2)?;
    skip(tid, number)
}

/// Makes the call that has stopped another one: before it is carried out, or
/// after it, if the kernel is to make it again.
///
/// # Errors
/// ESRCH if the thread was killed.
pub fn set_number(tid: i32, number: i64) -> Result<(), Errno> {
    poke(tid, offset_of!(user_regs_struct, orig_rax), number)
}

/// Sets what a call that has stopped after it was carried out gives.
///
/// # Errors
/// ESRCH if the thread was killed.
pub fn set_result(tid: i32, result: i64) -> Result<(), Errno> {
    poke(tid, offset_of!(user_regs_struct, rax), result)
}

/// Sets the argument number `index`, from 0, of a call that has stopped.
///
/// # Errors
/// ESRCH if the thread was killed.
pub fn set_argument(tid: i32, index: usize, value: u64) -> Result<(), Errno> {
    poke(tid, ARGUMENTS[index], value as i64)
}

fn poke(tid: i32, offset: usize, value: i64) -> Result<(), Errno> {
    // SAFETY: the offset is one of the record's, the value a number; the
    // kernel refuses a thread that is not ours and stopped.
    let done = unsafe { libc::ptrace(libc::PTRACE_POKEUSER, tid, offset, value) };
    Errno::result(done).map(drop)
}
