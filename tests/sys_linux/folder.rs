//! A folder with one of each, for tests of files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Access, At, OpenHow};
use daemonlab::sys::{Fd, Files, Result};
use tempfile::TempDir;

pub const READ: OpenHow = OpenHow::new(Access::Read);
pub const WRITE: OpenHow = OpenHow::new(Access::Write);
pub const CREATE: OpenHow = OpenHow {
    create: true,
    ..WRITE
};
pub const NEW: OpenHow = OpenHow {
    exclusive: true,
    ..CREATE
};

/// A directory with a file `file` ("hello"), a directory `dir`, a link `link`
/// to the file, a dangling link `dangling`, a link `loop` to itself.
pub fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |name| dir.path().join(name);
    fs::write(at("file"), "hello").unwrap();
    fs::create_dir(at("dir")).unwrap();
    symlink("file", at("link")).unwrap();
    symlink("nothing", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    dir
}

pub fn open(dir: &TempDir, name: &str, how: OpenHow) -> Result<Fd<Linux>> {
    Linux.open(At::Cwd, &dir.path().join(name), how, 0o640)
}

pub fn opened(path: &Path) -> Fd<Linux> {
    let how = OpenHow {
        directory: true,
        ..OpenHow::new(Access::Path)
    };
    Linux.open(At::Cwd, path, how, 0).unwrap()
}
