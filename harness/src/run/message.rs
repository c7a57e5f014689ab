//! What a run waits for.

use super::event::RunEvent;

/// What a run waits for.
#[derive(Debug)]
pub(super) enum Message {
    /// A job tells something.
    Event(RunEvent),
    /// The run is to stop, because of this.
    Stop(String),
    /// A job is over.
    JobEnded,
}
