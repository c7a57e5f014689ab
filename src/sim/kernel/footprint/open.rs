//! What is open, and locked.

use std::collections::BTreeMap;
use std::iter;

use super::{Key, Trace};
use crate::explore::TaskName;
use crate::sim::kernel::descriptors::What;
use crate::sim::kernel::ids::{FileId, Lockable};
use crate::sys::records::Lock;

impl Trace<'_> {
    /// One descriptor of `id` less.
    pub(super) fn closes(&mut self, id: FileId) {
        match self.machine.files[&id].what {
            What::PipeOut(_) | What::PipeIn(_) => {
                self.out.write(Key::Holder(id, self.task));
            }
            What::Inode(_) => {
                self.out
                    .write(Key::Holder(id, self.task))
                    .read(Key::File(id));
            }
            What::Socket(socket) => self.touches_socket(socket),
            What::Process(_) | What::Signals(_) => {}
        }
    }

    pub(super) fn closes_fd(&mut self, fd: i32) {
        if let Ok(id) = self.machine.file_id(self.task, fd) {
            self.closes(id);
        }
    }

    /// Whether `id` is open anywhere, asked of a witness if there is one.
    pub(super) fn asks_whether_open(&mut self, id: FileId) {
        let file = &self.machine.files[&id];
        if file.in_flight > 0 {
            return self.unknown();
        }
        match witness(&file.holders) {
            Some(holder) => {
                self.out.read(Key::Holder(id, holder));
            }
            None => {
                for holder in file.holders.keys() {
                    self.out.read(Key::Holder(id, *holder));
                }
            }
        }
    }

    pub(super) fn locks(&mut self, fd: i32, lock: Lock) {
        let (machine, task) = (self.machine, self.task);
        let Ok(id) = machine.file_id(task, fd) else {
            return;
        };
        let Some(on) = Lockable::of(machine.files[&id].what) else {
            return;
        };
        self.out.write(Key::Lock(on)).write(Key::File(id));
        if lock == Lock::Unlock {
            return;
        }
        if let Some(other) = machine.competing(on, id, lock).next() {
            return self.asks_whether_open(other);
        }
        let Some(locks) = machine.locks.get(&on) else {
            return;
        };
        for other in locks.keys().filter(|other| **other != id) {
            self.asks_whether_open(*other);
        }
    }
}

/// Who is asked whether a description is open: the first holder, but rather
/// its first descendant that holds it, and so on. A child often holds what its
/// parent is about to close. Whoever closes or forks without being the witness
/// does not change who that is: the children of a process are named in order.
fn witness(holders: &BTreeMap<TaskName, u32>) -> Option<TaskName> {
    let mut holding = holders
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(holder, _)| *holder);
    let mut witness = holding.next()?;
    for next in holding {
        if !is_descendant(next, witness) {
            break;
        }
        witness = next;
    }
    Some(witness)
}

fn is_descendant(task: TaskName, of: TaskName) -> bool {
    iter::successors(task.parent(), |above| above.parent()).any(|above| above == of)
}
