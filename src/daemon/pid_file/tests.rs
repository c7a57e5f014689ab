//! Every call of taking and removing, failed in turn.
//!
//! | file | topic |
//! |---|---|
//! | `script` | what taking and removing a PID file calls |
//! | `taking` | a free name, or one that somebody dead has left |
//! | `others` | another who lives, or who starts at the same time |
//! | `upgrading` | the old instance's file gets a second name |
//! | `removing` | a clean stop |
//! | `before_fork` | what is seen before anything is made |

mod before_fork;
mod others;
mod removing;
mod script;
mod taking;
mod upgrading;
