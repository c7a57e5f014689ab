//! A point of the execution at hand, and what is still to be tried there.

use super::event::Event;
use super::sleep::{Asleep, Visit};
use crate::explore::conflicts::{Foot, WayName};
use crate::explore::point::{Point, Readiness, TaskId, Way};

/// A point of the execution at hand.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) entries: Vec<Entry>,
    ways: Vec<Way>,
    /// What it is here to let somebody else go.
    pub(super) switch: Switch,
    /// Who went until here and cannot go on.
    pub(super) stopped: Option<TaskId>,
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

impl Entry {
    /// Its next step: whose, and which of them.
    pub(super) fn next(&self) -> (TaskId, u32) {
        (self.task, self.steps + 1)
    }

    /// The event that its task knows of last.
    pub(super) fn known<'f>(&self, frames: &'f [Frame]) -> Option<&'f Event> {
        self.clock_at.map(|at| &frames[at].event)
    }
}

/// What the execution at hand does at a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goes {
    Step { entry: usize, way: usize },
    Nobody,
}

/// What it is at a point to let somebody else go than who went before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Switch {
    /// Nobody counts preemptions.
    #[default]
    Uncounted,
    /// A preemption of this task.
    Preempts(TaskId),
    /// None, since whoever went before cannot go on.
    Free,
}

/// An operation whose task was ended by the event of a frame, at which it was
/// still pending.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ghost {
    pub(super) frame: usize,
    pub(super) entry: usize,
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
        self.visiting = before.map_or(0, |before| before.visit_after(point.depth - 1));
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
    /// what goes there. Where preemptions are counted, it must not keep going
    /// who has stopped, nor release whom a fault has struck while it was
    /// blocked: the same order would cost one more. Nor does it sleep on where a
    /// timer could fire before and no more, since somebody can go on without:
    /// then a fault strikes a task that is blocked, which is no switch.
    pub(super) fn inherit_sleep(&mut self, before: &Frame, point: &Point<'_>) {
        let mut kept = std::mem::take(&mut self.sleep);
        let event = &before.event;
        let stopped = self.stopped.and_then(|stopped| self.entry(stopped));
        let feet = [stopped, before.struck()].map(|entry| entry.map(|entry| entry.foot));
        let sleeping = before.sleep.iter().chain(&before.done);
        let sleeping = sleeping.filter(|asleep| {
            let mut feet = feet.into_iter().flatten().chain([event.foot]);
            asleep.task != event.task
                && !feet.any(|foot| asleep.conflicts(foot, point))
                && (self.switch == Switch::Uncounted || self.is_as_ready(asleep.task, before))
        });
        kept.extend(sleeping.cloned());
        self.sleep = kept;
    }

    /// Whether a task can go on by the same as at the frame before.
    fn is_as_ready(&self, task: TaskId, before: &Frame) -> bool {
        let readiness = |frame: &Frame| frame.entry(task).map(|entry| entry.readiness);
        readiness(self) == readiness(before)
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
        // Whoever goes on goes first, in all its ways: none of the others could
        // sleep meanwhile, since to go before it is a preemption.
        let all = 0..self.entries.len();
        let on = all.clone().filter(|index| self.goes_on(*index));
        let others = all.filter(|index| !self.goes_on(*index));
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
