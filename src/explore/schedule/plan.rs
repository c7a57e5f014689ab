//! What a schedule says.

use std::fmt;

use super::format;
use crate::explore::record::Record;
use crate::explore::{Kind, Lasting, TaskName, Verdict};

/// An execution written down. `Display` gives the file, `FromStr` reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// What it is about, as keys and values on one line each, in their order:
    /// the program, the settings, whatever it takes to run it again. A key has
    /// neither spaces nor control characters.
    pub about: Vec<(String, String)>,
    /// The rule that it breaks, if it breaks one.
    pub breaks: Option<String>,
    /// The steps.
    pub steps: Vec<PlannedStep>,
}

/// A step of a [`Schedule`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStep {
    /// Whose.
    pub task: TaskName,
    /// Which step of its task it is, from 1.
    pub index: u32,
    /// The way it goes; `None` for the normal one.
    pub way: Option<PlannedWay>,
    /// The operation with its arguments.
    pub operation: String,
}

/// A way other than the normal one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedWay {
    /// Of which kind.
    pub kind: WayKind,
    /// What the model calls it.
    pub label: String,
}

impl PlannedWay {
    /// A way as a model offers it; `None` for the normal one.
    pub fn of(kind: Kind, label: &str) -> Option<PlannedWay> {
        WayKind::of(kind).map(|kind| PlannedWay {
            kind,
            label: label.to_owned(),
        })
    }
}

/// Of which kind a planned way is: [`Kind`] without the normal one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayKind {
    /// A signal is delivered here, or to this one.
    Signal,
    /// A timer fires.
    Timer,
    /// It fails.
    Fault,
}

impl WayKind {
    /// Every kind with its word in the file.
    pub(super) const WORDS: [(WayKind, &'static str); 3] = [
        (WayKind::Signal, "signal"),
        (WayKind::Timer, "timer"),
        (WayKind::Fault, "fault"),
    ];

    /// The kind of a way; `None` for the normal one.
    pub fn of(kind: Kind) -> Option<WayKind> {
        match kind {
            Kind::Normal => None,
            Kind::Signal => Some(WayKind::Signal),
            Kind::Timer => Some(WayKind::Timer),
            Kind::Fault(Lasting::Possible | Lasting::Never) => Some(WayKind::Fault),
        }
    }
}

impl fmt::Display for WayKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(kind, _)| kind == self);
        f.write_str(word.map_or("", |(_, word)| word))
    }
}

impl Schedule {
    /// The schedule of an execution.
    pub fn of(record: &Record) -> Schedule {
        let steps = record.steps.iter().map(|step| PlannedStep {
            task: step.task,
            index: step.index,
            way: PlannedWay::of(step.way.kind, &step.way.label),
            operation: step.operation.clone(),
        });
        Schedule {
            about: Vec::new(),
            breaks: match &record.outcome.verdict {
                Verdict::Broken(failure) => Some(failure.rule.clone()),
                _ => None,
            },
            steps: steps.collect(),
        }
    }
}

impl fmt::Display for PlannedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        format::write_step(self, f)
    }
}
