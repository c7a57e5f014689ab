//! What the arguments of each call are, as section 2 of the manual has them.

use super::super::memory;
use std::time::Duration;

use daemonlab::sys::Signal;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Of no interest: an address of a buffer.
    Skipped,
    /// A path, looked up from the folder before it, or from the working directory.
    Path,
    /// Text that is no path to be looked up.
    Text,
    /// The descriptor of a folder, or `AT_FDCWD`.
    Folder,
    /// A descriptor.
    Descriptor,
    /// A number.
    Number,
    /// Flags.
    Flags,
    /// Permission bits.
    Mode,
    /// A signal.
    Signal,
    /// A socket's address, whose length is the third argument.
    Address,
    /// A time span, as a `struct timespec`.
    Time,
    /// What `prctl(2)` does.
    Operation,
}

impl Argument {
    fn of(letter: char) -> Argument {
        match letter {
            'p' => Argument::Path,
            't' => Argument::Text,
            'd' => Argument::Folder,
            'f' => Argument::Descriptor,
            'i' => Argument::Number,
            'x' => Argument::Flags,
            'o' => Argument::Mode,
            's' => Argument::Signal,
            'a' => Argument::Address,
            'T' => Argument::Time,
            'O' => Argument::Operation,
            _ => Argument::Skipped,
        }
    }

    /// It as text.
    pub fn shown(self, tid: i32, value: u64) -> String {
        match self {
            Argument::Path | Argument::Text => match memory::path(tid, value) {
                Some(path) => format!("{path:?}"),
                None => format!("{value:#x}"),
            },
            Argument::Folder | Argument::Descriptor | Argument::Number => {
                (value as i32).to_string()
            }
            Argument::Mode => format!("{:04o}", value & 0o7777),
            Argument::Signal => match (value, Signal::new(value as i32)) {
                (0, _) => "0".to_owned(),
                (_, Some(signal)) => signal.to_string(),
                (number, None) => number.to_string(),
            },
            Argument::Flags => format!("{value:#x}"),
            Argument::Address => "...".to_owned(),
            Argument::Skipped => String::new(),
            Argument::Time => time(tid, value).unwrap_or_else(|| format!("{value:#x}")),
            Argument::Operation => operation(value),
        }
    }
}

/// A `struct timespec` (`timespec(3)`).
fn time(tid: i32, address: u64) -> Option<String> {
    let seconds = memory::word(tid, address)?;
    let nanos = memory::word(tid, address + 8)?;
    let nanos = u32::try_from(nanos).ok().filter(|n| *n < 1_000_000_000)?;
    Some(format!("{:?}", Duration::new(seconds, nanos)))
}

/// The name of what `prctl(2)` does, as far as it matters here.
fn operation(number: u64) -> String {
    let known = [
        (libc::PR_SET_PDEATHSIG, "PR_SET_PDEATHSIG"),
        (libc::PR_SET_DUMPABLE, "PR_SET_DUMPABLE"),
        (libc::PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS"),
        (libc::PR_SET_NAME, "PR_SET_NAME"),
        (libc::PR_CAPBSET_READ, "PR_CAPBSET_READ"),
        (libc::PR_CAPBSET_DROP, "PR_CAPBSET_DROP"),
        (libc::PR_SET_SECUREBITS, "PR_SET_SECUREBITS"),
        (libc::PR_SET_CHILD_SUBREAPER, "PR_SET_CHILD_SUBREAPER"),
        (libc::PR_SET_NO_NEW_PRIVS, "PR_SET_NO_NEW_PRIVS"),
        (libc::PR_CAP_AMBIENT, "PR_CAP_AMBIENT"),
    ];
    let name = known.iter().find(|(known, _)| *known as u64 == number);
    name.map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
}

/// Name and arguments, a letter each; see [`Argument::of`].
#[rustfmt::skip]
const SIGNATURES: &[(&str, &str)] = &[
    ("accept", "f"), ("accept4", "f__x"), ("access", "pi"), ("alarm", "i"), ("bind", "fa"),
    ("chdir", "p"), ("chmod", "po"), ("chown", "pii"), ("chroot", "p"),
    ("clock_nanosleep", "iiT"), ("clone", "x"), ("close", "f"), ("connect", "fa"), ("copy_file_range", "f_i_i"),
    ("creat", "po"), ("dup2", "fi"), ("dup3", "fix"), ("dup", "f"), ("epoll_pwait", "f"),
    ("epoll_pwait2", "f"), ("epoll_wait", "f"), ("execve", "p"), ("execveat", "dp"),
    ("exit", "i"), ("exit_group", "i"), ("faccessat", "dpi"), ("faccessat2", "dpix"),
    ("fallocate", "fxii"), ("fchdir", "f"), ("fchmod", "fo"), ("fchmodat", "dpo"),
    ("fchown", "fii"), ("fchownat", "dpiix"), ("fcntl", "fix"), ("fdatasync", "f"),
    ("flock", "fi"), ("fstat", "f"), ("fsync", "f"), ("ftruncate", "fi"),
    ("getdents64", "f"), ("ioctl", "fxx"), ("kill", "is"), ("lchown", "pii"), ("link", "pp"),
    ("linkat", "dpdpx"), ("listen", "fi"), ("lstat", "p"), ("mkdir", "po"),
    ("mkdirat", "dpo"), ("mknod", "po"), ("mknodat", "dpo"), ("mount", "tpt"),
    ("nanosleep", "T"), ("newfstatat", "dp_x"), ("open", "pxo"), ("openat", "dpxo"), ("openat2", "dp"),
    ("pidfd_open", "ix"), ("pidfd_send_signal", "fs"), ("pivot_root", "pp"),
    ("prctl", "Oxx"), ("pread64", "f_ii"), ("preadv", "f_i"), ("pwrite64", "f_ii"),
    ("pwritev", "f_i"), ("read", "f_i"), ("readlink", "p"), ("readlinkat", "dp"),
    ("readv", "f_i"), ("recvfrom", "f_i"), ("recvmmsg", "f_i"), ("recvmsg", "f"),
    ("rename", "pp"), ("renameat", "dpdp"), ("renameat2", "dpdpx"), ("rmdir", "p"),
    ("rt_sigqueueinfo", "is"), ("rt_tgsigqueueinfo", "iis"), ("sendfile", "ff_i"),
    ("sendmmsg", "f_i"), ("sendmsg", "f"), ("sendto", "f_i"), ("setfsgid", "i"),
    ("setfsuid", "i"), ("setgid", "i"), ("setgroups", "i"), ("setpgid", "ii"),
    ("setpriority", "iii"), ("setregid", "ii"), ("setresgid", "iii"), ("setresuid", "iii"),
    ("setreuid", "ii"), ("setuid", "i"), ("shutdown", "fi"), ("signalfd4", "f"),
    ("socket", "ixi"), ("socketpair", "ixi"), ("splice", "f_f_i"), ("stat", "p"),
    ("statx", "dpx"), ("symlink", "tp"), ("symlinkat", "tdp"), ("tgkill", "iis"),
    ("timerfd_settime", "f"), ("tkill", "is"), ("truncate", "pi"), ("umask", "o"),
    ("umount2", "px"), ("unlink", "p"), ("unlinkat", "dpx"), ("unshare", "x"),
    ("utimensat", "dp"), ("wait4", "i_x"), ("waitid", "ii_x"), ("write", "f_i"),
    ("writev", "f_i"),
    // What nobody else notices.
    ("arch_prctl", "xx"), ("brk", "x"), ("clock_getres", "i"), ("clock_gettime", "i"),
    ("close_range", "iix"), ("epoll_create1", "x"), ("epoll_ctl", "fii"), ("eventfd2", "ix"),
    ("fadvise64", "fiii"), ("futex", "xii"), ("getpeername", "f"), ("getpgid", "i"),
    ("getrandom", "_ix"), ("getsid", "i"), ("getsockname", "f"), ("getsockopt", "fii"),
    ("lseek", "fii"), ("madvise", "xii"), ("memfd_create", "tx"), ("mmap", "xixxii"),
    ("mprotect", "xix"), ("mremap", "xiix"), ("munmap", "xi"), ("prlimit64", "ii"),
    ("rt_sigaction", "s"), ("rt_sigprocmask", "i"), ("sched_getaffinity", "ii"),
    ("set_robust_list", "xi"), ("set_tid_address", "x"), ("setsockopt", "fii_i"),
    ("statfs", "p"),
];

/// The arguments of the call of this name, as far as they are known.
pub fn of(name: &str) -> Vec<Argument> {
    let known = SIGNATURES.iter().find(|(known, _)| *known == name);
    known.map_or(Vec::new(), |(_, letters)| {
        letters.chars().map(Argument::of).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::syscalls;

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn every_name_is_a_call_and_has_at_most_six_arguments() {
        for (name, letters) in SIGNATURES {
            assert!(syscalls::number(name).is_some(), "{name}");
            assert!(letters.len() <= 6, "{name}");
        }
    }

    #[test]
    fn arguments_are_shown_as_they_are_meant() {
        let me = std::process::id() as i32;
        let path = c"/run/lab.pid".as_ptr() as u64;
        assert_eq!(Argument::Path.shown(me, path), "\"/run/lab.pid\"");
        assert_eq!(Argument::Path.shown(me, 0), "0x0");
        assert_eq!(Argument::Number.shown(me, u64::MAX), "-1");
        assert_eq!(Argument::Mode.shown(me, 0o644), "0644");
        assert_eq!(Argument::Signal.shown(me, 10), "SIGUSR1");
        assert_eq!(Argument::Signal.shown(me, 0), "0");
        let span = [1u64, 500_000_000];
        assert_eq!(Argument::Time.shown(me, span.as_ptr() as u64), "1.5s");
        assert_eq!(Argument::Time.shown(me, 0), "0x0");
        let reaper = libc::PR_SET_CHILD_SUBREAPER as u64;
        assert_eq!(
            Argument::Operation.shown(me, reaper),
            "PR_SET_CHILD_SUBREAPER"
        );
        assert_eq!(Argument::Operation.shown(me, 12345), "12345");
    }
}
