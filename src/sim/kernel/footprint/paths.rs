//! Names in directories.

use std::path::Path;

use super::key::name_key;
use super::{Key, Trace};
use crate::sim::kernel::ids::Ino;
use crate::sim::kernel::inode::Node;
use crate::sim::kernel::resolve::{Final, Seen};
use crate::sys::records::{At, OpenHow};

impl Trace<'_> {
    pub(super) fn looks_up(&mut self, dir: At, path: &Path, last: Final) -> Option<Ino> {
        let out = &mut *self.out;
        let place = self
            .machine
            .walk_and(self.task, dir, path, last, &mut |seen| {
                match seen {
                    Seen::Entry(dir, name) => out.read(name_key(dir, name)),
                    Seen::Owner(ino) => out.read(Key::Owner(ino)),
                };
            })
            .ok()?;
        if let Some(ino) = place.ino {
            self.out.read(Key::Owner(ino));
        }
        place.ino
    }

    /// As `looks_up`, for a name that will be made or taken away.
    pub(super) fn changes_name(&mut self, dir: At, path: &Path, last: Final) -> Option<Ino> {
        let mut final_entry = None;
        let out = &mut *self.out;
        let place = self
            .machine
            .walk_and(self.task, dir, path, last, &mut |seen| {
                match seen {
                    Seen::Entry(dir, name) => {
                        let key = name_key(dir, name);
                        final_entry = Some(key);
                        out.read(key)
                    }
                    Seen::Owner(ino) => out.read(Key::Owner(ino)),
                };
            })
            .ok()?;
        if let Some(key) = final_entry {
            self.out.write(key);
        }
        self.out.read(Key::Owner(place.dir));
        if let Some(ino) = place.ino {
            self.out.read(Key::Owner(ino));
        }
        place.ino
    }

    pub(super) fn opens(&mut self, dir: At, path: &Path, how: OpenHow) {
        let last = match how.no_follow || how.create && how.exclusive {
            true => Final::Keep,
            false => Final::Follow,
        };
        let found = match how.create {
            true => self.changes_name(dir, path, last),
            false => self.looks_up(dir, path, last),
        };
        let Some(ino) = found else { return };
        if how.truncate {
            self.out.write(Key::Data(ino)).write(Key::Owner(ino));
        }
        if matches!(self.machine.inode(ino).node, Node::Device(_)) {
            match how.no_ctty {
                true => self.out.read(Key::Terminal),
                false => self.out.write(Key::Terminal),
            };
        }
    }
}
