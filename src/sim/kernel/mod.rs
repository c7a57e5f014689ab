//! A kernel in miniature: what every call of [`Call`] does to a [`Machine`],
//! and the errno that Linux gives where it does not.
//!
//! A machine is plain data. It never waits and decides nothing: a call that
//! would wait is [`Machine::next_move`]'s `None`, and who goes next is asked
//! of whoever drives it. Sources are the manual pages and, where they are
//! silent, Linux 6. It is held against the real kernel by random programs that
//! run on both (`tests/sim_parity`).
//!
//! | file | topic |
//! |---|---|
//! | `machine` | the state as a whole, and the rules of a machine |
//! | `perform` | which function does which call |
//! | `refusal` | why a call fails: a reason for every errno |
//! | `waiting` | calls that wait, and what a task's next step is |
//! | `process`, `ending` | fork, sessions, PIDs; exit, orphans, zombies, wait |
//! | `signals`, `sending` | pending sets, masks, dispositions; kill, delivery |
//! | `credentials` | ids, groups, capabilities |
//! | `inode`, `resolve` | files: permission, and the way from a path to one |
//! | `open`, `names`, `rename`, `places`, `contents` | opening, names, what is at a path, what is in a file |
//! | `setting`, `seen` | what is there before the programs, and what is seen of them |
//! | `descriptors`, `pipes`, `sockets`, `messages`, `terminal` | what is open |
//!
//! [`Call`]: crate::sys::call::Call

mod contents;
mod credentials;
mod descriptors;
mod ending;
mod footprint;
mod ids;
mod inode;
mod machine;
mod messages;
mod names;
mod open;
mod perform;
mod pipes;
mod places;
mod process;
mod refusal;
mod rename;
mod resolve;
mod seen;
mod sending;
mod setting;
mod signals;
mod sockets;
mod terminal;
mod waiting;

pub use credentials::{ALL_CAPABILITIES, Capability, Creds, IdRules};
pub use descriptors::{Descriptor, OpenFile, What};
pub use footprint::Key;
pub use ids::{FileId, Ino, Lockable, PipeId, SocketId};
pub use inode::{Content, Device, Inode, Node};
pub use machine::{Machine, Rules};
pub use perform::Step;
pub use process::{Life, PidSpace, Process};
pub use refusal::Refusal;
pub use signals::Signals;
pub use terminal::Terminal;
pub use waiting::Move;
