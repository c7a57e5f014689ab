//! The fields of facts: what scenario files may name, and what kind of value
//! each has. Files are checked against it, and the reference is made of it.

mod fields;

use std::fmt;

use Kind::{
    Addressee, Bool, Call, Capability, Each, Gid, Int, Limit, List, Map, Octal, Outcome, Paths, Pid,
};
use Kind::{Record, Set, Signal, Text, Time, Uid, Word};
use fields::{
    CONNECTION, END, EVENT, FAULT, FILE, LAUNCH, OF_EVENTS, OF_EVERY_EVENT, PROCESS, SANDBOX,
    SOCKET,
};

/// What facts are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A process.
    Process,
    /// A launch: the launcher's end and what came out.
    Launch,
    /// A file.
    File,
    /// A listening address.
    Socket,
    /// The processes of the sandbox.
    Sandbox,
    /// A fault of a launch.
    Fault,
    /// What became of a process after a signal.
    End,
    /// What came of connecting.
    Connection,
    /// Something that a traced process has done or met with.
    Event,
}

/// A field of facts.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in scenario files.
    pub name: &'static str,
    /// What kind of value it has.
    pub kind: Kind,
    /// What it is, in a line.
    pub doc: &'static str,
}

/// What kind of value a field has. Any field may be absent.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A number.
    Int,
    /// Text.
    Text,
    /// Text, one of these.
    Word(&'static [&'static str]),
    /// Permission bits or a mask: text of four octal digits.
    Octal,
    /// A time span.
    Time,
    /// A PID. Files may name a process of the scenario, or `init`.
    Pid,
    /// Whom a call is about: a PID, or below 0 a group (`kill(2)`).
    Addressee,
    /// A user id; `unmapped` where it has no mapping. Files may name a user.
    Uid,
    /// A group id; `unmapped` where it has no mapping. Files may name a group.
    Gid,
    /// A signal, as `SIGTERM`.
    Signal,
    /// A capability, as `cap_setuid`.
    Capability,
    /// A system call by name. Files may name a family, or several.
    Call,
    /// A resource limit: a number, or `unlimited`, which is more than each.
    Limit,
    /// What came of a call: `ok`, an errno, `never`.
    Outcome,
    /// The paths that a call is about. Files give one, in which `*` stands for
    /// any text.
    Paths,
    /// Values whose order counts.
    List(&'static Kind),
    /// Values whose order does not count. Files may give a single one bare.
    Set(&'static Kind),
    /// Values under names that the program chooses.
    Map(&'static Kind),
    /// Fields.
    Record(&'static [Field]),
    /// Fields of one kind. Files may give one expectation for all of them.
    Each(&'static [Field]),
}

/// The fields that an event of this kind has.
pub fn fields_of_event(kind: &str) -> impl Iterator<Item = &'static str> {
    let own = OF_EVENTS.iter().find(|(known, _)| *known == kind);
    let own = own.map_or(&[][..], |(_, fields)| fields);
    OF_EVERY_EVENT.iter().chain(own).copied()
}

impl Subject {
    /// Every one.
    pub const ALL: [Subject; 9] = [
        Subject::Process,
        Subject::Launch,
        Subject::File,
        Subject::Socket,
        Subject::Sandbox,
        Subject::Fault,
        Subject::End,
        Subject::Connection,
        Subject::Event,
    ];

    /// Its fields.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Subject::Process => PROCESS,
            Subject::Launch => LAUNCH,
            Subject::File => FILE,
            Subject::Socket => SOCKET,
            Subject::Sandbox => SANDBOX,
            Subject::Fault => FAULT,
            Subject::End => END,
            Subject::Connection => CONNECTION,
            Subject::Event => EVENT,
        }
    }

    /// The kind of a field, given with dots: `uid.saved`.
    pub fn kind_of(self, path: &str) -> Option<Kind> {
        let mut fields = self.fields();
        let mut found = None;
        for name in path.split('.') {
            let kind = fields.iter().find(|field| field.name == name)?.kind;
            fields = match kind {
                Record(inner) | Each(inner) => inner,
                _ => &[],
            };
            found = Some(kind);
        }
        found
    }
}

/// With an article: `a process`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::Process => "a process",
            Subject::Launch => "a launch",
            Subject::File => "a file",
            Subject::Socket => "a socket",
            Subject::Sandbox => "a sandbox",
            Subject::Fault => "a fault",
            Subject::End => "the end of a process",
            Subject::Connection => "a connection",
            Subject::Event => "an event",
        })
    }
}

impl Kind {
    /// Whether it is, or holds, PIDs.
    pub fn holds_pids(self) -> bool {
        match self {
            Pid | Addressee => true,
            List(inner) | Set(inner) => inner.holds_pids(),
            _ => false,
        }
    }
}

/// With an article, as it fits after "is": `a number`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bool => f.write_str("true or false"),
            Int => f.write_str("a number"),
            Text => f.write_str("text"),
            Word(words) => write!(f, "one of `{}`", words.join("`, `")),
            Octal => f.write_str("octal digits in quotes, such as \"0644\""),
            Time => f.write_str("a time span, such as 300ms or 2s"),
            Pid => f.write_str("a process: its id in the scenario, `init`, or a PID"),
            Addressee => f.write_str(
                "a process: its id in the scenario, `init`, or a PID; or a group, below 0",
            ),
            Uid => f.write_str("a user: its name or number"),
            Gid => f.write_str("a group: its name or number"),
            Signal => f.write_str("a signal, such as TERM"),
            Capability => f.write_str("a capability, such as setuid"),
            Limit => f.write_str("a number, or `unlimited`"),
            Call => f.write_str("a system call or a family of them, such as setuid"),
            Outcome => f.write_str("`ok`, `never`, or an errno, such as EPERM"),
            Paths => f.write_str("an absolute path, in which `*` stands for any text"),
            List(inner) => write!(f, "a list, each {inner}"),
            Set(inner) => write!(f, "a list in any order, each {inner}"),
            Map(inner) => write!(f, "a map, each value {inner}"),
            Record(_) | Each(_) => f.write_str("a map of fields"),
        }
    }
}

#[cfg(test)]
mod tests;
