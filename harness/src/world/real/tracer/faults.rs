//! The faults of scenario files, as a decider.

use std::collections::BTreeMap;
use std::time::Duration;

use super::call::TracedCall;
use super::decider::{Act, Decider, Decision, Point, Stop, Who};
use super::rules::{Rules, Ruling, Seen, Verdict, Wait};
use super::visible;
use crate::world::event::What;
use crate::world::spec::Condition;

/// The rules of every launch, and the calls that they hold back.
#[derive(Debug, Default)]
pub struct Faults {
    launches: BTreeMap<String, Rules>,
    held: BTreeMap<i32, Ruling>,
    /// The faults that have matched the call that a thread is in.
    in_call: BTreeMap<i32, Vec<String>>,
}

impl Faults {
    /// Adds the rules of a launch.
    pub fn add(&mut self, launch: &str, rules: Rules) {
        self.launches.insert(launch.to_owned(), rules);
    }

    /// The rules of a launch, with what they have counted.
    pub fn of(&self, launch: &str) -> Option<&Rules> {
        self.launches.get(launch)
    }

    /// Whether there is a fault of its launch for calls of this number.
    pub fn concern(&self, who: &Who, number: i64) -> bool {
        let rules = self.launches.get(&who.launch);
        rules.is_some_and(|rules| rules.concern(number))
    }

    fn settle(&mut self, stop: &Stop<'_>, ruling: Ruling, told: &mut Vec<What>) -> Decision {
        if !ruling.holds.is_empty() {
            self.held.insert(stop.who.tid, ruling);
            return Decision::Hold;
        }
        if let Some(label) = &ruling.decided_by {
            told.push(event(stop, label, &ruling.verdict.done()));
        }
        Decision::Go(match ruling.verdict {
            Verdict::Pass => Act::Pass,
            Verdict::Fail(errno) => Act::Fail(errno),
            Verdict::Short(most) => Act::Short(most),
            Verdict::Signal(signal) => Act::Signal(signal),
            Verdict::Kill => Act::Kill,
        })
    }
}

impl Decider for Faults {
    fn arrive(&mut self, now: Duration, stop: &Stop<'_>, told: &mut Vec<What>) -> Decision {
        let Some(rules) = self.launches.get_mut(&stop.who.launch) else {
            return Decision::PASS;
        };
        let call = match stop.at {
            Point::Call(call) => call,
            Point::Ended(_) if stop.who.tid == stop.who.pid => {
                rules.ended(stop.who.role);
                return Decision::PASS;
            }
            _ => return Decision::PASS,
        };
        self.in_call.remove(&stop.who.tid);
        if !rules.concern(call.raw.number) {
            return Decision::PASS;
        }
        let seen = Seen {
            number: call.raw.number,
            role: stop.who.role,
            pid: stop.who.pid,
            noise: !visible::counts(call),
            fits: &|condition| fits(call, condition),
        };
        let mut ruling = rules.arrive(now, &seen);
        if !ruling.matched_by.is_empty() {
            let labels = std::mem::take(&mut ruling.matched_by);
            self.in_call.insert(stop.who.tid, labels);
        }
        for label in std::mem::take(&mut ruling.watched_by) {
            told.push(event(stop, &label, "passed"));
        }
        for (label, wait) in std::mem::take(&mut ruling.holds) {
            let over = rules.is_over(&wait, now);
            told.push(event(stop, &label, if over { "passed" } else { "held" }));
            if !over {
                ruling.holds.push((label, wait));
            }
        }
        self.settle(stop, ruling, told)
    }

    fn again(&mut self, now: Duration, stop: &Stop<'_>, told: &mut Vec<What>) -> Decision {
        let (Some(rules), Some(mut ruling)) = (
            self.launches.get(&stop.who.launch),
            self.held.remove(&stop.who.tid),
        ) else {
            return Decision::PASS;
        };
        for (label, wait) in std::mem::take(&mut ruling.holds) {
            if rules.is_over(&wait, now) {
                told.push(event(stop, &label, "released"));
            } else {
                ruling.holds.push((label, wait));
            }
        }
        self.settle(stop, ruling, told)
    }

    fn deadline(&self) -> Option<Duration> {
        let waits = self.held.values().flat_map(|ruling| &ruling.holds);
        let moment = |(_, wait): &(String, Wait)| match wait {
            Wait::Until(moment) => Some(*moment),
            Wait::Matched(..) | Wait::Over(..) | Wait::End(_) => None,
        };
        waits.filter_map(moment).min()
    }

    fn waits_for_over(&self, who: &Who, _: &TracedCall) -> bool {
        let rules = self.launches.get(&who.launch);
        let labels = self.in_call.get(&who.tid);
        rules
            .zip(labels)
            .is_some_and(|(rules, labels)| rules.waits_for_over(labels))
    }

    fn over(&mut self, who: &Who, _: &TracedCall, _: Result<i64, i32>) {
        let labels = self.in_call.remove(&who.tid);
        if let (Some(labels), Some(rules)) = (labels, self.launches.get_mut(&who.launch)) {
            rules.over(&labels);
        }
    }

    fn gone(&mut self, tid: i32) {
        self.in_call.remove(&tid);
        self.held.remove(&tid);
    }
}

fn event(stop: &Stop<'_>, label: &str, done: &str) -> What {
    let call = match &stop.at {
        Point::Call(call) => call.name(),
        _ => String::new(),
    };
    What::Fault {
        label: label.to_owned(),
        pid: stop.who.pid,
        role: stop.who.role,
        call,
        done: done.to_owned(),
    }
}

/// Whether a call is about what the condition says.
fn fits(call: &TracedCall, condition: &Condition) -> bool {
    let args = condition.args.iter();
    let args_fit = |(index, value): (&usize, &i32)| {
        call.raw.args.get(*index).map(|arg| *arg as i32) == Some(*value)
    };
    if !args.into_iter().all(args_fit) {
        return false;
    }
    let Some(pattern) = &condition.path else {
        return true;
    };
    let files = call.files();
    let named = files.paths.iter().map(|path| path.to_string_lossy());
    let open = files.object.iter().map(|object| object.as_str().into());
    named.chain(open).any(|path| is_like(&path, pattern))
}

/// Whether the text is like the pattern, in which `*` stands for any text.
pub fn is_like(text: &str, pattern: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(before) = last.replace(piece) {
            match rest.find(before) {
                Some(at) => rest = &rest[at + before.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/run/lab.pid", "/run/lab.pid", true)]
    #[case("/run/lab.pid", "/run/lab", false)]
    #[case("/run/.lab.pid.7", "/run/*lab.pid*", true)]
    #[case("/run/lab.pid", "*.pid", true)]
    #[case("/run/lab.pid", "*", true)]
    #[case("/run/lab.pid", "/run/*/lab.pid", false)]
    #[case("aba", "ab*ba", false)]
    #[case("abcbc", "a*bc", true)]
    fn patterns(#[case] text: &str, #[case] pattern: &str, #[case] expected: bool) {
        assert_eq!(is_like(text, pattern), expected);
    }
}
