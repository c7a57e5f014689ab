//! Races: where an operation might have come before an earlier one.

use super::event::{Conflict, Event};
use super::frame::{Frame, Ghost, Goes, Switch};
use super::switch;
use crate::explore::point::{Point, Readiness};

/// Makes what goes at the last frame an event: what happened before it, and
/// with what of that it races.
///
/// An earlier event races with it if the two conflict and no third one stands
/// between them, so that the earlier might as well have come later.
pub(super) fn happen(frames: &mut [Frame], point: &Point<'_>) {
    let here = frames.len() - 1;
    let Some(Goes::Step { entry, way }) = frames[here].goes else {
        return;
    };
    let mut event = std::mem::take(&mut frames[here].event);
    let entry = frames[here].entries[entry];
    let ways = frames[here].ways_of(&entry);
    let covered = ways[..entry.plain].iter().any(|way| way.foot == entry.foot);
    let (foot, name) = (ways[way].foot, ways[way].name);
    event.begin(entry.next(), foot, Some(name), entry.known(frames));
    event.call_foot = (!covered).then_some(entry.foot);
    for at in (0..here).rev() {
        let conflict = event.meet(&frames[at].event, point);
        if conflict.is_some() {
            go_ahead(frames, at, &event);
        }
        if conflict == Some(Conflict::Real) {
            event.join(&frames[at].event.clock);
        }
    }
    event.raise();
    frames[here].event = event;
    switch::note_visit(frames, &entry, covered);
    switch::strike_before(frames, point);
}

/// Finds the races of what will not happen at the last frame: of operations
/// that wait there, and of those whose task is no more.
pub(super) fn find(frames: &mut [Frame], point: &Point<'_>, scratch: &mut Event) {
    let here = frames.len() - 1;
    if here == 0 {
        return;
    }
    for index in 0..frames[here].entries.len() {
        let entry = frames[here].entries[index];
        if entry.readiness == Readiness::Ready {
            continue;
        }
        scratch.begin(entry.next(), entry.foot, None, entry.known(frames));
        // What was pending in the same way at the frame before has met all
        // but the last event there already.
        if entry.unchanged && scratch.meet(&frames[here - 1].event, point).is_none() {
            continue;
        }
        for at in (0..here).rev() {
            let conflict = scratch.meet(&frames[at].event, point);
            if conflict.is_some() {
                go_ahead(frames, at, scratch);
            }
            if conflict == Some(Conflict::Real) {
                scratch.join(&frames[at].event.clock);
            }
        }
    }
    for index in 0..frames[here].ghosts.len() {
        let ghost = frames[here].ghosts[index];
        haunt(frames, point, scratch, ghost);
    }
}

/// Finds the races of an operation whose task was ended by another one: with
/// the end, and, now that more has happened, with the end put off until after
/// that.
fn haunt(frames: &mut [Frame], point: &Point<'_>, scratch: &mut Event, ghost: Ghost) {
    let here = frames.len() - 1;
    let entry = frames[ghost.frame].entries[ghost.entry];
    let waits = usize::from(entry.readiness != Readiness::Ready);
    for number in 0..entry.offered + waits {
        let (foot, name) = match frames[ghost.frame].ways_of(&entry).get(number) {
            Some(way) if number < entry.offered => (way.foot, Some(way.name)),
            _ => (entry.foot, None),
        };
        scratch.begin(entry.next(), foot, name, entry.known(frames));
        let is_new = ghost.frame == here - 1;
        if !is_new && scratch.meet(&frames[here - 1].event, point).is_none() {
            continue;
        }
        for at in (ghost.frame + 1..here).rev() {
            if scratch.meet(&frames[at].event, point) == Some(Conflict::Real) {
                scratch.join(&frames[at].event.clock);
            }
        }
        go_ahead(frames, ghost.frame, scratch);
    }
}

/// Sees to it that at the frame `at` somebody goes ahead who leads to `event`
/// without what went there. Where preemptions are counted, everybody has to be
/// tried: whoever leads to it by the fewest may have no part in it.
fn go_ahead(frames: &mut [Frame], at: usize, event: &Event) {
    if frames[at].switch != Switch::Uncounted {
        frames[at].backtrack_where(|_| true);
        return;
    }
    match who_leads(frames, at, event) {
        Leads::SomebodyDoes => {}
        Leads::Entry(index) => frames[at].entries[index].backtrack = true,
        Leads::Unknown => frames[at].backtrack_where(|_| true),
    }
}

/// Who is to go ahead.
enum Leads {
    /// Somebody is tried anyway, or has been, or nobody can.
    SomebodyDoes,
    /// This one.
    Entry(usize),
    /// One of all.
    Unknown,
}

/// What lies between the frame `at` and `event` and did not depend on what
/// went at `at` can happen without it. Somebody whose part in that comes first
/// has to be tried (an *initial*, see P. Abdulla and others, "Optimal Dynamic
/// Partial Order Reduction", POPL 2014): a task that merely has a part in it,
/// as in the original paper, may be asleep, and then nobody would be.
fn who_leads(frames: &[Frame], at: usize, event: &Event) -> Leads {
    let frame = &frames[at];
    let first = &frame.event;
    let between = frames[at + 1..frames.len() - 1]
        .iter()
        .map(|frame| &frame.event);
    let without = between.filter(|next| next.knows(first.task) < first.number);
    // The tasks that have a part, with the first of their events.
    let mut parts = [(event.task, 0); MOST_PARTS];
    let mut count = 0;
    let mut chosen = None;
    for next in without.chain([event]) {
        if parts[..count].iter().any(|(task, _)| *task == next.task) {
            continue;
        }
        if count == MOST_PARTS {
            return Leads::Unknown;
        }
        let is_initial = parts[..count]
            .iter()
            .all(|(task, number)| next.knows(*task) < *number);
        parts[count] = (next.task, next.number);
        count += 1;
        let place = frame
            .entries
            .iter()
            .position(|entry| entry.task == next.task);
        let (true, Some(index)) = (is_initial, place) else {
            continue;
        };
        let sleeps = match next.name {
            Some(name) => frame.sleeps(next.task, name),
            // Whatever it would do if it did not wait, nobody has tried.
            None if !frame.is_awake(index) => continue,
            None => false,
        };
        if frame.entries[index].backtrack || sleeps {
            return Leads::SomebodyDoes;
        }
        if frame.entries[index].offered > 0 {
            chosen = chosen.or(Some(index));
        }
    }
    match (chosen, event.name) {
        (Some(index), _) => Leads::Entry(index),
        // It only waits, or is no more: who could move it is not known.
        (None, None) => Leads::Unknown,
        // It could go only because of what went at `at`.
        (None, Some(_)) => Leads::SomebodyDoes,
    }
}

/// Up to how many tasks are told apart in looking for one that can go ahead.
const MOST_PARTS: usize = 16;
