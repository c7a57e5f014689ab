//! Detached trees of mounts.

use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;

/// Attributes of a mount: `mount_setattr(2)`, `linux/mount.h`.
pub mod attributes {
    /// `MOUNT_ATTR_RDONLY`.
    pub const READ_ONLY: u64 = 0x1;
    /// `MOUNT_ATTR_NOSUID`.
    pub const NOSUID: u64 = 0x2;
    /// `MOUNT_ATTR_NODEV`.
    pub const NODEV: u64 = 0x4;
    /// `MOUNT_ATTR_NOEXEC`.
    pub const NOEXEC: u64 = 0x8;
    /// `MOUNT_ATTR_IDMAP`.
    pub const IDMAP: u64 = 0x0010_0000;
}

const OPEN_TREE_CLONE: libc::c_uint = 1;
const MOVE_MOUNT_F_EMPTY_PATH: libc::c_uint = 4;

/// `struct mount_attr` of `linux/mount.h`, which libc lacks for the GNU target.
#[repr(C)]
struct MountAttr {
    attr_set: u64,
    attr_clr: u64,
    propagation: u64,
    userns_fd: u64,
}

/// A copy of a tree of mounts, attached nowhere. Dropped unattached, it is gone.
#[derive(Debug)]
pub struct Tree(OwnedFd);

impl Tree {
    /// Copies the mounts at and below `path`, following links (`open_tree(2)`).
    pub fn copy(path: &Path) -> Result<Tree, Errno> {
        let path = c_path(path)?;
        let flags =
            OPEN_TREE_CLONE | libc::O_CLOEXEC as libc::c_uint | libc::AT_RECURSIVE as libc::c_uint;
        // SAFETY: the path is a string that ends in zero and outlives the call.
        let fd =
            unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };
        let fd = Errno::result(fd)?;
        // SAFETY: the kernel has just made this descriptor, and nobody else has it.
        Ok(Tree(unsafe { OwnedFd::from_raw_fd(fd as RawFd) }))
    }

    /// Adds attributes to every mount of the tree (`mount_setattr(2)`). With
    /// [`attributes::IDMAP`], `userns` says which id on the file system is
    /// which id outside it.
    pub fn set(&self, attributes: u64, userns: Option<BorrowedFd<'_>>) -> Result<(), Errno> {
        let attr = MountAttr {
            attr_set: attributes,
            attr_clr: 0,
            propagation: 0,
            userns_fd: userns.map_or(0, |fd| fd.as_raw_fd() as u64),
        };
        let flags = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
        // SAFETY: the empty path and the record outlive the call, and the
        // record's true size is given.
        let done = unsafe {
            libc::syscall(
                libc::SYS_mount_setattr,
                self.0.as_raw_fd(),
                c"".as_ptr(),
                flags,
                &raw const attr,
                size_of::<MountAttr>(),
            )
        };
        Errno::result(done).map(drop)
    }

    /// Attaches the tree at `to`, following links (`move_mount(2)`).
    pub fn attach(self, to: &Path) -> Result<(), Errno> {
        let to = c_path(to)?;
        // SAFETY: both paths are strings that end in zero and outlive the call.
        let done = unsafe {
            libc::syscall(
                libc::SYS_move_mount,
                self.0.as_raw_fd(),
                c"".as_ptr(),
                libc::AT_FDCWD,
                to.as_ptr(),
                MOVE_MOUNT_F_EMPTY_PATH,
            )
        };
        Errno::result(done).map(drop)
    }
}

fn c_path(path: &Path) -> Result<CString, Errno> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)
}
