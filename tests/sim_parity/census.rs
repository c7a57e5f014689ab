//! What random programs are worth: how much of them succeeds, which errnos
//! they meet, how many processes they have.

use std::collections::BTreeMap;
use std::fmt;

use crate::agree::Agreed;
use crate::trace::Standing;

/// Counts over many programs.
#[derive(Clone, Debug, Default)]
pub struct Census {
    pub programs: u64,
    pub unsettled: u64,
    pub calls: u64,
    pub succeeded: u64,
    /// Programs of three processes or more.
    pub three: u64,
    pub errnos: BTreeMap<String, u64>,
    /// By the call's name: how often it succeeded, and how often it failed.
    pub by_call: BTreeMap<&'static str, (u64, u64)>,
}

impl Census {
    pub fn count(&mut self, agreed: &Agreed) {
        self.programs += 1;
        let answers = agreed
            .trace
            .moments
            .iter()
            .flat_map(|moment| &moment.answers);
        for answer in answers {
            let call = agreed.program.calls(answer.process).nth(answer.index);
            let name = call.map_or("", |call| call.name());
            let (done, failed) = self.by_call.entry(name).or_default();
            self.calls += 1;
            if is_errno(&answer.text) {
                *failed += 1;
                *self.errnos.entry(answer.text.clone()).or_default() += 1;
            } else {
                *done += 1;
                self.succeeded += 1;
            }
        }
        let last = agreed.trace.moments.last();
        let born = last.map_or(0, |moment| {
            let standing = moment.standing.iter();
            standing
                .filter(|standing| **standing != Standing::Unborn)
                .count()
        });
        self.three += u64::from(born >= 3);
    }
}

/// Only errnos are told in capitals that begin with an E.
fn is_errno(text: &str) -> bool {
    text.starts_with('E')
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
        writeln!(
            f,
            "{} programs agree, {} calls, {:.1} % of them succeed; {:.1} % of the programs have \
             three or more processes; {} programs were left out, the kernel itself having done \
             now this, now that",
            self.programs,
            self.calls,
            percent(self.succeeded, self.calls),
            percent(self.three, self.programs),
            self.unsettled,
        )?;
        write!(f, "errnos:")?;
        for (errno, count) in &self.errnos {
            write!(f, " {errno} {count}")?;
        }
        write!(f, "\ncalls that succeeded/failed:")?;
        for (name, (done, failed)) in &self.by_call {
            write!(f, " {name} {done}/{failed}")?;
        }
        writeln!(f)
    }
}
