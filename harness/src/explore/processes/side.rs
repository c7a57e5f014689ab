//! The thread that carries the scenario out, as the explorer sees it.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use super::link::{Link, Order, Said};
use super::processor::Stay;
use super::rested::Left;
use super::world::SteeredMaker;
use crate::case;
use crate::case::outcome::Verdict;
use crate::case::planned::Planned;
use crate::case::setting::Setting;
use crate::case::stop::Stop;
use crate::world::WorldError;
use crate::world::real::Host;
use crate::world::sim::Grain;

/// A thread with a sandbox's supervisor of its own. It ends with this.
#[derive(Debug)]
pub struct Side {
    to: Option<Sender<Order>>,
    from: Receiver<Said>,
    thread: Option<JoinHandle<()>>,
    /// Only one of the two runs at a time.
    _stay: Stay,
}

impl Side {
    /// Starts it; it waits for the first order.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub fn start(
        planned: Planned,
        setting: Setting,
        grain: Grain,
        stop: Stop,
    ) -> Result<Side, WorldError> {
        let stay = Stay::here();
        // It makes the next world while one is at work.
        let host = stay.elsewhere(Host::start)?;
        let (to, orders) = mpsc::channel();
        let (say, from) = mpsc::channel();
        let mut maker = SteeredMaker {
            host,
            link: Link {
                to: say,
                from: orders,
                dropped: false,
                did: String::new(),
            },
            grain,
            processor: stay.processor(),
            left: Left::default(),
        };
        let thread = thread::spawn(move || serve(&mut maker, &planned, &setting, &stop));
        Ok(Side {
            to: Some(to),
            from,
            thread: Some(thread),
            _stay: stay,
        })
    }

    /// Tells it what to do.
    pub fn say(&self, order: Order) {
        if let Some(to) = &self.to {
            // If nobody listens, nobody answers, and that is noticed.
            let _ = to.send(order);
        }
    }

    /// What it says next.
    ///
    /// # Errors
    /// If it is gone.
    pub fn hear(&self) -> Result<Said, WorldError> {
        self.from.recv().map_err(|_| gone())
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // It ends once nobody can tell it anything.
        self.to = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Carries the case out as often as it is asked to.
fn serve(maker: &mut SteeredMaker, planned: &Planned, setting: &Setting, stop: &Stop) {
    while let Ok(order) = maker.link.from.recv() {
        let Order::Start = order else { continue };
        maker.link.dropped = false;
        maker.link.did.clear();
        let mut outcome = Box::new(case::run(planned, setting, maker, stop, &mut |_| {}));
        if let Some(message) = maker.left.unseen.take() {
            outcome.0 = Verdict::Internal { message };
        }
        let did = std::mem::take(&mut maker.link.did);
        if maker.link.to.send(Said::Over { outcome, did }).is_err() {
            return;
        }
    }
}

fn gone() -> WorldError {
    WorldError {
        stage: "explore".to_owned(),
        errno: None,
        evidence: "the thread that carries the scenario out is gone".to_owned(),
        remedy: "report this as a bug of daemonlab".to_owned(),
    }
}
