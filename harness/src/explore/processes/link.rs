//! What the thread that explores and the thread that carries the scenario out
//! say to each other. Only one of them runs at a time.

use std::sync::mpsc::{Receiver, Sender};

use crate::case::Outcome;
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
#[derive(Debug)]
pub struct Link {
    pub(super) to: Sender<Said>,
    pub(super) from: Receiver<Order>,
    /// Whether the execution at hand is to be dropped.
    pub(super) dropped: bool,
    /// What the last one who was let go has done.
    pub(super) did: String,
}

impl Link {
    /// Asks who is to go.
    ///
    /// # Errors
    /// If the execution is to be dropped.
    pub fn ask(&mut self, tasks: Vec<Offered>) -> Result<(String, LetGo), WorldError> {
        let did = std::mem::take(&mut self.did);
        if self.to.send(Said::Stands { tasks, did }).is_ok()
            && let Ok(Order::Go(task, how)) = self.from.recv()
        {
            return Ok((task, how));
        }
        self.dropped = true;
        Err(dropped())
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
