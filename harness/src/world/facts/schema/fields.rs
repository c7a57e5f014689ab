//! The table: each subject's fields.

use super::Field;
use super::Kind::{
    Addressee, Bool, Call, Capability, Each, Gid, Int, List, Map, Octal, Outcome, Paths, Pid,
};
use super::Kind::{Record, Set, Signal, Text, Time, Uid, Word};

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

pub(super) const PROCESS: &[Field] = fields! {
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

pub(super) const LAUNCH: &[Field] = fields! {
    "exit": Int, "the launcher's exit status; absent while it runs or if a signal killed it";
    "signal": Signal, "the signal that killed the launcher";
    "running": Bool, "whether the launcher still runs";
    "duration": Time, "from the launcher's start to its end, or until now";
    "stdout": Text, "what was written to stdout so far, by launcher or daemon";
    "stderr": Text, "what was written to stderr so far, by launcher or daemon";
    "pid": Pid, "the launcher's PID";
};

pub(super) const FILE: &[Field] = fields! {
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

pub(super) const SOCKET: &[Field] = fields! {
    "listening": Bool, "whether something listens there";
    "protocol": Word(&["tcp", "unix"]), "what kind of socket it is";
    "process": Set(&Pid), "the processes that have it open";
};

pub(super) const SANDBOX: &[Field] = fields! {
    "processes": List(&Text), "the command line of each process, in the order of their PIDs";
    "count": Int, "how many there are";
};

const GAPS: &[Field] = fields! {
    "min": Time, "the shortest";
    "max": Time, "the longest";
};

pub(super) const FAULT: &[Field] = fields! {
    "matched": Int, "how many calls it has matched";
    "gaps": Record(GAPS), "the time between a matching call and the next, over the first hundred";
};

pub(super) const END: &[Field] = fields! {
    "gone": Bool, "whether the process has ended";
    "exit": Int, "its exit status; absent if a signal killed it";
    "signal": Signal, "the signal that killed it";
    "duration": Time, "from the signal that was sent to its end, or until now";
};

pub(super) const CONNECTION: &[Field] = fields! {
    "text": Text, "what came back; absent if there was no connection";
    "refused": Bool, "whether the connection was refused, or the socket's file missing";
    "error": Text, "the errno of a connection that failed, by name";
    "duration": Time, "from the attempt to its end";
};

pub(super) const EVENT: &[Field] = fields! {
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
    "target": Addressee, "of a `kill`, `wait4` or `pidfd_open`: the process that it is about; a group is below 0";
    "signal": Signal, "of a call: what it sends; of a signal: which one; of an exit: what killed the process";
    "injected": Bool, "of a call: whether a fault has decided it";
    "sender": Pid, "of a signal: who has sent it; 0 for the kernel";
    "child": Pid, "of a fork: the new process";
    "thread": Bool, "of a fork: whether it makes a thread of the same process";
    "program": Text, "of an exec: the path of the program";
    "status": Int, "of an exit: the status; absent if a signal killed the process";
};

/// What an event can be.
pub(super) const EVENT_KINDS: [&str; 5] = ["call", "signal", "fork", "exec", "exit"];

/// The fields that events of every kind have.
pub(super) const OF_EVERY_EVENT: [&str; 4] = ["kind", "role", "process", "task"];

/// The fields of each kind of event beside those of every kind.
pub(super) const OF_EVENTS: [(&str, &[&str]); 5] = [
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
