//! The scenario's side, as the explorer sees it: a coroutine, since only one of
//! the two runs at a time.

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::link::{Link, Order, Said};
use super::processor::Stay;
use super::rested::Left;
use super::world::SteeredMaker;
use crate::run::case;
use crate::run::plan::{Planned, Setting};
use crate::run::stop::Stop;
use crate::world::WorldError;
use crate::world::real::Host;
use crate::world::sim::Grain;

/// How much stack the runner gets, in bytes: as much as a thread.
const STACK: usize = 2 << 20;

/// What carries the scenario out, with a sandbox's supervisor of its own. It
/// ends with this.
pub struct Side {
    scenario: Coroutine<Order, Said, ()>,
    /// What it has said, until that is heard.
    said: Option<Said>,
    _stay: Stay,
}

impl Side {
    /// Prepares it; it waits for the first order.
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
        let processor = stay.processor();
        let stack = DefaultStack::new(STACK).map_err(no_stack)?;
        let scenario = Coroutine::with_stack(stack, move |yielder, first| {
            let mut maker = SteeredMaker {
                host,
                link: Link::new(yielder),
                grain,
                processor,
                left: Left::default(),
            };
            serve(&mut maker, yielder, first, &planned, &setting, &stop);
        });
        Ok(Side {
            scenario,
            said: None,
            _stay: stay,
        })
    }

    /// Tells it what to do, and lets it do that.
    pub fn say(&mut self, order: Order) {
        self.said = None;
        if self.scenario.done() {
            return;
        }
        if let CoroutineResult::Yield(said) = self.scenario.resume(order) {
            self.said = Some(said);
        }
    }

    /// What it has said to that.
    ///
    /// # Errors
    /// If it has ended.
    pub fn hear(&mut self) -> Result<Said, WorldError> {
        self.said.take().ok_or_else(gone)
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // An execution is dropped first, wherever it is.
        while self.scenario.started() && !self.scenario.done() {
            let order = match self.said.take() {
                Some(Said::Stands { .. }) => Order::Drop,
                _ => Order::End,
            };
            self.say(order);
        }
    }
}

impl std::fmt::Debug for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("Side");
        fields.field("said", &self.said).finish_non_exhaustive()
    }
}

/// Carries the case out as often as it is asked to.
fn serve(
    maker: &mut SteeredMaker<'_>,
    yielder: &Yielder<Order, Said>,
    first: Order,
    planned: &Planned,
    setting: &Setting,
    stop: &Stop,
) {
    let mut order = first;
    while let Order::Start = order {
        maker.link.dropped = false;
        maker.link.did.clear();
        let outcome = Box::new(case::run(planned, setting, maker, stop, &mut |_| {}));
        let did = std::mem::take(&mut maker.link.did);
        order = yielder.suspend(Said::Over { outcome, did });
    }
}

fn no_stack(why: std::io::Error) -> WorldError {
    WorldError {
        stage: "explore: make a stack for the scenario".to_owned(),
        errno: None,
        evidence: why.to_string(),
        remedy: "give it 2 MiB more memory".to_owned(),
    }
}

fn gone() -> WorldError {
    WorldError {
        stage: "explore".to_owned(),
        errno: None,
        evidence: "what carries the scenario out has ended".to_owned(),
        remedy: "report this as a bug of daemonlab".to_owned(),
    }
}
