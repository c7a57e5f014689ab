//! Every way in which a wait ends, call by call.
//!
//! | file | topic |
//! |---|---|
//! | `script` | what a launcher calls, and what it is told |
//! | `ends` | ready, failed or dead: what ends the wait before its time |
//! | `pidfds` | ends that are seen through descriptors of processes |
//! | `limit` | past the limit |
//! | `trouble` | what makes no sense, and calls that fail while it waits |
//! | `sweep` | what a daemon that was killed left behind is swept away |
//! | `root` | root is kept for as long as it may be needed, and no longer |

mod ends;
mod limit;
mod pidfds;
mod root;
mod script;
mod sweep;
mod trouble;
