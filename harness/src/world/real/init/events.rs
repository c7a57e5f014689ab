//! What has happened and was not yet told.

use std::time::Duration;

use crate::world::event::{Event, What};

/// How many events wait to be told at most. What comes after them is dropped:
/// the facts of launches hold every end and every count, so that no verdict
/// depends on it.
const MOST: usize = 10_000;

/// Events in order.
#[derive(Debug, Default)]
pub struct Events {
    waiting: Vec<Event>,
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
        {
            *bytes += more;
            return;
        }
        if self.waiting.len() < MOST {
            self.waiting.push(Event { at, what });
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes all of them.
    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(events.take().len(), MOST);
    }
}
