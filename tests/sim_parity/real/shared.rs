//! The board in memory that all processes of a program share: no descriptor
//! and no signal of theirs is spent on taking turns.

use std::cell::UnsafeCell;
use std::num::NonZeroUsize;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use crate::interpret::Board;
use crate::program::MOST_PROCESSES;

/// The longest text that an answer becomes.
const LONGEST_TEXT: usize = 8192;

/// What one process and the conductor tell each other.
#[repr(C)]
struct Desk {
    /// How many turns the process was given.
    given: AtomicU32,
    /// How many calls it has begun.
    begun: AtomicU32,
    /// How many have returned.
    done: AtomicU32,
    /// The length of the last answer.
    length: AtomicU32,
    text: UnsafeCell<[u8; LONGEST_TEXT]>,
}

#[repr(C)]
struct Desks {
    /// Counts the answers, for the conductor to wait on.
    bell: AtomicU32,
    desks: [Desk; MOST_PROCESSES],
}

/// The shared board.
pub struct Shared(NonNull<Desks>);

impl Shared {
    pub fn new() -> Shared {
        let size = NonZeroUsize::new(size_of::<Desks>()).expect("it has a size");
        let (protection, flags) = (
            ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
            MapFlags::MAP_SHARED,
        );
        // SAFETY: a new anonymous mapping at an address of the kernel's choice.
        let memory = unsafe { mmap_anonymous(None, size, protection, flags) };
        // All zero, which is a valid `Desks`.
        Shared(memory.expect("memory for the board").cast())
    }

    fn desks(&self) -> &Desks {
        // SAFETY: mapped from `new` until `drop`; all of it is atomic but the
        // texts, which are written before `done` and read after it.
        unsafe { self.0.as_ref() }
    }

    /// Forgets everything; no process may be left.
    pub fn clear(&self) {
        for desk in &self.desks().desks {
            for number in [&desk.given, &desk.begun, &desk.done, &desk.length] {
                number.store(0, Ordering::SeqCst);
            }
        }
    }

    pub fn give_turn(&self, process: usize) {
        let given = &self.desks().desks[process].given;
        given.fetch_add(1, Ordering::SeqCst);
        wake(given);
    }

    pub fn begun(&self, process: usize) -> usize {
        self.desks().desks[process].begun.load(Ordering::SeqCst) as usize
    }

    pub fn done(&self, process: usize) -> usize {
        self.desks().desks[process].done.load(Ordering::SeqCst) as usize
    }

    /// The answer of the last call that has returned.
    pub fn text(&self, process: usize) -> String {
        let desk = &self.desks().desks[process];
        let length = desk.length.load(Ordering::SeqCst) as usize;
        // SAFETY: the process has written it before it counted `done`, and
        // writes no other before it is given another turn.
        let text = unsafe { &(&*desk.text.get())[..length] };
        String::from_utf8_lossy(text).into_owned()
    }

    /// How many answers there have been.
    pub fn rung(&self) -> u32 {
        self.desks().bell.load(Ordering::SeqCst)
    }

    /// Waits for another answer than the first `rung`, for so long at most.
    pub fn listen(&self, rung: u32, limit: Duration) {
        wait(&self.desks().bell, rung, Some(limit));
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: mapped by `new`, and no reference outlives this.
        let _ = unsafe { munmap(self.0.cast(), size_of::<Desks>()) };
    }
}

impl Board for Shared {
    fn take_turn(&self, process: usize, index: usize) {
        let desk = &self.desks().desks[process];
        loop {
            let given = desk.given.load(Ordering::SeqCst);
            if given as usize > index {
                break;
            }
            wait(&desk.given, given, None);
        }
        desk.begun.store(index as u32 + 1, Ordering::SeqCst);
    }

    fn tell(&self, process: usize, index: usize, text: String) {
        let desk = &self.desks().desks[process];
        let length = text.len().min(LONGEST_TEXT);
        // SAFETY: nobody reads it before `done` is counted.
        unsafe { (&mut *desk.text.get())[..length].copy_from_slice(&text.as_bytes()[..length]) };
        desk.length.store(length as u32, Ordering::SeqCst);
        desk.done.store(index as u32 + 1, Ordering::SeqCst);
        let bell = &self.desks().bell;
        bell.fetch_add(1, Ordering::SeqCst);
        wake(bell);
    }
}

/// `FUTEX_WAIT`: until it is woken, or `word` is not `seen`, or a handler runs.
fn wait(word: &AtomicU32, seen: u32, limit: Option<Duration>) {
    let limit = limit.map(|limit| libc::timespec {
        tv_sec: limit.as_secs() as libc::time_t,
        tv_nsec: limit.subsec_nanos().into(),
    });
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the word is an aligned integer that lives on, and the time is a
    // local or null, which waits for ever.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT,
            seen,
            limit,
        )
    };
}

fn wake(word: &AtomicU32) {
    // SAFETY: the word is an aligned integer that lives on.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
}
