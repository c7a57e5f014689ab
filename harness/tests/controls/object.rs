//! What a call of the census is about, as it is just before the call.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use daemonlab::sys::call::Call;
use daemonlab::sys::records::At;

/// What a call is about.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// What its descriptor refers to: a path, `pipe:[7]`, `socket:[9]`.
    pub target: Option<PathBuf>,
    /// Whether this process holds a lock by that descriptor.
    pub locked: bool,
    /// Whether that is an end of a pipe whose other end this process has as well.
    pub both_ends: bool,
    /// The paths that it names, made absolute.
    pub names: Vec<PathBuf>,
}

impl Object {
    /// What the call is about.
    pub fn of(call: &Call) -> Object {
        let names = match call {
            Call::Unlink { dir, path } | Call::Open { dir, path, .. } => vec![absolute(dir, path)],
            Call::Stat { dir, path, .. } => vec![absolute(dir, path)],
            Call::Rename { dir, from, to, .. } | Call::Link { dir, from, to } => {
                vec![absolute(dir, from), absolute(dir, to)]
            }
            Call::Chdir { path } => vec![absolute(&At::Cwd, path)],
            _ => Vec::new(),
        };
        match call {
            Call::Close { fd }
            | Call::Write { fd, .. }
            | Call::Send { fd, .. }
            | Call::Accept { fd, .. }
            | Call::Listen { fd, .. }
            | Call::Read { fd, .. }
            | Call::Fchmod { fd, .. }
            | Call::Fchown { fd, .. } => Object::at(*fd, names),
            _ => Object {
                names,
                ..Object::default()
            },
        }
    }

    fn at(fd: RawFd, names: Vec<PathBuf>) -> Object {
        let target = target(fd);
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap_or_default();
        Object {
            locked: info.contains("lock:"),
            both_ends: target.as_deref().is_some_and(has_both_ends),
            target,
            names,
        }
    }

    /// Whether it is a pipe or a socket.
    pub fn is_stream(&self) -> bool {
        let target = self.target.as_deref().unwrap_or(Path::new(""));
        let target = target.to_string_lossy();
        target.starts_with("pipe:") || target.starts_with("socket:")
    }

    /// Whether it is the PID file before it has its name.
    pub fn is_in_the_making(&self) -> bool {
        let target = self.target.as_deref();
        self.locked && target.and_then(Path::extension) == Some(OsStr::new("starting"))
    }
}

fn target(fd: RawFd) -> Option<PathBuf> {
    fs::read_link(format!("/proc/self/fd/{fd}")).ok()
}

fn absolute(dir: &At, path: &Path) -> PathBuf {
    let folder = match dir {
        At::Cwd => fs::read_link("/proc/self/cwd").ok(),
        At::Fd(fd) => target(*fd),
    };
    folder.unwrap_or_default().join(path)
}

/// Whether a pipe is open here for reading and for writing (`O_ACCMODE` of the
/// flags in `/proc/PID/fdinfo`).
fn has_both_ends(pipe: &Path) -> bool {
    let Some(name) = pipe.to_str().filter(|name| name.starts_with("pipe:")) else {
        return false;
    };
    let open = fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten();
    let ends = open
        .filter(|entry| fs::read_link(entry.path()).is_ok_and(|target| target.as_os_str() == name));
    let modes: Vec<i32> = ends
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .map(|fd: RawFd| {
            let info = fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap_or_default();
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
            let flags = flags.and_then(|text| i32::from_str_radix(text.trim(), 8).ok());
            flags.unwrap_or_default() & libc::O_ACCMODE
        })
        .collect();
    modes.contains(&libc::O_RDONLY) && modes.contains(&libc::O_WRONLY)
}
