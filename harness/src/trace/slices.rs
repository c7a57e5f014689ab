//! What happens in a thread as slices that lie within each other, as a track of
//! a trace viewer shows them.

use serde_json::{Map, Value, json};

/// Something that takes time in a thread.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// What it is called.
    pub name: String,
    /// What kind of thing it is.
    pub category: &'static str,
    /// When it begins, in nanoseconds.
    pub start: u64,
    /// When it ends, in nanoseconds; it may be the same.
    pub end: u64,
    /// What there is to say about it.
    pub args: Map<String, Value>,
    /// Arrows that begin in it.
    pub out: Vec<Arrow>,
    /// Arrows that end in it.
    pub into: Vec<Arrow>,
}

/// One end of an arrow from one slice to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// What tells it from others.
    pub id: u64,
    /// What it is called.
    pub name: String,
}

impl Slice {
    /// A slice without arrows.
    pub fn new(name: impl Into<String>, category: &'static str, start: u64, end: u64) -> Slice {
        Slice {
            name: name.into(),
            category,
            start,
            end,
            args: Map::new(),
            out: Vec::new(),
            into: Vec::new(),
        }
    }
}

/// The slices of a thread as events in order of time, each with its
/// nanosecond: one that begins within another ends with it at the latest.
pub fn nested(pid: i32, tid: i32, mut slices: Vec<Slice>) -> Vec<(u64, Value)> {
    // Of those that begin together the longest is outside.
    slices.sort_by_key(|slice| (slice.start, std::cmp::Reverse(slice.end)));
    let mut events = Vec::new();
    let mut open: Vec<u64> = Vec::new();
    let end = |at: u64| {
        let event = json!({"ph": "E", "ts": micros(at), "pid": pid, "tid": tid});
        (at, event)
    };
    for slice in slices {
        while let Some(at) = open.pop_if(|at| *at <= slice.start) {
            events.push(end(at));
        }
        let start = slice.start;
        events.push((
            start,
            json!({
                "ph": "B", "ts": micros(start), "pid": pid, "tid": tid,
                "name": slice.name, "cat": slice.category, "args": slice.args,
            }),
        ));
        for arrow in slice.into {
            events.push((
                start,
                json!({
                    // It ends in the slice that is open, not in the next one.
                    "ph": "f", "bp": "e", "id": arrow.id, "name": arrow.name, "cat": "arrow",
                    "ts": micros(start), "pid": pid, "tid": tid,
                }),
            ));
        }
        for arrow in slice.out {
            events.push((
                start,
                json!({
                    "ph": "s", "id": arrow.id, "name": arrow.name, "cat": "arrow",
                    "ts": micros(start), "pid": pid, "tid": tid,
                }),
            ));
        }
        let most = open.last().copied().unwrap_or(u64::MAX);
        open.push(slice.end.max(start).min(most));
    }
    while let Some(at) = open.pop() {
        events.push(end(at));
    }
    events
}

/// The format counts in microseconds.
pub fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn phases(slices: &[(u64, u64)]) -> Vec<(String, u64)> {
        let slices = slices
            .iter()
            .map(|(start, end)| Slice::new("a", "call", *start, *end))
            .collect();
        let phase = |event: &Value| event["ph"].as_str().expect("it has one").to_owned();
        nested(1, 1, slices)
            .iter()
            .map(|(at, event)| (phase(event), *at))
            .collect()
    }

    #[test]
    fn what_overlaps_ends_with_what_it_began_in() {
        let expected = [
            ("B", 0),
            ("B", 5),
            ("E", 10),
            ("E", 10),
            ("B", 10),
            ("E", 10),
        ];
        let expected = expected.map(|(phase, at)| (phase.to_owned(), at));
        assert_eq!(phases(&[(5, 12), (0, 10), (10, 10)]), expected);
    }

    proptest! {
        #[test]
        fn any_slices_are_balanced_and_in_order(
            slices in proptest::collection::vec((0..20u64, 0..20u64), 0..20),
        ) {
            let (mut depth, mut last) = (0i32, 0);
            for (phase, at) in phases(&slices) {
                prop_assert!(at >= last);
                last = at;
                depth += if phase == "B" { 1 } else { -1 };
                prop_assert!(depth >= 0);
            }
            prop_assert_eq!(depth, 0);
        }
    }
}
