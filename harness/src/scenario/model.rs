//! A scenario as data: parsed, expanded into its cases, validated.
//!
//! Everything that a file alone can say is resolved: names of users, signals,
//! errnos and calls, durations, modes. What only a run knows stays a
//! [`Template`]; [`super::specs`] fills it in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use daemonlab::sys::Signal;

pub use crate::world::Capability;
use crate::world::limits::{Resource, Wanted};
use crate::world::spec::{
    Condition, Counting, FaultAction, GroupSpec, Role, UserSpec, VirtualTime,
};

use super::claims::Events;
use super::matcher::Expect;
use super::source::{At, Source, Span};
use super::template::Template;

/// A scenario file.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its text, for messages. Its name is the first part of the test ids.
    pub source: Arc<Source>,
    /// What it is called, if it says so.
    pub name: Option<String>,
    /// What it is about, if it says so.
    pub description: Option<String>,
    /// Its cases; exactly one, unnamed, if it has neither `cases` nor `matrix`.
    pub cases: Vec<Case>,
}

/// One way through a scenario: one test.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The test's id: `path/to/file.yaml`, or `path/to/file.yaml::case`.
    pub id: String,
    /// Its name and where its row stands, if it has one.
    pub name: Option<At<String>>,
    /// The file.
    pub source: Arc<Source>,
    /// The folder of the file, absolute: `${scenario.dir}`.
    pub dir: PathBuf,
    /// Its tags.
    pub tags: Vec<String>,
    /// How long it may take at most, if it says so.
    pub timeout: Option<Duration>,
    /// How time passes, where it says that it is virtual.
    pub virtual_time: Option<VirtualTime>,
    /// What it needs: what `requires` names, and what follows from its content.
    pub requires: BTreeSet<Capability>,
    /// Where it happens.
    pub sandbox: Sandbox,
    /// The files that are there from the start.
    pub files: Vec<File>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// What a scenario says about its sandbox.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sandbox {
    /// Users beside root and nobody.
    pub users: Vec<UserSpec>,
    /// Groups beside those of the users, and who is in them.
    pub groups: Vec<GroupSpec>,
}

/// A file to be made or replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Its absolute path.
    pub path: Template,
    /// What it is.
    pub content: Content,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner's user id.
    pub uid: u32,
    /// Its group's id.
    pub gid: u32,
    /// Where it stands.
    pub span: Span,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A regular file with this content.
    Regular(Template),
    /// A directory.
    Directory,
    /// A symbolic link to this.
    Symlink(Template),
    /// A FIFO.
    Fifo,
}

/// A step of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// Where its key stands: `launch`.
    pub span: Span,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Starts a program, and waits for the launcher's end unless in the
    /// background.
    Launch(Box<Launch>),
    /// Waits for the end of a launcher that was started in the background.
    Await(Await),
    /// Gives a name to a process that nobody started by name: the daemon.
    Adopt(Adopt),
    /// Looks at facts until they are as expected.
    Check(Check),
    /// Looks at what has happened.
    Events(Events),
    /// Sends a signal.
    Signal(SendSignal),
    /// Closes a launch's terminal.
    HangUp(HangUp),
    /// Makes or replaces a file.
    Write(File),
    /// Connects to a socket.
    Connect(Connect),
    /// Lets time pass.
    Pause(Pause),
}

/// Starting a program. `again` is one too, with everything that it does not
/// say taken from the launch that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// Its name: of the launch, and of the launcher's process.
    pub id: At<String>,
    /// The launch that this one repeats, if it came from `again`.
    pub again: Option<String>,
    /// The program and its arguments; at least one.
    pub command: Vec<Template>,
    /// The whole environment: the defaults, the sandbox's and its own.
    pub env: BTreeMap<String, Template>,
    /// The working directory.
    pub cwd: Template,
    /// The umask.
    pub umask: u32,
    /// Who starts it.
    pub user: User,
    /// Whether it is started from a terminal of its own.
    pub terminal: bool,
    /// Descriptors beside 0 to 2 that are open at exec.
    pub stray_fds: Vec<i32>,
    /// Signals that are blocked at exec.
    pub blocked: Vec<Signal>,
    /// Signals that are ignored at exec.
    pub ignored: Vec<Signal>,
    /// What it asks of resource limits.
    pub limits: BTreeMap<Resource, Wanted>,
    /// What becomes of named calls.
    pub faults: Vec<Fault>,
    /// Whether its visible calls become events, since a step looks at them.
    pub traced: bool,
    /// How the launcher's end is waited for.
    pub wait: LaunchWait,
}

/// Whether a launch step waits for the launcher's end.
#[derive(Clone, Debug, PartialEq)]
pub enum LaunchWait {
    /// It goes on at once.
    Background,
    /// It waits at most so long, then judges.
    End {
        /// How long.
        within: Duration,
        /// What is expected of [`Subject::Launch`](crate::world::facts::schema::Subject::Launch).
        expect: Expect,
    },
}

/// A user as credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Its user id.
    pub uid: u32,
    /// Its primary group.
    pub gid: u32,
    /// Its supplementary groups.
    pub groups: Vec<u32>,
}

/// What becomes of some calls of some processes of a launch.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Its name, unique within its launch: given, or `ROLE-CALL`.
    pub label: String,
    /// Whose calls.
    pub role: Role,
    /// The calls that are meant, by name, families taken apart.
    pub calls: Vec<String>,
    /// What they must be about.
    pub condition: Condition,
    /// What is counted together.
    pub counting: Counting,
    /// From which matching call on, counted from 1.
    pub first: u32,
    /// Up to which one; `None` for all that follow.
    pub last: Option<u32>,
    /// What happens.
    pub action: FaultAction,
    /// Where it stands, for the verdict that it never fired.
    pub span: Span,
}

/// Waiting for the end of a launcher that was started in the background.
#[derive(Clone, Debug, PartialEq)]
pub struct Await {
    /// The launch.
    pub launch: At<String>,
    /// How long at most.
    pub within: Duration,
    /// What is expected of it then.
    pub expect: Expect,
}

/// Naming a process.
#[derive(Clone, Debug, PartialEq)]
pub struct Adopt {
    /// The name.
    pub id: At<String>,
    /// How it is found. Exactly one process must answer the description.
    pub from: AdoptFrom,
    /// Where that stands.
    pub from_span: Span,
    /// How long it may take to appear.
    pub within: Duration,
    /// What is expected of it, from the moment it is found, within that time.
    pub expect: Option<Expect>,
}

/// How a process is found.
#[derive(Clone, Debug, PartialEq)]
pub enum AdoptFrom {
    /// Its PID is in this file, in decimal, with one newline at most.
    PidFile(Template),
    /// Its name (`comm`) or the last part of its executable's path.
    Name(Template),
    /// It is a child of this process.
    ChildOf(At<String>),
    /// It is in the session of this process and is not that process. The
    /// session is the one that was seen last, should the process be gone.
    SessionOf(At<String>),
    /// It listens on this address.
    Socket(Template),
}

/// Looking at facts.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Whose facts.
    pub target: Target,
    /// Where the target's name stands.
    pub target_span: Span,
    /// What is expected.
    pub expect: Expect,
    /// How long to look again until it is so; zero to look once.
    pub within: Duration,
}

/// Whose facts are looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A launcher or an adopted process.
    Process(String),
    /// A file.
    File(Template),
    /// A launch: its end and its output.
    Launch(String),
    /// A listening address.
    Socket(Template),
    /// Every process of the sandbox but its init and these.
    Sandbox {
        /// Processes that are not counted.
        except: Vec<String>,
    },
    /// A fault.
    Fault {
        /// The launch that it belongs to.
        launch: String,
        /// Its label.
        label: String,
    },
}

/// Sending a signal.
#[derive(Clone, Debug, PartialEq)]
pub struct SendSignal {
    /// To which process.
    pub process: At<String>,
    /// Which one.
    pub signal: Signal,
    /// How long to wait until `expect` is fulfilled.
    pub within: Duration,
    /// What is expected of the process's end; without it nothing is waited for.
    pub expect: Option<Expect>,
}

/// Closing a launch's terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct HangUp {
    /// The launch.
    pub launch: At<String>,
}

/// Connecting to a socket.
#[derive(Clone, Debug, PartialEq)]
pub struct Connect {
    /// The address: `127.0.0.1:80`, `[::1]:80`, `unix:/path`.
    pub to: At<Template>,
    /// What is sent.
    pub send: Option<Template>,
    /// How many bytes are enough; without it, what comes until the peer closes
    /// or the time is up.
    pub enough: Option<usize>,
    /// How long a connection, with what it gives, may take; and how long it is
    /// tried again until `expect` is fulfilled.
    pub within: Duration,
    /// What is expected of what comes.
    pub expect: Expect,
}

/// Letting time pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Pause {
    /// How long.
    pub time: Duration,
    /// Why waiting for something is no use.
    pub reason: String,
}
