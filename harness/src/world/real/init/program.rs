//! The program that a child becomes.

use std::ffi::{CStr, CString, OsStr, c_char};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use nix::errno::Errno;

use super::report::Failed;
use crate::world::spec::LaunchSpec;

/// The ways of one, and what it is given.
#[derive(Debug)]
pub struct Program {
    /// Its path; or those that it may have, by `PATH`, as `execvp(3)` looks it up.
    /// Which of them is there, and may be executed, is for who becomes it to see.
    pub paths: Paths,
    arguments: Strings,
    environment: Strings,
    sought: String,
}

/// Where it may be.
#[derive(Debug)]
pub enum Paths {
    /// Here: it was given with a slash.
    Given(CString),
    /// In the first folder that has it.
    Sought(Vec<CString>),
}

impl Program {
    /// That of a launch.
    ///
    /// # Errors
    /// A string with a zero byte.
    pub fn of(launch: &LaunchSpec) -> Result<Program, Failed> {
        let command = launch.command.iter().cloned().map(String::into_bytes);
        let pair = |(name, value): (&String, &String)| format!("{name}={value}").into_bytes();
        let name = launch.command.first().map_or("", String::as_str);
        let path = launch.env.get("PATH");
        let path = path.map_or("/usr/bin:/bin", String::as_str);
        let inside = |folder| Path::new(folder).join(name).into_os_string().into_vec();
        Ok(Program {
            paths: match name.contains('/') {
                true => Paths::Given(string(name.into())?),
                false => Paths::Sought(
                    path.split(':')
                        .map(inside)
                        .map(string)
                        .collect::<Result<_, _>>()?,
                ),
            },
            arguments: Strings::of(command)?,
            environment: Strings::of(launch.env.iter().map(pair))?,
            sought: format!("find {name:?} in PATH {path:?}"),
        })
    }

    /// What is done by looking it up, as it fits after "cannot".
    pub fn sought(&self) -> String {
        self.sought.clone()
    }

    /// What is done by executing the one of these paths, as it fits after "cannot".
    pub fn start(&self, chosen: usize) -> String {
        let path = match &self.paths {
            Paths::Given(path) => Some(path),
            Paths::Sought(paths) => paths.get(chosen),
        };
        let path = path.map_or(&[][..], |path| path.as_bytes());
        format!("start {:?}", Path::new(OsStr::from_bytes(path)))
    }

    /// Where its arguments and its environment are, as `execve(2)` takes them.
    pub fn given(&self) -> [usize; 2] {
        [&self.arguments, &self.environment].map(|strings| strings.pointers.as_ptr() as usize)
    }
}

/// Strings, and an array of where they are, which ends with a null.
#[derive(Debug)]
struct Strings {
    pointers: Vec<*const c_char>,
    _strings: Vec<CString>,
}

impl Strings {
    fn of(bytes: impl Iterator<Item = Vec<u8>>) -> Result<Strings, Failed> {
        let strings: Vec<CString> = bytes.map(string).collect::<Result<_, _>>()?;
        let each = strings.iter().map(|string| CStr::as_ptr(string));
        Ok(Strings {
            pointers: each.chain([std::ptr::null()]).collect(),
            _strings: strings,
        })
    }
}

fn string(bytes: Vec<u8>) -> Result<CString, Failed> {
    let what = "pass an argument or variable with a zero byte";
    CString::new(bytes).map_err(|_| Failed::new(Errno::EINVAL, what))
}
