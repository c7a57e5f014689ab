//! The program that a child becomes.

use std::convert::Infallible;
use std::ffi::{CStr, CString, c_char};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::unistd::{AccessFlags, faccessat};

use super::child::{Failed, step};
use crate::world::real::tracer::Mark;
use crate::world::spec::LaunchSpec;

/// A program that was found, and what it is given.
#[derive(Debug)]
pub struct Program {
    path: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Program {
    /// That of a launch, looked up by who is to execute it.
    ///
    /// # Errors
    /// It is not there, or not to be executed; a string has a zero byte.
    pub fn find(launch: &LaunchSpec) -> Result<Program, Failed> {
        let command = launch.command.iter().cloned().map(String::into_bytes);
        let pair = |(name, value): (&String, &String)| format!("{name}={value}").into_bytes();
        let path = find(launch)?.into_os_string().into_vec();
        Ok(Program {
            path: string(path)?,
            arguments: command.map(string).collect::<Result<_, _>>()?,
            environment: launch
                .env
                .iter()
                .map(pair)
                .map(string)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Becomes it, by a call with this mark. Comes back only with why it could not.
    pub fn execute(&self, mark: Mark) -> Result<Infallible, Failed> {
        let [first, second] = mark.words();
        // SAFETY: the strings and both arrays, which end with a null, outlive the
        // call, which only reads them; it does not look at the last two arguments.
        let done = unsafe {
            libc::syscall(
                libc::SYS_execve,
                self.path.as_ptr(),
                pointers(&self.arguments).as_ptr(),
                pointers(&self.environment).as_ptr(),
                first,
                second,
            )
        };
        let path = Path::new(std::ffi::OsStr::from_bytes(self.path.as_bytes()));
        let what = format!("start {path:?}");
        Err(Failed::new(
            Errno::result(done).err().unwrap_or(Errno::EINVAL),
            &what,
        ))
    }
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    let each = strings.iter().map(|string| CStr::as_ptr(string));
    each.chain([std::ptr::null()]).collect()
}

fn string(bytes: Vec<u8>) -> Result<CString, Failed> {
    let string = CString::new(bytes).map_err(|_| Errno::EINVAL);
    step("pass an argument or variable with a zero byte", string)
}

/// Its path: as given if it has a slash, else by `PATH`, as
/// `execvp(3)` looks it up.
fn find(launch: &LaunchSpec) -> Result<PathBuf, Failed> {
    let name = launch.command.first().map_or("", String::as_str);
    if name.contains('/') {
        return Ok(PathBuf::from(name));
    }
    let path = launch
        .env
        .get("PATH")
        .map_or("/usr/bin:/bin", String::as_str);
    let mut why = Errno::ENOENT;
    for folder in path.split(':') {
        let candidate = Path::new(folder).join(name);
        let access = AccessFlags::X_OK;
        match faccessat(
            nix::fcntl::AT_FDCWD,
            &candidate,
            access,
            AtFlags::AT_EACCESS,
        ) {
            Ok(()) if candidate.is_file() => return Ok(candidate),
            Err(Errno::EACCES) => why = Errno::EACCES,
            _ => {}
        }
    }
    let what = format!("find {name:?} in PATH {path:?}");
    Err(Failed::new(why, &what))
}
