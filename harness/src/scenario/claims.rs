//! What is expected of the events of a launch, as plain data.

use std::time::Duration;

use super::matcher::Field;
use super::source::{At, Span};

/// Holding the events of a traced launch against what is expected of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// The launch.
    pub launch: At<String>,
    /// How long to wait for what has not happened yet.
    pub within: Duration,
    /// What is expected; at least one thing.
    pub claims: Vec<Claim>,
}

/// Something that is expected of the events.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// They happen in this order; at least two.
    Order(Vec<Item>),
    /// None is like this.
    Never(EventMatcher),
    /// So many are like this.
    Count {
        /// What is counted.
        of: EventMatcher,
        /// How many there must be.
        times: Times,
        /// Where the number stands.
        span: Span,
    },
}

impl Claim {
    /// Every matcher of it.
    pub fn matchers(&self) -> Vec<&EventMatcher> {
        match self {
            Claim::Order(items) => items.iter().map(|item| &item.event).collect(),
            Claim::Never(event) | Claim::Count { of: event, .. } => vec![event],
        }
    }
}

/// An event in an order, and which of those that match.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Which.
    pub which: Which,
    /// What it is like.
    pub event: EventMatcher,
}

/// Which of the events that match is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The first.
    First,
    /// The last that has happened so far.
    Last,
    /// All of them.
    Every,
}

impl Which {
    /// Its key.
    pub fn name(self) -> &'static str {
        match self {
            Which::First => "first",
            Which::Last => "last",
            Which::Every => "every",
        }
    }
}

/// How many events there must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// At least so many.
    pub least: u64,
    /// At most so many, if there is a bound.
    pub most: Option<u64>,
}

/// What an event is like: each field passes.
#[derive(Clone, Debug, PartialEq)]
pub struct EventMatcher {
    /// The fields; at least one.
    pub fields: Vec<Field>,
    /// It as the file has it, with the variables filled in that are known
    /// before a run: `{role: daemon, call: open}`.
    pub shown: String,
    /// Where it stands.
    pub span: Span,
}
