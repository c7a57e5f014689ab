//! Names: open, mkdir, link, unlink, rename, and the working directory.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Machine;
use super::credentials::{Capability, Creds};
use super::descriptors::{OpenFile, What};
use super::ids::Ino;
use super::inode::{Content, Inode, Node, Want};
use super::machine::ROOT;
use super::resolve::{Final, LONGEST_PATH, Last, Place, can_be_passed};
use crate::explore::TaskName;
use crate::sys::records::{Access, At, Follow, OpenHow, Replace, Stat};
use crate::sys::{Errno, Result};

impl Machine {
    pub(super) fn open(
        &mut self,
        task: TaskName,
        dir: At,
        path: &Path,
        mut how: OpenHow,
        mode: u32,
    ) -> Result<RawFd> {
        if how.access == Access::Path {
            // Of the others, only these count then (open(2)).
            how = OpenHow {
                no_follow: how.no_follow,
                directory: how.directory,
                close_on_exec: how.close_on_exec,
                ..OpenHow::new(Access::Path)
            };
        }
        if how.create && how.directory {
            return Err(Errno::EINVAL);
        }
        let last = match (how.no_follow, how.create && how.exclusive) {
            (false, false) => Final::Follow,
            (true, false) if how.create => Final::Keep,
            (true, false) => Final::FollowBeforeSlash,
            (_, true) => Final::Keep,
        };
        // The path is copied before a number is looked for, and looked up after.
        let walked = self.walk(task, dir, path, last);
        if can_be_passed(path).is_ok() && (1..LONGEST_PATH).contains(&path.as_os_str().len()) {
            self.free_fd(task)?;
        }
        let place = walked?;
        if how.create && place.slash && matches!(place.last, Last::Name(_)) {
            return Err(Errno::EISDIR);
        }
        place.named()?;
        let ino = match place.ino {
            Some(ino) => {
                self.may_open(task, &place, ino, how)?;
                if how.truncate {
                    self.cut(task, ino);
                }
                ino
            }
            None if how.create => self.create(task, &place, mode)?,
            None => return Err(Errno::ENOENT),
        };
        let file = OpenFile {
            append: how.append,
            non_blocking: how.non_blocking,
            ..OpenFile::new(What::Inode(ino), how.access)
        };
        if !how.no_ctty {
            self.take_terminal(task, &file);
        }
        self.install(task, file, how.close_on_exec)
    }

    /// Whether an existing file may be opened this way (`do_open` and
    /// `may_open` in fs/namei.c).
    fn may_open(&self, task: TaskName, place: &Place, ino: Ino, how: OpenHow) -> Result<()> {
        let creds = &self.process(task).creds;
        let inode = self.inode(ino);
        if how.create {
            if how.exclusive {
                return Err(Errno::EEXIST);
            }
            if inode.is_directory() {
                return Err(Errno::EISDIR);
            }
            self.may_create_over(creds, place, inode)?;
        }
        if (how.directory || place.slash) && !inode.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        if how.access == Access::Path {
            return Ok(());
        }
        let mut want = match how.access {
            Access::Read => Want::READ,
            Access::Write => Want::WRITE,
            Access::ReadWrite | Access::Path => Want::READ_WRITE,
        };
        if how.truncate {
            want = want.and(Want::WRITE);
        }
        match &inode.node {
            Node::Symlink(_) => return Err(Errno::ELOOP),
            Node::Directory { .. } if want != Want::READ => return Err(Errno::EISDIR),
            _ => {}
        }
        self.permit(creds, ino, want)?;
        match &inode.node {
            Node::Socket(_) => Err(Errno::ENXIO),
            Node::Device(device) => self.may_open_device(task, *device),
            _ => Ok(()),
        }
    }

    /// `fs.protected_regular`, `proc_sys_fs(5)` (`may_create_in_sticky` in
    /// fs/namei.c).
    fn may_create_over(&self, creds: &Creds, place: &Place, inode: &Inode) -> Result<()> {
        let dir = self.inode(place.dir);
        let level = self.rules.protected_regular;
        let regular = matches!(inode.node, Node::Regular(_));
        // What is no regular file is looked at whatever the level.
        let safe = regular && level == 0
            || dir.mode & 0o1000 == 0
            || inode.uid == dir.uid
            || inode.uid == creds.uid.effective
            || dir.mode & 0o002 == 0 && !(dir.mode & 0o020 != 0 && regular && level > 1);
        if safe { Ok(()) } else { Err(Errno::EACCES) }
    }

    fn create(&mut self, task: TaskName, place: &Place, mode: u32) -> Result<Ino> {
        let node = Node::Regular(Content::default());
        self.make(task, place, node, mode & 0o7777)
    }

    /// Whether a file could be made there. The place is empty.
    ///
    /// # Errors
    /// EACCES, EROFS.
    pub(super) fn may_make(&self, task: TaskName, place: &Place) -> Result<()> {
        if self.is_read_only(self.inode(place.dir)) {
            return Err(Errno::EROFS);
        }
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

    fn enter_name(&mut self, place: &Place, ino: Ino) {
        let name = name_of(place).clone();
        self.entries_mut(place.dir).insert(name, ino);
    }

    fn entries_mut(&mut self, dir: Ino) -> &mut std::collections::BTreeMap<OsString, Ino> {
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
            _ => Err(Errno::EEXIST),
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
            return Err(Errno::ENOENT);
        }
        // Whether the new name can be made comes before what it is to be of.
        if self.is_read_only(self.inode(place.dir)) {
            return Err(Errno::EROFS);
        }
        let creds = &self.process(task).creds;
        let inode = self.inode(ino);
        if inode.device != self.inode(place.dir).device {
            return Err(Errno::EXDEV);
        }
        if !self.may_link(creds, inode) {
            return Err(Errno::EPERM);
        }
        self.permit(creds, place.dir, Want::CHANGE)?;
        if inode.is_directory() {
            return Err(Errno::EPERM);
        }
        if inode.links == 0 {
            return Err(Errno::ENOENT);
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
            return Err(Errno::EISDIR);
        };
        if self.is_read_only(self.inode(place.dir)) {
            return Err(Errno::EROFS);
        }
        place.named()?;
        let ino = place.ino.ok_or(Errno::ENOENT)?;
        if place.slash {
            return Err(match self.inode(ino).is_directory() {
                true => Errno::EISDIR,
                false => Errno::ENOTDIR,
            });
        }
        self.may_delete(task, place.dir, ino)?;
        if self.inode(ino).is_directory() {
            return Err(Errno::EISDIR);
        }
        self.entries_mut(place.dir).remove(name_of(&place));
        self.inode_mut(ino).links -= 1;
        Ok(())
    }

    /// # Errors
    /// EACCES; EPERM in a sticky directory for what is another's.
    fn may_delete(&self, task: TaskName, dir: Ino, ino: Ino) -> Result<()> {
        let creds = &self.process(task).creds;
        self.permit(creds, dir, Want::CHANGE)?;
        let euid = creds.uid.effective;
        let parent = self.inode(dir);
        let sticky = parent.mode & 0o1000 != 0
            && self.inode(ino).uid != euid
            && parent.uid != euid
            && !creds.can(Capability::FOwner);
        if sticky { Err(Errno::EPERM) } else { Ok(()) }
    }

    pub(super) fn rename(
        &mut self,
        task: TaskName,
        dir: At,
        from: &Path,
        to: &Path,
        replace: Replace,
    ) -> Result<()> {
        can_be_passed(from).and(can_be_passed(to))?;
        let old = self.walk(task, dir, from, Final::Keep)?;
        let new = self.walk(task, dir, to, Final::Keep)?;
        if self.inode(old.dir).device != self.inode(new.dir).device {
            return Err(Errno::EXDEV);
        }
        if !matches!(old.last, Last::Name(_)) {
            return Err(Errno::EBUSY);
        }
        if !matches!(new.last, Last::Name(_)) {
            return Err(match replace {
                Replace::Yes => Errno::EBUSY,
                Replace::No => Errno::EEXIST,
            });
        }
        if self.is_read_only(self.inode(old.dir)) {
            return Err(Errno::EROFS);
        }
        old.named()?;
        let ino = old.ino.ok_or(Errno::ENOENT)?;
        new.named()?;
        if new.ino.is_some() && replace == Replace::No {
            return Err(Errno::EEXIST);
        }
        let moves_directory = self.inode(ino).is_directory();
        if !moves_directory && (old.slash || new.slash) {
            return Err(Errno::ENOTDIR);
        }
        if self.is_within(new.dir, ino) {
            return Err(Errno::EINVAL);
        }
        if let Some(target) = new.ino
            && self.is_within(old.dir, target)
        {
            return Err(Errno::ENOTEMPTY);
        }
        if new.ino == Some(ino) {
            return Ok(());
        }
        self.may_rename(task, &old, &new, ino)?;
        if let Some(target) = new.ino {
            self.replace(&new, target);
        }
        self.entries_mut(old.dir).remove(name_of(&old));
        self.enter_name(&new, ino);
        if moves_directory && old.dir != new.dir {
            self.inode_mut(old.dir).links -= 1;
            self.inode_mut(new.dir).links += 1;
            if let Node::Directory { parent, .. } = &mut self.inode_mut(ino).node {
                *parent = new.dir;
            }
        }
        Ok(())
    }

    fn may_rename(&self, task: TaskName, old: &Place, new: &Place, ino: Ino) -> Result<()> {
        let creds = &self.process(task).creds;
        let moves_directory = self.inode(ino).is_directory();
        self.may_delete(task, old.dir, ino)?;
        match new.ino {
            None => self.permit(creds, new.dir, Want::CHANGE)?,
            Some(target) => {
                self.may_delete(task, new.dir, target)?;
                match (moves_directory, self.inode(target).is_directory()) {
                    (true, false) => return Err(Errno::ENOTDIR),
                    (false, true) => return Err(Errno::EISDIR),
                    _ => {}
                }
            }
        }
        // Its `..` changes.
        if moves_directory && old.dir != new.dir {
            self.permit(creds, ino, Want::WRITE)?;
        }
        let full = |target: Ino| {
            self.inode(target)
                .entries()
                .is_some_and(|entries| !entries.is_empty())
        };
        match new.ino.is_some_and(full) {
            true => Err(Errno::ENOTEMPTY),
            false => Ok(()),
        }
    }

    /// Takes the name away from what a rename replaces.
    fn replace(&mut self, place: &Place, target: Ino) {
        let gone = if self.inode(target).is_directory() {
            self.inode_mut(place.dir).links -= 1;
            2
        } else {
            1
        };
        self.inode_mut(target).links -= gone;
    }

    /// Whether `dir` is `ancestor` or lies below it.
    fn is_within(&self, dir: Ino, ancestor: Ino) -> bool {
        let mut at = dir;
        loop {
            if at == ancestor {
                return true;
            }
            match &self.inode(at).node {
                Node::Directory { parent, .. } if at != ROOT => at = *parent,
                _ => return false,
            }
        }
    }

    pub(super) fn stat(
        &self,
        task: TaskName,
        dir: At,
        path: &Path,
        follow: Follow,
    ) -> Result<Stat> {
        let last = match follow {
            Follow::Yes => Final::Follow,
            Follow::No => Final::FollowBeforeSlash,
        };
        let ino = self.look_up(task, dir, path, last)?;
        Ok(self.inode(ino).stat(ino))
    }

    pub(super) fn chdir(&mut self, task: TaskName, path: &Path) -> Result<()> {
        let ino = self.look_up(task, At::Cwd, path, Final::Follow)?;
        if !self.inode(ino).is_directory() {
            return Err(Errno::ENOTDIR);
        }
        self.permit(&self.process(task).creds, ino, Want::EXEC)?;
        self.process_mut(task).cwd = ino;
        Ok(())
    }

    /// # Errors
    /// ENOENT for a directory that a rename has replaced.
    pub(super) fn getcwd(&self, task: TaskName) -> Result<PathBuf> {
        self.path_of(self.process(task).cwd).ok_or(Errno::ENOENT)
    }

    /// The path of a directory, if it still has one.
    pub fn path_of(&self, dir: Ino) -> Option<PathBuf> {
        let mut names = Vec::new();
        let mut at = dir;
        while at != ROOT {
            let Node::Directory { parent, .. } = &self.inode(at).node else {
                return None;
            };
            let siblings = self.inode(*parent).entries()?;
            let (name, _) = siblings.iter().find(|(_, ino)| **ino == at)?;
            names.push(name);
            at = *parent;
        }
        let mut path = PathBuf::from("/");
        path.extend(names.into_iter().rev());
        Some(path)
    }
}

fn name_of(place: &Place) -> &OsString {
    match &place.last {
        Last::Name(name) => name,
        Last::Dots => unreachable!("dots are refused before"),
    }
}
