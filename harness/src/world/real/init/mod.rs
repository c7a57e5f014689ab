//! The init of a world: PID 1 of its namespace, with one thread. It makes the
//! world's root, starts programs, reaps, keeps what they write, traces
//! them where it is asked to, and tells the facts. It ends, and everything with it, as
//! soon as the harness or its template is gone.
//!
//! - [`root`]: the world's root and mounts;
//! - [`etc`]: its users, groups and host name;
//! - [`serve`]: the loop that everything happens in;
//! - [`requests`]: what the harness asks, one method each;
//! - [`launch`]: starting a program: the side of init;
//! - [`opened`]: what init opens for the child, and the child's making;
//! - [`plan`]: what the child is to do up to its exec;
//! - [`child`]: the child, which does that;
//! - [`program`]: the program that the child becomes;
//! - [`report`]: what it tells init on its way;
//! - [`shell`]: the stand-in for a shell that holds a terminal;
//! - [`exec_error`]: why a program does not start;
//! - [`output`]: what programs write, bounded;
//! - [`events`]: what has happened and was not yet told;
//! - [`files`]: making files and telling about them;
//! - [`connect`]: talking to a server as a client;
//! - [`keep`]: gathering the files that are evidence;
//! - [`place`]: the processor that it stays on;
//! - [`trials`]: what only a probe asks for.

mod child;
mod connect;
mod etc;
mod events;
mod exec_error;
mod files;
mod keep;
mod launch;
mod opened;
mod output;
mod place;
mod plan;
mod program;
mod report;
mod requests;
mod root;
mod serve;
mod shell;
mod trials;

pub use serve::run;
