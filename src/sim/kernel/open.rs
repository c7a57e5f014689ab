//! open(2): what may be opened, and how.

use std::os::fd::RawFd;
use std::path::Path;

use super::Machine;
use super::credentials::Creds;
use super::descriptors::{OpenFile, What};
use super::ids::Ino;
use super::inode::{Content, Inode, Node, Want};
use super::refusal::{Refusal, Result};
use super::resolve::{Final, LONGEST_PATH, Last, Place, can_be_passed};
use crate::explore::TaskName;
use crate::sys::records::{Access, At, OpenHow};

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
            return Err(Refusal::CreateDirectory);
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
            return Err(Refusal::CreateWithSlash);
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
            None => return Err(Refusal::OpenMissing),
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
                return Err(Refusal::ExclusiveExists);
            }
            if inode.is_directory() {
                return Err(Refusal::CreateOverDirectory);
            }
            self.may_create_over(creds, place, inode)?;
        }
        if (how.directory || place.slash) && !inode.is_directory() {
            return Err(Refusal::OpenNotADirectory);
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
            Node::Symlink(_) => return Err(Refusal::OpenSymlink),
            Node::Directory { .. } if want != Want::READ => return Err(Refusal::WriteDirectory),
            _ => {}
        }
        self.permit(creds, ino, want)?;
        match &inode.node {
            Node::Socket(_) => Err(Refusal::OpenSocket),
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
        if safe {
            Ok(())
        } else {
            Err(Refusal::StickyProtected)
        }
    }

    fn create(&mut self, task: TaskName, place: &Place, mode: u32) -> Result<Ino> {
        let node = Node::Regular(Content::default());
        self.make(task, place, node, mode & 0o7777)
    }
}
