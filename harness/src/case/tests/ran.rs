//! Running one case, and what came of it.

use std::path::Path;
use std::sync::Arc;

use super::fake::{Beat, FakeMaker, Log, Script};
use crate::case;
use crate::case::outcome::{Evidence, Failure, Verdict, plain};
use crate::case::planned::{Fate, Planned};
use crate::case::setting::{Gather, Setting, TIMEOUT, Target};
use crate::case::stop::Stop;
use crate::scenario;
use crate::world::event::End;
use crate::world::facts::ProcessFacts;
use crate::world::spec::Trace;

/// A launcher that exits 0 after 10 ms, when its daemon is there; the PID file
/// follows at 30 ms.
pub fn good() -> Script {
    Script {
        beats: vec![
            (5, Beat::Process(Box::new(daemon()))),
            (10, Beat::LauncherEnds("demo", End::Exit(0))),
            (30, Beat::File("/run/x.pid", "7\n")),
        ],
        on_signal: Some(End::Exit(0)),
        ..Script::default()
    }
}

pub fn daemon() -> ProcessFacts {
    ProcessFacts {
        pid: 7,
        parent: 1,
        session: 6,
        group: 6,
        name: "server".to_owned(),
        command: vec!["server".to_owned()],
        state: 'S',
        umask: 0o007,
        descriptors: [(2, "/run/x.log".to_owned())].into(),
        ..ProcessFacts::default()
    }
}

/// The steps of a case, below a launch that is waited for.
pub fn after_launch(steps: &str) -> String {
    format!(
        "  - launch: {{id: demo, command: [\"${{target}}\", -d], within: 2s, expect: {{exit: 0}}}}\n{steps}"
    )
}

pub struct Ran {
    pub verdict: Verdict,
    pub evidence: Option<Evidence>,
    pub log: Vec<String>,
    pub steps: Vec<String>,
}

impl Ran {
    pub fn failures(&self) -> &[Failure] {
        match &self.verdict {
            Verdict::Failed { failures } => failures,
            other => panic!("it did not fail: {other:?}"),
        }
    }

    pub fn text(&self) -> String {
        plain(self.failures())
    }
}

pub fn setting() -> Setting {
    Setting {
        target: Target {
            path: "/opt/server".into(),
            binds: Vec::new(),
        },
        timeout: TIMEOUT,
        timeout_for_all: None,
        gather: Gather::OnFailure,
        trace: Trace::Off,
    }
}

pub fn run(script: Script, steps: &str) -> Ran {
    run_with(
        script,
        &format!("version: 1\nsteps:\n{steps}"),
        &setting(),
        &Stop::default(),
    )
}

pub fn run_with(script: Script, file: &str, setting: &Setting, stop: &Stop) -> Ran {
    let scenario = scenario::parse("a.yaml", file, Path::new("/scenarios"))
        .unwrap_or_else(|wrong| panic!("{wrong}"));
    let planned = Planned {
        world: crate::world::WorldKind::Real,
        case: scenario.cases[0].clone(),
        fate: Fate::Run,
        deviation: None,
    };
    let log = Log::default();
    let mut maker = FakeMaker {
        script,
        log: Arc::clone(&log),
    };
    let mut steps = Vec::new();
    let (verdict, evidence) = case::run(&planned, setting, &mut maker, stop, &mut |begun| {
        steps.push(begun.what);
    });
    let log = log.lock().expect("nobody panicked with it").clone();
    Ran {
        verdict,
        evidence,
        log,
        steps,
    }
}

pub const ADOPT: &str = "  - adopt: {id: daemon, from: {pid-file: /run/x.pid}, within: 1s}\n";
