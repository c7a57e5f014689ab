//! The expectations of a case: what can be red, and where.

use std::fmt;

use daemonlab_harness::scenario::Case;
use daemonlab_harness::scenario::claims::Claim;
use daemonlab_harness::scenario::matcher::{Expect, Field, Matcher, Test};
use daemonlab_harness::scenario::model::{Action, LaunchWait};
use daemonlab_harness::scenario::source::{Source, Span};
use daemonlab_harness::world::facts::schema::Subject;

/// Something that a step expects.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Line and column.
    pub place: (usize, usize),
    /// The step's number, counted from 1.
    pub step: usize,
    /// What it is about.
    pub about: About,
}

/// What an expectation is about.
#[derive(Clone, Debug)]
pub enum About {
    /// A field of facts, given with dots.
    Field {
        /// Whose.
        subject: Subject,
        /// Its name.
        path: String,
        /// What is expected of it.
        test: Test,
        /// What the step does first.
        after: After,
    },
    /// That exactly one process can be adopted.
    Adoption,
    /// That the launcher ends in time.
    LauncherEnds,
    /// Something about events.
    Events {
        /// What is claimed.
        claim: Claim,
        /// Which of its matchers.
        number: usize,
    },
}

/// What a step does before it holds facts against an expectation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing that a lie could disturb.
    Nothing,
    /// It waits for the launcher's end.
    LauncherEnded,
    /// It finds the process.
    Adoption,
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.place;
        write!(f, "{line}:{column}: ")?;
        match &self.about {
            About::Field { subject, path, .. } => write!(f, "{path} of a {subject:?}"),
            About::Adoption => write!(f, "somebody to adopt"),
            About::LauncherEnds => write!(f, "the launcher's end"),
            About::Events { claim, number } => {
                let shown = claim.matchers()[*number].shown.clone();
                write!(f, "the event {shown}")
            }
        }
    }
}

/// What the steps of a case expect, in their order.
pub fn of_case(case: &Case) -> Vec<Expectation> {
    let mut all = Vec::new();
    for (number, step) in (1..).zip(&case.steps) {
        let mut found = Found {
            source: &case.source,
            step: number,
            after: After::Nothing,
            all: &mut all,
        };
        match &step.action {
            Action::Launch(launch) => {
                if let LaunchWait::End { expect, .. } = &launch.wait {
                    found.push(launch.id.span, About::LauncherEnds);
                    found.after = After::LauncherEnded;
                    found.expect(expect);
                }
            }
            Action::Await(wait) => {
                found.push(wait.launch.span, About::LauncherEnds);
                found.after = After::LauncherEnded;
                found.expect(&wait.expect);
            }
            Action::Adopt(adopt) => {
                found.push(adopt.from_span, About::Adoption);
                found.after = After::Adoption;
                adopt.expect.iter().for_each(|expect| found.expect(expect));
            }
            Action::Events(events) => {
                for claim in &events.claims {
                    for (number, event) in claim.matchers().into_iter().enumerate() {
                        let span = match claim {
                            Claim::Count { span, .. } => *span,
                            Claim::Order(_) | Claim::Never(_) => event.span,
                        };
                        let claim = claim.clone();
                        found.push(span, About::Events { claim, number });
                    }
                }
            }
            Action::Check(check) => found.expect(&check.expect),
            Action::Signal(signal) => signal.expect.iter().for_each(|expect| found.expect(expect)),
            Action::Connect(connect) => found.expect(&connect.expect),
            Action::HangUp(_) | Action::Write(_) | Action::Pause(_) => {}
        }
    }
    all
}

struct Found<'a> {
    source: &'a Source,
    step: usize,
    after: After,
    all: &'a mut Vec<Expectation>,
}

impl Found<'_> {
    fn push(&mut self, span: Span, about: About) {
        let place = self.source.position(span.start);
        self.all.push(Expectation {
            place: (place.line, place.column),
            step: self.step,
            about,
        });
    }

    fn expect(&mut self, expect: &Expect) {
        self.fields(expect.subject, &expect.fields, "");
    }

    fn fields(&mut self, subject: Subject, fields: &[Field], above: &str) {
        for field in fields {
            let path = match above {
                "" => field.name.value.clone(),
                above => format!("{above}.{}", field.name.value),
            };
            self.matcher(subject, &field.matcher, &path);
        }
    }

    /// A failure stands where the innermost matcher stands that judges by itself.
    fn matcher(&mut self, subject: Subject, matcher: &Matcher, path: &str) {
        match &matcher.test {
            Test::Record(fields) => self.fields(subject, fields, path),
            Test::Every(parts) => {
                for part in parts {
                    self.matcher(subject, part, path);
                }
            }
            // The step's own wait says so already.
            _ if path == "running" && self.after == After::LauncherEnded => {}
            test => self.push(
                matcher.span,
                About::Field {
                    subject,
                    path: path.to_owned(),
                    test: test.clone(),
                    after: self.after,
                },
            ),
        }
    }
}
