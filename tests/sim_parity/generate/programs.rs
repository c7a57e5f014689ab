//! Programs: turns of processes that come and go.

use daemonlab::sys::call::Call;
use proptest::collection::vec;
use proptest::prelude::*;

use super::calls::call;
use super::connections::socket_idiom;
use super::idioms::idiom;
use super::relatives::relatives;
use crate::program::{MOST_PROCESSES, Program, Turn};
use crate::scenery::Range;

/// Programs of a few dozen turns.
pub fn programs(range: Range) -> impl Strategy<Value = Program> {
    vec((any::<u8>(), few(range)), 8..32).prop_map(|drawn| {
        let mut alive = 1;
        let mut turns = Vec::new();
        for (chosen, calls) in drawn {
            let same = chosen as usize % alive;
            for (by, call) in calls {
                let forks = call == Call::Fork;
                if forks && alive == MOST_PROCESSES {
                    continue;
                }
                let process = match by {
                    By::Same => same,
                    By::Youngest => alive - 1,
                    By::SecondYoungest => alive.saturating_sub(2),
                };
                turns.push(Turn { process, call });
                alive += usize::from(forks);
            }
        }
        Program::of(turns)
    })
}

/// Which process makes a call of several that belong together.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    Same,
    Youngest,
    SecondYoungest,
}

/// One call, or a few that belong together.
fn few(range: Range) -> impl Strategy<Value = Vec<(By, Call)>> {
    let same = |calls: Vec<Call>| calls.into_iter().map(|call| (By::Same, call)).collect();
    prop_oneof![
        40 => call(range).prop_map(|call| vec![(By::Same, call)]),
        3 => socket_idiom().prop_map(same),
        3 => idiom().prop_map(same),
        4 => relatives(),
    ]
}
