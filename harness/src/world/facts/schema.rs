//! The fields of facts: what scenario files may name, and what kind of value
//! each has. Files are checked against it, and the reference is made of it.

use std::fmt;

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
}

impl Subject {
    /// Every one.
    pub const ALL: [Subject; 8] = [
        Subject::Process,
        Subject::Launch,
        Subject::File,
        Subject::Socket,
        Subject::Sandbox,
        Subject::Fault,
        Subject::End,
        Subject::Connection,
    ];

    /// Whether a field, given with dots, holds PIDs.
    pub fn holds_pids(self, path: &str) -> bool {
        matches!(
            (self, path),
            (Subject::Process | Subject::Launch, "pid")
                | (Subject::Process, "parent")
                | (Subject::File, "locked-by")
                | (Subject::Socket, "process")
        )
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::Process => "process",
            Subject::Launch => "launch",
            Subject::File => "file",
            Subject::Socket => "socket",
            Subject::Sandbox => "sandbox",
            Subject::Fault => "fault",
            Subject::End => "end",
            Subject::Connection => "connection",
        })
    }
}
