//! From a path to a file (`path_resolution(7)`), in the order in which Linux
//! looks at things, so that of two mistakes the same is reported.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Machine;
use super::credentials::Creds;
use super::ids::Ino;
use super::inode::{Node, ROOT, Want};
use super::refusal::{Refusal, Result};
use crate::explore::TaskName;
use crate::sys::records::At;

/// The longest name of a directory entry (`NAME_MAX`).
const LONGEST_NAME: usize = 255;
/// The longest path with its ending zero byte (`PATH_MAX`).
pub(super) const LONGEST_PATH: usize = 4096;
/// How many symbolic links are followed (`MAXSYMLINKS`).
const MOST_LINKS: u32 = 40;

/// Where a path has led: the directory, and the last name in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// The directory.
    pub dir: Ino,
    /// The last name.
    pub last: Last,
    /// Whether a slash follows it: it has to be a directory.
    pub slash: bool,
    /// What is there, the last link not followed unless that was asked for.
    pub ino: Option<Ino>,
}

impl Place {
    /// # Errors
    /// ENAMETOOLONG.
    pub fn named(&self) -> Result<()> {
        match &self.last {
            Last::Name(name) if name.len() > LONGEST_NAME => Err(Refusal::LastNameTooLong),
            _ => Ok(()),
        }
    }
}

/// The last part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Last {
    /// A name.
    Name(OsString),
    /// `.`, `..`, or `/` itself.
    Dots,
}

/// What becomes of a symbolic link at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Final {
    /// It is followed.
    Follow,
    /// It is followed where a slash says that it has to be a directory.
    FollowBeforeSlash,
    /// It is what was asked for, slash or none.
    Keep,
}

/// Something that a look-up has seen: what its answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Seen<'a> {
    /// This entry of this directory, or that there is none.
    Entry(Ino, &'a OsStr),
    /// Owner and mode of this directory or link.
    Owner(Ino),
}

/// Where a walk is.
struct Walk<'a> {
    machine: &'a Machine,
    creds: &'a Creds,
    at: Ino,
    links: u32,
    parts: VecDeque<OsString>,
    slash: bool,
    seen: &'a mut dyn FnMut(Seen<'_>),
}

impl Machine {
    /// Looks a path up; only its last part may be missing.
    pub(super) fn walk(&self, task: TaskName, dir: At, path: &Path, last: Final) -> Result<Place> {
        self.walk_and(task, dir, path, last, &mut |_| {})
    }

    /// The same, and says what it has seen.
    pub(super) fn walk_and(
        &self,
        task: TaskName,
        dir: At,
        path: &Path,
        last: Final,
        seen: &mut dyn FnMut(Seen<'_>),
    ) -> Result<Place> {
        can_be_passed(path)?;
        let bytes = path.as_os_str().as_bytes();
        if bytes.is_empty() {
            return Err(Refusal::PathEmpty);
        }
        if bytes.len() >= LONGEST_PATH {
            return Err(Refusal::PathTooLong);
        }
        let at = match dir {
            _ if bytes[0] == b'/' => ROOT,
            At::Cwd => self.process(task).cwd,
            At::Fd(fd) => self.directory_of(task, fd)?,
        };
        let mut walk = Walk {
            machine: self,
            creds: &self.process(task).creds,
            at,
            links: 0,
            parts: parts(bytes),
            slash: bytes.ends_with(b"/"),
            seen,
        };
        walk.walk_to_the_end(last)
    }

    /// The file at a path, its last link followed.
    pub(super) fn look_up(&self, task: TaskName, dir: At, path: &Path, last: Final) -> Result<Ino> {
        let place = self.walk(task, dir, path, last)?;
        let ino = place.ino.ok_or(Refusal::LookUpMissing)?;
        if place.slash && !self.inode(ino).is_directory() {
            return Err(Refusal::LookUpNotADirectory);
        }
        Ok(ino)
    }
}

impl Walk<'_> {
    fn walk_to_the_end(&mut self, last: Final) -> Result<Place> {
        loop {
            let Some(part) = self.parts.pop_front() else {
                // The root itself.
                return Ok(self.place(Last::Dots, Some(self.at)));
            };
            let is_last = self.parts.is_empty();
            let found = match self.step(&part, is_last && last == Final::Keep)? {
                Entry::Dots(ino) if is_last => return Ok(self.place(Last::Dots, Some(ino))),
                Entry::Dots(ino) => {
                    self.at = ino;
                    continue;
                }
                Entry::Found(ino) => Some(ino),
                Entry::Missing if is_last => None,
                Entry::Missing => return Err(Refusal::WayMissing),
            };
            let target = found.and_then(|ino| match &self.machine.inode(ino).node {
                Node::Symlink(target) => Some((ino, target)),
                _ => None,
            });
            let follow =
                !is_last || last == Final::Follow || last == Final::FollowBeforeSlash && self.slash;
            if let (Some((ino, target)), true) = (target, follow) {
                self.follow(ino, target, is_last)?;
                continue;
            }
            if is_last {
                return Ok(self.place(Last::Name(part), found));
            }
            self.at = found.expect("a part that is not the last was found");
            if !self.machine.inode(self.at).is_directory() {
                return Err(Refusal::WayNotADirectory);
            }
        }
    }

    fn place(&self, last: Last, ino: Option<Ino>) -> Place {
        Place {
            dir: self.at,
            last,
            slash: self.slash,
            ino,
        }
    }

    /// Looks at one entry of the directory that the walk is in.
    ///
    /// Of a path whose last name is kept, Linux looks at the directory first,
    /// of both paths of a rename even, and at the name later: whoever goes on
    /// asks [`Place::named`] whether it is one.
    fn step(&mut self, part: &OsStr, is_kept: bool) -> Result<Entry> {
        (self.seen)(Seen::Owner(self.at));
        let inode = self.machine.inode(self.at);
        let Node::Directory { entries, parent } = &inode.node else {
            unreachable!("a walk goes from directory to directory");
        };
        if !inode.allows(self.creds, Want::EXEC) {
            return Err(Refusal::WayNotSearchable);
        }
        match part.as_bytes() {
            b"." => return Ok(Entry::Dots(self.at)),
            b".." => return Ok(Entry::Dots(*parent)),
            name if name.len() > LONGEST_NAME && is_kept => return Ok(Entry::Missing),
            name if name.len() > LONGEST_NAME => return Err(Refusal::WayNameTooLong),
            _ => {}
        }
        (self.seen)(Seen::Entry(self.at, part));
        Ok(match entries.get(part) {
            Some(ino) => Entry::Found(*ino),
            None => Entry::Missing,
        })
    }

    fn follow(&mut self, link: Ino, target: &Path, is_last: bool) -> Result<()> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Refusal::TooManyLinks);
        }
        (self.seen)(Seen::Owner(link));
        if is_last && !self.may_follow(link) {
            return Err(Refusal::SymlinkProtected);
        }
        let bytes = target.as_os_str().as_bytes();
        if bytes.starts_with(b"/") {
            self.at = ROOT;
        }
        let mut new = parts(bytes);
        if is_last {
            self.slash |= bytes.ends_with(b"/");
        }
        new.append(&mut self.parts);
        self.parts = new;
        Ok(())
    }

    /// `fs.protected_symlinks`, `proc_sys_fs(5)`: in a directory that is
    /// sticky and that everybody can write to, only one's own links, and those
    /// of the directory's owner, are followed.
    fn may_follow(&self, link: Ino) -> bool {
        let dir = self.machine.inode(self.at);
        let owner = self.machine.inode(link).uid;
        !self.machine.rules.protected_symlinks
            || owner == self.creds.uid.effective
            || dir.mode & 0o1002 != 0o1002
            || dir.uid == owner
    }
}

/// # Errors
/// EINVAL for a zero byte. The kernel never sees such a path: the wrapper
/// refuses it.
pub(super) fn can_be_passed(path: &Path) -> Result<()> {
    match path.as_os_str().as_bytes().contains(&0) {
        true => Err(Refusal::PathHasZeroByte),
        false => Ok(()),
    }
}

enum Entry {
    Dots(Ino),
    Found(Ino),
    Missing,
}

fn parts(path: &[u8]) -> VecDeque<OsString> {
    path.split(|byte| *byte == b'/')
        .filter(|part| !part.is_empty())
        .map(|part| OsStr::from_bytes(part).to_owned())
        .collect()
}
