//! The threads that explore for a search.
//!
//! The parts of a search know nothing of each other, so that several can be
//! explored at once. What comes of it does not depend on how many threads there
//! are, nor on which of them does what.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

use super::work::{Order, Told, Work};
use crate::world::{WorldError, panicked};

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
            let tell = tell.clone();
            scope.spawn(move || {
                let mut model = None;
                while let Some(order) = next(&queue) {
                    let obey = AssertUnwindSafe(|| work.obey(&mut model, order));
                    let told =
                        catch_unwind(obey).unwrap_or_else(|panic| Told::Failed(bug(&*panic)));
                    // Nobody may be listening any more.
                    let _ = tell.send(told);
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
    ///
    /// # Panics
    /// If nobody is left to do anything, which cannot be: they wait for orders as
    /// long as this is there.
    pub(super) fn hear(&self) -> Told {
        self.told.recv().expect("the threads are there")
    }
}

fn next(queue: &Mutex<Receiver<Order>>) -> Option<Order> {
    let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    queue.recv().ok()
}

fn bug(panic: &(dyn Any + Send)) -> WorldError {
    WorldError {
        stage: "explore".to_owned(),
        errno: None,
        evidence: format!("the harness panicked: {}", panicked::message(panic)),
        remedy: "report this as a bug of daemonlab".to_owned(),
    }
}
