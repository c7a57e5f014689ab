//! Whether both worlds agree on a program, and the smallest one on which they
//! do not.

use std::fmt::Write as _;

use daemonlab::sim::Scene;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::generate::programs;
use crate::program::Program;
use crate::real::{Conductor, Verdict};
use crate::scenery::{Range, scene};
use crate::simulated::{Order, simulate};
use crate::trace::Trace;

/// How many programs shrinking tries.
const MOST_TRIES: u32 = 400;
/// How often a disagreement has to show itself.
const TIMES: u32 = 3;

/// A program on which both worlds agree, and what it did.
pub struct Agreed {
    pub program: Program,
    pub trace: Trace,
}

/// What has come of one program.
pub enum Outcome {
    Agreed(Agreed),
    /// The kernel has done different things when asked again.
    Unsettled(String),
    Disagreed(String),
}

/// Draws programs and holds them against the kernel.
pub struct Parity {
    conductor: Conductor,
    pub scene: Scene,
    range: Range,
}

impl Parity {
    pub fn new(range: Range) -> Parity {
        Parity {
            conductor: Conductor::new(range),
            scene: scene(range, Conductor::protections()),
            range,
        }
    }

    /// The `number`-th program of a seed.
    pub fn check(&mut self, seed: u64, number: u64) -> Outcome {
        let mut tree = programs(self.range)
            .new_tree(&mut runner(seed, number))
            .expect("nothing is filtered");
        let (program, found) = match self.hold(tree.current()) {
            Ok(agreed) => return Outcome::Agreed(agreed),
            Err(found) => found,
        };
        for _ in 1..TIMES {
            if self.hold(program.clone()).is_ok() {
                return Outcome::Unsettled(format!("{found}\n{program}"));
            }
        }
        let (mut smallest, mut told) = (program, found);
        let mut more = tree.simplify();
        for _ in 0..MOST_TRIES {
            if !more {
                break;
            }
            more = match self.hold(tree.current()) {
                Ok(_) => tree.complicate(),
                Err((program, found)) => {
                    (smallest, told) = (program, found);
                    tree.simplify()
                }
            };
        }
        let mut report = format!("program {number} of seed {seed}: {told}\n");
        let _ = write!(report, "{smallest}");
        if let Ok(trace) = simulate(&self.scene, &smallest, Order::EldestFirst, None) {
            let _ = writeln!(report, "in the simulation:");
            for (turn, moment) in trace.moments.iter().enumerate() {
                let _ = writeln!(report, "{turn:>3}  {moment}");
            }
        }
        Outcome::Disagreed(report)
    }

    /// Runs a program in both worlds, less what no kernel promises.
    fn hold(&mut self, program: Program) -> Result<Agreed, (Program, String)> {
        let eldest = simulate(&self.scene, &program, Order::EldestFirst, None);
        let youngest = simulate(&self.scene, &program, Order::YoungestFirst, None);
        let (mut trace, other) = match (eldest, youngest) {
            (Ok(one), Ok(other)) => (one, other),
            (Err(what), _) | (_, Err(what)) => return Err((program, what)),
        };
        let promised = trace.differs_at(&other).unwrap_or(trace.moments.len());
        let program = program.cut(promised);
        trace.moments.truncate(promised);
        match self.conductor.compare(&program, &trace) {
            Verdict::Agrees => Ok(Agreed { program, trace }),
            Verdict::Differs { turn, what } => {
                let program = program.cut(turn + 1);
                Err((program, format!("in turn {turn}, {what}")))
            }
        }
    }
}

fn runner(seed: u64, number: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}
