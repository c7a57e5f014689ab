//! What has happened and was not yet told.

use std::time::Duration;

use crate::world::event::{Event, What};

/// How many events wait to be told at most. What comes after them is dropped:
/// the facts of launches hold every end and every count, so that no verdict
/// depends on it.
const MOST: usize = 10_000;

/// How many of them may be of traced tasks, so that there is room for the rest.
const MOST_TRACED: usize = 9_000;

/// For how long at most what a traced task does waits for more of it: the
/// harness would be woken for every call, and take the processor from the one
/// that makes them. What verdicts wait for, ends and output, is told at once.
const GATHERED: Duration = Duration::from_millis(1);

/// Events in order.
#[derive(Debug, Default)]
pub struct Events {
    waiting: Vec<Event>,
    lost: u64,
    /// Whether one of them is not of a traced task.
    urgent: bool,
}

impl Events {
    /// Adds an event. Output of one stream that follows on itself is one event.
    pub fn add(&mut self, at: Duration, what: What) {
        if let (
            Some(Event {
                what: What::Output { id, stderr, bytes },
                ..
            }),
            What::Output {
                id: next_id,
                stderr: next_stderr,
                bytes: more,
            },
        ) = (self.waiting.last_mut(), &what)
            && (id.as_str(), *stderr) == (next_id.as_str(), *next_stderr)
            // Else it follows on what was dropped.
            && self.lost == 0
        {
            *bytes += more;
            return;
        }
        let most = if what.is_traced() { MOST_TRACED } else { MOST };
        if self.waiting.len() < most {
            self.urgent |= !what.is_traced();
            self.waiting.push(Event { at, what });
        } else {
            self.lost += 1;
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When they are to be told; nothing, if there are none.
    pub fn due(&self) -> Option<Duration> {
        let first = self.waiting.first()?;
        Some(match self.urgent {
            true => Duration::ZERO,
            false => first.at + GATHERED,
        })
    }

    /// Takes all of them, and says how many were dropped.
    pub fn take(&mut self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.waiting);
        let lost = std::mem::take(&mut self.lost);
        self.urgent = false;
        if let Some(last) = events.last().filter(|_| lost > 0) {
            let what = What::Lost { events: lost };
            events.push(Event { at: last.at, what });
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::event::{Actor, End};
    use crate::world::spec::Role;

    fn output(stderr: bool) -> What {
        What::Output {
            id: "a".to_owned(),
            stderr,
            bytes: 2,
        }
    }

    #[test]
    fn output_in_pieces_is_one_event() {
        let mut events = Events::default();
        for (at, stderr) in [false, false, true, false].into_iter().enumerate() {
            events.add(Duration::from_secs(at as u64), output(stderr));
        }
        let told = events.take();
        assert_eq!(told.len(), 3);
        assert!(matches!(told[0].what, What::Output { bytes: 4, .. }));
        assert_eq!(told[0].at, Duration::ZERO);
        assert!(events.is_empty());
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut events = Events::default();
        for n in 0..2 * MOST {
            events.add(Duration::ZERO, output(n % 2 == 0));
        }
        let told = events.take();
        assert_eq!(told.len(), MOST + 1);
        let lost = What::Lost {
            events: MOST as u64,
        };
        assert_eq!(told[MOST].what, lost);
        assert!(events.take().is_empty());
    }

    fn executed() -> What {
        let by = Actor {
            task: "0".to_owned(),
            pid: 2,
            tid: 2,
            role: Role::Launcher,
            launch: "a".to_owned(),
        };
        What::Executed { by, path: None }
    }

    fn end() -> What {
        let end = End::Exit(0);
        What::Ended { pid: 2, end }
    }

    #[test]
    fn what_is_traced_waits_for_more_unless_there_is_something_else() {
        let mut events = Events::default();
        assert_eq!(events.due(), None);
        let [first, second] = [5, 6].map(Duration::from_secs);
        events.add(first, executed());
        events.add(second, executed());
        assert_eq!(events.due(), Some(first + GATHERED));
        events.add(second, end());
        assert_eq!(events.due(), Some(Duration::ZERO));
        assert_eq!(events.take().len(), 3);
        events.add(second, executed());
        assert_eq!(events.due(), Some(second + GATHERED));
    }

    #[test]
    fn what_is_traced_leaves_room_for_ends() {
        let mut events = Events::default();
        for _ in 0..2 * MOST {
            events.add(Duration::ZERO, executed());
        }
        let end = end();
        events.add(Duration::ZERO, end.clone());
        assert_eq!(events.take()[MOST_TRACED].what, end);
    }
}
