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
//! On the harness's side:
//! - `host`: a supervisor; `warm`: its templates;
//! - `world`: a world; `ending`: its end; `left`: what it leaves to the next one; `heard`: what comes of asking its init; `keep`: its evidence, in a folder;
//! - [`probe`]: what this machine can do, stage by stage; [`diagnosis`]: what a failure means;
//! - `reserved`: which folders are the sandbox's own; `binds`: what is bound in for a file;
//! - `helper`: the hook on the first line of `main`; `names`: by which it knows a helper.
//!
//! On the other:
//! - `supervisor`, `template`, `init`: the helpers;
//! - `network`: the namespaces that a template makes for an init;
//! - [`tracer`]: system calls that are seen, held and failed;
//! - `proc`: facts out of `/proc`.
//!
//! On both:
//! - `wire`: how they talk;
//! - `kernel`: system calls that nobody else wraps;
//! - `ids`: which ids a sandbox has;
//! - [`stage`]: the stages on the way into a sandbox; `failure`: why one could not be made.

pub mod diagnosis;
pub mod probe;
pub mod stage;
pub mod tracer;

mod binds;
mod ending;
mod failure;
mod heard;
mod helper;
mod host;
mod ids;
mod init;
mod keep;
mod kernel;
mod left;
mod names;
mod network;
mod proc;
mod reserved;
mod supervisor;
mod template;
mod warm;
mod wire;
mod world;

pub use binds::{bind_for, bound, folders};
pub(crate) use ending::Ending;
pub use helper::helper_main;
pub use host::Host;
pub use reserved::is_own;
pub use world::RealWorld;

/// Where the harness's own executable lies in every sandbox: the embedded
/// default target, if it is started under that target's name.
pub const EXECUTABLE: &str = "/daemonlab/labd";
