//! Asking a run to stop, from wherever that comes: a signal, mostly.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use super::jobs::Message;

/// Whether a run is to stop. Every wait of a case looks at it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether the run is to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Says that it is.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

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
