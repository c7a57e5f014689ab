//! All three processes of a start, call by call.
//!
//! | file | topic |
//! |---|---|
//! | `script` | what every start calls, and its settings |
//! | `launcher` | what the launcher does, up to the wait |
//! | `intermediate` | what the intermediate does, and where its failures go |
//! | `daemon` | what the daemon does until it is ready |
//! | `foreground` | where nobody waits |

mod daemon;
mod foreground;
mod intermediate;
mod launcher;
mod script;
