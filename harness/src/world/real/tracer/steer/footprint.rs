//! What a call reads and writes, by names that are the same in every execution:
//! paths, and tasks by pedigree. Pipes and sockets are numbered as they are
//! met. A name that is missing here would hide a race; one too many only costs
//! executions. So whatever is not known is said to be unknown.
//!
//! | name | what it is |
//! |---|---|
//! | `life T` | that the process T lives: read by all that it does |
//! | `signals T` | its pending signals, its mask, its dispositions |
//! | `ids T` | its ids and capabilities |
//! | `children T` | its children, and which of them have ended |
//! | `parent T` | who its parent is |
//! | `session T` | its session and group |
//! | `pids` | which PID comes next |
//! | `file PATH`, `lock PATH` | a name with what lies behind it; the locks on it |
//! | `pipe N`, `socket N` | what is in it, and whether its ends are open |
//! | `net` | who listens and who is connected |
//! | `futex N`, `futexes` | a word of one process's memory; all that processes share |
//! | `clock` | virtual time: read by who waits for some of it |

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use daemonlab::explore::TaskName;
use daemonlab::sys::Signal;

use super::super::call::TracedCall;
use super::super::decider::Who;
use super::super::{memory, time};
use super::handlers::Handlers;
use crate::world::common;
use crate::world::real::proc::record;
use crate::world::steered::Ahead;

/// The operations of `futex(2)` that are about two words.
const TWO_WORDS: [i32; 5] = [
    libc::FUTEX_REQUEUE,
    libc::FUTEX_CMP_REQUEUE,
    libc::FUTEX_WAKE_OP,
    libc::FUTEX_WAIT_REQUEUE_PI,
    libc::FUTEX_CMP_REQUEUE_PI,
];

/// The names that an execution has given.
#[derive(Debug, Default)]
pub struct Names {
    /// Processes by PID.
    processes: BTreeMap<i32, TaskName>,
    /// Pipes, sockets, futexes and the like, by what the kernel calls them.
    objects: BTreeMap<String, usize>,
    handlers: Handlers,
}

impl Names {
    /// Takes note of a task.
    pub fn meet(&mut self, who: &Who) {
        self.processes.insert(who.pid, who.task.process());
    }

    fn process(&self, pid: i32) -> Option<TaskName> {
        self.processes.get(&pid).copied()
    }

    /// A file, pipe or socket, as `/proc/PID/fd` shows it; nothing for what is
    /// the kernel's or nobody else's.
    fn object(&mut self, shown: &str) -> Option<String> {
        if shown.starts_with("/dev/null") || shown.starts_with("/proc") {
            return None;
        }
        if shown.starts_with('/') {
            let path = shown.trim_end_matches(" (deleted)");
            return Some(format!("file {path}"));
        }
        let (kind, _) = shown.split_once(':')?;
        if kind == "anon_inode" {
            return None;
        }
        Some(self.numbered(kind, shown.to_owned()))
    }

    /// The word that a call of `futex(2)` is about. Where those lie that processes
    /// share, each sees under another address.
    fn futex(&mut self, own: TaskName, args: &[u64; 6], address: u64) -> String {
        if args[1] & libc::FUTEX_PRIVATE_FLAG as u64 == 0 {
            return "futexes".to_owned();
        }
        self.numbered("futex", format!("futex {own} {address}"))
    }

    /// What the kernel calls `shown`, by the order in which such are met.
    fn numbered(&mut self, kind: &str, shown: String) -> String {
        let next = self.objects.len() + 1;
        let number = *self.objects.entry(shown).or_insert(next);
        format!("{kind} {number}")
    }

    /// What is open in a process, besides files that nobody has locked.
    fn open(&mut self, tid: i32) -> Vec<String> {
        let Ok(entries) = fs::read_dir(format!("/proc/{tid}/fd")) else {
            return Vec::new();
        };
        let mut numbers: Vec<i32> = entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        numbers.sort_unstable();
        let mut found = Vec::new();
        for number in numbers {
            let link = fs::read_link(format!("/proc/{tid}/fd/{number}"));
            let Some(shown) = link
                .ok()
                .and_then(|link| link.into_os_string().into_string().ok())
            else {
                continue;
            };
            found.extend(match self.object(&shown) {
                Some(name) if name.starts_with("file ") => {
                    is_locked(tid, number).then(|| name.replacen("file", "lock", 1))
                }
                other => other,
            });
        }
        found
    }

    /// What a call has ahead of it.
    pub fn call(&mut self, who: &Who, call: &TracedCall) -> Ahead {
        let details = call.details();
        let name = call.name();
        let mut ahead = Ahead {
            shown: shown(&name, call),
            in_table: details.in_table,
            object: details.object.clone(),
            known: true,
            sleeps: matches!(name.as_str(), "nanosleep" | "clock_nanosleep"),
            lasts: sleep(&name, call, who.tid),
            interruptible: self.handlers.may_interrupt(who.task.process(), &name),
            ..Ahead::default()
        };
        let own = who.task.process();
        ahead.reads.push(format!("life {own}"));
        if time::is_timed(&name) {
            ahead.reads.push("clock".to_owned());
        }
        let args = &call.raw.args;
        self.handlers.note(own, &name, who.tid, args);
        match name.as_str() {
            "exit_group" | "exit" => {
                ahead.writes.push(format!("life {own}"));
                ahead.writes.extend(self.open(who.tid));
            }
            "wait4" | "waitid" => ahead.writes.push(format!("children {own}")),
            "kill" | "tkill" | "tgkill" | "rt_sigqueueinfo" => {
                self.signal(args[0] as i32, &mut ahead);
            }
            "rt_sigaction" if args[1] == 0 => ahead.reads.push(format!("signals {own}")),
            "rt_sigaction" | "rt_sigprocmask" | "rt_sigtimedwait" | "rt_sigsuspend" | "pause"
            | "signalfd4" => ahead.writes.push(format!("signals {own}")),
            "setuid" | "setgid" | "setreuid" | "setregid" | "setresuid" | "setresgid"
            | "setgroups" | "setfsuid" | "setfsgid" | "capset" => {
                ahead.writes.push(format!("ids {own}"));
            }
            "fork" | "vfork" | "clone" | "clone3" => {
                ahead
                    .writes
                    .extend(["pids".to_owned(), format!("children {own}")]);
            }
            "futex" => {
                ahead.writes.push(self.futex(own, args, args[0]));
                if TWO_WORDS.contains(&(args[1] as i32 & libc::FUTEX_CMD_MASK)) {
                    ahead.writes.push(self.futex(own, args, args[4]));
                }
            }
            "getppid" => ahead.reads.push(format!("parent {own}")),
            "setsid" | "setpgid" => ahead.writes.push(format!("session {own}")),
            "execve" | "execveat" => {
                ahead
                    .writes
                    .extend([format!("signals {own}"), format!("ids {own}")]);
                ahead.reads.extend(
                    details
                        .paths
                        .iter()
                        .map(|path| format!("file {}", path.display())),
                );
            }
            "poll" | "ppoll" | "select" | "pselect6" | "epoll_wait" | "epoll_pwait"
            | "epoll_pwait2" => {
                ahead.reads.push(format!("signals {own}"));
                ahead.reads.push("net".to_owned());
                ahead.reads.extend(self.open(who.tid));
            }
            "socket" | "socketpair" | "pipe" | "pipe2" | "chdir" | "fchdir" | "umask" | "prctl"
            | "setrlimit" | "setpriority" | "nanosleep" | "clock_nanosleep" | "dup2" | "dup3" => {}
            "bind" | "listen" | "connect" | "accept" | "accept4" | "shutdown" | "sendto"
            | "sendmsg" | "sendmmsg" | "recvfrom" | "recvmsg" | "recvmmsg" => {
                ahead.writes.push("net".to_owned());
                ahead.writes.extend(
                    details
                        .paths
                        .iter()
                        .map(|path| format!("file {}", path.display())),
                );
                ahead.writes.extend(
                    details
                        .object
                        .as_deref()
                        .and_then(|shown| self.object(shown)),
                );
            }
            "flock" => {
                let object = details
                    .object
                    .as_deref()
                    .and_then(|shown| self.object(shown));
                ahead
                    .writes
                    .extend(object.map(|name| name.replacen("file", "lock", 1)));
            }
            "close" => {
                let object = details
                    .object
                    .as_deref()
                    .and_then(|shown| self.object(shown));
                let lock = object.as_ref().filter(|name| name.starts_with("file "));
                let lock = lock.map(|name| name.replacen("file", "lock", 1));
                ahead.writes.extend(match lock {
                    Some(lock) => is_locked(who.tid, args[0] as i32).then_some(lock),
                    None => object,
                });
            }
            _ if !details.paths.is_empty() => {
                let paths = details
                    .paths
                    .iter()
                    .map(|path| format!("file {}", path.display()));
                match details.changes {
                    true => ahead.writes.extend(paths),
                    false => ahead.reads.extend(paths),
                }
            }
            "fstat" | "pread64" | "preadv" | "fcntl" | "ioctl" | "getdents64" => {
                ahead.reads.extend(
                    details
                        .object
                        .as_deref()
                        .and_then(|shown| self.object(shown)),
                );
                ahead.known = details.object.is_some();
            }
            "read" | "readv" => match details
                .object
                .as_deref()
                .and_then(|shown| self.object(shown))
            {
                // To read a pipe empties it.
                Some(file) if file.starts_with("file ") => ahead.reads.push(file),
                Some(other) => ahead.writes.push(other),
                None => {}
            },
            _ => {
                let object = details
                    .object
                    .as_deref()
                    .and_then(|shown| self.object(shown));
                ahead.known = object.is_some() || details.object.is_some();
                ahead.writes.extend(object);
            }
        }
        ahead.name = name;
        ahead
    }

    fn signal(&self, target: i32, ahead: &mut Ahead) {
        match self.process(target) {
            Some(target) => {
                ahead.reads.push(format!("ids {target}"));
                ahead
                    .writes
                    .extend([format!("signals {target}"), format!("life {target}")]);
            }
            // A group, or somebody who is no task: who knows.
            None => ahead.known = false,
        }
    }

    /// What a process that has ended has ahead: its parent is told.
    pub fn end(&self, who: &Who) -> Ahead {
        let own = who.task.process();
        let mut ahead = Ahead {
            name: "end".to_owned(),
            shown: "become waitable".to_owned(),
            known: true,
            writes: vec![format!("life {own}")],
            ..Ahead::default()
        };
        if let Some(parent) = own.parent() {
            ahead
                .writes
                .extend([format!("children {parent}"), format!("signals {parent}")]);
        }
        let children = self
            .processes
            .values()
            .filter(|name| name.parent() == Some(own));
        ahead
            .writes
            .extend(children.map(|child| format!("parent {child}")));
        ahead
    }
}

/// A call in words that are the same in every execution: no addresses.
fn shown(name: &str, call: &TracedCall) -> String {
    let details = call.details();
    if details.in_table {
        return common::without_limit(name, &details.shown);
    }
    let number = call.raw.args[0] as i32;
    if name == "rt_sigaction"
        && let Some(signal) = Signal::new(number)
    {
        return format!("{name}({signal})");
    }
    let paths: Vec<String> = details
        .paths
        .iter()
        .map(|path| format!("{path:?}"))
        .collect();
    format!("{name}({})", paths.join(", "))
}

/// How long a sleep lasts, unless it lasts until a moment.
fn sleep(name: &str, call: &TracedCall, tid: i32) -> Option<Duration> {
    let args = &call.raw.args;
    let at = match name {
        "nanosleep" => args[0],
        "clock_nanosleep" if args[1] & libc::TIMER_ABSTIME as u64 == 0 => args[2],
        _ => return None,
    };
    let seconds = memory::word(tid, at)?;
    let nanoseconds = memory::word(tid, at.checked_add(8)?)?;
    Some(Duration::new(seconds, u32::try_from(nanoseconds).ok()?))
}

/// Whether the open file holds a lock (`proc_pid_fdinfo(5)`).
fn is_locked(tid: i32, fd: i32) -> bool {
    let text = record(&format!("/proc/{tid}/fdinfo/{fd}")).unwrap_or_default();
    text.lines().any(|line| line.starts_with("lock:"))
}

#[cfg(test)]
mod tests;
