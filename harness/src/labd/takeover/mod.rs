//! An upgrade: one instance takes the listening sockets of another.
//!
//! The running instance listens on `upgrade_sock`. The new one connects and
//! asks; it gets the socket that it asked on and the listening ones, by their
//! addresses, in one message (SCM_RIGHTS of `unix(7)`). Both then hold the very
//! same sockets, so that no connection is refused whichever of them accepts or
//! goes first. Once the new one is ready it says so on the same connection; if
//! it ends before that, the old one goes on as if it had never been asked.
//!
//! Each side looks at who the other is (SO_PEERCRED): in a directory where
//! everybody may write, a stranger could wait at that path, or ask.

mod ask;
mod offer;
mod words;

pub use ask::{Estate, ask};
pub use offer::Offer;

#[cfg(test)]
mod tests;
