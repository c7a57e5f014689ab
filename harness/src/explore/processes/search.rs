//! Which orders are tried, and for how long.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::thread;

use daemonlab::explore::{self, Bounds, Repeats, Report, Stop};

use super::crew::Crew;
use super::hunt::Hunt;
use super::model::Processes;
use super::queue::{Part, Queue};
use super::simplest::Found;
use super::stages::{Begun, parts, taken_as_they_come};
use super::work::{Order, Run, Told, Work};
use crate::case::outcome::Failure;
use crate::world::WorldError;

/// What came of a search.
#[derive(Debug, Default)]
pub struct Searched {
    /// Each search that was begun, in order.
    pub reports: Vec<Report>,
    /// The failure, if there is one.
    pub found: Option<Found>,
    /// What was said when something was broken once though nothing was found: the
    /// same order did not break it again.
    pub once: Option<Vec<Failure>>,
}

/// Searches until something breaks, nothing is left, or `go_on`, which gets the
/// number of executions so far, says no. What goes back to points where it has
/// been gives up on programs that do not repeat themselves; the others go on.
///
/// With several `jobs`, parts of the search are explored before it is known
/// whether those before them find something. What is found is the same.
///
/// # Errors
/// If `make`, which is asked once for each job, gives no model.
pub fn search(
    make: &(dyn Fn() -> Result<Processes, WorldError> + Sync),
    hunt: &Hunt,
    jobs: NonZeroUsize,
    mut go_on: impl FnMut(u64) -> bool + Send,
) -> Result<Searched, WorldError> {
    let work = Work::new(make, hunt, &mut go_on);
    thread::scope(|scope| {
        let crew = Crew::start(scope, &work, jobs.get());
        let mut search = Search {
            hunt,
            work: &work,
            crew,
            jobs: jobs.get(),
            queue: Queue::new(hunt, parts(hunt)),
            ahead: BTreeMap::new(),
            explored: BTreeMap::new(),
            spent: 0,
            steady: Repeats::Always,
            broken: BTreeMap::new(),
        };
        let searched = search.run();
        // What is still explored, is in vain.
        work.drop_after(0);
        searched
    })
}

/// A search under way.
struct Search<'s, 'w> {
    hunt: &'s Hunt,
    work: &'s Work<'w>,
    crew: Crew,
    jobs: usize,
    queue: Queue<'s>,
    /// The parts that were ordered before their turn, and how many executions
    /// each may get.
    ahead: BTreeMap<usize, u64>,
    /// What came of them.
    explored: BTreeMap<usize, Option<Box<Run>>>,
    /// How many executions there were in the parts so far.
    spent: u64,
    steady: Repeats,
    /// What was said last of each rule that was broken.
    broken: BTreeMap<String, Vec<Failure>>,
}

impl Search<'_, '_> {
    /// Orders what is not done by a single job before its turn: of each part as
    /// many executions as it gets in any case.
    fn look_ahead(&mut self) {
        if self.jobs == 1 {
            return;
        }
        let promised = self.spent + self.ahead.values().sum::<u64>();
        let mut left = self.hunt.runs.saturating_sub(promised);
        let mut at = 0;
        while left > 0 && (at < self.queue.len() || self.ahead.len() < self.jobs) {
            let Some(Part {
                place,
                stage,
                begun,
            }) = self.queue.look(at)
            else {
                return;
            };
            at += 1;
            if self.ahead.contains_key(place) {
                continue;
            }
            let runs = stage.runs.min(left);
            left -= runs;
            if begun.is_some() {
                continue;
            }
            self.ahead.insert(*place, stage.runs);
            self.crew.order(Order::Explore {
                place: *place,
                strategy: stage.begin(),
                repeats: stage.repeats,
                runs,
            });
        }
    }

    /// Takes the parts in their order.
    fn run(&mut self) -> Result<Searched, WorldError> {
        let mut result = Searched::default();
        self.look_ahead();
        while let Some(mut part) = self.queue.next() {
            let Run {
                strategy,
                report,
                failures,
            } = self.explore(&mut part)?;
            self.broken.extend(failures);
            let before = self.spent;
            let here = (report.executions + report.abandoned).max(1);
            self.spent += here;
            let ends = self.work.is_over()
                || self.spent >= self.hunt.runs
                || matches!(report.stop, Stop::Unusable(_));
            if is_everything(&report) {
                for place in self.queue.leave_out() {
                    self.work.drop_part(place);
                    self.ahead.remove(&place);
                }
            }
            if matches!(report.stop, Stop::Nondeterminism(_)) {
                self.steady = Repeats::Mostly;
                if self.queue.is_empty() {
                    self.queue.add(taken_as_they_come(self.hunt));
                }
            }
            let found = report.failures.first().cloned();
            result.reports.push(report);
            if let Some(found) = found {
                self.work.drop_after(part.place);
                let found = self.simplify(found, before)?;
                if self.steady == Repeats::Always || found.shrunk.is_ok() {
                    result.found = Some(found);
                    return Ok(result);
                }
                // That was chance. What else there is may be found again.
                self.work.need_all();
                part.stage.runs = part.stage.runs.saturating_sub(here);
                if part.stage.runs > 0 {
                    part.begun = Some(strategy);
                    self.queue.again(part);
                }
            }
            if ends {
                break;
            }
            self.look_ahead();
        }
        result.once = std::mem::take(&mut self.broken).into_values().next();
        Ok(result)
    }

    /// Explores a part, as far as it may go now.
    fn explore(&mut self, part: &mut Part) -> Result<Run, WorldError> {
        let Part {
            place,
            stage,
            begun,
        } = part;
        let most = stage.runs.min(self.hunt.runs - self.spent);
        let ahead = match self.ahead.contains_key(place) {
            true => self.hear_of(*place)?,
            false => None,
        };
        self.ahead.remove(place);
        let Some(mut run) = ahead else {
            let strategy = begun.take().unwrap_or_else(|| stage.begin());
            return self.explore_now(*place, strategy, stage.repeats, most);
        };
        let made = run.report.executions + run.report.abandoned;
        if run.report.stop == Stop::ExecutionBudget && made < most {
            let rest = self.explore_now(*place, run.strategy, stage.repeats, most - made)?;
            run.failures.extend(rest.failures);
            return Ok(Run {
                strategy: rest.strategy,
                report: run.report.and(rest.report),
                failures: run.failures,
            });
        }
        Ok(*run)
    }

    fn explore_now(
        &mut self,
        place: usize,
        strategy: Begun,
        repeats: Repeats,
        runs: u64,
    ) -> Result<Run, WorldError> {
        self.crew.order(Order::Explore {
            place,
            strategy,
            repeats,
            runs,
        });
        let run = self.hear_of(place)?;
        run.map(|run| *run).ok_or_else(dropped)
    }

    /// What came of a part that was ordered; nothing, if that was needless then.
    fn hear_of(&mut self, place: usize) -> Result<Option<Box<Run>>, WorldError> {
        loop {
            if let Some(run) = self.explored.remove(&place) {
                return Ok(run);
            }
            self.hear()?;
        }
    }

    fn simplify(&mut self, found: explore::Found, before: u64) -> Result<Found, WorldError> {
        let rule = found.failure.rule.clone();
        self.crew.order(Order::Simplify {
            found: Box::new(found),
            before,
            steady: self.steady,
        });
        loop {
            if let Some(mut found) = self.hear()? {
                if found.failures.is_empty() {
                    found.failures = self.broken.get(&rule).cloned().unwrap_or_default();
                }
                return Ok(found);
            }
        }
    }

    /// Takes note of what was done next; gives a finding that was made simpler.
    fn hear(&mut self) -> Result<Option<Found>, WorldError> {
        match self.crew.hear() {
            Told::Explored { place, run } => {
                let finds = |run: &Run| !run.report.failures.is_empty();
                if run.as_deref().is_some_and(finds) {
                    self.work.drop_after(place);
                }
                self.explored.insert(place, run);
                Ok(None)
            }
            Told::Simplified(found) => Ok(Some(*found)),
            Told::Failed(error) => Err(error),
        }
    }
}

fn dropped() -> WorldError {
    WorldError {
        stage: "explore".to_owned(),
        errno: None,
        evidence: "a part of the search was dropped that is waited for".to_owned(),
        remedy: "report this as a bug of daemonlab".to_owned(),
    }
}

/// Whether depth first has tried every order, with any number of preemptions.
fn is_everything(report: &Report) -> bool {
    let bounded = |bounds: Bounds| bounds.preemptions.is_some();
    report.stop == Stop::Exhausted
        && report.bounds.is_some_and(bounded)
        && report.cut == 0
        && !report.denied.preemptions
        && !report.denied.rounds
}
