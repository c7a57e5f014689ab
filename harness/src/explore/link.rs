//! What the explorer and what carries the scenario out say to each other. Only
//! one of them runs at a time.

use std::fmt;

use corosensei::Yielder;

use crate::run::case::Outcome;
use crate::world::WorldError;
use crate::world::steered::{LetGo, StandingTask};

/// What the explorer says.
#[derive(Debug)]
pub enum Order {
    /// Carry the scenario out from the start.
    Start,
    /// Let this task go.
    Go(String, LetGo),
    /// Drop this execution.
    Drop,
    /// There is no further execution.
    End,
}

/// A task, and what it has ahead in the words of both worlds, if both have it.
#[derive(Debug)]
pub struct Offered {
    /// The task.
    pub task: StandingTask,
    /// See [`common`](crate::world::common).
    pub common: Option<String>,
}

/// What the scenario's side says.
#[derive(Debug)]
pub enum Said {
    /// Nothing goes on until somebody is let go.
    Stands {
        /// Everybody.
        tasks: Vec<Offered>,
        /// What the last one who was let go has done.
        did: String,
    },
    /// The scenario is over.
    Over {
        /// How it ended.
        outcome: Box<Outcome>,
        /// What the last one who was let go has done.
        did: String,
    },
}

/// The scenario's end of the line.
pub struct Link<'a> {
    yielder: &'a Yielder<Order, Said>,
    /// Whether the execution at hand is to be dropped.
    pub(super) dropped: bool,
    /// What the last one who was let go has done.
    pub(super) did: String,
}

impl Link<'_> {
    /// The one of this coroutine.
    pub fn new(yielder: &Yielder<Order, Said>) -> Link<'_> {
        Link {
            yielder,
            dropped: false,
            did: String::new(),
        }
    }

    /// Asks who is to go.
    ///
    /// # Errors
    /// If the execution is to be dropped.
    pub fn ask(&mut self, tasks: Vec<Offered>) -> Result<(String, LetGo), WorldError> {
        let did = std::mem::take(&mut self.did);
        if let Order::Go(task, how) = self.yielder.suspend(Said::Stands { tasks, did }) {
            return Ok((task, how));
        }
        self.dropped = true;
        Err(dropped())
    }
}

impl fmt::Debug for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Link");
        fields
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

/// Why a world does nothing more that is about to be dropped.
pub fn dropped() -> WorldError {
    WorldError {
        stage: "go on with this execution".to_owned(),
        errno: None,
        evidence: "the exploration has dropped it".to_owned(),
        remedy: String::new(),
    }
}
