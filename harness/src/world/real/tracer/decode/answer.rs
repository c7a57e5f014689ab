//! What came of a call, as text.

use daemonlab::sys::Signal;

use super::super::memory;
use super::super::tracee::RawCall;
use crate::world::syscalls;

/// What the call gave: `value`, and what it has written to the memory of its
/// thread, which is stopped after it.
pub fn shown(tid: i32, raw: &RawCall, value: i64) -> String {
    let name = syscalls::name(raw.number).unwrap_or("");
    match name {
        "wait4" if value > 0 => match memory::int(tid, raw.args[1]) {
            Some(status) => format!("{value} {}", ended(status)),
            None => value.to_string(),
        },
        "rt_sigtimedwait" => match Signal::new(value as i32) {
            Some(signal) => signal.to_string(),
            None => value.to_string(),
        },
        "pipe" | "pipe2" | "socketpair" => {
            let at = raw.args[if name == "socketpair" { 3 } else { 0 }];
            match (memory::int(tid, at), memory::int(tid, at + 4)) {
                (Some(first), Some(second)) => format!("[{first}, {second}]"),
                _ => "ok".to_owned(),
            }
        }
        "umask" => format!("{value:03o}"),
        "brk" | "mmap" | "mremap" => format!("{value:#x}"),
        _ if value == 0 && !counts(name) => "ok".to_owned(),
        _ => value.to_string(),
    }
}

/// Whether 0 is a number there, and not just success.
fn counts(name: &str) -> bool {
    let prefixes = [
        "read", "write", "recv", "send", "poll", "ppoll", "pread", "pwrite", "pselect", "epoll",
        "select",
    ];
    let exact = ["fork", "clone", "clone3", "vfork", "wait4", "splice"];
    let descriptors = [
        "open",
        "openat",
        "openat2",
        "creat",
        "socket",
        "accept",
        "accept4",
        "pidfd_open",
    ];
    exact.contains(&name)
        || descriptors.contains(&name)
        || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// How a child has ended, by its wait status (`wait(2)`).
fn ended(status: i32) -> String {
    if libc::WIFEXITED(status) {
        format!("exited with status {}", libc::WEXITSTATUS(status))
    } else if libc::WIFSIGNALED(status) {
        let signal = Signal::new(libc::WTERMSIG(status));
        signal.map_or_else(String::new, |signal| format!("was killed by {signal}"))
    } else {
        format!("status {status:#x}")
    }
}
