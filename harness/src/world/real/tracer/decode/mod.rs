//! What a call is about: its arguments as text, the files that it names, and
//! it as a call of the library's table, where that has it.
//!
//! - [`signature`]: what the arguments of each call are;
//! - [`table`]: into [`daemonlab::sys::call::Call`], by [`argument`];
//! - [`aim`]: whom a call is about, and whether it follows a symbolic link;
//! - [`answer`]: what came of it.

mod aim;
mod answer;
mod argument;
mod signature;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use super::memory;
use super::tracee::RawCall;
use crate::world::syscalls;
use signature::Argument;

/// The files that a call is about, read while its task is stopped before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// The paths that it names, made absolute.
    pub paths: Vec<PathBuf>,
    /// What its descriptor refers to.
    pub object: Option<String>,
    /// Whether it takes a descriptor.
    pub takes_descriptor: bool,
    /// Whether it changes what it names.
    pub changes: bool,
}

/// What a call is about, read while its task is stopped before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// It with its arguments.
    pub shown: String,
    /// Whether the library's table has it, so that `shown` is in its form.
    pub in_table: bool,
    /// The paths that it names, made absolute.
    pub paths: Vec<PathBuf>,
    /// What its descriptor refers to.
    pub object: Option<String>,
    /// Whether it changes what it names.
    pub changes: bool,
    /// Whether it follows the symbolic link that its path ends in now.
    pub through_link: bool,
    /// The process that it is about.
    pub target: Option<i32>,
    /// The signal that it sends.
    pub signal: Option<i32>,
}

impl Details {
    /// What came of it, as text: `value` is what it gave. Read while its task
    /// is stopped after it.
    pub fn answer(&self, tid: i32, raw: &RawCall, value: i64) -> String {
        answer::shown(tid, raw, value)
    }

    /// What its descriptor refers to; of a call that has opened a file and gave
    /// `value`, the new one. Read while its task is stopped after it.
    pub fn object_after(&self, tid: i32, raw: &RawCall, value: i64) -> Option<String> {
        let name = syscalls::name(raw.number).unwrap_or("");
        match aim::opens(name) {
            true => object(tid, value as i32),
            false => self.object.clone(),
        }
    }
}

/// Reads which files a call of the stopped thread `tid` is about.
pub fn files(tid: i32, raw: &RawCall) -> Files {
    let name = syscalls::name(raw.number).unwrap_or("");
    let mut files = Files {
        changes: changes(name, &raw.args),
        ..Files::default()
    };
    let mut folder = None;
    for (argument, value) in signature::of(name).iter().zip(raw.args) {
        match argument {
            Argument::Folder => folder = Some(value as i32),
            Argument::Descriptor if files.object.is_none() => {
                files.takes_descriptor = true;
                files.object = object(tid, value as i32);
            }
            Argument::Path => match memory::path(tid, value) {
                Some(path) if path.as_os_str().is_empty() => {
                    files.takes_descriptor = true;
                    files.object = folder.and_then(|fd| object(tid, fd));
                }
                Some(path) => {
                    let path = absolute(tid, folder.take(), &path);
                    files.paths.push(path);
                }
                None => {}
            },
            Argument::Address => files.paths.extend(unix_path(tid, value, raw.args[2])),
            _ => {}
        }
    }
    files
}

/// Reads what else a call of the stopped thread `tid` is about.
pub fn details(tid: i32, raw: &RawCall, files: &Files) -> Details {
    let name = syscalls::name(raw.number).unwrap_or("");
    let call = table::call(tid, name, &raw.args);
    let (target, signal) = aim::target(tid, name, &raw.args);
    Details {
        in_table: call.is_some(),
        shown: call.map_or_else(|| shown(tid, raw, name), |call| call.to_string()),
        paths: files.paths.clone(),
        object: files.object.clone(),
        changes: files.changes,
        through_link: aim::through_link(tid, name, &raw.args, &files.paths),
        target,
        signal,
    }
}

/// A call with its arguments that the table does not have.
fn shown(tid: i32, raw: &RawCall, name: &str) -> String {
    let arguments = signature::of(name);
    let said = arguments.iter().zip(raw.args).filter(|(argument, value)| {
        let usual = **argument == Argument::Folder && *value as i32 == libc::AT_FDCWD;
        **argument != Argument::Skipped && !usual
    });
    let said: Vec<String> = said
        .map(|(argument, value)| argument.shown(tid, value))
        .collect();
    format!("{}({})", syscalls::shown(raw.number), said.join(", "))
}

/// What a descriptor of this thread refers to.
fn object(tid: i32, fd: i32) -> Option<String> {
    let link = fs::read_link(format!("/proc/{tid}/fd/{fd}")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

/// From where the kernel would look the path up.
fn absolute(tid: i32, folder: Option<i32>, path: &Path) -> PathBuf {
    if path.is_absolute() {
        return path.to_owned();
    }
    let from = match folder {
        Some(fd) if fd != libc::AT_FDCWD => format!("/proc/{tid}/fd/{fd}"),
        _ => format!("/proc/{tid}/cwd"),
    };
    match fs::read_link(from) {
        Ok(folder) => folder.join(path.strip_prefix("./").unwrap_or(path)),
        Err(_) => path.to_owned(),
    }
}

/// The path of a Unix socket's address, if it has one.
fn unix_path(tid: i32, address: u64, length: u64) -> Option<PathBuf> {
    match argument::unix_address(tid, address, length)? {
        daemonlab::sys::records::UnixAddr::Path(path) => Some(absolute(tid, None, &path)),
        daemonlab::sys::records::UnixAddr::Abstract(_) => None,
    }
}

/// Whether a call that names a file changes it, or may.
fn changes(name: &str, args: &[u64; 6]) -> bool {
    let flags = match name {
        "open" => args[1],
        "openat" => args[2],
        "stat" | "lstat" | "newfstatat" | "statx" | "access" | "faccessat" | "faccessat2"
        | "readlink" | "readlinkat" | "connect" => return false,
        // What its flags are lies in memory; it is no C library's.
        _ => return true,
    } as i32;
    flags & (libc::O_CREAT | libc::O_TRUNC) != 0 || flags & libc::O_ACCMODE != libc::O_RDONLY
}
