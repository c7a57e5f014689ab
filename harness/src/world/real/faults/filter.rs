//! The program that makes the kernel stop at a call: classic BPF over
//! `struct seccomp_data` (`seccomp(2)`).

use std::mem::offset_of;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use libc::{seccomp_data, sock_filter};
use nix::errno::Errno;

#[cfg(target_arch = "x86_64")]
const ARCH: u32 = 0xc000_003e; // AUDIT_ARCH_X86_64 of linux/audit.h
#[cfg(target_arch = "aarch64")]
const ARCH: u32 = 0xc000_00b7; // AUDIT_ARCH_AARCH64

const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

/// A filter that stops at some calls and lets all others pass, as well as
/// those of another machine's numbering.
#[derive(Debug)]
pub struct Filter(Vec<sock_filter>);

impl Filter {
    /// Stops at the calls of these numbers, except `sendmsg` on `handoff`: by
    /// that the listener itself is handed over, when nobody listens yet.
    pub fn new(numbers: impl IntoIterator<Item = i64>, handoff: BorrowedFd<'_>) -> Filter {
        let load = |offset: usize| instruction(LOAD, 0, 0, offset as u32);
        let give = |value: u32| instruction(RETURN, 0, 0, value);
        let mut program = vec![
            load(offset_of!(seccomp_data, arch)),
            instruction(JUMP_IF_EQUAL, 1, 0, ARCH),
            give(libc::SECCOMP_RET_ALLOW),
            load(offset_of!(seccomp_data, nr)),
        ];
        let equals = |value: u32| instruction(JUMP_IF_EQUAL, 0, 1, value);
        for number in numbers {
            if number == libc::SYS_sendmsg {
                program.extend([
                    instruction(JUMP_IF_EQUAL, 0, 4, number as u32),
                    load(offset_of!(seccomp_data, args) + LOW_HALF),
                    equals(handoff.as_raw_fd() as u32),
                    give(libc::SECCOMP_RET_ALLOW),
                    give(libc::SECCOMP_RET_USER_NOTIF),
                ]);
            } else {
                program.extend([equals(number as u32), give(libc::SECCOMP_RET_USER_NOTIF)]);
            }
        }
        program.push(give(libc::SECCOMP_RET_ALLOW));
        Filter(program)
    }
}

/// Where the lower 32 bits of an argument lie.
const LOW_HALF: usize = if cfg!(target_endian = "little") { 0 } else { 4 };

fn instruction(code: u16, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// Sets the filter for this thread and all that it makes from now on, and
/// gives the listener. Needs `CAP_SYS_ADMIN` in the user namespace, since
/// `no_new_privs` would change what is tested.
///
/// A call that stops is not disturbed by a signal once it has been received
/// (5.19 and newer; before, a handler can interrupt it).
pub fn install(filter: &Filter) -> Result<OwnedFd, Errno> {
    let listen = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    match set(
        filter,
        listen | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
    ) {
        Err(Errno::EINVAL) => set(filter, listen),
        done => done,
    }
}

fn set(filter: &Filter, flags: libc::c_ulong) -> Result<OwnedFd, Errno> {
    let program = libc::sock_fprog {
        len: u16::try_from(filter.0.len()).map_err(|_| Errno::E2BIG)?,
        filter: filter.0.as_ptr().cast_mut(),
    };
    // SAFETY: the program and its record outlive the call, which only reads them.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            flags,
            &raw const program,
        )
    };
    let fd = Errno::result(fd)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    /// Runs the program on the four words that it can load.
    fn run(filter: &Filter, arch: u32, nr: i64, first: u32) -> u32 {
        let (mut at, mut word) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = filter.0[at];
            at += 1;
            match code {
                LOAD if k == offset_of!(seccomp_data, arch) as u32 => word = arch,
                LOAD if k == offset_of!(seccomp_data, nr) as u32 => word = nr as u32,
                LOAD => {
                    assert_eq!(k as usize, offset_of!(seccomp_data, args) + LOW_HALF);
                    word = first;
                }
                JUMP_IF_EQUAL => at += usize::from(if word == k { jt } else { jf }),
                RETURN => return k,
                _ => panic!("unknown instruction {code:#x}"),
            }
        }
    }

    #[test]
    fn it_stops_at_the_named_calls_alone() {
        let handoff = std::fs::File::open("/dev/null").unwrap();
        let number = handoff.as_raw_fd() as u32;
        let calls = [libc::SYS_setsid, libc::SYS_sendmsg, libc::SYS_kill];
        let filter = Filter::new(calls, handoff.as_fd());
        let stop = libc::SECCOMP_RET_USER_NOTIF;
        let pass = libc::SECCOMP_RET_ALLOW;
        for (arch, nr, first, expected) in [
            (ARCH, libc::SYS_setsid, 0, stop),
            (ARCH, libc::SYS_kill, number, stop),
            (ARCH, libc::SYS_sendmsg, number + 1, stop),
            (ARCH, libc::SYS_sendmsg, number, pass),
            (ARCH, libc::SYS_getpid, 0, pass),
            (ARCH ^ 1, libc::SYS_setsid, 0, pass),
        ] {
            assert_eq!(run(&filter, arch, nr, first), expected, "{nr} {first}");
        }
    }
}
