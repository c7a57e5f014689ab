//! The real world: a sandbox of namespaces with an init of its own, on Linux
//! 5.15 and newer, as root or as an ordinary user.
//!
//! ```text
//! harness ──▶ supervisor ──▶ template ──▶ init ──▶ launcher ──▶ ...
//!  Host        the user       the tree     PID 1 of one world;
//!  RealWorld   namespace      of binds     everything below it is watched
//! ```
//!
//! The harness has threads and never forks: it executes itself again, and
//! [`helper_main`] takes over in the new process. Every process on the way ends
//! as soon as the one before it does.
//!
//! - [`helper`]: the hook on the first line of `main`;
//! - [`host`]: a supervisor, from the harness's side;
//! - [`reserved`]: which folders are the sandbox's own;
//! - [`world`]: a world, from the harness's side;
//! - [`probe`]: what this machine can do, stage by stage.

pub mod probe;

mod helper;
mod host;
mod reserved;
mod world;

pub use helper::helper_main;
pub use host::Host;
pub use reserved::bind_for;
pub use world::RealWorld;

/// Where the harness's own executable lies in every sandbox: the embedded
/// default target, if it is started under that target's name.
pub const EXECUTABLE: &str = "/daemonlab/labd";
