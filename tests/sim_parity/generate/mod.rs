//! Random programs.
//!
//! Every kind of call has its share, and so has every kind of mistake: a
//! closed descriptor, a missing file, another's file, a process that is not
//! there.
//!
//! | file | topic |
//! |---|---|
//! | `programs` | programs: turns of processes that come and go |
//! | `relatives` | what a parent does with its child |
//! | `connections` | what servers and clients do |
//! | `idioms` | what programs do to get anywhere |
//! | `calls` | single calls of every kind |
//! | `signals` | signals |
//! | `paths` | paths, and calls that take them |
//! | `opened` | descriptors, and calls on what is open |
//! | `sockets` | sockets |
//! | `credentials` | ids, groups and capabilities |
//! | `symbols` | processes and descriptors, by what stands for them |

mod calls;
mod connections;
mod credentials;
mod idioms;
mod opened;
mod paths;
mod programs;
mod relatives;
mod signals;
mod sockets;
mod symbols;

pub use programs::programs;
