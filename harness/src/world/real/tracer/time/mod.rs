//! Virtual time: the clock of a world whose time passes only when nobody can
//! go on without.
//!
//! Clock reads are answered here, without the kernel. A timed wait is let in
//! without its timeout (a sleep as `pause(2)`), so that everything else that
//! ends it does so as ever. Once nothing runs, time jumps to the earliest
//! deadline, and the wait is interrupted and given the result that the kernel
//! would have given. What cannot be done so fails with ENOSYS rather than
//! wait for real.
//!
//! - `clock`: the time, who waits until when, and alarms;
//! - `wait`: which calls wait, how long, and what they give then;
//! - `read`: which calls ask for the time;
//! - `alarm`: the timers that end in SIGALRM;
//! - `descriptor`: the timers that are descriptors;
//! - `posix`: the timers that end in a signal of the program's choice;
//! - `deadline`: when such a timer ends, again and again;
//! - `quiet`: whether anything runs.

mod alarm;
mod clock;
mod deadline;
mod descriptor;
mod posix;
mod quiet;
mod read;
mod wait;

pub use clock::{Clock, Due, Entry};
pub use quiet::{stands, switches, used};

use std::collections::BTreeSet;
use std::time::Duration;

use crate::world::real::tracer::memory;
use crate::world::syscalls;

/// The numbers of the calls that it must see.
pub fn numbers() -> BTreeSet<i64> {
    let names = wait::NAMES.iter().chain(read::NAMES).chain(alarm::NAMES);
    let names = names.chain(descriptor::NAMES).chain(posix::NAMES);
    let names = names.chain(wait::REFUSED);
    names.filter_map(|name| syscalls::number(name)).collect()
}

/// Whether a call does nothing but tell the time.
pub fn tells(number: i64) -> bool {
    syscalls::name(number).is_some_and(|name| read::NAMES.contains(&name))
}

/// Whether a call of this name waits for some time, or sets a timer.
pub fn is_timed(name: &str) -> bool {
    let names = wait::NAMES.iter().chain(alarm::NAMES);
    let mut names = names.chain(descriptor::NAMES).chain(posix::NAMES);
    names.any(|known| *known == name)
}

/// A `struct timespec`; `None` if it is not there, or is none.
fn timespec(tid: i32, address: u64) -> Option<Duration> {
    let (seconds, nanos) = pair(tid, address)?;
    (nanos < 1_000_000_000).then(|| Duration::new(seconds, nanos as u32))
}

/// A `struct timeval`; `None` if it is not there, or is none.
fn timeval(tid: i32, address: u64) -> Option<Duration> {
    let (seconds, micros) = pair(tid, address)?;
    (micros < 1_000_000).then(|| Duration::new(seconds, micros as u32 * 1000))
}

fn pair(tid: i32, address: u64) -> Option<(u64, u64)> {
    let seconds = memory::word(tid, address)?;
    let seconds = i64::try_from(seconds).ok()?.try_into().ok()?;
    Some((seconds, memory::word(tid, address.wrapping_add(8))?))
}

/// The same as bytes, in memory's form.
fn as_timespec(time: Duration) -> [u8; 16] {
    two(time.as_secs(), time.subsec_nanos())
}

fn as_timeval(time: Duration) -> [u8; 16] {
    two(time.as_secs(), time.subsec_micros())
}

fn two(first: u64, second: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&first.to_ne_bytes());
    bytes[8..].copy_from_slice(&u64::from(second).to_ne_bytes());
    bytes
}
