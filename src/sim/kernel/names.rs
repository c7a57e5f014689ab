//! Names: what is made with one, given another, and loses one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::Machine;
use super::credentials::{Capability, Creds};
use super::ids::Ino;
use super::inode::{Inode, Node, Want};
use super::refusal::{Refusal, Result};
use super::resolve::{Final, Last, Place, can_be_passed};
use crate::explore::TaskName;
use crate::sys::records::At;

impl Machine {
    /// Whether a file could be made there. The place is empty.
    ///
    /// # Errors
    /// EACCES, EROFS.
    pub(super) fn may_make(&self, task: TaskName, place: &Place) -> Result<()> {
        self.permit(&self.process(task).creds, place.dir, Want::CHANGE)
    }

    /// Makes a file with a name. The place is empty.
    ///
    /// # Errors
    /// EACCES, EROFS.
    pub(super) fn make(
        &mut self,
        task: TaskName,
        place: &Place,
        node: Node,
        mode: u32,
    ) -> Result<Ino> {
        self.may_make(task, place)?;
        let process = self.process(task);
        let dir = self.inode(place.dir);
        let is_directory = matches!(node, Node::Directory { .. });
        let mut inode = Inode {
            mode: mode & !process.umask,
            uid: process.creds.uid.effective,
            gid: process.creds.gid.effective,
            links: if is_directory { 2 } else { 1 },
            device: dir.device,
            node,
        };
        if dir.mode & 0o2000 != 0 {
            inode.gid = dir.gid;
            if is_directory {
                inode.mode |= 0o2000;
            }
        }
        let ino = Ino(self.new_id(task));
        self.inodes.insert(ino, Arc::new(inode));
        self.enter_name(place, ino);
        if is_directory {
            self.inode_mut(place.dir).links += 1;
        }
        Ok(ino)
    }

    pub(super) fn enter_name(&mut self, place: &Place, ino: Ino) {
        let name = name_of(place).clone();
        self.entries_mut(place.dir).insert(name, ino);
    }

    pub(super) fn entries_mut(&mut self, dir: Ino) -> &mut BTreeMap<OsString, Ino> {
        match &mut self.inode_mut(dir).node {
            Node::Directory { entries, .. } => entries,
            _ => unreachable!("names are in directories"),
        }
    }

    /// Where a new name can be made.
    ///
    /// # Errors
    /// EEXIST where there is something; EACCES, EROFS come later.
    pub(super) fn vacant(&self, task: TaskName, dir: At, path: &Path) -> Result<Place> {
        let place = self.walk(task, dir, path, Final::Keep)?;
        place.named()?;
        match (&place.last, place.ino) {
            (Last::Name(_), None) => Ok(place),
            _ => Err(Refusal::NameTaken),
        }
    }

    pub(super) fn mkdir(&mut self, task: TaskName, dir: At, path: &Path, mode: u32) -> Result<()> {
        let place = self.vacant(task, dir, path)?;
        let node = Node::Directory {
            entries: Default::default(),
            parent: place.dir,
        };
        self.make(task, &place, node, mode & 0o1777).map(drop)
    }

    pub(super) fn link(&mut self, task: TaskName, dir: At, from: &Path, to: &Path) -> Result<()> {
        can_be_passed(from).and(can_be_passed(to))?;
        let ino = self.look_up(task, dir, from, Final::FollowBeforeSlash)?;
        let place = self.vacant(task, dir, to)?;
        if place.slash {
            return Err(Refusal::LinkNameWithSlash);
        }
        // Whether the new name can be made comes before what it is to be of.
        if self.is_read_only(self.inode(place.dir)) {
            return Err(Refusal::LinkReadOnly);
        }
        let creds = &self.process(task).creds;
        let inode = self.inode(ino);
        if inode.device != self.inode(place.dir).device {
            return Err(Refusal::LinkAcrossDevices);
        }
        if !self.may_link(creds, inode) {
            return Err(Refusal::HardlinkProtected);
        }
        self.permit(creds, place.dir, Want::CHANGE)?;
        if inode.is_directory() {
            return Err(Refusal::LinkOfDirectory);
        }
        self.inode_mut(ino).links += 1;
        self.enter_name(&place, ino);
        Ok(())
    }

    /// `fs.protected_hardlinks`, `proc_sys_fs(5)`.
    fn may_link(&self, creds: &Creds, inode: &Inode) -> bool {
        let safe = matches!(inode.node, Node::Regular(_))
            && inode.mode & 0o4000 == 0
            && inode.mode & 0o2010 != 0o2010
            && inode.allows(creds, Want::READ_WRITE);
        !self.rules.protected_hardlinks || safe || inode.is_owned_by(creds)
    }

    pub(super) fn unlink(&mut self, task: TaskName, dir: At, path: &Path) -> Result<()> {
        let place = self.walk(task, dir, path, Final::Keep)?;
        let Last::Name(_) = place.last else {
            return Err(Refusal::UnlinkDots);
        };
        if self.is_read_only(self.inode(place.dir)) {
            return Err(Refusal::UnlinkReadOnly);
        }
        place.named()?;
        let ino = place.ino.ok_or(Refusal::UnlinkMissing)?;
        if place.slash {
            return Err(match self.inode(ino).is_directory() {
                true => Refusal::UnlinkDirectoryWithSlash,
                false => Refusal::UnlinkFileWithSlash,
            });
        }
        self.may_delete(task, place.dir, ino)?;
        if self.inode(ino).is_directory() {
            return Err(Refusal::UnlinkDirectory);
        }
        self.entries_mut(place.dir).remove(name_of(&place));
        self.inode_mut(ino).links -= 1;
        Ok(())
    }

    /// # Errors
    /// EACCES; EPERM in a sticky directory for what is another's.
    pub(super) fn may_delete(&self, task: TaskName, dir: Ino, ino: Ino) -> Result<()> {
        let creds = &self.process(task).creds;
        self.permit(creds, dir, Want::CHANGE)?;
        let euid = creds.uid.effective;
        let parent = self.inode(dir);
        let sticky = parent.mode & 0o1000 != 0
            && self.inode(ino).uid != euid
            && parent.uid != euid
            && !creds.can(Capability::FOwner);
        if sticky {
            Err(Refusal::StickyDirectory)
        } else {
            Ok(())
        }
    }
}

pub(super) fn name_of(place: &Place) -> &OsString {
    match &place.last {
        Last::Name(name) => name,
        Last::Dots => unreachable!("dots are refused before"),
    }
}
