//! Inodes, and who may do what with them (`inode(7)`, `path_resolution(7)`).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::Machine;
use super::credentials::{Capability, Creds};
use super::ids::{Ino, SocketId};
use super::refusal::{Refusal, Result};
use crate::sys::records::{FileKind, Stat};

/// The root directory.
pub(super) const ROOT: Ino = Ino(2);

/// The device that the root directory is on.
pub(super) const ROOT_DEVICE: u64 = 1;

/// A file, whatever its names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inode {
    /// What it is.
    pub node: Node,
    /// Permission bits and set-id bits.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// The number of its names.
    pub links: u64,
    /// The device that it is on.
    pub device: u64,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A regular file.
    Regular(Content),
    /// A directory.
    Directory {
        /// What is in it, but for `.` and `..`.
        entries: BTreeMap<OsString, Ino>,
        /// What `..` is.
        parent: Ino,
    },
    /// A symbolic link.
    Symlink(PathBuf),
    /// A device.
    Device(Device),
    /// The name of a bound socket.
    Socket(SocketId),
}

/// The content of a regular file: what lies beyond `data` is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Content {
    /// The first bytes.
    pub data: Vec<u8>,
    /// How many there are altogether.
    pub size: u64,
}

/// The character devices of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// `/dev/null`.
    Null,
    /// `/dev/zero`.
    Zero,
    /// The terminal.
    Terminal,
    /// `/dev/tty`: whichever terminal controls the process.
    ControllingTerminal,
}

/// What one wants to do with a file: the bits of a permission triple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Want(u32);

impl Want {
    pub const READ: Want = Want(4);
    pub const WRITE: Want = Want(2);
    pub const EXEC: Want = Want(1);
    /// To make or remove a name in a directory.
    pub const CHANGE: Want = Want(3);
    pub const READ_WRITE: Want = Want(6);

    pub fn and(self, other: Want) -> Want {
        Want(self.0 | other.0)
    }
}

impl Inode {
    pub(super) fn directory(device: u64, mode: u32, parent: Ino) -> Inode {
        Inode {
            node: Node::Directory {
                entries: BTreeMap::new(),
                parent,
            },
            mode,
            uid: 0,
            gid: 0,
            links: 2,
            device,
        }
    }

    pub(super) fn entries(&self) -> Option<&BTreeMap<OsString, Ino>> {
        match &self.node {
            Node::Directory { entries, .. } => Some(entries),
            _ => None,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self.node, Node::Directory { .. })
    }

    /// Its kind, as stat(2) tells it.
    pub fn kind(&self) -> FileKind {
        match self.node {
            Node::Regular(_) => FileKind::Regular,
            Node::Directory { .. } => FileKind::Directory,
            Node::Symlink(_) => FileKind::Symlink,
            Node::Device(_) => FileKind::CharDevice,
            Node::Socket(_) => FileKind::Socket,
        }
    }

    /// Its size, as stat(2) tells it; 0 for a directory, where every file
    /// system has a size of its own.
    pub fn size(&self) -> u64 {
        match &self.node {
            Node::Regular(content) => content.size,
            Node::Symlink(target) => target.as_os_str().len() as u64,
            Node::Directory { .. } | Node::Device(_) | Node::Socket(_) => 0,
        }
    }

    pub(super) fn stat(&self, ino: Ino) -> Stat {
        Stat {
            device: self.device,
            inode: ino.0,
            kind: self.kind(),
            mode: self.mode,
            links: self.links,
            uid: self.uid,
            gid: self.gid,
            size: self.size(),
        }
    }

    /// Whether the bits and the capabilities allow it (`generic_permission`
    /// in fs/namei.c).
    pub(super) fn allows(&self, creds: &Creds, want: Want) -> bool {
        let shift = if creds.uid.effective == self.uid {
            6
        } else if creds.in_group(self.gid) {
            3
        } else {
            0
        };
        if want.0 & !(self.mode >> shift) == 0 {
            return true;
        }
        let only_looks = want.0 & Want::WRITE.0 == 0;
        if self.is_directory() {
            return creds.can(Capability::DacOverride)
                || only_looks && creds.can(Capability::DacReadSearch);
        }
        let runs = want.0 & Want::EXEC.0 != 0;
        want == Want::READ && creds.can(Capability::DacReadSearch)
            || creds.can(Capability::DacOverride) && (!runs || self.mode & 0o111 != 0)
    }

    /// Whether it is the owner's, or whose capability overrides that.
    pub(super) fn is_owned_by(&self, creds: &Creds) -> bool {
        creds.uid.effective == self.uid || creds.can(Capability::FOwner)
    }

    /// Drops the set-id bits, as a change of content or owner does.
    pub(super) fn drop_set_ids(&mut self, creds: &Creds) {
        self.mode = without_set_ids(self.mode, self.gid, creds);
    }
}

/// A mode less the set-id bits that a change of content or owner drops
/// (`setattr_should_drop_suidgid` in fs/attr.c).
pub(super) fn without_set_ids(mode: u32, gid: u32, creds: &Creds) -> u32 {
    let kept = mode & 0o010 == 0 && (creds.in_group(gid) || creds.can(Capability::FSetId));
    match kept {
        true => mode & !0o4000,
        false => mode & !0o6000,
    }
}

impl Machine {
    /// The inode with this number.
    pub fn inode(&self, ino: Ino) -> &Inode {
        &self.inodes[&ino]
    }

    pub(super) fn inode_mut(&mut self, ino: Ino) -> &mut Inode {
        let inode = self.inodes.get_mut(&ino).expect("an inode that is there");
        Arc::make_mut(inode)
    }

    /// Whether the file's device is mounted read-only, which devices and
    /// sockets do not mind.
    pub(super) fn is_read_only(&self, inode: &Inode) -> bool {
        self.rules.read_only.contains(&inode.device)
            && !matches!(inode.node, Node::Device(_) | Node::Socket(_))
    }

    /// # Errors
    /// EROFS, EACCES.
    pub(super) fn permit(&self, creds: &Creds, ino: Ino, want: Want) -> Result<()> {
        let inode = self.inode(ino);
        if want.0 & Want::WRITE.0 != 0 && self.is_read_only(inode) {
            return Err(Refusal::ReadOnlyFileSystem);
        }
        match inode.allows(creds, want) {
            true => Ok(()),
            false => Err(Refusal::PermissionDenied),
        }
    }
}
