//! A case on every schedule, within bounds and a budget, in either world.
//!
//! The steps of the scenario are always carried out as soon as they can be.
//! What is explored is which process makes the next visible call. Depth first,
//! those schedules first that leave a process that could go on the fewest
//! times; the first one that fails is shrunk.
//!
//! - `sim`: on the simulated kernel; `real`: the processes themselves;
//! - `pace`: when a budget is used up, and when there is something to tell.

mod pace;
mod real;
mod sim;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::case;
use crate::case::outcome::Verdict;
use crate::case::planned::Planned;
use crate::case::setting::Setting;
use crate::case::stop::Stop;
use crate::world::WorldKind;
use crate::world::sim::Programs;

use pace::Pace;

/// How far an exploration goes.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// How often a process may be left although it could go on; `None` for what is
    /// usual in its world, [`preemptions`].
    pub preemptions: Option<u32>,
    /// How many schedules of a case are tried at most; `None` for what is usual in
    /// its world, [`most`].
    pub most: Option<u64>,
    /// How long a case is explored at most; it ends with the schedule that is tried then.
    pub time: Option<Duration>,
    /// The programs of the simulated world.
    pub programs: Programs,
    /// Where the schedules are written of what is found, for `daemonlab
    /// replay`.
    pub schedules: PathBuf,
    /// The target, as the command line names it.
    pub target: String,
}

/// How many schedules of a case are tried unless told otherwise. One of real processes takes
/// a few hundredths of a second.
pub fn most(world: WorldKind) -> u64 {
    match world {
        WorldKind::Sim => 20_000,
        WorldKind::Real => 200,
    }
}

/// How often a process may be left unless told otherwise. Of real processes there are fewer
/// schedules with two preemptions than the budget allows; and some races take two.
pub fn preemptions(world: WorldKind) -> u32 {
    match world {
        WorldKind::Sim => 1,
        WorldKind::Real => 2,
    }
}

/// How wide a timeline is, in letters.
const WIDTH: usize = 110;

/// What was explored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Explored {
    /// How many schedules were tried.
    pub schedules: u64,
    /// How often a process was left in them, at most, although it could go on.
    pub preemptions: u32,
    /// Whether these were all schedules with so many.
    pub complete: bool,
    /// Which part of its budget was used up before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_up: Option<Limit>,
    /// That only so many rounds of each loop were varied, where there were more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// How many were cut off, for they made more calls than a schedule may have.
    #[serde(skip_serializing_if = "is_zero")]
    pub cut: u64,
    /// How many of them were drawn by chance, because the program did not repeat itself.
    #[serde(skip_serializing_if = "is_zero")]
    pub drawn: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A part of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The number of schedules.
    Schedules,
    /// The time.
    Time,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explored {
            schedules,
            preemptions,
            complete,
            used_up,
            rounds,
            cut,
            drawn,
        } = self;
        let all = if *complete { "all " } else { "" };
        let s = |number: u64| if number == 1 { "" } else { "s" };
        write!(
            f,
            "{all}{schedules} schedule{} with at most {preemptions} preemption{}",
            s(*schedules),
            s(u64::from(*preemptions))
        )?;
        if let Some(rounds) = rounds {
            write!(f, " in the first {rounds} rounds of loops")?;
        }
        match used_up {
            _ if *complete => {}
            None => f.write_str("; there are more")?,
            Some(Limit::Schedules) => f.write_str("; there are more, the budget is used up")?,
            Some(Limit::Time) => f.write_str("; there are more, the time is used up")?,
        }
        if *cut > 0 {
            write!(f, "; {cut} of them were cut off, being too long")?;
        }
        match drawn {
            0 => Ok(()),
            drawn => write!(
                f,
                "; {drawn} of them drawn, since the program did not repeat itself"
            ),
        }
    }
}

/// Judges a case on every schedule within the bounds, and tells every now and then how many it
/// has tried, and of how many at most. The verdict is that of the first schedule that fails,
/// shrunk, with its timeline; or that of all. What a profile declares of the case is held
/// against that verdict.
pub fn explore(
    planned: &Planned,
    setting: &Setting,
    how: &Exploration,
    stop: &Stop,
    tell: &mut (dyn FnMut(u64, u64) + Send),
) -> (case::Outcome, Explored) {
    let alone = Planned {
        deviation: None,
        ..planned.clone()
    };
    let bound = how
        .preemptions
        .unwrap_or_else(|| preemptions(planned.world));
    let most = how.most.unwrap_or_else(|| most(planned.world));
    let mut pace = Pace::new(most, how.time, stop, tell);
    let ((verdict, evidence), explored) = match planned.world {
        WorldKind::Sim => sim::explore(&alone, setting, how, bound, &mut pace),
        WorldKind::Real => real::explore(&alone, setting, how, bound, &mut pace),
    };
    let verdict = match (&planned.deviation, verdict) {
        _ if stop.is_set() => Verdict::CutShort {
            doing: doing(explored.schedules, most),
        },
        (Some(deviation), verdict) => deviation.judge(verdict),
        (None, verdict) => verdict,
    };
    ((verdict, evidence), explored)
}

/// What a case does that is explored: `was explored: 12 of at most 200 schedules`.
pub fn doing(schedules: u64, most: u64) -> String {
    format!("was explored: {schedules} of at most {most} schedules")
}

fn internal(message: String) -> case::Outcome {
    (Verdict::Internal { message }, None)
}

/// A failure with the story of its schedule, below what is said of it anyway.
fn with_story(verdict: Verdict, story: &str) -> Verdict {
    match verdict {
        Verdict::Failed { mut failures } => {
            if let Some(first) = failures.first_mut() {
                first.text = format!("{}\n{story}", first.text.trim_end());
            }
            Verdict::Failed { failures }
        }
        other => other,
    }
}

fn ordinal(number: u64) -> String {
    let end = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::all(12, true, None, 0, "all 12 schedules with at most 1 preemption")]
    #[case::one(1, true, None, 0, "all 1 schedule with at most 1 preemption")]
    #[case::budget(
        200,
        false,
        Some(Limit::Schedules),
        0,
        "there are more, the budget is used up"
    )]
    #[case::time(
        7,
        false,
        Some(Limit::Time),
        0,
        "7 schedules with at most 1 preemption; there are more, the time"
    )]
    #[case::drawn(9, false, Some(Limit::Schedules), 4, "4 of them drawn, since")]
    fn what_was_explored_says_how_far_it_went(
        #[case] schedules: u64,
        #[case] complete: bool,
        #[case] used_up: Option<Limit>,
        #[case] drawn: u64,
        #[case] says: &str,
    ) {
        let explored = Explored {
            schedules,
            preemptions: 1,
            complete,
            used_up,
            drawn,
            ..Explored::default()
        };
        assert!(explored.to_string().contains(says), "{explored}");
    }

    #[test]
    fn what_was_left_out_is_said() {
        let explored = Explored {
            schedules: 9,
            preemptions: 2,
            rounds: Some(3),
            cut: 1,
            ..Explored::default()
        };
        assert_eq!(
            explored.to_string(),
            "9 schedules with at most 2 preemptions in the first 3 rounds of loops; there are \
             more; 1 of them were cut off, being too long"
        );
    }
}
