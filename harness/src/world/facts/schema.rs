//! The fields of facts: what scenario files may name, and what kind of value
//! each has. Files are checked against it, and the reference is made of it.

use std::fmt;

use Kind::{Bool, Call, Capability, Each, Gid, Int, Limit, List, Map, Octal, Outcome, Paths, Pid};
use Kind::{Record, Set, Signal, Text, Time, Uid, Word};

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

macro_rules! fields {
    ($($name:literal: $kind:expr, $doc:literal;)*) => {
        &[$(Field { name: $name, kind: $kind, doc: $doc },)*]
    };
}

mod limits;

const USER_IDS: &[Field] = fields! {
    "real": Uid, "the real user id";
    "effective": Uid, "the effective user id";
    "saved": Uid, "the saved set-user-ID";
    "fs": Uid, "the file-system user id";
};

const GROUP_IDS: &[Field] = fields! {
    "real": Gid, "the real group id";
    "effective": Gid, "the effective group id";
    "saved": Gid, "the saved set-group-ID";
    "fs": Gid, "the file-system group id";
};

const CAPABILITIES: &[Field] = fields! {
    "effective": Set(&Capability), "what the kernel checks";
    "permitted": Set(&Capability), "what may be made effective";
    "inheritable": Set(&Capability), "what is kept across exec, if the file allows it";
    "ambient": Set(&Capability), "what is kept across exec of an ordinary file";
    "bounding": Set(&Capability), "the limit of what exec can give";
};

const SIGNALS: &[Field] = fields! {
    "blocked": Set(&Signal), "signals that are blocked";
    "ignored": Set(&Signal), "signals that are ignored";
    "caught": Set(&Signal), "signals that have a handler";
    "pending": Set(&Signal), "signals that are pending for the process or its main thread";
};

const PROCESS: &[Field] = fields! {
    "exists": Bool, "whether the process is there, if only as a zombie";
    "alive": Bool, "whether it is there and is no zombie";
    "state": Word(&STATES), "what it is doing";
    "pid": Pid, "its PID";
    "parent": Pid, "its parent";
    "session": Int, "its session's id";
    "group": Int, "its process group's id";
    "session-leader": Bool, "whether it leads its session";
    "terminal": Text, "its controlling terminal, such as `/dev/pts/0`, or `none`";
    "name": Text, "its name (`comm`), up to 15 bytes";
    "command": List(&Text), "its arguments, the program first";
    "executable": Text, "the path of its program";
    "cwd": Text, "its working directory";
    "root": Text, "its root directory";
    "umask": Octal, "its umask";
    "stdin": Text, "what descriptor 0 refers to: a path, `pipe:[7]`, `socket:[9]`";
    "stdout": Text, "what descriptor 1 refers to";
    "stderr": Text, "what descriptor 2 refers to";
    "descriptors": Map(&Text), "every open descriptor by number, and what it refers to";
    "extra-descriptors": Set(&Text), "what the descriptors beyond 2 refer to";
    "uid": Each(USER_IDS), "its user ids";
    "gid": Each(GROUP_IDS), "its group ids";
    "groups": Set(&Gid), "its supplementary groups";
    "capabilities": Record(CAPABILITIES), "its capability sets";
    "no-new-privs": Bool, "whether exec can no longer raise its privileges";
    "signals": Record(SIGNALS), "its signal mask and dispositions";
    "environment": Map(&Text), "the environment that it was given at exec";
    "threads": Int, "how many threads it has";
    "limits": Record(limits::LIMITS), "its resource limits, as getrlimit(2) names them: each has `soft` and `hard`, a number or `unlimited`";
};

const LAUNCH: &[Field] = fields! {
    "exit": Int, "the launcher's exit status; absent while it runs or if a signal killed it";
    "signal": Signal, "the signal that killed the launcher";
    "running": Bool, "whether the launcher still runs";
    "duration": Time, "from the launcher's start to its end, or until now";
    "stdout": Text, "what was written to stdout so far, by launcher or daemon";
    "stderr": Text, "what was written to stderr so far, by launcher or daemon";
    "pid": Pid, "the launcher's PID";
};

const FILE: &[Field] = fields! {
    "exists": Bool, "whether there is a file of that name";
    "kind": Word(&FILE_KINDS), "what it is; a link is not followed";
    "content": Text, "the content of a regular file, up to 64 KiB";
    "target": Text, "what a symbolic link points to";
    "mode": Octal, "its permission and set-id bits";
    "owner": Uid, "its owner";
    "group": Gid, "its group";
    "size": Int, "its size in bytes";
    "links": Int, "the number of its names";
    "locked": Bool, "whether a process holds a lock on it (`flock`, `fcntl`)";
    "locked-by": Set(&Pid), "the processes that hold a lock on it";
};

const SOCKET: &[Field] = fields! {
    "listening": Bool, "whether something listens there";
    "protocol": Word(&["tcp", "unix"]), "what kind of socket it is";
    "process": Set(&Pid), "the processes that have it open";
};

const SANDBOX: &[Field] = fields! {
    "processes": List(&Text), "the command line of each process, in the order of their PIDs";
    "count": Int, "how many there are";
};

const GAPS: &[Field] = fields! {
    "min": Time, "the shortest";
    "max": Time, "the longest";
};

const FAULT: &[Field] = fields! {
    "matched": Int, "how many calls it has matched";
    "gaps": Record(GAPS), "the time between a matching call and the next, over the first hundred";
};

const END: &[Field] = fields! {
    "gone": Bool, "whether the process has ended";
    "exit": Int, "its exit status; absent if a signal killed it";
    "signal": Signal, "the signal that killed it";
    "duration": Time, "from the signal that was sent to its end, or until now";
};

const CONNECTION: &[Field] = fields! {
    "text": Text, "what came back; absent if there was no connection";
    "refused": Bool, "whether the connection was refused, or the socket's file missing";
    "error": Text, "the errno of a connection that failed, by name";
    "duration": Time, "from the attempt to its end";
};

const EVENT: &[Field] = fields! {
    "kind": Word(&EVENT_KINDS), "what happened; a `call` need not say so";
    "role": Word(&["launcher", "intermediate", "daemon"]), "what the process was in its launch then";
    "process": Pid, "the process";
    "task": Text, "its name by pedigree: `0` the launcher, `0.1` its first child, `0.1/t2` a thread";
    "call": Call, "of a call: its name, or that of a family such as `setuid`, or a list of them";
    "path": Paths, "of a call: a path that it names, or what its descriptor or the one that it opens refers to";
    "to": Paths, "of a `rename` or `link`: the new name";
    "arguments": Text, "of a call: its arguments as evidence shows them";
    "result": Outcome, "of a call: `ok`, the errno, or `never` if it does not return";
    "returned": Int, "of a call: what it gave";
    "through-link": Bool, "of a call that opens or changes what it names: whether its path ended in a symbolic link, which it follows";
    "target": Pid, "of a `kill`, `wait4` or `pidfd_open`: the process that it is about; a group is below 0";
    "signal": Signal, "of a call: what it sends; of a signal: which one; of an exit: what killed the process";
    "injected": Bool, "of a call: whether a fault has decided it";
    "sender": Pid, "of a signal: who has sent it; 0 for the kernel";
    "child": Pid, "of a fork: the new process";
    "thread": Bool, "of a fork: whether it makes a thread of the same process";
    "program": Text, "of an exec: the path of the program";
    "status": Int, "of an exit: the status; absent if a signal killed the process";
};

/// What an event can be.
const EVENT_KINDS: [&str; 5] = ["call", "signal", "fork", "exec", "exit"];

/// The fields that events of every kind have.
const OF_EVERY_EVENT: [&str; 4] = ["kind", "role", "process", "task"];

/// The fields of each kind of event beside those of every kind.
const OF_EVENTS: [(&str, &[&str]); 5] = [
    (
        "call",
        &[
            "call",
            "path",
            "to",
            "arguments",
            "result",
            "returned",
            "through-link",
            "target",
            "signal",
            "injected",
        ],
    ),
    ("signal", &["signal", "sender"]),
    ("fork", &["child", "thread"]),
    ("exec", &["program"]),
    ("exit", &["status", "signal"]),
];

/// The fields that an event of this kind has.
pub fn fields_of_event(kind: &str) -> impl Iterator<Item = &'static str> {
    let own = OF_EVENTS.iter().find(|(known, _)| *known == kind);
    let own = own.map_or(&[][..], |(_, fields)| fields);
    OF_EVERY_EVENT.iter().chain(own).copied()
}

/// The states of a process, by the letters of `/proc/PID/stat`.
const STATES: [&str; 7] = [
    "running",
    "sleeping",
    "disk-sleep",
    "stopped",
    "traced",
    "zombie",
    "dead",
];

/// The kinds of a file.
const FILE_KINDS: [&str; 7] = [
    "regular",
    "directory",
    "symlink",
    "fifo",
    "socket",
    "char-device",
    "block-device",
];

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
            Pid => true,
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
mod tests {
    use super::*;

    /// Every field name, with its docs' form, at any depth.
    fn walk(fields: &[Field], visit: &mut impl FnMut(&Field)) {
        for field in fields {
            visit(field);
            if let Record(inner) | Each(inner) = field.kind {
                walk(inner, visit);
            }
        }
    }

    #[test]
    fn names_are_kebab_case_and_unique() {
        for subject in Subject::ALL {
            let mut names: Vec<&str> = subject.fields().iter().map(|field| field.name).collect();
            names.sort_unstable();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all, "{subject} has a field twice");
            walk(subject.fields(), &mut |field| {
                let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
                assert!(field.name.chars().all(kebab), "{}", field.name);
                assert!(!field.doc.is_empty() && !field.doc.ends_with('.'));
            });
        }
    }

    #[test]
    fn every_field_of_an_event_is_of_some_kind_and_the_other_way_round() {
        let known: Vec<&str> = EVENT.iter().map(|field| field.name).collect();
        let told: Vec<&str> = EVENT_KINDS.into_iter().flat_map(fields_of_event).collect();
        assert!(known.iter().all(|name| told.contains(name)), "{told:?}");
        assert!(told.iter().all(|name| known.contains(name)), "{known:?}");
    }

    #[test]
    fn a_field_is_found_by_its_path() {
        let uid = Subject::Process.kind_of("uid.saved");
        assert!(matches!(uid, Some(Uid)));
        assert!(matches!(Subject::File.kind_of("locked-by"), Some(kind) if kind.holds_pids()));
        assert!(Subject::File.kind_of("mode.x").is_none());
        assert!(Subject::File.kind_of("uid").is_none());
    }
}
