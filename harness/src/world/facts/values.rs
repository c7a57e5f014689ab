//! Facts as values, with the field names of [`schema`](super::schema).

use std::time::Duration;

use daemonlab::sys::SignalSet;
use nix::errno::Errno;

use crate::value::Value;
use crate::world::WorldError;
use crate::world::event::End;
use crate::world::limits::{Bound, Limit, Resource};

use super::{FileFacts, LaunchFacts, ProcessFacts, SocketFacts};

#[cfg(test)]
mod tests;

/// The facts of a process that is gone.
pub fn gone() -> Value {
    Value::map([("exists", false.into()), ("alive", false.into())])
}

impl ProcessFacts {
    /// The process as a value. What a zombie has no more is absent, so that
    /// nothing is said to hold of it.
    pub fn value(&self) -> Value {
        let state = state(self.state);
        let is_over = matches!(state, "zombie" | "dead");
        let unless_over = |value: Value| match is_over {
            true => Value::Absent,
            false => value,
        };
        let descriptor = |fd| Value::from(self.descriptors.get(&fd).cloned());
        let descriptors = self.descriptors.iter();
        let extra = descriptors.clone().filter(|(fd, _)| **fd > 2);
        let [inheritable, permitted, effective, bounding, ambient] = self.capabilities;
        Value::map([
            ("exists", true.into()),
            ("alive", (!is_over).into()),
            ("state", state.into()),
            ("pid", self.pid.into()),
            ("parent", self.parent.into()),
            ("session", self.session.into()),
            ("group", self.group.into()),
            ("session-leader", (self.session == self.pid).into()),
            (
                "terminal",
                self.terminal.as_deref().unwrap_or("none").into(),
            ),
            ("name", self.name.clone().into()),
            ("command", self.command.clone().into()),
            ("executable", self.executable.clone().into()),
            ("cwd", self.cwd.clone().into()),
            ("root", self.root.clone().into()),
            ("umask", unless_over(octal(self.umask))),
            ("stdin", unless_over(descriptor(0))),
            ("stdout", unless_over(descriptor(1))),
            ("stderr", unless_over(descriptor(2))),
            (
                "extra-descriptors",
                unless_over(Value::List(
                    extra.map(|(_, to)| to.clone().into()).collect(),
                )),
            ),
            (
                "descriptors",
                unless_over(Value::map(
                    descriptors.map(|(fd, to)| (fd.to_string(), to.clone().into())),
                )),
            ),
            ("uid", ids(self.uid)),
            ("gid", ids(self.gid)),
            (
                "groups",
                Value::List(self.groups.iter().map(|gid| id(*gid)).collect()),
            ),
            (
                "capabilities",
                Value::map([
                    ("effective", capabilities(effective)),
                    ("permitted", capabilities(permitted)),
                    ("inheritable", capabilities(inheritable)),
                    ("ambient", capabilities(ambient)),
                    ("bounding", capabilities(bounding)),
                ]),
            ),
            ("no-new-privs", self.no_new_privs.into()),
            (
                "signals",
                Value::map([
                    ("blocked", signals(self.blocked)),
                    ("ignored", signals(self.ignored)),
                    ("caught", signals(self.caught)),
                    ("pending", signals(self.pending)),
                ]),
            ),
            (
                "environment",
                unless_over(Value::map(
                    self.environment.iter().map(|(k, v)| (k, v.clone().into())),
                )),
            ),
            ("threads", i64::from(self.threads).into()),
            (
                "limits",
                Value::map(
                    Resource::ALL
                        .map(|resource| (resource.name(), limit(self.limits.get(&resource)))),
                ),
            ),
        ])
    }
}

impl LaunchFacts {
    /// The launch as a value.
    pub fn value(&self) -> Value {
        Value::map([
            ("exit", exit(self.end)),
            ("signal", signal(self.end)),
            ("running", self.end.is_none().into()),
            ("duration", self.duration.into()),
            ("stdout", self.stdout.text().into()),
            ("stderr", self.stderr.text().into()),
            ("pid", self.pid.into()),
        ])
    }

    /// One of its faults as a value.
    pub fn fault_value(&self, label: &str) -> Value {
        let matched = self.matched.get(label).copied().unwrap_or(0);
        let at = self.matched_at.get(label).map_or(&[][..], Vec::as_slice);
        let gaps = at.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
        Value::map([
            ("matched", i64::from(matched).into()),
            (
                "gaps",
                Value::map([
                    ("min", gaps.clone().min().into()),
                    ("max", gaps.max().into()),
                ]),
            ),
        ])
    }
}

impl FileFacts {
    /// The file as a value.
    pub fn value(&self) -> Value {
        let Some(kind) = &self.kind else {
            return Value::map([("exists", false.into()), ("locked", false.into())]);
        };
        // A number of bytes or names that does not fit is no file of a test.
        let int = |n: u64| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
        Value::map([
            ("exists", true.into()),
            ("kind", kind.as_str().into()),
            ("content", self.content.clone().into()),
            ("target", self.target.clone().into()),
            ("mode", octal(self.mode)),
            ("owner", id(self.uid)),
            ("group", id(self.gid)),
            ("size", int(self.size)),
            ("links", int(self.links)),
            ("locked", (!self.locked_by.is_empty()).into()),
            ("locked-by", self.locked_by.clone().into()),
        ])
    }
}

/// Who listens on `address`, as a value. The address may be written as a
/// connection names it: `unix:/run/x.sock`.
pub fn socket(sockets: &[SocketFacts], address: &str) -> Value {
    let address = address.strip_prefix("unix:").unwrap_or(address);
    match sockets.iter().find(|socket| socket.address == address) {
        None => Value::map([("listening", false.into())]),
        Some(socket) => Value::map([
            ("listening", true.into()),
            ("protocol", socket.protocol.as_str().into()),
            ("process", socket.processes.clone().into()),
        ]),
    }
}

/// The processes of a sandbox as a value, less those with these PIDs.
pub fn sandbox(processes: &[ProcessFacts], except: &[i32]) -> Value {
    let counted = processes.iter().filter(|p| !except.contains(&p.pid));
    let commands: Vec<String> = counted.map(command_line).collect();
    Value::map([
        ("count", Value::Int(commands.len() as i64)),
        ("processes", commands.into()),
    ])
}

/// A kernel thread or a zombie has no arguments; its name is all there is.
fn command_line(process: &ProcessFacts) -> String {
    if process.command.is_empty() {
        format!("[{}]", process.name)
    } else {
        process.command.join(" ")
    }
}

/// What became of a process: how it ended, if it has and if that is known,
/// and how long after the signal.
pub fn end(gone: bool, end: Option<End>, after: Duration) -> Value {
    Value::map([
        ("gone", gone.into()),
        ("exit", exit(end)),
        ("signal", signal(end)),
        ("duration", after.into()),
    ])
}

/// What came of connecting, and how long it took.
pub fn connection(came: Result<&[u8], &WorldError>, took: Duration) -> Value {
    let errno = came
        .err()
        .and_then(|error| error.errno)
        .map(Errno::from_raw);
    let text = came
        .ok()
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    Value::map([
        ("text", text.into()),
        (
            "refused",
            matches!(errno, Some(Errno::ECONNREFUSED | Errno::ENOENT)).into(),
        ),
        ("error", errno.map(|errno| format!("{errno:?}")).into()),
        ("duration", took.into()),
    ])
}

fn state(letter: char) -> &'static str {
    match letter {
        'R' => "running",
        'D' => "disk-sleep",
        'T' => "stopped",
        't' => "traced",
        'Z' => "zombie",
        'X' | 'x' => "dead",
        // S, and I: an idle kernel thread.
        _ => "sleeping",
    }
}

fn octal(bits: u32) -> Value {
    Value::Text(format!("{bits:04o}"))
}

fn id(id: Option<u32>) -> Value {
    id.map_or("unmapped".into(), |id| Value::Int(i64::from(id)))
}

fn ids([real, effective, saved, fs]: [Option<u32>; 4]) -> Value {
    Value::map([
        ("real", id(real)),
        ("effective", id(effective)),
        ("saved", id(saved)),
        ("fs", id(fs)),
    ])
}

fn capabilities(bits: u64) -> Value {
    let names = (0..64).filter(|bit| bits & 1 << bit != 0).map(|bit| {
        let known = caps::all().into_iter().find(|cap| cap.index() == bit);
        match known {
            Some(cap) => Value::Text(cap.to_string().to_ascii_lowercase()),
            None => Value::Text(format!("cap_{bit}")),
        }
    });
    Value::List(names.collect())
}

fn signals(bits: u64) -> Value {
    Value::List(SignalSet::from_bits(bits).iter().map(Value::text).collect())
}

fn limit(limit: Option<&Limit>) -> Value {
    let bound = |bound: Bound| match bound {
        // More than any machine has.
        Bound::At(number) => Value::Int(i64::try_from(number).unwrap_or(i64::MAX)),
        Bound::Unlimited => Value::text(bound),
    };
    limit.map_or(Value::Absent, |limit| {
        Value::map([("soft", bound(limit.soft)), ("hard", bound(limit.hard))])
    })
}

fn exit(end: Option<End>) -> Value {
    match end {
        Some(End::Exit(status)) => status.into(),
        _ => Value::Absent,
    }
}

fn signal(end: Option<End>) -> Value {
    match end {
        Some(End::Signal(number)) => match daemonlab::sys::Signal::new(number) {
            Some(signal) => Value::text(signal),
            None => Value::Text(format!("SIG{number}")),
        },
        _ => Value::Absent,
    }
}
