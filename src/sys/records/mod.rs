//! The plain data that calls take and give, by topic.

mod credentials;
mod files;
mod process;
mod signals;
mod sockets;
mod waiting;

pub use credentials::{Capabilities, Ids};
pub use files::{Access, At, FileKind, Follow, Lock, OpenHow, Replace, Stat};
pub use process::{Ended, WaitFor, WaitMode, Waited};
pub use signals::{Disposition, KillTarget, MaskHow, SignalInfo};
pub use sockets::{Message, Peer, SocketKind, UnixAddr};
pub use waiting::{PollEvents, PollFd};
