//! What a run is to do.

use std::num::NonZeroUsize;

use crate::case::planned::Planned;
use crate::case::setting::Setting;
use crate::explore::regression::Exploration;

/// What a run is to do, all of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The cases, in the order in which they are started.
    pub cases: Vec<Planned>,
    /// How many cases there are that were not selected.
    pub filtered_out: usize,
    /// How many run at a time; at least one.
    pub jobs: usize,
    /// What follows from failures.
    pub policy: Policy,
    /// What holds for each of them.
    pub setting: Setting,
    /// Whether each is judged on every schedule, and how far that goes.
    pub explore: Option<Exploration>,
}

/// What follows from failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// After how many failed cases no other is started.
    pub max_fail: Option<NonZeroUsize>,
    /// How many times more a case is tried that failed.
    pub retries: u32,
}

impl Plan {
    /// The same with each case `times` times, round by round, so that a case
    /// that disturbs another has its chance to. The id of a repetition ends
    /// in `@` and its number.
    #[must_use]
    pub fn repeated(mut self, times: NonZeroUsize) -> Plan {
        let once = std::mem::take(&mut self.cases);
        for number in 1..=times.get() {
            self.cases.extend(once.iter().cloned().map(|mut planned| {
                planned.case.id = format!("{}@{number}", planned.case.id);
                planned
            }));
        }
        self
    }
}
