//! The PID file: complete and locked from the moment its name shows it.
//!
//! The daemon's `flock(2)` on the open file decides who lives; the content is
//! for people and service managers. A file that nobody has locked is stale,
//! whatever it says, and is replaced.
//!
//! Everything happens in one directory, through a descriptor of it, and no
//! symbolic link is ever followed at the name: one that is there refuses the
//! start, as does anything else but a regular file.
//!
//! - [`place`]: the names, and who holds them;
//! - [`turn`]: the file `.NAME.starting`, which is both the PID file in the
//!   making and the lock that lets one start at a time touch the names;
//! - [`take`]: writing it and giving it its name;
//! - [`held`]: the file of a living daemon, and removing it;
//! - [`sweep`]: giving the names up, also for a daemon that died.
//!
//! Whoever can read the file can also lock it (flock(2) asks for no more), and
//! so hold up a start, but not make two instances run. A directory that only
//! the starter can write, such as `/run`, is the place for it.

mod held;
mod place;
mod sweep;
mod take;
mod turn;

pub(super) use held::PidFile;
pub use held::Removal;
pub(super) use place::{Place, parent};
pub(super) use take::Wanted;

#[cfg(test)]
mod tests;
