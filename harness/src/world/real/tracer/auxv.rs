//! What the kernel tells a program that it has just executed
//! (`getauxval(3)`).

use crate::world::real::tracer::memory;

const END: u64 = 0;
const IGNORE: u64 = 1;
const RANDOM: u64 = 25;
const SYSINFO_EHDR: u64 = 33;

/// More words than a stack that has just been made holds before its end.
const MOST: u64 = 1 << 20;

/// How many words are read at once.
const PIECE: usize = 512;

/// The entries of the auxiliary vector.
#[derive(Debug)]
pub struct Auxv {
    tid: i32,
    /// Where each lies, its type, and its value.
    entries: Vec<(u64, u64, u64)>,
}

impl Auxv {
    /// That of a thread that has just executed a program, whose stack begins at
    /// `stack`: the count of arguments, arguments, environment, vector.
    pub fn read(tid: i32, stack: u64) -> Option<Auxv> {
        let mut words = Words {
            tid,
            next: stack,
            read: Vec::new().into_iter(),
        };
        let arguments = words.next()?;
        for _ in 0..arguments.checked_add(1).filter(|count| *count < MOST)? {
            words.next()?;
        }
        while words.next()? != 0 {}
        let mut entries = Vec::new();
        loop {
            let at = words.next;
            match (words.next()?, words.next()?) {
                (END, _) => return Some(Auxv { tid, entries }),
                (kind, value) => entries.push((at, kind, value)),
            }
        }
    }

    /// Hides the vDSO (`vdso(7)`), which gives the time, and random bytes,
    /// without a call: a program that is not told where it lies makes calls
    /// instead.
    pub fn hide_vdso(&self) {
        if let Some((at, _)) = self.entry(SYSINFO_EHDR) {
            memory::write(self.tid, at, &IGNORE.to_ne_bytes());
        }
    }

    /// Gives it these as the bytes by which programs and their libraries begin
    /// what is to be different each time.
    pub fn set_random(&self, bytes: [u8; 16]) {
        if let Some((_, address)) = self.entry(RANDOM) {
            memory::write(self.tid, address, &bytes);
        }
    }

    fn entry(&self, wanted: u64) -> Option<(u64, u64)> {
        let mut entries = self.entries.iter();
        let (at, _, value) = entries.find(|(_, kind, _)| *kind == wanted)?;
        Some((*at, *value))
    }
}

/// The words from a place on, read by the page.
struct Words {
    tid: i32,
    /// Where the next one lies.
    next: u64,
    read: std::vec::IntoIter<u64>,
}

impl Iterator for Words {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if self.read.len() == 0 {
            let bytes = memory::prefix(self.tid, self.next, PIECE * 8);
            let words: Vec<u64> = bytes
                .as_chunks()
                .0
                .iter()
                .map(|word| u64::from_ne_bytes(*word))
                .collect();
            self.read = words.into_iter();
        }
        let word = self.read.next()?;
        self.next = self.next.wrapping_add(8);
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    fn read(stack: &mut [u64]) -> Option<Auxv> {
        Auxv::read(
            std::process::id() as i32,
            black_box(stack.as_mut_ptr()) as u64,
        )
    }

    #[test]
    fn it_follows_arguments_and_environment() {
        let mut random = [0u8; 16];
        let at = random.as_mut_ptr() as u64;
        let mut stack = vec![2, 8, 8, 0];
        stack.extend([8; 2 * PIECE]);
        stack.extend([0, SYSINFO_EHDR, 4096, RANDOM, at, END, 0]);
        let auxv = read(&mut stack).expect("there is one");
        assert_eq!(auxv.entry(SYSINFO_EHDR).map(|(_, value)| value), Some(4096));
        assert_eq!(auxv.entry(7), None);
        auxv.set_random(*b"always the same!");
        assert_eq!(black_box(&random), b"always the same!");
        auxv.hide_vdso();
        let auxv = read(&mut stack).expect("there is one");
        assert_eq!(auxv.entry(SYSINFO_EHDR), None);
        assert_eq!(auxv.entry(IGNORE).map(|(_, value)| value), Some(4096));
    }

    #[test]
    fn what_is_no_stack_has_none() {
        assert!(Auxv::read(std::process::id() as i32, 8).is_none());
        assert!(read(&mut [u64::MAX, 0, 0]).is_none());
    }
}
