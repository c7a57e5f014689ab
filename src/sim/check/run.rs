//! The check itself.

use std::sync::Arc;
use std::thread;

use super::config::{Config, Search};
use super::counterexample::{Counterexample, schedule};
use super::report::Report;
use super::{place, replay};
use crate::explore::strategy::Sweep;
use crate::explore::{self, Bounds, Explorer, Found, Plan, Stop, shrink};
use crate::sim::{Program, Sys};

/// Checks a program, in the manner of `loom::model` and `shuttle::check`.
///
/// The program runs in a process of its own, once for each execution, and must
/// do the same whenever its calls are answered the same: it captures no handle,
/// touches no static, and asks no clock but its own. What it gives is its exit
/// status. Its process is the launcher, task `0`.
///
/// # Panics
/// If a rule is broken, if a program does not repeat itself, or if an
/// exhaustive search has used its budget up, with the [`Report`].
pub fn check(config: Config, program: impl Fn(Sys) -> i32 + Send + Sync + 'static) -> Report {
    let report = explore(config, program);
    if !report.passes() {
        panic!("{report}");
    }
    if report.replayed.is_some() {
        eprintln!("{report}");
    }
    report
}

/// The same, without the panic.
///
/// # Panics
/// If `DAEMONLAB_REPLAY` names a file that is no schedule.
pub fn explore(config: Config, program: impl Fn(Sys) -> i32 + Send + Sync + 'static) -> Report {
    let program: Program = Arc::new(program);
    let name = name_of(&config);
    let mut report = Report {
        name: name.clone(),
        searches: Vec::new(),
        failures: Vec::new(),
        replayed: None,
        exhaustive: config.search.is_exhaustive(),
    };
    match replay::asked_for(&name) {
        Err(error) => panic!("{error}"),
        Ok(Some(schedule)) => {
            report.replayed = Some(replay::run_along(&config, &program, &schedule));
            return report;
        }
        Ok(None) => {}
    }
    let check = Check {
        config: &config,
        program: &program,
        name,
    };
    let sweeps = config.bounds.faults != Some(0);
    if sweeps || config.search == Search::Sweep {
        check.take(&mut report, check.sweep());
    }
    let ended = !report.failures.is_empty() && config.on_failure == explore::OnFailure::Stop;
    if !ended && let Some(plan) = check.plan() {
        let make = || config.usual_simulation(&program);
        let how = check.what_is_left(&report);
        let found = explore::search(make, plan, how, config.workers);
        check.take(&mut report, found);
    }
    report
}

/// What the check is called: as it was told, or like the thread, which in a
/// test is the test.
fn name_of(config: &Config) -> String {
    match &config.name {
        Some(name) => name.clone(),
        None => thread::current().name().unwrap_or("check").to_owned(),
    }
}

struct Check<'a> {
    config: &'a Config,
    program: &'a Program,
    name: String,
}

impl Check<'_> {
    fn how(&self) -> explore::Config {
        explore::Config {
            budget: self.config.budget,
            on_failure: self.config.on_failure,
            ..explore::Config::default()
        }
    }

    /// The budget is that of all searches together.
    fn what_is_left(&self, report: &Report) -> explore::Config {
        let mut how = self.how();
        for search in &report.searches {
            how.budget = search.left_of(how.budget);
        }
        how
    }

    /// Every single fault on the plain run, and every errno: cheap, so that it comes first.
    fn sweep(&self) -> explore::Report {
        let simulation = self.config.simulation(self.program);
        Explorer::new(simulation, self.how()).explore(&mut Sweep::new(self.config.bounds))
    }

    fn plan(&self) -> Option<Plan> {
        let bounds: Bounds = self.config.bounds;
        Some(match self.config.search {
            Search::Sweep => return None,
            Search::Reduced => Plan::Reduced(bounds),
            Search::DepthFirst => Plan::DepthFirst(bounds),
            Search::Random { seed, executions } => Plan::Random {
                seed,
                executions,
                bounds,
            },
            Search::Pct {
                seed,
                depth,
                executions,
            } => Plan::Pct {
                seed,
                depth,
                executions,
                bounds,
            },
        })
    }

    /// Adds a search to the report, its failures shrunk and saved.
    fn take(&self, report: &mut Report, mut search: explore::Report) {
        for found in std::mem::take(&mut search.failures) {
            let rule = &found.failure.rule;
            let mut known = report.failures.iter();
            if known.any(|known| known.failure().rule == *rule) {
                continue;
            }
            match self.counterexample(found) {
                Ok(example) => report.failures.push(example),
                Err(difference) => search.stop = Stop::Nondeterminism(difference),
            }
        }
        report.searches.push(search);
    }

    fn counterexample(&self, found: Found) -> Result<Counterexample, explore::Difference> {
        let simulation = self.config.simulation(self.program);
        let shrunk = shrink(simulation, found.bounds, &found.failure, &found.record)?;
        let schedule = schedule(&self.name, &shrunk.record);
        let directory = self.config.schedules.as_deref();
        let saved = place::save(directory, &self.name, &shrunk.failure.rule, &schedule);
        Ok(Counterexample {
            found_in: found.execution,
            bounds: found.bounds,
            shrunk,
            saved,
            check: self.name.clone(),
            roles: self.config.all_roles(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rstest::rstest;

    use super::*;
    use crate::sys::records::At;
    use crate::sys::{Errno, Files, Forked, Process};

    /// Two processes, whose calls can fail.
    fn program(sys: Sys) -> i32 {
        match sys.fork() {
            Ok(Forked::Child) => i32::from(sys.setsid().is_err()),
            _ => i32::from(sys.setsid().is_ok()),
        }
    }

    #[rstest]
    #[case::in_the_first_search(2)]
    #[case::in_the_second(12)]
    fn a_budget_is_that_of_all_searches_together(#[case] most: u64) {
        for search in [Search::Reduced, Search::DepthFirst] {
            let config = Config::new().budget(most).workers(1).search(search);
            let report = explore(config, program);
            let judged: u64 = report
                .searches
                .iter()
                .map(|search| search.executions + search.abandoned)
                .sum();
            assert_eq!(judged, most, "{report}");
            assert!(!report.is_complete() && !report.passes(), "{report}");
        }
    }

    /// Wrong, and only where a file system is out of quota.
    fn without_quota(sys: Sys) -> i32 {
        match sys.mkdir(At::Cwd, Path::new("/run/d"), 0o755) {
            Err(Errno::EDQUOT) => panic!("nobody thought of quotas"),
            done => i32::from(done.is_err()),
        }
    }

    #[test]
    fn a_rare_errno_is_met_once_and_replayed() {
        let schedules = tempfile::tempdir().unwrap();
        let config = Config::new().schedules_in(schedules.path());
        let report = explore(config.clone(), without_quota);
        let [found] = &report.failures[..] else {
            panic!("{report}");
        };
        assert_eq!(report.searches.len(), 1, "{report}");
        let schedule = found.schedule();
        assert!(
            schedule.to_string().contains("[fault EDQUOT]"),
            "{schedule}"
        );
        let replayed = replay::replay(&config, without_quota, &schedule);
        assert_eq!(replayed.failure(), Some(found.failure()));
    }
}
