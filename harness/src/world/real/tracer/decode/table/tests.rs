//! Calls as the kernel sees them, and as the table has them.

use super::*;
use rstest::rstest;

fn shown(name: &str, args: &[u64]) -> Option<String> {
    let mut all = [0; 6];
    all[..args.len()].copy_from_slice(args);
    call(std::process::id() as i32, name, &all).map(|call| call.to_string())
}

const CWD: u64 = libc::AT_FDCWD as u64;

#[rstest]
#[case("clone", &[(libc::SIGCHLD | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID) as u64], Some("fork()"))]
#[case("clone", &[libc::CLONE_VM as u64], None)]
#[case("kill", &[7, 10], Some("kill(7, SIGUSR1)"))]
#[case("kill", &[-7i64 as u64, 0], Some("kill(-7, 0)"))]
#[case("kill", &[-1i64 as u64, 9], None)]
#[case("wait4", &[u64::MAX, 0, libc::WNOHANG as u64], Some("wait4(any, no hang)"))]
#[case("waitid", &[libc::P_PID as u64, 7, 0, libc::WEXITED as u64], Some("wait4(7)"))]
#[case("waitid", &[libc::P_PID as u64, 7, 0, libc::WSTOPPED as u64], None)]
#[case("setresuid", &[1, u32::MAX as u64, 3], Some("setresuid(1, -1, 3)"))]
#[case("umask", &[0o27], Some("umask(027)"))]
#[case("dup3", &[3, 1, libc::O_CLOEXEC as u64], None)]
fn numbers_become_calls(#[case] name: &str, #[case] args: &[u64], #[case] expected: Option<&str>) {
    assert_eq!(shown(name, args).as_deref(), expected);
}

#[test]
fn memory_becomes_calls() {
    let (path, to) = (c"a.pid".as_ptr() as u64, c"b".as_ptr() as u64);
    let flags = (libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL | libc::O_CLOEXEC) as u64;
    assert_eq!(
        shown("openat", &[4, path, flags, 0o644]).unwrap(),
        "openat(4, \"a.pid\", write create exclusive ctty, 0644)"
    );
    assert_eq!(shown("openat", &[CWD, path, libc::O_TMPFILE as u64]), None);
    assert_eq!(
        shown("renameat2", &[CWD, path, CWD, to, 1]).unwrap(),
        "renameat2(\"a.pid\", \"b\", no replace)"
    );
    let set = [1u64 << 9];
    let time = [600u64, 0];
    assert_eq!(
        shown(
            "rt_sigtimedwait",
            &[set.as_ptr() as u64, 0, time.as_ptr() as u64, 8]
        )
        .unwrap(),
        "rt_sigtimedwait({SIGUSR1}, 600s)"
    );
    let groups = [5u32, 6];
    assert_eq!(
        shown("setgroups", &[2, groups.as_ptr() as u64]).unwrap(),
        "setgroups([5 6])"
    );
}
