//! Budgets, the self-check, and what a report claims.

use std::fmt;

use rstest::rstest;

use super::*;
use crate::explore::bounds::{Overrun, StepLimit};
use crate::explore::strategy::{Dfs, Dpor, Random};
use crate::explore::toy::{Key, Op::*, Toy};
use crate::explore::{Kind, Pending};

fn toy() -> Toy {
    Toy::new([vec![Mix(0, 1); 3], vec![Mix(0, 2); 3]])
}

fn all() -> Dfs {
    Dfs::new(Bounds::default())
}

fn with_budget(executions: Option<u64>, steps: Option<u64>) -> Config {
    Config {
        budget: Budget { executions, steps },
        on_failure: OnFailure::GoOn,
        ..Config::default()
    }
}

/// There are 20 executions of 6 steps.
#[rstest]
#[case::none(None, None, 20, 0, 120, Stop::Exhausted)]
#[case::executions(Some(7), None, 7, 0, 42, Stop::ExecutionBudget)]
#[case::no_executions(Some(0), None, 0, 0, 0, Stop::ExecutionBudget)]
#[case::all_executions(Some(20), None, 20, 0, 120, Stop::ExecutionBudget)]
#[case::more_executions(Some(21), None, 20, 0, 120, Stop::Exhausted)]
#[case::steps_to_the_end_of_one(None, Some(42), 7, 0, 42, Stop::StepBudget)]
#[case::steps_half_way(None, Some(45), 7, 1, 45, Stop::StepBudget)]
#[case::no_steps(None, Some(0), 0, 0, 0, Stop::StepBudget)]
#[case::both(Some(7), Some(30), 5, 0, 30, Stop::StepBudget)]
fn a_budget_binds_at_once(
    #[case] executions: Option<u64>,
    #[case] steps: Option<u64>,
    #[case] judged: u64,
    #[case] dropped: u64,
    #[case] taken: u64,
    #[case] stop: Stop,
) {
    let mut explorer = Explorer::new(toy(), with_budget(executions, steps));
    let report = explorer.explore(&mut all());
    assert_eq!(
        (report.executions, report.abandoned, report.steps),
        (judged, dropped, taken)
    );
    assert_eq!(report.complete, stop == Stop::Exhausted);
    assert_eq!(report.stop, stop);
}

#[test]
fn the_first_failure_ends_it_or_each_rule_is_kept_once() {
    let toy = || {
        toy().with_invariant(|state| match state.registers[0] {
            value if value % 3 == 0 => Some("it is no multiple of three"),
            value if value > 80 => Some("it is small"),
            _ => None,
        })
    };
    let first = Explorer::new(toy(), Config::default()).explore(&mut all());
    assert_eq!((first.failures.len(), &first.stop), (1, &Stop::Failure));
    assert_eq!(first.failures[0].execution, first.executions);
    let every = Explorer::new(toy(), with_budget(None, None)).explore(&mut all());
    let rules: Vec<&str> = every
        .failures
        .iter()
        .map(|found| &*found.failure.rule)
        .collect();
    assert_eq!(rules.len(), 2, "{rules:?}");
    assert!(every.complete && !every.is_clean());
}

/// A toy that is not quite itself from some execution on.
struct Odd {
    toy: Toy,
    started: u64,
    from: u64,
    how: How,
    pending: Vec<Pending<Key>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Event,
    State,
    Operation,
    OperationEveryOtherTime,
    Ways,
    Unusable,
    Inexact,
}

impl Odd {
    fn new(from: u64, how: How) -> Odd {
        Odd {
            toy: toy(),
            started: 0,
            from,
            how,
            pending: Vec::new(),
        }
    }

    fn is(&self, how: How) -> bool {
        self.how == how && self.started > self.from
    }

    fn has_another_operation(&self) -> bool {
        let every_other = self.how == How::OperationEveryOtherTime;
        self.is(How::Operation) || (every_other && self.started.is_multiple_of(2))
    }

    fn look(&mut self) {
        self.pending = self.toy.pending().to_vec();
        if self.toy.trail.len() != 2 {
            return;
        }
        if self.has_another_operation() {
            self.pending[0].code += 1;
        }
        if self.is(How::Ways) {
            self.pending[0].alternatives[0].kind = Kind::Timer;
        }
    }
}

impl Model for Odd {
    type Key = Key;

    fn start(&mut self) {
        self.started += 1;
        self.toy.start();
        self.look();
    }

    fn pending(&self) -> &[Pending<Key>] {
        &self.pending
    }

    fn step(&mut self, task: usize, alternative: usize) {
        self.toy.step(task, alternative);
        self.look();
    }

    fn write_operation(&self, task: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        self.toy.write_operation(task, out)?;
        match self.has_another_operation() {
            true => out.write_str(" but oddly"),
            false => Ok(()),
        }
    }

    fn write_event(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        self.toy.write_event(out)?;
        match self.is(How::Event) && self.toy.trail.len() == 3 {
            true => write!(out, " in start {}", self.started),
            false => Ok(()),
        }
    }

    fn outcome(&mut self) -> Outcome {
        let mut outcome = self.toy.outcome();
        if self.is(How::State) {
            outcome.state ^= self.started;
        }
        if self.is(How::Unusable) {
            outcome.verdict = Verdict::Unusable("the tracer has lost its processes".into());
        }
        outcome
    }

    fn is_exact(&self) -> bool {
        self.how != How::Inexact
    }
}

fn explore(odd: Odd, every: u64) -> Report {
    let config = Config {
        check_every: NonZeroU64::new(every).unwrap(),
        ..Config::default()
    };
    Explorer::new(odd, config).explore(&mut all())
}

fn difference(report: &Report) -> &Difference {
    match &report.stop {
        Stop::Nondeterminism(difference) => difference,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_event_that_changes_is_told_with_both() {
    let report = explore(Odd::new(0, How::Event), 100);
    let difference = difference(&report);
    assert_eq!(difference.after, 2);
    assert_eq!(difference.first, "1:Mix(0, 1) in start 1");
    assert_eq!(difference.second, "1:Mix(0, 1) in start 2");
    assert!(!report.is_clean() && !report.complete);
}

#[test]
fn a_state_that_changes_is_told() {
    let report = explore(Odd::new(0, How::State), 100);
    let difference = difference(&report);
    assert_eq!(difference.after, 6);
    assert!(difference.first.starts_with("the execution ended: "));
}

/// It begins long after the first execution, which is always checked.
#[rstest]
#[case(5, 2)]
#[case(1, 11)]
fn every_so_manieth_execution_is_checked(#[case] every: u64, #[case] from: u64) {
    let report = explore(Odd::new(from, How::Event), every);
    assert_eq!(difference(&report).after, 2);
    assert!(report.checked >= 2);
    let never_again = explore(Odd::new(from, How::Event), 100);
    assert_eq!(
        (never_again.stop, never_again.checked),
        (Stop::Exhausted, 1)
    );
}

const GONE: &str = "something else, which did not show itself again (attempts: 8)";
const PLAIN: &str = "0.1 #3 Mix(0, 1); 0.2 #1 Mix(0, 2)";
const ODDLY: &str = "0.1 #3 Mix(0, 1) but oddly; 0.2 #1 Mix(0, 2) but oddly";
const TIMER: &str = "0.1 #3 Mix(0, 1) (until its timer fires); 0.2 #1 Mix(0, 2)";

/// The points of two executions that begin alike are compared always, checked
/// or not.
#[rstest]
#[case(2, How::Operation, GONE, ODDLY)]
#[case(2, How::Ways, GONE, TIMER)]
#[case(0, How::OperationEveryOtherTime, PLAIN, ODDLY)]
fn a_point_that_changes_is_noticed_in_the_next_execution(
    #[case] from: u64,
    #[case] how: How,
    #[case] first: &str,
    #[case] second: &str,
) {
    let report = explore(Odd::new(from, how), 1_000);
    let difference = difference(&report);
    let told = (difference.after, &*difference.first, &*difference.second);
    assert_eq!(told, (2, first, second));
}

#[test]
fn a_model_that_cannot_go_on_ends_it() {
    let report = explore(Odd::new(3, How::Unusable), 100);
    assert_eq!(
        report.stop,
        Stop::Unusable("the tracer has lost its processes".into())
    );
    assert!(!report.is_clean());
    assert!(
        report
            .to_string()
            .ends_with("the tracer has lost its processes")
    );
}

#[test]
fn a_model_that_does_not_tell_all_is_never_complete() {
    let report = explore(Odd::new(0, How::Inexact), 100);
    assert_eq!(
        (report.stop, report.complete, report.executions),
        (Stop::Exhausted, false, 20)
    );
}

#[test]
fn a_report_prints_its_bounds() {
    let bounds = Bounds {
        preemptions: Some(1),
        faults: Some(0),
        rounds: Some(3),
        steps: StepLimit {
            most: 50,
            then: Overrun::Cut,
        },
        ..Bounds::default()
    };
    let faulty = Faulty(Box::new(Get(0)));
    let toy = Toy::new([vec![Mix(0, 1), faulty], vec![Mix(0, 2)]]);
    let report = Explorer::new(toy, Config::default()).explore(&mut Dfs::new(bounds));
    assert_eq!(
        report.to_string(),
        "explored depth first: complete within the bounds\n  \
           executions: 3 judged, 0 dropped, 0 cut off; 9 steps, the longest 3\n  \
           seen: 2 tasks, up to 1 preemptions and 0 faults in an execution, 3 different ends\n  \
           bounds: preemptions: at most 1; faults: at most 0; rounds of a loop: the first 3 and \
         the last; timers: at any time; steps: at most 50 (then cut off)\n  \
           kept away by the bounds: faults\n  \
           run twice and compared: 1"
    );
}

#[test]
fn what_is_only_drawn_is_not_complete() {
    let mut random = Random::new(1, 500, Bounds::default());
    let report = Explorer::new(toy(), Config::default()).explore(&mut random);
    assert_eq!((report.executions, report.complete), (500, false));
    assert_eq!(report.states.len(), 20);
}

/// Beginning again with the same explorer does not change what is found.
#[test]
fn an_explorer_can_be_used_again() {
    let mut explorer = Explorer::new(toy(), Config::default());
    let first = explorer.explore(&mut Dpor::new(Bounds::default()));
    explorer.explore(&mut all());
    assert_eq!(explorer.explore(&mut Dpor::new(Bounds::default())), first);
}
