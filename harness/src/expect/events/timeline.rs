//! The events in question with what happened around them.

use std::collections::BTreeMap;

use crate::world::event::Event;
use crate::world::event::shown;
use crate::world::spec::Role;

/// How many events are shown before and after each one in question.
const AROUND: usize = 2;

/// The events in question, each with its mark, and what happened around them.
pub(super) fn around(events: &[&Event], about: &[(usize, String)]) -> String {
    let marks: BTreeMap<usize, &str> = about
        .iter()
        .map(|(place, mark)| (*place, mark.as_str()))
        .collect();
    let near = |place: usize| marks.keys().any(|about| about.abs_diff(place) <= AROUND);
    let mut text = String::from("what happened (`>` is what this is about):");
    let mut left_out = 0;
    for (place, event) in events.iter().enumerate() {
        if !near(place) {
            left_out += 1;
            continue;
        }
        gap(&mut text, left_out);
        left_out = 0;
        let mark = match marks.get(&place) {
            Some(mark) => format!("{mark:>2}>"),
            None => "   ".to_owned(),
        };
        text.push_str(&format!("\n{mark} {}", line(event)));
    }
    gap(&mut text, left_out);
    text
}

fn gap(text: &mut String, left_out: usize) {
    if left_out > 0 {
        text.push_str(&format!("\n    [... {left_out} more ...]"));
    }
}

/// An event in a line: when, who, what.
pub(super) fn line(event: &Event) -> String {
    let who = event.what.actor().map_or(String::new(), |actor| {
        let role = match actor.role {
            Role::Launcher => "launcher",
            Role::Intermediate => "intermediate",
            Role::Daemon => "daemon",
            Role::Any => "process",
        };
        format!("{role} {} (PID {}): ", actor.task, actor.pid)
    });
    let at = event.at.as_secs_f64();
    format!("+{at:.3}s {who}{}", shown::deed(&event.what))
}
