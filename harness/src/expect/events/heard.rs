//! The events of one launch, and what matches.

use std::time::Duration;

use crate::expect::judge;
use crate::expect::verdict::Failure;
use crate::scenario::Scope;
use crate::scenario::claims::{Claim, EventMatcher};
use crate::scenario::source::Span;
use crate::scenario::template::Unresolved;
use crate::value::Value;
use crate::world::event::{Event, What};

use super::timeline;

/// Calls whose moment is their return: they wait until something is so.
const WAITING: [&str; 24] = [
    "wait4",
    "waitid",
    "read",
    "readv",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "accept",
    "accept4",
    "connect",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "rt_sigtimedwait",
    "rt_sigsuspend",
    "pause",
    "flock",
    "futex",
    "nanosleep",
    "clock_nanosleep",
];

/// How many events that differ in one field are shown where none matches.
const NEAR: usize = 3;

/// What was heard of a launch.
#[derive(Clone, Debug)]
pub struct Heard<'e> {
    /// The launch.
    pub launch: &'e str,
    /// The events of its tasks, in order.
    pub events: Vec<&'e Event>,
    /// The fields of each.
    values: Vec<Value>,
    /// How many events were lost that may have been of them.
    pub lost: u64,
    /// Whether calls were made that nobody has seen.
    pub unseen: bool,
}

impl<'e> Heard<'e> {
    /// What there is of a launch among all events.
    pub fn new(launch: &'e str, all: &'e [Event], lost: u64) -> Heard<'e> {
        let of_launch = |event: &&Event| {
            let actor = event.what.actor();
            actor.is_some_and(|actor| actor.launch == launch)
        };
        let events: Vec<&Event> = all.iter().filter(of_launch).collect();
        Heard {
            launch,
            values: events.iter().map(|event| event.what.value()).collect(),
            unseen: events
                .iter()
                .any(|event| matches!(event.what, What::UnseenCalls { .. })),
            events,
            lost,
        }
    }

    /// What there may have been besides, and what to do about it; nothing, if all
    /// was heard.
    pub(super) fn missed(&self) -> Option<(String, &'static str)> {
        if self.lost > 0 {
            return Some((
                format!("{} events were lost", self.lost),
                "look at the events by an earlier step, before so much has happened",
            ));
        }
        self.unseen.then(|| {
            (
                "calls by another machine's numbering were not seen".to_owned(),
                "build the program for this machine, or judge it by facts",
            )
        })
    }

    /// The places of the events that match, ascending.
    pub(super) fn matching(
        &self,
        matcher: &EventMatcher,
        scope: &Scope,
    ) -> Result<Vec<usize>, Unresolved> {
        let mut found = Vec::new();
        for (place, value) in self.values.iter().enumerate() {
            if judge::fits(&matcher.fields, value, scope)? {
                found.push(place);
            }
        }
        Ok(found)
    }

    /// When an event was.
    pub(super) fn moment(&self, place: usize) -> Moment<'e> {
        let event = self.events[place];
        let (began, waits) = match &event.what {
            What::Call { call, .. } => (call.began, WAITING.contains(&call.name.as_str())),
            _ => (event.at, false),
        };
        Moment {
            place,
            task: event.what.actor().map_or("", |actor| &actor.task),
            began,
            over: event.at,
            waits,
        }
    }

    /// A failure of a claim.
    pub(super) fn failure(&self, claim: &Claim, span: Span, label: impl Into<String>) -> Failure {
        let key = match claim {
            Claim::Order(_) => "order",
            Claim::Never(_) => "never",
            Claim::Count { .. } => "count",
        };
        Failure::new(
            span,
            format!("events of launch `{}`: {key}", self.launch),
            label,
        )
    }

    /// The same with the events that it is about, each with its mark.
    pub(super) fn evidence(&self, mut failure: Failure, about: &[(usize, String)]) -> Failure {
        failure.notes.push(timeline::around(&self.events, about));
        failure.events = about
            .iter()
            .map(|(place, _)| self.events[*place].clone())
            .collect();
        failure
    }

    /// The same for what is missing: how much was heard, and which events come
    /// near.
    pub(super) fn missing(
        &self,
        mut failure: Failure,
        matcher: &EventMatcher,
        scope: &Scope,
    ) -> Result<Failure, Unresolved> {
        let mut near = Vec::new();
        for (place, value) in self.values.iter().enumerate() {
            if let [field] = judge::misfits(&matcher.fields, value, scope)?.as_slice()
                && !["kind", "call"].contains(&field.as_str())
            {
                let actual = match value {
                    Value::Map(fields) => fields.get(field).cloned().unwrap_or(Value::Absent),
                    _ => Value::Absent,
                };
                near.push((
                    place,
                    format!("{field} is {}", crate::expect::shown(&actual)),
                ));
            }
        }
        let heard = self.events.len();
        if near.is_empty() {
            failure.notes.push(format!(
                "none of the {heard} events of this launch comes near"
            ));
            return Ok(failure);
        }
        near.truncate(NEAR);
        let lines: Vec<String> = near
            .iter()
            .map(|(place, why)| format!("  {}   ({why})", timeline::line(self.events[*place])))
            .collect();
        failure.notes.push(format!(
            "of the {heard} events of this launch, these come near:\n{}",
            lines.join("\n")
        ));
        failure.events = near
            .iter()
            .map(|(place, _)| self.events[*place].clone())
            .collect();
        Ok(failure)
    }
}

/// When an event was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment<'e> {
    /// Its place among those of its launch: the order in which they were over.
    pub place: usize,
    /// Whose it is.
    pub task: &'e str,
    /// When it began.
    pub began: Duration,
    /// When it was over.
    pub over: Duration,
    /// Whether its moment is its return, however long ago it began.
    pub waits: bool,
}

/// How two events lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// The first was over before the second began.
    Before,
    /// The second was over before the first began, or they are one.
    After,
    /// Two calls of different tasks, neither of which was over when the other
    /// began.
    Overlap,
}

impl Moment<'_> {
    /// How this one lies to `other`.
    pub fn relation(&self, other: &Moment<'_>) -> Relation {
        if self.place >= other.place {
            return match other.certainly_before(self) || self.place == other.place {
                true => Relation::After,
                false => Relation::Overlap,
            };
        }
        match self.certainly_before(other) {
            true => Relation::Before,
            false => Relation::Overlap,
        }
    }

    /// Whether this one, which was over first, was so before `later` took place.
    fn certainly_before(&self, later: &Moment<'_>) -> bool {
        self.task == later.task || later.waits || self.over <= later.began
    }
}
