//! What a world is asked to do, with every `${x}` resolved.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limits::{Resource, Wanted};

/// A sandbox, before anything is started in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxSpec {
    /// Users beside root and nobody: `/etc/passwd` and `/etc/group` are made of them.
    pub users: Vec<UserSpec>,
    /// Groups beside those that the users bring along, with their members.
    pub groups: Vec<GroupSpec>,
    /// Folders of the host that are bound in read-only at the same path,
    /// wherever they lie: the target's and the scenario's.
    pub binds: Vec<PathBuf>,
    /// Files that are there from the start, in this order.
    pub files: Vec<FileSpec>,
    /// How time passes, where it is virtual.
    pub virtual_time: Option<VirtualTime>,
}

/// Time that passes only when nobody can go on without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualTime {
    /// By how much waits end late, so that those that end close together cost
    /// one jump.
    pub slack: Duration,
}

/// A user of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSpec {
    /// Its name.
    pub name: String,
    /// Its user id.
    pub uid: u32,
    /// Its primary group, which gets the user's name unless a group of that
    /// id is given.
    pub gid: u32,
}

/// A group of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSpec {
    /// Its name.
    pub name: String,
    /// Its group id.
    pub gid: u32,
    /// The names of the users that it is a supplementary group of.
    pub members: Vec<String>,
}

/// A file of the sandbox to be made or replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSpec {
    /// Its absolute path. Missing directories on the way are made, 0755, root's.
    pub path: PathBuf,
    /// What it is.
    pub content: FileContent,
    /// Its permission bits, whatever the umask. Not for links.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileContent {
    /// A regular file with this content.
    Regular(Vec<u8>),
    /// A directory.
    Directory,
    /// A symbolic link to this.
    Symlink(PathBuf),
    /// A FIFO.
    Fifo,
}

/// A program to be started, in the manner of a shell, as root of the sandbox
/// unless told otherwise: in a session of its own with [`Stdio::Pipes`]; with
/// [`Stdio::Terminal`] as a job in the foreground, in a process group of its own
/// within the session of a stand-in for a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchSpec {
    /// The name that the scenario gave it.
    pub id: String,
    /// The program, looked up in `PATH` if it has no slash, and its arguments.
    pub command: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// The working directory.
    pub cwd: PathBuf,
    /// The umask.
    pub umask: u32,
    /// Who starts it: user id, group id, and supplementary groups.
    pub uid: u32,
    /// The group id of who starts it.
    pub gid: u32,
    /// The supplementary groups of who starts it.
    pub groups: Vec<u32>,
    /// What its standard streams are.
    pub stdio: Stdio,
    /// Descriptors beside 0 to 2 that are open at exec, each on `/dev/null`:
    /// what a hostile starter leaves behind.
    pub stray_fds: Vec<i32>,
    /// Signals that are blocked at exec.
    pub blocked: Vec<i32>,
    /// Signals that are ignored at exec.
    pub ignored: Vec<i32>,
    /// Resource limits that are other than the world's at exec.
    pub limits: BTreeMap<Resource, Wanted>,
    /// What becomes of named calls.
    pub faults: Vec<FaultSpec>,
    /// Which calls become events.
    pub trace: Trace,
    /// Who says in which order its processes go on.
    pub order: Order,
}

/// The environment of a launch that says nothing about it.
pub const ENVIRONMENT: [(&str, &str); 4] = [
    ("HOME", "/root"),
    ("LANG", "C.UTF-8"),
    (
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ),
    ("TZ", "UTC"),
];

/// Who says in which order the processes of a launch go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// The kernel.
    #[default]
    Kernels,
    /// The harness: each stands before every visible call, and once it has
    /// ended, until it is let go.
    Steered,
}

/// Which calls of a launch's processes become events, with their signals,
/// forks, execs and ends. A launch without faults and without a trace runs as
/// if nobody looked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trace {
    /// None, and nothing else either.
    #[default]
    Off,
    /// Every visible one.
    Visible,
    /// Every visible one, and those whose order with them matters: how a signal
    /// is met (`rt_sigaction`, `rt_sigprocmask`), and who the parent is.
    Ordered,
    /// The visible ones of these names or families.
    Calls(Vec<String>),
    /// Every one of these names or families, or of all if none is named,
    /// visible or not.
    Every(Vec<String>),
}

/// What the standard streams of a launch are. In both, output is captured and
/// kept, its head and its tail, without waiting for its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stdio {
    /// stdin is `/dev/null`, stdout and stderr are pipes.
    #[default]
    Pipes,
    /// All three are a terminal of the launch's own, which is its controlling
    /// terminal. What comes out counts as stdout, as it was written: the
    /// terminal puts no carriage returns in.
    Terminal,
}

/// What becomes of some calls of some processes of a launch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultSpec {
    /// How reports name it, unique within the launch.
    pub label: String,
    /// Whose calls.
    pub role: Role,
    /// System calls by name; a family name (`setuid`, `kill`) stands for all
    /// of its members, see [`call_family`].
    pub calls: Vec<String>,
    /// Which of those calls count.
    pub condition: Condition,
    /// What is counted together.
    pub counting: Counting,
    /// From which matching call on, counted from 1.
    pub first: u32,
    /// Up to which one; `None` for all that follow.
    pub last: Option<u32>,
    /// What happens.
    pub action: FaultAction,
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultAction {
    /// It is counted and let through.
    Watch,
    /// It fails with this errno and is not carried out.
    Fail(i32),
    /// It is held back for so long, then carried out.
    Delay(Duration),
    /// It is held back until another fault of the launch, by its label, has
    /// matched so many calls; then carried out.
    HoldUntil {
        /// The label of the fault that is waited for.
        label: String,
        /// How many calls that one must have matched.
        matched: u32,
    },
    /// It is held back until so many calls that another fault of the launch has
    /// matched are over, as [`FaultAction::HoldUntil`] until they begin.
    HoldUntilOver {
        /// The label of the fault that is waited for.
        label: String,
        /// How many of its calls must be over.
        matched: u32,
    },
    /// It is held back until a process of this role has ended.
    HoldUntilEnd(Role),
    /// It reads or writes at most so many bytes. For calls that say how many:
    /// `read`, `write` and their like.
    Short(u64),
    /// The caller gets this signal as the call begins.
    Signal(i32),
    /// The caller is killed by SIGKILL instead.
    Kill,
}

/// What a call must be about; all that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// It names this absolute path, or its descriptor refers to it. `*` stands
    /// for any text, `/` included.
    pub path: Option<String>,
    /// Its arguments by index, from 0, as the lower 32 bits of a register.
    pub args: BTreeMap<usize, i32>,
}

impl Condition {
    /// Whether any call fulfils it.
    pub fn is_empty(&self) -> bool {
        *self == Condition::default()
    }
}

/// Which calls of a fault are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counting {
    /// Those of every process of the launch.
    #[default]
    Tree,
    /// Those of each process on their own.
    Process,
}

/// Which process of a launch. Told apart by sessions: the launcher was started;
/// the intermediate leads a session of its own or has no other yet; the daemon
/// is in a session that it does not lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The process that was started.
    Launcher,
    /// The process between the two forks.
    Intermediate,
    /// The process that stays.
    Daemon,
    /// Any of them.
    Any,
}

/// The names that stand for several system calls, see [`call_family`].
pub const FAMILIES: [&str; 11] = [
    "kill", "setuid", "setgid", "fork", "open", "rename", "unlink", "link", "chown", "exit", "dup",
];

/// The system calls that a family name stands for; a name that is no family
/// stands for itself.
pub fn call_family(name: &str) -> &[&str] {
    match name {
        "kill" => &[
            "kill",
            "tkill",
            "tgkill",
            "rt_sigqueueinfo",
            "pidfd_send_signal",
        ],
        "setuid" => &["setuid", "setreuid", "setresuid"],
        "setgid" => &["setgid", "setregid", "setresgid"],
        "fork" => &["fork", "vfork", "clone", "clone3"],
        "open" => &["open", "openat", "openat2", "creat"],
        "rename" => &["rename", "renameat", "renameat2"],
        "unlink" => &["unlink", "unlinkat"],
        "link" => &["link", "linkat"],
        "chown" => &["chown", "fchown", "lchown", "fchownat"],
        "exit" => &["exit", "exit_group"],
        "dup" => &["dup", "dup2", "dup3"],
        _ => &[],
    }
}
