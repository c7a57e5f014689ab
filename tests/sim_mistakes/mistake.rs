//! What is asked of each mistake and of its corrected twin.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use daemonlab::explore::{Schedule, is_minimal};
use daemonlab::sim::Sys;
use daemonlab::sim::check;
use daemonlab::sim::check::{Config, Counterexample, Report, explore, replay};

/// How often each schedule is replayed, in this process and in a fresh one.
const REPLAYS: usize = 1_000;

/// The marks around the event log in the output of the fresh process.
const FROM: &str = "--- event log ---\n";
const TO: &str = "--- end of the event log ---\n";

/// A wrong program and its corrected twin, in the same surroundings.
pub struct Mistake {
    /// The full name of the test, by which the fresh process finds it.
    pub test: &'static str,
    /// Where a program runs and what must hold.
    pub config: fn(fn(Sys) -> i32) -> Config,
    /// The rule that the wrong program breaks.
    pub breaks: &'static str,
    pub wrong: fn(Sys) -> i32,
    pub right: fn(Sys) -> i32,
}

impl Mistake {
    /// Finds, shrinks, replays, and checks the twin.
    pub fn prove(self) {
        let schedules = tempfile::tempdir().unwrap();
        let set_up = |program| {
            let config = (self.config)(program).name(self.test);
            config.schedules_in(schedules.path())
        };
        let config = set_up(self.wrong);
        let report = explore(config.clone(), self.wrong);
        if report.replayed.is_some() {
            return self.replayed(&config, &report);
        }
        println!("{report}");
        let [found] = &report.failures[..] else {
            panic!("the mistake is not found: {report}");
        };
        assert_eq!(found.failure().rule, self.breaks, "{report}");
        self.is_minimal(&config, found);
        self.replays(&config, found);
        self.survives_changes(&config, found);
        self.is_as_checked_in(found);
        let right = check(set_up(self.right), self.right);
        println!("{right}");
        assert!(right.is_complete(), "{right}");
    }

    /// No choice can be dropped or lowered.
    fn is_minimal(&self, config: &Config, found: &Counterexample) {
        let program: daemonlab::sim::Program = std::sync::Arc::new(self.wrong);
        let simulation = config.simulation(&program);
        let minimal = is_minimal(simulation, found.bounds, &found.shrunk);
        assert_eq!(minimal, Ok(true), "{found}");
    }

    fn replays(&self, config: &Config, found: &Counterexample) {
        let saved = found.saved.as_ref().expect("the schedule was saved");
        let schedule = fs::read_to_string(saved).unwrap();
        let schedule: Schedule = schedule.parse().unwrap();
        assert_eq!(schedule, found.schedule());
        let log = found.event_log();
        self.replay_all(config, &schedule, &log);
        assert_eq!(self.in_a_fresh_process(saved), log);
    }

    fn replay_all(&self, config: &Config, schedule: &Schedule, log: &str) {
        for _ in 0..REPLAYS {
            let replayed = replay(config, self.wrong, schedule);
            let run = replayed.ran.as_ref().expect("the program goes along");
            assert_eq!(run.adaptations, []);
            let broken = replayed.failure().map(|failure| failure.rule.as_str());
            assert_eq!(broken, Some(self.breaks));
            assert_eq!(replayed.event_log().as_deref(), Some(log));
        }
    }

    fn in_a_fresh_process(&self, saved: &Path) -> String {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", self.test, "--nocapture"])
            .env("DAEMONLAB_REPLAY", saved)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\n{errors}");
        let log = said
            .split_once(FROM)
            .and_then(|(_, rest)| rest.split_once(TO));
        log.expect("the fresh process prints the log").0.to_owned()
    }

    /// In the fresh process.
    fn replayed(&self, config: &Config, report: &Report) {
        let replayed = report.replayed.as_ref().expect("a schedule was given");
        println!("{replayed}");
        let log = replayed.event_log().expect("the program goes along");
        let saved = env::var_os("DAEMONLAB_REPLAY").expect("a schedule was given");
        let schedule = fs::read_to_string(saved).unwrap().parse().unwrap();
        self.replay_all(config, &schedule, &log);
        print!("{FROM}{log}{TO}");
    }

    /// The event log is the one that is checked in. To accept a new one, run
    /// with `DAEMONLAB_ACCEPT=1` and look at what has changed.
    fn is_as_checked_in(&self, found: &Counterexample) {
        let (_, name) = self.test.split_once("::").expect("a module and a name");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sim_mistakes/logs");
        let path: PathBuf = path.join(format!("{name}.log"));
        let log = found.event_log();
        if env::var_os("DAEMONLAB_ACCEPT").is_some() {
            fs::write(&path, &log).unwrap();
        }
        let checked_in = fs::read_to_string(&path).unwrap();
        assert_eq!(log, checked_in, "{}", path.display());
    }
}
