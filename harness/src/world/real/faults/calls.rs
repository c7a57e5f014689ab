//! System calls by name: those that a daemon's start or its end may make.

use crate::world::spec::call_family;

macro_rules! calls {
    ($($(#[$gate:meta])* $name:ident = $number:ident),* $(,)?) => {
        /// Every name with its number on this machine.
        const CALLS: &[(&str, i64)] = &[$($(#[$gate])* (stringify!($name), libc::$number)),*];
    };
}

calls! {
    accept = SYS_accept,
    accept4 = SYS_accept4,
    #[cfg(target_arch = "x86_64")]
    access = SYS_access,
    bind = SYS_bind,
    capget = SYS_capget,
    capset = SYS_capset,
    chdir = SYS_chdir,
    #[cfg(target_arch = "x86_64")]
    chmod = SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    chown = SYS_chown,
    chroot = SYS_chroot,
    clock_gettime = SYS_clock_gettime,
    clock_nanosleep = SYS_clock_nanosleep,
    clone = SYS_clone,
    clone3 = SYS_clone3,
    close = SYS_close,
    close_range = SYS_close_range,
    connect = SYS_connect,
    #[cfg(target_arch = "x86_64")]
    creat = SYS_creat,
    dup = SYS_dup,
    #[cfg(target_arch = "x86_64")]
    dup2 = SYS_dup2,
    dup3 = SYS_dup3,
    epoll_create1 = SYS_epoll_create1,
    epoll_ctl = SYS_epoll_ctl,
    epoll_pwait = SYS_epoll_pwait,
    #[cfg(target_arch = "x86_64")]
    epoll_wait = SYS_epoll_wait,
    execve = SYS_execve,
    execveat = SYS_execveat,
    exit = SYS_exit,
    exit_group = SYS_exit_group,
    faccessat = SYS_faccessat,
    faccessat2 = SYS_faccessat2,
    fallocate = SYS_fallocate,
    fchdir = SYS_fchdir,
    fchmod = SYS_fchmod,
    fchmodat = SYS_fchmodat,
    fchown = SYS_fchown,
    fchownat = SYS_fchownat,
    fcntl = SYS_fcntl,
    fdatasync = SYS_fdatasync,
    flock = SYS_flock,
    #[cfg(target_arch = "x86_64")]
    fork = SYS_fork,
    fstat = SYS_fstat,
    fsync = SYS_fsync,
    ftruncate = SYS_ftruncate,
    getegid = SYS_getegid,
    geteuid = SYS_geteuid,
    getgid = SYS_getgid,
    getgroups = SYS_getgroups,
    getpgid = SYS_getpgid,
    #[cfg(target_arch = "x86_64")]
    getpgrp = SYS_getpgrp,
    getpid = SYS_getpid,
    getppid = SYS_getppid,
    getresgid = SYS_getresgid,
    getresuid = SYS_getresuid,
    getrlimit = SYS_getrlimit,
    getsid = SYS_getsid,
    getuid = SYS_getuid,
    ioctl = SYS_ioctl,
    kill = SYS_kill,
    #[cfg(target_arch = "x86_64")]
    lchown = SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    link = SYS_link,
    linkat = SYS_linkat,
    listen = SYS_listen,
    lseek = SYS_lseek,
    #[cfg(target_arch = "x86_64")]
    lstat = SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    mkdir = SYS_mkdir,
    mkdirat = SYS_mkdirat,
    #[cfg(target_arch = "x86_64")]
    mknod = SYS_mknod,
    mknodat = SYS_mknodat,
    mount = SYS_mount,
    nanosleep = SYS_nanosleep,
    newfstatat = SYS_newfstatat,
    #[cfg(target_arch = "x86_64")]
    open = SYS_open,
    openat = SYS_openat,
    openat2 = SYS_openat2,
    #[cfg(target_arch = "x86_64")]
    pause = SYS_pause,
    pidfd_open = SYS_pidfd_open,
    pidfd_send_signal = SYS_pidfd_send_signal,
    #[cfg(target_arch = "x86_64")]
    pipe = SYS_pipe,
    pipe2 = SYS_pipe2,
    #[cfg(target_arch = "x86_64")]
    poll = SYS_poll,
    ppoll = SYS_ppoll,
    prctl = SYS_prctl,
    pread64 = SYS_pread64,
    prlimit64 = SYS_prlimit64,
    pselect6 = SYS_pselect6,
    pwrite64 = SYS_pwrite64,
    read = SYS_read,
    #[cfg(target_arch = "x86_64")]
    readlink = SYS_readlink,
    readlinkat = SYS_readlinkat,
    readv = SYS_readv,
    recvfrom = SYS_recvfrom,
    recvmsg = SYS_recvmsg,
    #[cfg(target_arch = "x86_64")]
    rename = SYS_rename,
    renameat = SYS_renameat,
    renameat2 = SYS_renameat2,
    #[cfg(target_arch = "x86_64")]
    rmdir = SYS_rmdir,
    rt_sigaction = SYS_rt_sigaction,
    rt_sigpending = SYS_rt_sigpending,
    rt_sigprocmask = SYS_rt_sigprocmask,
    rt_sigqueueinfo = SYS_rt_sigqueueinfo,
    rt_sigsuspend = SYS_rt_sigsuspend,
    rt_sigtimedwait = SYS_rt_sigtimedwait,
    #[cfg(target_arch = "x86_64")]
    select = SYS_select,
    sendmsg = SYS_sendmsg,
    sendto = SYS_sendto,
    setfsgid = SYS_setfsgid,
    setfsuid = SYS_setfsuid,
    setgid = SYS_setgid,
    setgroups = SYS_setgroups,
    setpgid = SYS_setpgid,
    setregid = SYS_setregid,
    setresgid = SYS_setresgid,
    setresuid = SYS_setresuid,
    setreuid = SYS_setreuid,
    setrlimit = SYS_setrlimit,
    setsid = SYS_setsid,
    setsockopt = SYS_setsockopt,
    setuid = SYS_setuid,
    shutdown = SYS_shutdown,
    signalfd4 = SYS_signalfd4,
    socket = SYS_socket,
    socketpair = SYS_socketpair,
    #[cfg(target_arch = "x86_64")]
    stat = SYS_stat,
    statx = SYS_statx,
    #[cfg(target_arch = "x86_64")]
    symlink = SYS_symlink,
    symlinkat = SYS_symlinkat,
    tgkill = SYS_tgkill,
    timerfd_create = SYS_timerfd_create,
    timerfd_settime = SYS_timerfd_settime,
    tkill = SYS_tkill,
    truncate = SYS_truncate,
    umask = SYS_umask,
    #[cfg(target_arch = "x86_64")]
    unlink = SYS_unlink,
    unlinkat = SYS_unlinkat,
    unshare = SYS_unshare,
    utimensat = SYS_utimensat,
    #[cfg(target_arch = "x86_64")]
    vfork = SYS_vfork,
    wait4 = SYS_wait4,
    waitid = SYS_waitid,
    write = SYS_write,
    writev = SYS_writev,
}

/// The names of all system calls that can be watched, ascending. Families
/// ([`call_family`]) are not among them, unless a call has the same name.
pub fn names() -> impl Iterator<Item = &'static str> {
    CALLS.iter().map(|(name, _)| *name)
}

/// The numbers on this machine of the call or family of this name. A machine
/// need not have every call of a family; `None` where there is none of them.
pub fn numbers(name: &str) -> Option<Vec<i64>> {
    let number = |name: &str| {
        CALLS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, n)| *n)
    };
    let numbers: Vec<i64> = match call_family(name) {
        [] => number(name).into_iter().collect(),
        family => family.iter().filter_map(|member| number(member)).collect(),
    };
    (!numbers.is_empty()).then_some(numbers)
}

/// The name of the call of this number, or the number if it has none here.
pub fn name(number: i64) -> String {
    CALLS
        .iter()
        .find(|(_, known)| *known == number)
        .map_or_else(|| format!("call {number}"), |(name, _)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_distinct() {
        let names: Vec<_> = names().collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
    }

    #[test]
    fn every_member_of_a_family_is_known() {
        for family in [
            "kill", "setuid", "setgid", "fork", "open", "rename", "unlink", "link", "chown",
            "exit", "dup",
        ] {
            let numbers = numbers(family).unwrap();
            if cfg!(target_arch = "x86_64") {
                assert_eq!(numbers.len(), call_family(family).len(), "{family}");
            }
        }
    }

    #[test]
    fn a_name_leads_to_its_number_and_back() {
        assert_eq!(numbers("setsid"), Some(vec![libc::SYS_setsid]));
        assert_eq!(name(libc::SYS_setsid), "setsid");
        assert_eq!(numbers("setuidd"), None);
        assert_eq!(name(-1), "call -1");
    }
}
