//! A point of the execution at hand, and what is still to be tried there.

use super::sleep::{Asleep, Switch, Visit};
use crate::explore::conflicts::{Foot, WayName};
use crate::explore::point::{Point, Readiness, TaskId, Way};

/// A point of the execution at hand.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) entries: Vec<Entry>,
    ways: Vec<Way>,
    /// What it is here to let somebody else go.
    pub(super) switch: Switch,
    /// Who has the processor no more, since it cannot go on.
    pub(super) left: Option<TaskId>,
    /// The frame at which the visit began that the task is on which could go
    /// on here.
    pub(super) visiting: usize,
    /// The visit that begins here.
    pub(super) visit: Visit,
    /// What need not be tried here, since it was tried before something that
    /// it commutes with.
    sleep: Vec<Asleep>,
    /// What has been tried here.
    done: Vec<Asleep>,
    /// Whether the execution may simply end here, and is yet to do so.
    pub(super) end_first: bool,
    pub(super) goes: Option<Goes>,
    /// What it does here.
    pub(super) event: Event,
    /// The operations that will not happen since their task was ended.
    pub(super) ghosts: Vec<Ghost>,
}

/// A task at a point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) task: TaskId,
    pub(super) code: u64,
    /// The operation as such.
    pub(super) foot: Foot,
    pub(super) readiness: Readiness,
    ways_from: usize,
    all: usize,
    /// How many ways, the first ones, are no faults; how many are to be tried;
    /// and how many may be once this is known to be the last round of a loop.
    pub(super) plain: usize,
    pub(super) offered: usize,
    in_last_round: usize,
    /// Its place among the candidates, if it is one.
    pub(super) candidate: usize,
    /// How many steps it has taken.
    pub(super) steps: u32,
    /// The frame with its last event, or with the one that brought it forth.
    pub(super) clock_at: Option<usize>,
    /// Whether it is to be tried here.
    pub(super) backtrack: bool,
    /// Whether it was pending in just the same way at the frame before.
    pub(super) unchanged: bool,
}

/// What the execution at hand does at a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goes {
    Step { entry: usize, way: usize },
    Nobody,
}

/// An operation whose task was ended by the event of a frame, at which it was
/// still pending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ghost {
    pub(super) frame: usize,
    pub(super) entry: usize,
}

/// Whether two events conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// By what they touch.
    Real,
    /// Only in that the later one could have given the earlier one a way that
    /// it did not have.
    OfWays,
}

/// A step of the execution at hand.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) task: TaskId,
    /// Which step of its task, from 1.
    pub(super) number: u32,
    /// The way that it goes; `None` if it only waits.
    pub(super) name: Option<WayName>,
    pub(super) foot: Foot,
    /// The footprint of the operation as such, where what another task does
    /// could have given the task a way that it did not have.
    pub(super) call_foot: Option<Foot>,
    /// By task, how many of its events happened before, this one included.
    pub(super) clock: Vec<u32>,
}

impl Default for Event {
    fn default() -> Self {
        Event {
            task: TaskId(0),
            number: 0,
            name: None,
            foot: Foot::UNKNOWN,
            call_foot: None,
            clock: Vec::new(),
        }
    }
}

impl Event {
    /// How many events of `task` happened before or are this one.
    pub(super) fn knows(&self, task: TaskId) -> u32 {
        self.clock.get(task.index()).copied().unwrap_or(0)
    }

    /// Makes it what `entry` is about to do, with what its task knows.
    pub(super) fn begin(
        &mut self,
        entry: &Entry,
        foot: Foot,
        name: Option<WayName>,
        frames: &[Frame],
    ) {
        self.task = entry.task;
        self.number = entry.steps + 1;
        self.foot = foot;
        self.name = name;
        self.call_foot = None;
        self.clock.clear();
        if let Some(at) = entry.clock_at {
            self.clock.extend_from_slice(&frames[at].event.clock);
        }
    }

    /// Whether it conflicts with an earlier event that did not happen before
    /// it as far as is known.
    pub(super) fn meet(&self, earlier: &Event, point: &Point<'_>) -> Option<Conflict> {
        if self.knows(earlier.task) >= earlier.number {
            return None;
        }
        if point.conflict(earlier.foot, self.foot) {
            return Some(Conflict::Real);
        }
        let call = earlier.call_foot?;
        point.conflict(call, self.foot).then_some(Conflict::OfWays)
    }

    /// What happened before the other one happened before this one.
    pub(super) fn join(&mut self, other: &[u32]) {
        if self.clock.len() < other.len() {
            self.clock.resize(other.len(), 0);
        }
        for (mine, theirs) in self.clock.iter_mut().zip(other) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// Makes it known to itself.
    pub(super) fn raise(&mut self) {
        let task = self.task.index();
        if self.clock.len() <= task {
            self.clock.resize(task + 1, 0);
        }
        self.clock[task] = self.number;
    }
}

impl Frame {
    /// Fills the frame in from the point. `before` is the frame before it.
    pub(super) fn look(&mut self, point: &Point<'_>, before: Option<&Frame>, rounds: Option<u32>) {
        self.entries.clear();
        self.ways.clear();
        self.sleep.clear();
        self.done.clear();
        self.goes = None;
        self.visit.clear();
        self.visiting = before.map_or(0, |before| before.visit_of_event(point.depth - 1));
        for at in point.tasks {
            let ways = point.ways(at);
            let ways_from = self.ways.len();
            self.ways.extend_from_slice(ways);
            let known = before.and_then(|before| before.entry(at.task));
            self.entries.push(Entry {
                task: at.task,
                code: at.code,
                foot: at.foot,
                readiness: at.readiness,
                ways_from,
                all: ways.len(),
                plain: at.plain_ways(),
                offered: 0,
                in_last_round: 0,
                candidate: 0,
                steps: point.steps_of(at.task),
                clock_at: match (before, known) {
                    (None, _) => None,
                    (Some(before), Some(known)) if before.event.task != at.task => known.clock_at,
                    (Some(_), _) => Some(point.depth - 1),
                },
                backtrack: false,
                unchanged: before.zip(known).is_some_and(|(before, known)| {
                    before.event.task != at.task
                        && known.code == at.code
                        && known.foot == at.foot
                        && before.ways_of(known).len() == ways.len()
                        && before
                            .ways_of(known)
                            .iter()
                            .zip(ways)
                            .all(|(one, other)| (one.name, one.foot) == (other.name, other.foot))
                }),
            });
        }
        self.ghosts.clear();
        if let Some(before) = before {
            self.ghosts.extend_from_slice(&before.ghosts);
            for (entry, gone) in before.entries.iter().enumerate() {
                if gone.task != before.event.task && self.entry(gone.task).is_none() {
                    let frame = point.depth - 1;
                    self.ghosts.push(Ghost { frame, entry });
                }
            }
        }
        for (place, candidate) in point.candidates.iter().enumerate() {
            let Some(index) = candidate.at else { continue };
            let entry = &mut self.entries[usize::from(index)];
            entry.candidate = place;
            entry.in_last_round = candidate.ways.into();
            entry.offered = match rounds.is_some_and(|most| candidate.round > most) {
                true => entry.plain.min(entry.in_last_round),
                false => entry.in_last_round,
            };
        }
    }

    pub(super) fn entry(&self, task: TaskId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.task == task)
    }

    /// All ways of an entry, the offered ones first.
    pub(super) fn ways_of(&self, entry: &Entry) -> &[Way] {
        &self.ways[entry.ways_from..entry.ways_from + entry.all]
    }

    pub(super) fn backtrack_where(&mut self, which: impl Fn(&Entry) -> bool) {
        for entry in &mut self.entries {
            entry.backtrack |= entry.offered > 0 && which(entry);
        }
    }

    /// Whether an entry has something to try that is no fault.
    pub(super) fn is_awake(&self, entry: usize) -> bool {
        let Entry { plain, offered, .. } = self.entries[entry];
        (0..plain.min(offered)).any(|way| !self.is_asleep(entry, way))
    }

    pub(super) fn is_asleep(&self, entry: usize, way: usize) -> bool {
        let entry = &self.entries[entry];
        self.sleeps(entry.task, self.ways[entry.ways_from + way].name)
    }

    pub(super) fn sleeps(&self, task: TaskId, name: WayName) -> bool {
        let mut sleep = self.sleep.iter();
        sleep.any(|asleep| asleep.is(task, name))
    }

    /// What was asleep at the frame before, or done there, and commutes with
    /// what goes there.
    pub(super) fn inherit_sleep(&mut self, before: &Frame, point: &Point<'_>) {
        let event = &before.event;
        let sleeping = before.sleep.iter().chain(&before.done);
        let left = self.left.and_then(|left| self.entry(left)).copied();
        let struck = before.struck();
        let sleeping = sleeping.filter(|asleep| {
            asleep.task != event.task
                && !asleep.conflicts(event.foot, point)
                && left.is_none_or(|left| !asleep.conflicts(left.foot, point))
                && struck.is_none_or(|struck| !asleep.conflicts(struck.foot, point))
        });
        self.sleep.extend(sleeping.cloned());
    }

    /// Lets one candidate go in one way, as if all that come before had been
    /// tried; nobody, if that sleeps.
    pub(super) fn fix(&mut self, point: &Point<'_>, candidate: usize, way: usize) {
        for (before, offer) in point.candidates[..=candidate].iter().enumerate() {
            let Some(entry) = offer.at.map(usize::from) else {
                continue;
            };
            let ways = if before == candidate {
                way
            } else {
                self.entries[entry].offered
            };
            // Where preemptions are counted, what else the task would have done
            // counts, too, and is not known here.
            if self.is_one_step(entry) {
                (0..ways).for_each(|way| self.note_done(entry, way));
            }
        }
        self.goes = match point.candidates[candidate].at.map(usize::from) {
            None => Some(Goes::Nobody),
            Some(entry) if self.is_asleep(entry, way) => None,
            Some(entry) => Some(Goes::Step { entry, way }),
        };
    }

    /// Whether an entry can be moved before others step by step: as far as it
    /// is known, that costs no preemption more.
    fn is_one_step(&self, entry: usize) -> bool {
        let entry = &self.entries[entry];
        match self.switch {
            Switch::Uncounted => true,
            Switch::Preempts(runner) => {
                runner == entry.task || entry.readiness == Readiness::Fault
            }
            Switch::Free => entry.readiness == Readiness::Fault,
        }
    }

    /// The frame at which the visit began that what goes at this frame, `here`,
    /// belongs to.
    pub(super) fn visit_of_event(&self, here: usize) -> usize {
        match self.goes {
            Some(Goes::Step { entry, .. }) if !self.is_one_step(entry) => here,
            _ => self.visiting,
        }
    }

    /// Whether an entry is the task that goes on if nobody is preempted; any,
    /// where preemptions are not counted.
    pub(super) fn goes_on(&self, entry: usize) -> bool {
        match self.switch {
            Switch::Uncounted => true,
            Switch::Preempts(runner) => runner == self.entries[entry].task,
            Switch::Free => false,
        }
    }

    /// The blocked task that a fault strikes here, where that is no switch.
    fn struck(&self) -> Option<&Entry> {
        let Some(Goes::Step { entry, .. }) = self.goes else {
            return None;
        };
        let entry = &self.entries[entry];
        let counts = self.switch != Switch::Uncounted;
        (counts && entry.readiness == Readiness::Fault).then_some(entry)
    }

    /// Who has the processor once this frame's event has happened, if it can
    /// go on.
    pub(super) fn has_processor_after(&self) -> Option<TaskId> {
        match (self.goes, self.switch) {
            (Some(Goes::Step { entry, .. }), _)
                if self.entries[entry].readiness != Readiness::Fault =>
            {
                Some(self.entries[entry].task)
            }
            (_, Switch::Preempts(runner)) => Some(runner),
            _ => None,
        }
    }

    fn note_done(&mut self, entry: usize, way: usize) {
        let task = self.entries[entry].task;
        let Way { name, foot, .. } = self.ways[self.entries[entry].ways_from + way];
        let rest = match self.is_one_step(entry) {
            true => None,
            false => self.visit.feet(),
        };
        self.done.push(Asleep {
            task,
            name,
            foot,
            rest,
        });
    }

    /// Goes on to what is to be tried next, if anything is.
    pub(super) fn next(&mut self) -> Option<Goes> {
        if let Some(Goes::Step { entry, way }) = self.goes {
            self.note_done(entry, way);
        }
        self.visit.clear();
        self.goes = None;
        if self.end_first {
            self.end_first = false;
            self.goes = Some(Goes::Nobody);
            return self.goes;
        }
        // Whoever need not be preempted goes first: nothing commutes for free
        // with what it does next if that has yet to be tried.
        let goes_on = |index: &usize| self.goes_on(*index);
        let on = (0..self.entries.len()).filter(goes_on);
        let others = (0..self.entries.len()).filter(|index| !self.goes_on(*index));
        for index in on.chain(others) {
            let entry = &self.entries[index];
            if !entry.backtrack {
                continue;
            }
            for way in 0..entry.offered {
                let name = self.ways[entry.ways_from + way].name;
                let is_done = self
                    .done
                    .iter()
                    .any(|done| done.task == entry.task && done.name == name);
                if !is_done && !self.is_asleep(index, way) {
                    self.goes = Some(Goes::Step { entry: index, way });
                    return self.goes;
                }
            }
        }
        None
    }
}

/// Offers the faults of operations that have turned out to be the last round
/// of a loop. Looks at the frames from `from`.
pub(super) fn open_last_rounds(frames: &mut [Frame], from: usize) {
    for depth in from..frames.len() {
        let Some(Goes::Step { entry, .. }) = frames[depth].goes else {
            continue;
        };
        let Entry {
            task,
            code,
            offered,
            in_last_round,
            ..
        } = frames[depth].entries[entry];
        if offered == in_last_round {
            continue;
        }
        let again = frames[depth + 1..].iter().any(|later| {
            matches!(later.goes, Some(Goes::Step { entry, .. })
                if later.entries[entry].task == task && later.entries[entry].code == code)
        });
        if !again {
            frames[depth].entries[entry].offered = in_last_round;
        }
    }
}
