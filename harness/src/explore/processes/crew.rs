//! The threads that explore for a search.
//!
//! The parts of a search know nothing of each other, so that several can be
//! explored at once. What comes of it does not depend on how many threads there
//! are, nor on which of them does what.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope};

use super::work::{Order, Told, Work};

/// The threads, as who leads them sees them. They end once this is gone.
pub(super) struct Crew {
    orders: Sender<Order>,
    told: Receiver<Told>,
}

impl Crew {
    /// Starts so many threads.
    pub(super) fn start<'s>(scope: &'s Scope<'s, '_>, work: &'s Work<'_>, threads: usize) -> Crew {
        let (orders, queue) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            let bell = Bell(tell.clone());
            scope.spawn(move || {
                let mut model = None;
                while let Some(order) = next(&queue) {
                    bell.ring(work.obey(&mut model, order));
                }
            });
        }
        Crew { orders, told }
    }

    /// Has something done, after what was ordered before.
    pub(super) fn order(&self, order: Order) {
        // If nobody takes it, nobody tells that it is done, and that is noticed.
        let _ = self.orders.send(order);
    }

    /// What was done next.
    pub(super) fn hear(&self) -> Told {
        self.told.recv().unwrap_or(Told::Gone)
    }
}

fn next(queue: &Mutex<Receiver<Order>>) -> Option<Order> {
    let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    queue.recv().ok()
}

/// Tells what was done, and that a thread has panicked.
struct Bell(Sender<Told>);

impl Bell {
    fn ring(&self, told: Told) {
        // Nobody may be listening any more.
        let _ = self.0.send(told);
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        if thread::panicking() {
            self.ring(Told::Gone);
        }
    }
}
