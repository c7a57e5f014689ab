//! Every reason for which the kernel refuses a call, reached by a program of
//! its own: in the simulation, where the reason itself is seen, and on the real
//! kernel, which has to give the same errno after the same calls.
//!
//! | file | topic |
//! |---|---|
//! | `case` | one program and what it is to meet |
//! | `trials` | a test for each, in both worlds |
//! | `calls` | short forms of calls |
//! | the others | the programs, by what is refused |

mod calls;
mod case;
mod credentials;
mod descriptors;
mod messages;
mod names;
mod open;
mod opened;
mod paths;
mod processes;
mod signals;
mod sockets;
mod terminal;
mod trials;

pub use trials::{in_the_simulation, on_the_kernel, run_inside};

use case::Case;

/// Every case.
pub fn all() -> Vec<Case> {
    [
        paths::cases(),
        open::cases(),
        names::cases(),
        descriptors::cases(),
        opened::cases(),
        processes::cases(),
        signals::cases(),
        credentials::cases(),
        sockets::cases(),
        messages::cases(),
        terminal::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
