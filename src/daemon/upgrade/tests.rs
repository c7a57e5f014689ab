//! Both sides, call by call.
//!
//! | file | topic |
//! |---|---|
//! | `script` | what both sides call |
//! | `asking` | the new instance asks for the sockets |
//! | `listening` | the old instance begins to listen |
//! | `serving` | the old instance gives its sockets away |

mod asking;
mod listening;
mod script;
mod serving;
