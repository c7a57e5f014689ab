//! rename(2), in the order in which Linux looks at things
//! (`do_renameat2` and `vfs_rename` in fs/namei.c).

use std::path::Path;

use super::Machine;
use super::ids::Ino;
use super::inode::{Node, ROOT, Want};
use super::names::name_of;
use super::refusal::{Refusal, Result};
use super::resolve::{Final, Last, Place, can_be_passed};
use crate::explore::TaskName;
use crate::sys::records::{At, Replace};

impl Machine {
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
            return Err(Refusal::RenameAcrossDevices);
        }
        if !matches!(old.last, Last::Name(_)) {
            return Err(Refusal::RenameOfDots);
        }
        if !matches!(new.last, Last::Name(_)) {
            return Err(match replace {
                Replace::Yes => Refusal::RenameToDots,
                Replace::No => Refusal::RenameToDotsNoReplace,
            });
        }
        if self.is_read_only(self.inode(old.dir)) {
            return Err(Refusal::RenameReadOnly);
        }
        old.named()?;
        let ino = old.ino.ok_or(Refusal::RenameMissing)?;
        new.named()?;
        if new.ino.is_some() && replace == Replace::No {
            return Err(Refusal::RenameNoReplace);
        }
        let moves_directory = self.inode(ino).is_directory();
        if !moves_directory && (old.slash || new.slash) {
            return Err(Refusal::RenameFileWithSlash);
        }
        if self.is_within(new.dir, ino) {
            return Err(Refusal::RenameIntoItself);
        }
        if let Some(target) = new.ino
            && self.is_within(old.dir, target)
        {
            return Err(Refusal::RenameOntoAncestor);
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
                    (true, false) => return Err(Refusal::RenameDirectoryOntoFile),
                    (false, true) => return Err(Refusal::RenameFileOntoDirectory),
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
            true => Err(Refusal::RenameOntoFullDirectory),
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
}
