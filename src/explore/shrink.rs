//! Shrinking: the simplest execution that fails in the same way.
//!
//! First A. Zeller and R. Hildebrandt, "Simplifying and Isolating
//! Failure-Inducing Input" (IEEE Transactions on Software Engineering, 2002),
//! their *ddmin*, on the choices of the failing execution that are not 0: drop
//! a half of them, a quarter, and so on, as long as the same rule is broken.
//! Then each choice that is left is lowered as far as it goes, and two switches
//! of tasks are made one where a switch at another time does for both. All
//! this is repeated until no choice can be dropped or lowered. There may be a
//! simpler execution still that shares no choice with this one.
//!
//! Deviation: choices are anchored by names and not by their place in the
//! execution, see [`deviate`](super::strategy). One that cannot be made any
//! more is dropped by that. It starts from an execution that is known to fail,
//! so that "nothing can be dropped" is a valid end.

use super::bounds::Bounds;
use super::record::Record;
use super::run::{Difference, Repeats, Run};
use super::strategy::deviate::{Deviate, Deviation, deviations};
use super::{Failure, Model, Verdict};

/// A failing execution, shrunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// What fails; the rule is that of the execution that it was made from.
    pub failure: Failure,
    /// The execution.
    pub record: Record,
    /// How many choices were not 0 before and how many are not 0 now.
    pub choices: (usize, usize),
    /// How many executions it took.
    pub attempts: u64,
}

/// How often the result is run again before it is given out.
const VERIFICATIONS: usize = 10;

/// How often an execution has to fail that does not always repeat itself, to count as one that
/// fails; and how many executions may be spent on making such a one simpler.
const TRIES: u64 = 3;
const MOST: u64 = 150;

/// Shrinks an execution of `model` in which `failure` was seen, under its
/// `bounds`, of which those on steps and timers count.
///
/// # Errors
/// If the same choices do not lead to the same execution.
pub fn shrink<M: Model>(
    model: M,
    bounds: Bounds,
    failure: &Failure,
    record: &Record,
) -> Result<Shrunk, Difference> {
    Shrinker::new(model, bounds, Repeats::Always, &failure.rule).shrink(failure, record)
}

/// The same for a model that [mostly](Repeats::Mostly) repeats itself: what is dropped must not be
/// missed in any of several executions, and the result breaks the same rule each time, if not by
/// the very same steps. It may be less simple than it could be: only so many executions are spent
/// on it.
///
/// # Errors
/// If the same choices do not always break the rule.
pub fn shrink_unsteady<M: Model>(
    model: M,
    bounds: Bounds,
    failure: &Failure,
    record: &Record,
) -> Result<Shrunk, Difference> {
    Shrinker::new(model, bounds, Repeats::Mostly, &failure.rule).shrink(failure, record)
}

/// Whether a shrunk execution is minimal: each of its choices is dropped and
/// lowered once more, and the same rule must not be broken then by an execution
/// that is simpler. Of `bounds` those on steps and timers count.
///
/// # Errors
/// If the same choices do not lead to the same execution.
pub fn is_minimal<M: Model>(model: M, bounds: Bounds, shrunk: &Shrunk) -> Result<bool, Difference> {
    let chosen = deviations(&shrunk.record);
    let mut shrinker = Shrinker::new(model, bounds, Repeats::Always, &shrunk.failure.rule);
    for place in 0..chosen.len() {
        let mut without = chosen.clone();
        without.remove(place);
        if shrinker.fails(&without)?.is_some() {
            return Ok(false);
        }
    }
    Ok(shrinker.lower_one(&shrunk.record)?.is_none())
}

struct Shrinker<'a, M: Model> {
    run: Run<M>,
    bounds: Bounds,
    rule: &'a str,
    attempts: u64,
}

impl<'a, M: Model> Shrinker<'a, M> {
    fn new(model: M, bounds: Bounds, repeats: Repeats, rule: &'a str) -> Self {
        let mut run = Run::new(model);
        run.repeats = repeats;
        Shrinker {
            run,
            bounds,
            rule,
            attempts: 0,
        }
    }

    fn shrink(mut self, failure: &Failure, record: &Record) -> Result<Shrunk, Difference> {
        let start = deviations(record);
        let Some(first) = self.fails(&start)? else {
            return Err(Difference {
                after: record.steps.len(),
                first: failure.to_string(),
                second: "with the same choices it did not fail".to_owned(),
            });
        };
        let mut best = self.simplify(first)?;
        let chosen = deviations(&best);
        for _ in 0..VERIFICATIONS {
            let again = self.run(&chosen)?;
            let same = match self.run.repeats {
                Repeats::Always => is_same(&best, &again),
                Repeats::Mostly => self.is_broken_by(&again),
            };
            if !same {
                return Err(difference(&best, &again));
            }
            best = again;
        }
        let Verdict::Broken(failure) = &best.outcome.verdict else {
            unreachable!("only what fails is kept");
        };
        Ok(Shrunk {
            failure: failure.clone(),
            choices: (start.len(), chosen.len()),
            attempts: self.attempts,
            record: best,
        })
    }

    fn run(&mut self, chosen: &[Deviation]) -> Result<Record, Difference> {
        self.attempts += 1;
        Record::under(&mut self.run, &mut Deviate::new(self.bounds, chosen))
    }

    /// The execution with these choices, if it fails as it should.
    fn fails(&mut self, chosen: &[Deviation]) -> Result<Option<Record>, Difference> {
        let tries = match self.run.repeats {
            Repeats::Always => 1,
            Repeats::Mostly if self.attempts >= MOST => return Ok(None),
            Repeats::Mostly => TRIES,
        };
        let mut record = self.run(chosen)?;
        for _ in 1..tries {
            if self.is_broken_by(&record) {
                record = self.run(chosen)?;
            }
        }
        Ok(self.is_broken_by(&record).then_some(record))
    }

    fn is_broken_by(&self, record: &Record) -> bool {
        match &record.outcome.verdict {
            Verdict::Broken(failure) => failure.rule == self.rule,
            _ => false,
        }
    }

    fn simplify(&mut self, mut best: Record) -> Result<Record, Difference> {
        loop {
            best = self.drop_choices(best)?;
            let simpler = match self.lower_one(&best)? {
                None => self.merge_two(&best)?,
                lower => lower,
            };
            match simpler {
                Some(simpler) => best = simpler,
                None => return Ok(best),
            }
        }
    }

    /// ddmin: no single choice of the result can be dropped.
    fn drop_choices(&mut self, mut best: Record) -> Result<Record, Difference> {
        let mut parts = 2;
        loop {
            let chosen = deviations(&best);
            if chosen.is_empty() {
                return Ok(best);
            }
            let size = chosen.len().div_ceil(parts);
            let mut smaller = None;
            for from in (0..chosen.len()).step_by(size) {
                let mut rest = chosen.clone();
                rest.drain(from..chosen.len().min(from + size));
                smaller = self.fails(&rest)?;
                if smaller.is_some() {
                    break;
                }
            }
            match smaller {
                Some(smaller) => {
                    best = smaller;
                    parts = (parts - 1).max(2);
                }
                None if size == 1 => return Ok(best),
                None => parts = (parts * 2).min(chosen.len()),
            }
        }
    }

    /// An execution with one choice lowered and none raised or added.
    fn lower_one(&mut self, best: &Record) -> Result<Option<Record>, Difference> {
        let chosen = deviations(best);
        let mut place = 0;
        for step in &best.steps {
            if step.candidate > 0 {
                for lower in 1..step.candidate {
                    let Some(to) = step.candidates[lower] else {
                        continue;
                    };
                    let after = step.after;
                    let instead = Deviation::Switch { after, to };
                    if let Some(lower) = self.instead(best, &chosen, place, instead)? {
                        return Ok(Some(lower));
                    }
                }
                place += 1;
            }
            if step.way_index > 0 {
                for lower in 1..step.way_index {
                    let instead = Deviation::Way {
                        task: step.task,
                        index: step.index,
                        way: step.ways[lower].clone(),
                    };
                    if let Some(lower) = self.instead(best, &chosen, place, instead)? {
                        return Ok(Some(lower));
                    }
                }
                place += 1;
            }
        }
        Ok(None)
    }

    /// An execution with one switch less, another one being made after fewer
    /// or more steps of its task instead. So "too early, and back" becomes "at
    /// the right time".
    fn merge_two(&mut self, best: &Record) -> Result<Option<Record>, Difference> {
        let chosen = deviations(best);
        for (place, deviation) in chosen.iter().enumerate() {
            let Deviation::Switch {
                after: Some((task, now)),
                to,
            } = *deviation
            else {
                continue;
            };
            let steps = best.steps.iter().filter(|step| step.task == task).count() as u32;
            for index in (1..=steps).filter(|index| *index != now) {
                for dropped in (0..chosen.len()).filter(|dropped| *dropped != place) {
                    let mut fewer = chosen.clone();
                    let after = Some((task, index));
                    fewer[place] = Deviation::Switch { after, to };
                    fewer.remove(dropped);
                    let record = self.fails(&fewer)?;
                    if let Some(record) = record.filter(|record| weight(record) < weight(best)) {
                        return Ok(Some(record));
                    }
                }
            }
        }
        Ok(None)
    }

    fn instead(
        &mut self,
        best: &Record,
        chosen: &[Deviation],
        place: usize,
        instead: Deviation,
    ) -> Result<Option<Record>, Difference> {
        let mut lower = chosen.to_vec();
        lower[place] = instead;
        let record = self.fails(&lower)?;
        Ok(record.filter(|record| weight(record) < weight(best)))
    }
}

/// How many choices are not 0, and their sum: what shrinking lowers.
fn weight(record: &Record) -> (usize, usize) {
    let indices = record
        .steps
        .iter()
        .flat_map(|step| [step.candidate, step.way_index]);
    indices.fold((0, 0), |(count, sum), index| {
        (count + usize::from(index > 0), sum + index)
    })
}

/// Whether two executions took the same steps and ended alike. What is said of
/// a failure is not compared: it may tell how long something took.
fn is_same(first: &Record, second: &Record) -> bool {
    first.steps == second.steps
        && first.outcome.state == second.outcome.state
        && end(first) == end(second)
}

fn end(record: &Record) -> Result<(), &str> {
    match &record.outcome.verdict {
        Verdict::Held => Ok(()),
        Verdict::Broken(failure) => Err(&failure.rule),
        Verdict::Unusable(why) => Err(why),
    }
}

fn difference(first: &Record, second: &Record) -> Difference {
    let after = first
        .steps
        .iter()
        .zip(&second.steps)
        .position(|(first, second)| first != second)
        .unwrap_or(first.steps.len().min(second.steps.len()));
    let show = |record: &Record| match record.steps.get(after) {
        Some(step) => format!("{} #{} {}", step.task, step.index, step.event),
        None => match end(record) {
            Ok(()) => "the execution ended, and nothing was broken".to_owned(),
            Err(rule) => format!("the execution ended: {rule}"),
        },
    };
    Difference {
        after,
        first: show(first),
        second: show(second),
    }
}

#[cfg(test)]
mod tests;
