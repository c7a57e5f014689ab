//! Where the PID file is, and who holds the names there.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::daemon::retry::uninterrupted;
use crate::daemon::{Cause, Failure, Stage, Start};
use crate::sys::records::{Access, At, FileKind, Follow, Lock, OpenHow, Stat};
use crate::sys::{Errno, Fd, Pid, System};

/// How often another start is waited for, and for how long each time.
pub(super) const ROUNDS: usize = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// The PID file's directory, and the names in it.
pub(in crate::daemon) struct Place<S: System> {
    pub(super) sys: S,
    dir: Fd<S>,
    /// The path as it was given, for messages.
    path: PathBuf,
    pub(super) name: OsString,
}

/// Who holds a name.
pub(super) enum Occupant<S: System> {
    /// Nobody.
    None,
    /// A file that nobody had locked. It is locked now, for as long as the
    /// descriptor is held.
    Stale { file: Fd<S>, stat: Stat },
    /// Somebody who lives, or another start that looks right now.
    Living { pid: Option<Pid>, stat: Stat },
    /// The name changed hands while it was looked at.
    Changing,
}

impl<S: System> Place<S> {
    /// Opens the directory of `path`.
    ///
    /// # Errors
    /// A failure of [`Stage::PidFile`].
    pub(in crate::daemon) fn open(sys: &S, path: &Path) -> Result<Place<S>, Failure> {
        let fail = |cause| Failure::new(Stage::PidFile, path.display().to_string(), cause);
        let Some(name) = path.file_name() else {
            return Err(fail(Cause::Text("it names no file".to_owned())));
        };
        let how = OpenHow {
            directory: true,
            ..OpenHow::new(Access::Path)
        };
        let dir = uninterrupted(|| sys.open(At::Cwd, parent(path), how, 0))
            .map_err(|errno| fail(Cause::Errno(errno)))?;
        Ok(Place {
            sys: sys.clone(),
            dir,
            path: path.to_path_buf(),
            name: name.to_owned(),
        })
    }

    pub(super) fn at(&self) -> At {
        At::Fd(self.dir.raw())
    }

    /// The descriptor of the directory, which the daemon keeps.
    pub(in crate::daemon) fn dir_fd(&self) -> std::os::fd::RawFd {
        self.dir.raw()
    }

    /// What an upgrade calls the old instance's file.
    pub(super) fn old(&self) -> OsString {
        let mut old = self.name.clone();
        old.push(".old");
        old
    }

    /// What a file in the making is called.
    pub(super) fn starting(&self) -> OsString {
        let mut starting = OsString::from(".");
        starting.push(&self.name);
        starting.push(".starting");
        starting
    }

    pub(super) fn failure(&self, cause: Cause) -> Failure {
        Failure::new(Stage::PidFile, self.path.display().to_string(), cause)
    }

    pub(super) fn errno(&self, errno: Errno) -> Failure {
        self.failure(Cause::Errno(errno))
    }

    /// Tests before the first fork whether the start would be refused. Leaves
    /// nothing locked. Gives the living file that an upgrade is to replace.
    ///
    /// # Errors
    /// [`Cause::Held`], or why the name cannot be used.
    pub(in crate::daemon) fn test(&self, start: Start) -> Result<Option<Stat>, Failure> {
        match self.occupant(&self.name)? {
            Occupant::Living { stat, .. } if start == Start::Upgrade => Ok(Some(stat)),
            Occupant::Living { pid, .. } => Err(self.failure(Cause::Held(pid))),
            // Somebody starts or stops right now; the daemon will see how it
            // ended when its turn comes.
            Occupant::None | Occupant::Stale { .. } | Occupant::Changing => match self.older()? {
                None => Ok(None),
                // It may have its first name back by then.
                Some((_, stat)) if start == Start::Upgrade => Ok(Some(stat)),
                Some((pid, _)) => Err(self.failure(Cause::Held(pid))),
            },
        }
    }

    /// Who lives and has the second name. An old instance may live although
    /// the new one, which took its first name, has failed: a fresh start must
    /// not become the second.
    pub(super) fn older(&self) -> Result<Option<(Option<Pid>, Stat)>, Failure> {
        match self.occupant(&self.old())? {
            Occupant::Living { pid, stat } => Ok(Some((pid, stat))),
            Occupant::None | Occupant::Stale { .. } | Occupant::Changing => Ok(None),
        }
    }

    /// Who holds `name`.
    ///
    /// # Errors
    /// Why the name cannot be used: it is no regular file, or cannot be read.
    pub(super) fn occupant(&self, name: &OsStr) -> Result<Occupant<S>, Failure> {
        let sys = &self.sys;
        let how = OpenHow {
            no_follow: true,
            // A FIFO must not hold the start up.
            non_blocking: true,
            ..OpenHow::new(Access::Read)
        };
        let file = match uninterrupted(|| sys.open(self.at(), Path::new(name), how, 0)) {
            Ok(file) => file,
            Err(Errno::ENOENT) => return Ok(Occupant::None),
            Err(Errno::ELOOP) => return Err(self.not_regular("a symbolic link")),
            Err(errno) => return Err(self.errno(errno)),
        };
        let stat = sys.fstat(file.raw()).map_err(|errno| self.errno(errno))?;
        if stat.kind != FileKind::Regular {
            return Err(self.not_regular("no regular file"));
        }
        let lock = uninterrupted(|| sys.flock(file.raw(), Lock::Exclusive));
        if !self.is_called(&stat, name)? {
            return Ok(Occupant::Changing);
        }
        match lock {
            Ok(()) => Ok(Occupant::Stale { file, stat }),
            Err(Errno::EWOULDBLOCK) => Ok(Occupant::Living {
                pid: self.read_pid(&file),
                stat,
            }),
            Err(errno) => Err(self.errno(errno)),
        }
    }

    /// Whether `name` is the name of the file with this `stat`.
    pub(super) fn is_called(&self, stat: &Stat, name: &OsStr) -> Result<bool, Failure> {
        match self.sys.stat(self.at(), Path::new(name), Follow::No) {
            Ok(found) => Ok(found.same_file(stat)),
            Err(Errno::ENOENT) => Ok(false),
            Err(errno) => Err(self.errno(errno)),
        }
    }

    /// Waits a while for another start, which lasts a few system calls.
    ///
    /// # Errors
    /// What ppoll(2) said.
    pub(super) fn pause(&self) -> Result<(), Failure> {
        match self.sys.poll(&[], Some(PAUSE), None) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(self.errno(errno)),
        }
    }

    /// The PID that a file names; a message can do without.
    pub(super) fn read_pid(&self, file: &Fd<S>) -> Option<Pid> {
        parse(&self.line(file).ok()?)
    }

    /// Whether a file names this process.
    ///
    /// # Errors
    /// What read(2) said.
    pub(super) fn names(&self, file: &Fd<S>, pid: Pid) -> Result<bool, Failure> {
        match self.line(file) {
            Ok(bytes) => Ok(parse(&bytes) == Some(pid)),
            Err(errno) => Err(self.errno(errno)),
        }
    }

    /// What a file says up to its first line feed: a read may fall short, and
    /// half a PID is another's.
    fn line(&self, file: &Fd<S>) -> crate::sys::Result<Vec<u8>> {
        let mut line = Vec::new();
        while !line.contains(&b'\n') && line.len() < LONGEST {
            let more = uninterrupted(|| self.sys.read(file.raw(), LONGEST - line.len()))?;
            if more.is_empty() {
                break;
            }
            line.extend(more);
        }
        Ok(line)
    }

    fn not_regular(&self, what: &str) -> Failure {
        self.failure(Cause::Text(format!("it is {what}")))
    }
}

/// More than a PID takes, in bytes.
const LONGEST: usize = 32;

fn parse(bytes: &[u8]) -> Option<Pid> {
    let pid: i32 = std::str::from_utf8(bytes).ok()?.trim_end().parse().ok()?;
    (pid > 0).then(|| Pid::from_raw(pid))
}

/// The directory of a path; `.` for a bare name.
pub(in crate::daemon) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
