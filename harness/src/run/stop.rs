//! Asking a run to stop, from wherever that comes: a signal, mostly.

use std::sync::mpsc::Sender;

use crate::case::stop::Stop;

use super::message::Message;

/// Stops a run from another thread.
#[derive(Clone, Debug)]
pub struct Stopper {
    pub(super) stop: Stop,
    pub(super) to: Sender<Message>,
}

impl Stopper {
    /// Asks the run to stop. `signal` is what its report names as the cause.
    pub fn stop(&self, signal: impl Into<String>) {
        self.stop.set();
        // The run may be over; then there is nothing to stop.
        let _ = self.to.send(Message::Stop(signal.into()));
    }
}
