//! The program that makes the kernel stop at a call: classic BPF over
//! `struct seccomp_data` (`seccomp(2)`).

use std::mem::offset_of;

use libc::{seccomp_data, sock_filter};
use nix::errno::Errno;

use super::arch::AUDIT_ARCH;

const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

/// A filter that stops at some calls and lets all others pass, as well as
/// those of another machine's numbering. What always passes costs next to
/// nothing: the kernel keeps a map of it (5.11 and newer).
#[derive(Debug)]
pub struct Filter(Vec<sock_filter>);

impl Filter {
    /// Stops at the calls of these numbers.
    pub fn new(numbers: impl IntoIterator<Item = i64>) -> Filter {
        let load = |offset: usize| instruction(LOAD, 0, 0, offset as u32);
        let give = |value: u32| instruction(RETURN, 0, 0, value);
        let mut program = vec![
            load(offset_of!(seccomp_data, arch)),
            instruction(JUMP_IF_EQUAL, 1, 0, AUDIT_ARCH),
            give(libc::SECCOMP_RET_ALLOW),
            load(offset_of!(seccomp_data, nr)),
        ];
        for number in numbers {
            program.extend([
                instruction(JUMP_IF_EQUAL, 0, 1, number as u32),
                give(libc::SECCOMP_RET_TRACE),
            ]);
        }
        program.push(give(libc::SECCOMP_RET_ALLOW));
        Filter(program)
    }

    /// Sets it for this thread and all that it makes from now on. Whoever is
    /// not traced gets ENOSYS for the calls that it stops at. Needs
    /// `CAP_SYS_ADMIN` in the user namespace, since `no_new_privs` would
    /// change what is tested.
    ///
    /// # Errors
    /// EACCES without the capability; EINVAL on a kernel without filters.
    pub fn install(&self) -> Result<(), Errno> {
        let program = libc::sock_fprog {
            len: u16::try_from(self.0.len()).map_err(|_| Errno::E2BIG)?,
            filter: self.0.as_ptr().cast_mut(),
        };
        // SAFETY: the program and its record outlive the call, which only
        // reads them.
        let done = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                0,
                &raw const program,
            )
        };
        Errno::result(done).map(drop)
    }
}

fn instruction(code: u16, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the program on the two words that it can load.
    fn run(filter: &Filter, arch: u32, nr: i64) -> u32 {
        let (mut at, mut word) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = filter.0[at];
            at += 1;
            match code {
                LOAD if k == offset_of!(seccomp_data, arch) as u32 => word = arch,
                LOAD => {
                    assert_eq!(k, offset_of!(seccomp_data, nr) as u32);
                    word = nr as u32;
                }
                JUMP_IF_EQUAL => at += usize::from(if word == k { jt } else { jf }),
                RETURN => return k,
                _ => panic!("unknown instruction {code:#x}"),
            }
        }
    }

    #[test]
    fn it_stops_at_the_named_calls_alone() {
        let filter = Filter::new([libc::SYS_setsid, libc::SYS_kill]);
        let (stop, pass) = (libc::SECCOMP_RET_TRACE, libc::SECCOMP_RET_ALLOW);
        for (arch, nr, expected) in [
            (AUDIT_ARCH, libc::SYS_setsid, stop),
            (AUDIT_ARCH, libc::SYS_kill, stop),
            (AUDIT_ARCH, libc::SYS_getpid, pass),
            (AUDIT_ARCH ^ 1, libc::SYS_setsid, pass),
        ] {
            assert_eq!(run(&filter, arch, nr), expected, "{nr}");
        }
    }
}
