//! What a program draws at random, given so that it is the same in every
//! execution of one order. A schedule says who does what when; a program that
//! shuffles, or seeds its hashes and its scheduler, would follow another path
//! each time all the same.
//!
//! It has the bytes of `getrandom(2)`, those that a program is given at its
//! start (`AT_RANDOM`, `getauxval(3)`), and what it reads of `/dev/random` and
//! `/dev/urandom` (`random(4)`). Its addresses are the same as well, by
//! `ADDR_NO_RANDOMIZE` (`personality(2)`). What the processor draws is not
//! (`RDRAND`), nor what a program makes of the real time.

use std::collections::BTreeMap;

use daemonlab::explore::{Digest, TaskName};

use super::auxv::Auxv;
use super::call::TracedCall;
use super::decider::Who;
use super::memory;

/// The devices, as a descriptor shows them.
const DEVICES: [&str; 2] = ["/dev/random", "/dev/urandom"];

/// The flags that `getrandom(2)` knows, two of which exclude each other.
const FLAGS: u64 = (libc::GRND_NONBLOCK | libc::GRND_RANDOM | libc::GRND_INSECURE) as u64;
const EITHER: u64 = (libc::GRND_RANDOM | libc::GRND_INSECURE) as u64;

/// How many bytes a call gives at most (`random(4)`, "Usage").
const MOST: u64 = 32 * 1024 * 1024 - 1;

/// How many are written at once.
const PIECE: usize = 4096;

/// How much each task was given.
#[derive(Debug, Default)]
pub struct Chance {
    words: BTreeMap<TaskName, u64>,
}

impl Chance {
    /// Answers a call that asks for random bytes; nothing, if it does not, or
    /// the kernel has to say what is wrong with it.
    pub fn answer(&mut self, who: &Who, call: &TracedCall) -> Option<i64> {
        let [first, second, third, ..] = call.raw.args;
        let (address, count) = match call.raw.number {
            libc::SYS_getrandom if third & !FLAGS == 0 && third & EITHER != EITHER => {
                (first, second)
            }
            libc::SYS_read => {
                let object = call.files().object.as_deref();
                object.filter(|object| DEVICES.contains(object))?;
                (second, third)
            }
            _ => return None,
        };
        let count = count.min(MOST);
        let mut given = 0;
        while given < count {
            let piece = PIECE.min((count - given) as usize);
            let bytes = self.bytes(who.task, piece);
            if !memory::write(who.tid, address.wrapping_add(given), &bytes) {
                break;
            }
            given += piece as u64;
        }
        (given > 0 || count == 0).then_some(given as i64)
    }

    /// Gives a program that has just been executed the bytes that it begins with.
    pub fn executed(&mut self, who: &Who, auxv: &Auxv) {
        let bytes = self.bytes(who.task, 16);
        if let Some(first) = bytes.first_chunk() {
            auxv.set_random(*first);
        }
    }

    fn bytes(&mut self, task: TaskName, count: usize) -> Vec<u8> {
        let words = self.words.entry(task).or_default();
        let name = task.to_string();
        let mut bytes = Vec::with_capacity(count.next_multiple_of(8));
        while bytes.len() < count {
            *words += 1;
            bytes.extend(Digest::of((&name, *words)).to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_has_its_own_bytes_and_always_the_same() {
        let child = TaskName::ROOT.child(1).expect("it may have one");
        let drawn = |counts: [(TaskName, usize); 3]| {
            let mut chance = Chance::default();
            counts.map(|(task, count)| chance.bytes(task, count))
        };
        let [first, second, other] = drawn([(TaskName::ROOT, 9), (TaskName::ROOT, 9), (child, 9)]);
        assert_eq!([first.len(), second.len(), other.len()], [9; 3]);
        assert!(first != second && first != other && second != other);
        // The order among tasks is no matter.
        let [_, again, _] = drawn([(child, 30), (TaskName::ROOT, 9), (child, 1)]);
        assert_eq!(first, again);
    }
}
