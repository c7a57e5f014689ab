//! What a point looks like.

use super::Run;
use crate::explore::bounds::Timers;
use crate::explore::conflicts::{Foot, WayName};
use crate::explore::point::{Candidate, Readiness, TaskAt, TaskId, Way};
use crate::explore::{Kind, Model, Pending, TaskName};

impl<M: Model> Run<M> {
    /// Fills in what the next [`Point`](crate::explore::point::Point) shows.
    pub(super) fn look(&mut self, wants_footprints: bool) {
        self.tasks.clear();
        self.ways.clear();
        let mut shape = 0u64;
        let timers_wait = self.bounds.timers == Timers::WhenIdle;
        let no_timers = timers_wait && is_anyone_ready(self.model.pending());
        for (place, pending) in self.model.pending().iter().enumerate() {
            let task = task_id(&mut self.names, &mut self.counts, place, pending.task);
            let call_foot = match wants_footprints {
                true => self.interner.number(&pending.footprint, place),
                false => Foot::UNKNOWN,
            };
            let ways_from = self.ways.len();
            let mut readiness = Readiness::Blocked;
            for faults in [false, true] {
                for (alternative, way) in pending.alternatives.iter().enumerate() {
                    if way.kind.is_fault() != faults || (no_timers && way.kind == Kind::Timer) {
                        continue;
                    }
                    readiness = readiness.min(match way.kind {
                        Kind::Normal | Kind::Signal => Readiness::Ready,
                        Kind::Timer => Readiness::Timer,
                        Kind::Fault(_) => Readiness::Fault,
                    });
                    self.ways.push(Way {
                        alternative: alternative as u16,
                        kind: way.kind,
                        foot: match &way.footprint {
                            // It may fire only when all others wait, so that
                            // whatever they do matters to it.
                            _ if timers_wait && way.kind == Kind::Timer => Foot::UNKNOWN,
                            Some(footprint) if wants_footprints => {
                                self.interner.number(footprint, place)
                            }
                            _ => call_foot,
                        },
                        name: match wants_footprints {
                            true => self.interner.name(&way.label),
                            false => WayName::NORMAL,
                        },
                    });
                }
            }
            let ways = &self.ways[ways_from..];
            let plain = ways.iter().take_while(|way| !way.kind.is_fault()).count();
            let kinds = (ways.len() as u64) << 32 | (plain as u64) << 8 | readiness as u64;
            for part in [u64::from(task.0), pending.code, kinds] {
                shape = (shape.rotate_left(5) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            }
            self.tasks.push(TaskAt {
                task,
                code: pending.code,
                foot: call_foot,
                ways_from: ways_from as u32,
                plain: plain as u16,
                all: ways.len() as u16,
                readiness,
            });
        }
        self.shapes.push(shape);
        self.offer();
    }

    /// Fills in the candidates.
    fn offer(&mut self) {
        self.candidates.clear();
        self.held_back = false;
        let faults_left = self.bounds.faults.is_none_or(|most| self.faults < most);
        let runner = self
            .tasks
            .iter()
            .position(|at| Some(at.task) == self.runner && at.readiness == Readiness::Ready);
        if runner.is_none() {
            self.runner = None;
        }
        let preemptions_left = self
            .bounds
            .preemptions
            .is_none_or(|most| self.preemptions < most);
        for readiness in [Readiness::Ready, Readiness::Timer, Readiness::Fault] {
            if readiness == Readiness::Fault && self.candidates.is_empty() && faults_left {
                self.candidates.push(Candidate {
                    at: None,
                    ways: 1,
                    round: 1,
                    preempts: false,
                });
            }
            for place in 0..self.tasks.len() {
                // The runner goes first among its equals.
                let place = match runner {
                    Some(runner) if readiness == Readiness::Ready && place <= runner => match place
                    {
                        0 => runner,
                        _ => place - 1,
                    },
                    _ => place,
                };
                let at = self.tasks[place];
                if at.readiness != readiness {
                    continue;
                }
                let preempts =
                    readiness != Readiness::Fault && runner.is_some_and(|runner| runner != place);
                if preempts && !preemptions_left {
                    self.held_back = true;
                    continue;
                }
                if at.plain < at.all && !faults_left {
                    self.denied.faults = true;
                }
                let ways = if faults_left { at.all } else { at.plain };
                if ways == 0 {
                    continue;
                }
                let round = self.round(&at);
                self.candidates.push(Candidate {
                    at: Some(place as u16),
                    ways,
                    round,
                    preempts,
                });
            }
        }
        self.denied.preemptions |= self.held_back;
        // With no fault-only task there is nothing but the end.
        if let [Candidate { at: None, .. }] = self.candidates[..] {
            self.candidates.clear();
        }
    }

    fn round(&mut self, at: &TaskAt) -> u32 {
        let Some(most) = self.bounds.rounds else {
            return 1;
        };
        let before = self
            .taken
            .iter()
            .filter(|taken| taken.task == at.task && taken.code == at.code)
            .count() as u32;
        self.denied.rounds |= before >= most;
        before + 1
    }
}

fn is_anyone_ready<K>(pending: &[Pending<K>]) -> bool {
    let mut ways = pending.iter().flat_map(|pending| &pending.alternatives);
    ways.any(|way| matches!(way.kind, Kind::Normal | Kind::Signal))
}

/// The number of a task. A task is mostly where it was in the step before.
fn task_id(
    names: &mut Vec<TaskName>,
    counts: &mut Vec<u32>,
    place: usize,
    name: TaskName,
) -> TaskId {
    let place = match names.get(place) {
        Some(known) if *known == name => place,
        _ => names
            .iter()
            .position(|known| *known == name)
            .unwrap_or_else(|| {
                names.push(name);
                counts.push(0);
                names.len() - 1
            }),
    };
    TaskId(u16::try_from(place).expect("fewer than 65,536 tasks"))
}
