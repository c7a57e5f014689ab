//! Which program `${target}` is.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::case::setting::Target;
use crate::world::real::EXECUTABLE;

/// The name of the target that is part of this executable.
pub const EMBEDDED: &str = "labd";

/// The target that the command line names: the embedded one, a path if it has
/// a slash, or else a program in `PATH`.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn resolve(name: &str) -> Result<Target, String> {
    if name == EMBEDDED {
        return Ok(embedded());
    }
    find(name, "--target ./", "target")
}

/// The same for a command that is written out.
///
/// # Errors
/// As [`resolve`].
pub fn command(name: &str) -> Result<Target, String> {
    if name == EMBEDDED {
        return Ok(embedded());
    }
    find(name, "./", "program")
}

/// The program that `name` is; `by_path` is how its path would be given, and
/// `what` what it is meant to be.
fn find(name: &str, by_path: &str, what: &str) -> Result<Target, String> {
    let path = if name.contains('/') {
        PathBuf::from(name)
    } else {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|path| check(path).is_ok())
            .ok_or_else(|| {
                format!(
                    "there is no program `{name}` in PATH\n  = help: give its path with a slash: `{by_path}{name}`"
                )
            })?
    };
    check(&path).map_err(|why| format!("`{name}` is no {what}: {why}"))?;
    program(&path).map_err(|error| format!("cannot tell where `{name}` is: {error}"))
}

/// The embedded target: every world has this executable by that name.
pub fn embedded() -> Target {
    Target {
        path: EXECUTABLE.into(),
        binds: Vec::new(),
    }
}

/// A program on this machine as a target, under the name that it is given:
/// what a link is called may matter to it. The file behind it comes along if it
/// is a link.
///
/// # Errors
/// If the links on its way cannot be followed.
pub fn program(path: &Path) -> io::Result<Target> {
    let behind = path.canonicalize()?;
    let path = match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => Path::new(".").join(folder).canonicalize()?.join(name),
        _ => behind.clone(),
    };
    let mut binds = vec![path.clone(), behind];
    binds.dedup();
    Ok(Target { path, binds })
}

fn check(path: &Path) -> Result<(), String> {
    let facts = fs::metadata(path).map_err(|error| error.to_string())?;
    if !facts.is_file() {
        return Err("it is no regular file".to_owned());
    }
    if facts.permissions().mode() & 0o111 == 0 {
        return Err("it is not executable".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_looked_up() {
        let target = resolve("sh").expect("there is a shell in PATH");
        assert!(target.path.is_absolute(), "{target:?}");
        assert!(target.binds.contains(&target.path), "{target:?}");
    }

    #[test]
    fn a_link_keeps_its_name_and_brings_its_file() {
        let root = tempfile::tempdir().expect("a folder can be made");
        let root = root.path().canonicalize().expect("it is there");
        for folder in ["a", "b"] {
            fs::create_dir(root.join(folder)).expect("a folder can be made");
        }
        fs::copy("/bin/sh", root.join("a/server")).expect("it can be copied");
        std::os::unix::fs::symlink("../a/server", root.join("b/link")).expect("a link can be made");
        let target = resolve(&root.join("a/../b/link").to_string_lossy()).expect("it is there");
        assert_eq!(target.path, root.join("b/link"));
        assert_eq!(target.binds, [root.join("b/link"), root.join("a/server")]);
    }

    #[test]
    fn what_cannot_be_run_is_told() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let plain = folder.path().join("plain");
        fs::write(&plain, "").expect("a file can be written");
        for (name, says) in [
            ("no-such-program-anywhere", "in PATH"),
            ("./no/such/program", "No such file"),
            (&plain.to_string_lossy(), "not executable"),
            (&folder.path().to_string_lossy(), "no regular file"),
        ] {
            let error = resolve(name).expect_err(name);
            assert!(error.contains(says), "{error}");
        }
    }
}
