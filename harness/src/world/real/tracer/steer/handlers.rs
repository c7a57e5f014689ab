//! Whether a call may end with EINTR: that takes a handler, and for most calls
//! one that was set without `SA_RESTART` (`signal(7)`, "Interruption of system
//! calls and library functions by signal handlers").

use std::collections::BTreeMap;

use daemonlab::explore::TaskName;

use super::super::memory;

/// Calls that are never made again, whatever the handler's flags say.
const NEVER_RESTARTED: &[&str] = &[
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "nanosleep",
    "clock_nanosleep",
    "rt_sigtimedwait",
];

/// Calls that are made again if the handler's flags say so.
const RESTARTED: &[&str] = &[
    "read", "readv", "write", "writev", "wait4", "waitid", "accept", "accept4", "connect",
    "recvfrom", "recvmsg", "sendto", "sendmsg", "flock",
];

/// The handlers that each process has set, by signal, and whether they make
/// calls again.
#[derive(Debug, Default)]
pub struct Handlers(BTreeMap<TaskName, BTreeMap<u64, bool>>);

impl Handlers {
    /// Takes note of what a call is about to change.
    pub fn note(&mut self, process: TaskName, call: &str, tid: i32, args: &[u64; 6]) {
        match call {
            "rt_sigaction" if args[1] != 0 => {
                // The first words of the kernel's `struct sigaction`.
                let handler = memory::word(tid, args[1]);
                let flags = args[1].checked_add(8).and_then(|at| memory::word(tid, at));
                let (Some(handler), Some(flags)) = (handler, flags) else {
                    return;
                };
                let own = self.of_mut(process);
                match handler as libc::sighandler_t {
                    libc::SIG_DFL | libc::SIG_IGN => own.remove(&args[0]),
                    _ => own.insert(args[0], flags & libc::SA_RESTART as u64 != 0),
                };
            }
            // Handlers are code of the program that is replaced (`execve(2)`).
            "execve" | "execveat" => {
                self.0.insert(process, BTreeMap::new());
            }
            _ => {}
        }
    }

    /// Whether this call of the process may end with EINTR.
    pub fn may_interrupt(&self, process: TaskName, call: &str) -> bool {
        let mut handlers = self.of(process).values();
        match call {
            call if NEVER_RESTARTED.contains(&call) => handlers.next().is_some(),
            call if RESTARTED.contains(&call) => handlers.any(|restarts| !restarts),
            _ => false,
        }
    }

    /// Those of a process: what it has set, or what it has from its parent.
    fn of(&self, process: TaskName) -> &BTreeMap<u64, bool> {
        static NONE: BTreeMap<u64, bool> = BTreeMap::new();
        let mut name = Some(process);
        while let Some(at) = name {
            if let Some(found) = self.0.get(&at) {
                return found;
            }
            name = at.parent();
        }
        &NONE
    }

    fn of_mut(&mut self, process: TaskName) -> &mut BTreeMap<u64, bool> {
        let inherited = self.of(process).clone();
        self.0.entry(process).or_insert(inherited)
    }
}
