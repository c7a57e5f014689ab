//! A case with its world, as something that can be explored.
//!
//! The case is carried out by a thread of its own, which waits at every choice
//! for what the explorer says, and the explorer for the next choice: only ever
//! one of the two runs.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use daemonlab::explore::{
    Alternative, Digest, Failure, Footprint, Model, Outcome, Pending, TaskName, Verdict as Held,
};

use super::common::{self, CommonStep};
use crate::case;
use crate::case::maker::WorldMaker;
use crate::case::outcome::{Verdict, text};
use crate::case::planned::Planned;
use crate::case::setting::Setting;
use crate::case::stop::Stop;
use crate::world::sim::{Choice, Grain, InCommon, Pilot, Programs, SimWorld};
use crate::world::spec::SandboxSpec;
use crate::world::{World, WorldError, WorldKind};

/// A case that is carried out again and again.
pub struct ScenarioModel {
    job: Arc<Job>,
    running: Option<Running>,
    /// Nobody knows what a look of the scenario depends on, so that every
    /// call conflicts with every other.
    pending: Vec<Pending<()>>,
    choices: Vec<Choice>,
    event: String,
    outcome: Option<case::Outcome>,
    /// The steps of the execution at hand, as both worlds may have them.
    taken: Vec<(TaskName, InCommon)>,
}

struct Job {
    planned: Planned,
    setting: Setting,
    programs: Programs,
    grain: Grain,
}

/// An execution under way.
struct Running {
    choose: SyncSender<TaskName>,
    asks: Receiver<Ask>,
    thread: JoinHandle<()>,
}

/// What the case's thread says.
enum Ask {
    Choose(Vec<Choice>, String),
    Over(Box<case::Outcome>),
}

impl ScenarioModel {
    /// The case with the programs of the simulated world, at this grain.
    pub fn new(
        planned: &Planned,
        setting: &Setting,
        programs: &Programs,
        grain: Grain,
    ) -> ScenarioModel {
        ScenarioModel {
            job: Arc::new(Job {
                planned: planned.clone(),
                setting: setting.clone(),
                programs: programs.clone(),
                grain,
            }),
            running: None,
            pending: Vec::new(),
            choices: Vec::new(),
            event: String::new(),
            outcome: None,
            taken: Vec::new(),
        }
    }

    /// The steps of the last execution that the real world has as well.
    pub fn common(&self) -> Vec<CommonStep> {
        common::of_the_simulation(&self.taken)
    }

    /// How the last execution ended.
    pub fn take_outcome(&mut self) -> Option<case::Outcome> {
        self.outcome.take()
    }

    /// Waits for the next choice, or for the end.
    fn listen(&mut self) {
        self.pending.clear();
        let asked = self.running.as_ref().map(|running| running.asks.recv());
        match asked {
            Some(Ok(Ask::Choose(choices, event))) => {
                self.pending.extend(choices.iter().map(pending));
                self.choices = choices;
                self.event = event;
            }
            Some(Ok(Ask::Over(outcome))) => {
                self.event = "the scenario is over".to_owned();
                self.outcome = Some(*outcome);
            }
            _ => {
                let message = "the case's thread is gone: it panicked".to_owned();
                self.outcome = Some((Verdict::Internal { message }, None));
            }
        }
    }

    /// Ends the execution under way.
    fn give_up(&mut self) {
        if let Some(Running {
            choose,
            asks,
            thread,
        }) = self.running.take()
        {
            drop(choose);
            drop(asks);
            // Its panic was told of as it happened.
            let _ = thread.join();
        }
    }
}

fn pending(choice: &Choice) -> Pending<()> {
    let mut footprint = Footprint::none();
    footprint.set_unknown();
    Pending {
        task: choice.task,
        code: Digest::of(&choice.operation),
        footprint,
        alternatives: match choice.goes {
            true => vec![Alternative::NORMAL],
            false => Vec::new(),
        },
    }
}

impl Model for ScenarioModel {
    type Key = ();

    fn start(&mut self) {
        self.give_up();
        self.outcome = None;
        self.taken.clear();
        let (choose, chosen) = sync_channel(0);
        let (ask, asks) = sync_channel(0);
        let job = Arc::clone(&self.job);
        let thread = thread::spawn(move || {
            let mut maker = Steered {
                programs: job.programs.clone(),
                grain: job.grain,
                pilot: Some(Box::new(Explorers {
                    ask: ask.clone(),
                    chosen,
                })),
            };
            let stop = Stop::default();
            let outcome = case::run(&job.planned, &job.setting, &mut maker, &stop, &mut |_| {});
            // Nobody listens where the execution was given up.
            let _ = ask.send(Ask::Over(Box::new(outcome)));
        });
        self.running = Some(Running {
            choose,
            asks,
            thread,
        });
        self.listen();
    }

    fn pending(&self) -> &[Pending<()>] {
        &self.pending
    }

    fn step(&mut self, place: usize, _: usize) {
        let task = self.pending[place].task;
        self.taken.push((task, self.choices[place].common.clone()));
        if let Some(running) = &self.running {
            // A thread that is gone is noticed by whoever listens.
            let _ = running.choose.send(task);
        }
        self.listen();
    }

    fn write_operation(&self, place: usize, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str(&self.choices[place].operation)
    }

    fn write_event(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str(&self.event)
    }

    fn outcome(&mut self) -> Outcome {
        let verdict = match &self.outcome {
            Some((Verdict::Failed { failures }, _)) => Held::Broken(Failure {
                rule: failures.first().map_or_else(String::new, |failure| {
                    format!("line {}: {}", failure.line, failure.title)
                }),
                evidence: text(failures),
            }),
            Some((Verdict::Internal { message }, _)) => Held::Unusable(message.clone()),
            _ => Held::Held,
        };
        let rule = match &verdict {
            Held::Broken(failure) => failure.rule.as_str(),
            _ => "",
        };
        let state = Digest::of(rule);
        Outcome { verdict, state }
    }
}

impl Drop for ScenarioModel {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Makes the one world of an execution.
struct Steered {
    programs: Programs,
    grain: Grain,
    pilot: Option<Box<dyn Pilot>>,
}

impl WorldMaker for Steered {
    fn make(
        &mut self,
        _: WorldKind,
        spec: &SandboxSpec,
        _: &str,
    ) -> Result<Box<dyn World + '_>, WorldError> {
        let programs = self.programs.clone();
        Ok(Box::new(match self.pilot.take() {
            Some(pilot) => SimWorld::steered_by(pilot, self.grain, spec, programs)?,
            None => SimWorld::new(spec, programs)?,
        }))
    }
}

/// Asks the explorer, on the other thread.
struct Explorers {
    ask: SyncSender<Ask>,
    chosen: Receiver<TaskName>,
}

impl Pilot for Explorers {
    fn choose(&mut self, choices: Vec<Choice>, event: String) -> Option<TaskName> {
        self.ask.send(Ask::Choose(choices, event)).ok()?;
        self.chosen.recv().ok()
    }
}
