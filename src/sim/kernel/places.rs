//! What is at a path, and the working directory.

use std::path::{Path, PathBuf};

use super::Machine;
use super::ids::Ino;
use super::inode::{Node, ROOT, Want};
use super::refusal::{Refusal, Result};
use super::resolve::Final;
use crate::explore::TaskName;
use crate::sys::records::{At, Follow, Stat};

impl Machine {
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
            return Err(Refusal::ChdirNotADirectory);
        }
        self.permit(&self.process(task).creds, ino, Want::EXEC)?;
        self.process_mut(task).cwd = ino;
        Ok(())
    }

    /// # Errors
    /// ENOENT for a directory that a rename has replaced.
    pub(super) fn getcwd(&self, task: TaskName) -> Result<PathBuf> {
        self.path_of(self.process(task).cwd)
            .ok_or(Refusal::CwdRemoved)
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
