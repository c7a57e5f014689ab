//! Which calls are visible: those that another process or the outside can
//! notice. What is private memory or the sandbox's read-only tree is noise, and
//! never counted: what the loader maps, what the name service reads.
//!
//! The number alone decides for most calls, and those that can never be seen
//! never stop. For what takes a path or a descriptor, the file decides, once
//! the call has stopped.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::call::TracedCall;
use super::decider::Who;
use super::tracee::RawCall;
use crate::world::event::What;
use crate::world::syscalls;

/// Calls that can be noticed whatever they are about.
#[rustfmt::skip]
const ALWAYS: &[&str] = &[
    "fork", "vfork", "clone", "clone3", "exit_group", "execve", "execveat",
    "wait4", "waitid", "setsid", "setpgid", "prctl", "pidfd_open",
    "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal",
    "rt_sigtimedwait", "rt_sigsuspend", "pause", "signalfd4",
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups",
    "setfsuid", "setfsgid", "capset",
    "chdir", "fchdir", "chroot", "umask", "setrlimit", "setpriority",
    "unshare", "setns", "mount", "move_mount", "umount2", "pivot_root",
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat",
    "symlink", "symlinkat", "mkdir", "mkdirat", "rmdir", "mknod", "mknodat",
    "chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat",
    "truncate", "ftruncate", "flock", "fsync", "fdatasync", "utimensat", "fallocate", "creat",
    "socket", "socketpair", "bind", "listen", "connect", "accept", "accept4", "shutdown",
    "sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg",
    "io_uring_setup", "pipe", "pipe2", "alarm", "setitimer", "timer_settime", "timerfd_settime",
    "nanosleep", "clock_nanosleep", "vhangup", "sethostname",
];

/// Calls that nobody notices, but whose order with those of others matters: how
/// a signal is met, and who is asked for.
const PREPARING: &[&str] = &["rt_sigaction", "rt_sigprocmask", "getppid"];

/// Calls that can be noticed or not, as their file can.
#[rustfmt::skip]
const BY_FILE: &[&str] = &[
    "open", "openat", "openat2", "stat", "lstat", "newfstatat", "statx", "access",
    "faccessat", "faccessat2", "readlink", "readlinkat", "fstat",
    "read", "pread64", "readv", "preadv", "write", "pwrite64", "writev", "pwritev",
    "sendfile", "copy_file_range", "splice", "close", "ioctl", "getdents64",
    "poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2",
    "dup2", "dup3", "fcntl",
];

/// What the C library reads of `/etc` on its own: the loader and the name
/// service (`ld.so(8)`, `nsswitch.conf(5)`), the time zone, locales.
#[rustfmt::skip]
const LIBRARYS: &[&str] = &[
    "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ld-nix.so.preload", "/etc/nsswitch.conf",
    "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf",
    "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/localtime",
    "/etc/locale.alias", "/var/run/nscd/socket", "/run/nscd/socket",
];

/// The kernel's own files: reading them changes nothing.
const KERNELS: &[&str] = &["/proc", "/sys"];

/// Calls that never come back.
const LAST: &[i64] = &[libc::SYS_exit, libc::SYS_exit_group];

/// Calls that may wait, so that a signal may interrupt them and the kernel
/// make them again (`signal(7)`, "Interruption of system calls").
#[rustfmt::skip]
const WAITING: &[&str] = &[
    "wait4", "waitid", "read", "readv", "pread64", "write", "writev", "pwrite64", "open",
    "openat", "ioctl", "accept", "accept4", "connect", "recvfrom", "recvmsg", "recvmmsg",
    "sendto", "sendmsg", "sendmmsg", "flock", "fcntl", "futex", "getrandom", "rt_sigsuspend",
    "rt_sigtimedwait", "pause", "poll", "ppoll", "select", "pselect6", "epoll_wait",
    "epoll_pwait", "epoll_pwait2", "nanosleep", "clock_nanosleep", "clone", "fork", "vfork",
    "clone3",
];

/// The same lists by number.
#[derive(Debug)]
struct Numbers {
    all: BTreeSet<i64>,
    preparing: BTreeSet<i64>,
    by_file: BTreeSet<i64>,
    waiting: BTreeSet<i64>,
}

/// They are made once: a template makes them for all its inits, which inherit
/// them.
pub fn prepare() {
    by_number();
}

fn by_number() -> &'static Numbers {
    static NUMBERS: OnceLock<Numbers> = OnceLock::new();
    let numbers = |names: &[&str]| -> BTreeSet<i64> {
        let known = names.iter().filter_map(|name| syscalls::number(name));
        known.collect()
    };
    NUMBERS.get_or_init(|| {
        let by_file = numbers(BY_FILE);
        Numbers {
            all: &numbers(ALWAYS) | &by_file,
            preparing: numbers(PREPARING),
            by_file,
            waiting: numbers(WAITING),
        }
    })
}

/// Whether calls of this name may be visible.
pub fn is_named(name: &str) -> bool {
    ALWAYS.contains(&name) || BY_FILE.contains(&name)
}

/// The numbers of every call that may be visible.
pub fn all() -> BTreeSet<i64> {
    by_number().all.clone()
}

/// The same, and those whose order with visible ones matters.
pub fn ordered() -> BTreeSet<i64> {
    &by_number().all | &by_number().preparing
}

/// Whether a call that has stopped is visible, or one that somebody must have
/// asked for by name, since no file decides.
pub fn counts(call: &TracedCall) -> bool {
    if call.raw.number == libc::SYS_prctl {
        return prctl(call.raw.args[0], call.raw.args[1]);
    }
    if call.raw.number == libc::SYS_connect || by_number().by_file.contains(&call.raw.number) {
        return !is_noise(call);
    }
    true
}

/// The operations of `prctl(2)` that others notice, and `PR_CAP_AMBIENT` unless
/// it only asks.
pub const OPERATIONS: [libc::c_int; 8] = [
    libc::PR_SET_CHILD_SUBREAPER,
    libc::PR_SET_PDEATHSIG,
    libc::PR_SET_DUMPABLE,
    libc::PR_SET_KEEPCAPS,
    libc::PR_SET_NAME,
    libc::PR_SET_NO_NEW_PRIVS,
    libc::PR_SET_SECUREBITS,
    libc::PR_CAPBSET_DROP,
];

/// Whether others notice this operation of `prctl(2)` with this first argument.
pub fn prctl(operation: u64, what: u64) -> bool {
    if operation == libc::PR_CAP_AMBIENT as u64 {
        return what != libc::PR_CAP_AMBIENT_IS_SET as u64;
    }
    OPERATIONS.iter().any(|seen| *seen as u64 == operation)
}

fn is_noise(call: &TracedCall) -> bool {
    let files = call.files();
    if !files.paths.is_empty() {
        return !files.changes && files.paths.iter().all(|path| is_private(path));
    }
    match files.object.as_deref() {
        Some(object) if object.starts_with('/') => {
            is_private(Path::new(object.trim_end_matches(" (deleted)")))
        }
        // Pipes, sockets, and the like are shared; an epoll is not, but what
        // it tells of is.
        Some(_) => false,
        // A descriptor that is not open: EBADF concerns nobody else.
        None => files.takes_descriptor,
    }
}

/// Whether a call of this name may be visible, in any world.
pub fn may_be(name: &str) -> bool {
    ALWAYS.contains(&name) || BY_FILE.contains(&name)
}

/// Whether its order with visible ones matters, although nobody notices it.
pub fn prepares(name: &str) -> bool {
    PREPARING.contains(&name)
}

/// Whether it is visible if what it is about is.
pub fn is_by_file(name: &str) -> bool {
    name == "connect" || BY_FILE.contains(&name)
}

/// Whether a file is the kernel's, or the C library's business alone, in any
/// world.
pub fn is_nobodys(path: &Path) -> bool {
    KERNELS.iter().any(|folder| path.starts_with(folder))
        || LIBRARYS.iter().any(|file| path == Path::new(file))
        || path.starts_with("/etc/ssl")
        || path == Path::new("/")
}

/// Whether nobody in the sandbox can change it: what lies on a read-only
/// mount, is the kernel's, or the C library's business alone.
fn is_private(path: &Path) -> bool {
    if is_nobodys(path) {
        return true;
    }
    let inner = mounts().iter().find(|(at, _)| path.starts_with(at));
    inner.is_some_and(|(_, read_only)| *read_only)
}

/// Looks at this world's mounts now, which it would do when it is asked of the
/// first file.
pub fn prepare_here() {
    mounts();
}

/// The mounts of this world and whether they are read-only
/// (`proc_pid_mountinfo(5)`), with the links at the root that lead to them: the
/// innermost first, and of those on one place the uppermost.
fn mounts() -> &'static [(PathBuf, bool)] {
    static MOUNTS: OnceLock<Vec<(PathBuf, bool)>> = OnceLock::new();
    MOUNTS.get_or_init(|| {
        let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let mut mounts = parse(&text);
        for entry in fs::read_dir("/").into_iter().flatten().flatten() {
            if let Ok(to) = fs::read_link(entry.path()) {
                let to = Path::new("/").join(to);
                let read_only = mounts.iter().any(|(at, only)| *only && to.starts_with(at));
                mounts.push((entry.path(), read_only));
            }
        }
        inwards(&mut mounts);
        mounts
    })
}

fn inwards(mounts: &mut [(PathBuf, bool)]) {
    mounts.reverse();
    mounts.sort_by_key(|(at, _)| Reverse(at.as_os_str().len()));
}

fn parse(mountinfo: &str) -> Vec<(PathBuf, bool)> {
    let mount = |line: &str| {
        let mut fields = line.split(' ').skip(4);
        let at = PathBuf::from(fields.next()?.replace("\\040", " "));
        let read_only = fields.next()?.split(',').any(|option| option == "ro");
        Some((at, read_only))
    };
    mountinfo.lines().filter_map(mount).collect()
}

/// Whether it never comes back.
pub fn never_returns(number: i64) -> bool {
    LAST.contains(&number)
}

/// Whether it may wait, so that it may be interrupted and made again.
pub fn may_wait(number: i64) -> bool {
    by_number().waiting.contains(&number)
}

/// Which argument says how many bytes are read or written at most, if one does.
pub fn count_argument(number: i64) -> Option<usize> {
    match syscalls::name(number)? {
        "read" | "write" | "pread64" | "pwrite64" | "sendto" | "recvfrom" => Some(2),
        "sendfile" => Some(3),
        "getrandom" => Some(1),
        _ => None,
    }
}

/// What is told of a call of `ptrace(2)` that cannot work under a tracer.
pub fn wants_ptrace(who: &Who, raw: &RawCall) -> Option<What> {
    let request = match u32::try_from(raw.args[0]).ok()? {
        libc::PTRACE_TRACEME => "PTRACE_TRACEME",
        libc::PTRACE_ATTACH => "PTRACE_ATTACH",
        libc::PTRACE_SEIZE => "PTRACE_SEIZE",
        _ => return None,
    };
    Some(What::WantsPtrace {
        by: who.actor(),
        request: request.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn every_name_is_a_call() {
        for name in ALWAYS.iter().chain(BY_FILE).chain(WAITING) {
            assert!(syscalls::number(name).is_some(), "{name}");
        }
        assert!(ALWAYS.iter().all(|name| !BY_FILE.contains(name)));
    }

    #[test]
    fn mounts_are_read_with_their_flags() {
        let text = "29 1 0:27 / / rw,relatime - tmpfs none rw\n\
                    30 29 0:28 /usr /usr ro,nosuid - ext4 /dev/vda ro\n\
                    31 29 0:28 /x /a\\040b ro - ext4 /dev/vda rw\n";
        let expected = [("/", false), ("/usr", true), ("/a b", true)];
        assert_eq!(
            parse(text),
            expected.map(|(path, read_only)| (PathBuf::from(path), read_only))
        );
    }

    #[test]
    fn the_innermost_mount_comes_first_and_the_uppermost_there() {
        let mounts = [
            ("/", true),
            ("/run", true),
            ("/run/a", true),
            ("/run", false),
        ];
        let mut mounts = mounts.map(|(path, read_only)| (PathBuf::from(path), read_only));
        inwards(&mut mounts);
        let order = [
            ("/run/a", true),
            ("/run", false),
            ("/run", true),
            ("/", true),
        ];
        assert_eq!(
            mounts,
            order.map(|(path, read_only)| (PathBuf::from(path), read_only))
        );
    }
}
