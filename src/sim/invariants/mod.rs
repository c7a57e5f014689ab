//! What must hold of a start, as rules that can be named, joined and narrowed.
//!
//! A rule is a function from [`Facts`] to "holds" or evidence, and a moment at
//! which it is judged:
//!
//! ```
//! use daemonlab::sim::invariants::{self, Invariant};
//! use daemonlab::sys::records::Ended;
//!
//! let log = Invariant::new("the log is there", |facts| {
//!     match facts.file("/var/log/d.log") {
//!         Some(_) => Ok(()),
//!         None => Err("there is no /var/log/d.log".to_owned()),
//!     }
//! });
//! // Only of a start that says that it came through.
//! let log = log.only_if(|facts| facts.launcher() == Some(Ended::Exited(0)));
//! let rules = [log, invariants::launcher_ends(), invariants::no_stray_process()];
//! # let _ = rules;
//! ```
//!
//! | rule | judged | says |
//! |---|---|---|
//! | [`launcher_ends`] | at the end | whoever started it gets an answer |
//! | [`truthful_exit`] | when the launcher exits | 0: a daemon lives, with a complete PID file; else: nothing runs |
//! | [`no_stray_process`] | at the end | a start that came through leaves one process, one that failed none |
//! | [`no_partial_pid_file`] | after every step | whoever reads the PID file reads a whole PID |
//! | [`pid_file_tells_the_truth`] | at the end | the PID file names the daemon that lives |
//! | [`detached`] | at the end | another session, no terminal, no way to get one |
//! | [`no_privilege_left`] | at the end | real, effective and saved ids, groups and capabilities are the user's |
//! | [`at_most_one_daemon`] | at the end | two starts never leave two daemons |
//! | [`unharmed`] | at the end | a process that has nothing to do with it lives on |
//! | [`no_name_but`] | at the end | nothing is left behind in a directory |

mod standard;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use standard::{
    at_most_one_daemon, detached, launcher_ends, no_name_but, no_partial_pid_file,
    no_privilege_left, no_stray_process, of_a_daemon, pid_file_tells_the_truth, truthful_exit,
    unharmed,
};

use super::Facts;

/// "Holds", or the evidence that it does not.
pub type Judgement = Result<(), String>;

/// When a rule is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// When nobody can go on any more.
    AtTheEnd,
    /// When the launcher has exited and whoever started it can know its
    /// status; not when SIGKILL or another signal ends it. A reduced search
    /// takes this exit to depend on everything, so that all that others may
    /// have done by then is tried.
    LauncherExits,
    /// After every step. A reduced search tries every state of each single
    /// object (a file, a process), but not every combination of the states of
    /// several: a rule on more than one belongs to a search that is not
    /// reduced.
    Always,
}

/// A rule that must hold in every execution.
#[derive(Clone)]
pub struct Invariant {
    rule: Cow<'static, str>,
    when: When,
    holds: Arc<dyn Fn(&Facts<'_>) -> Judgement + Send + Sync>,
}

impl Invariant {
    /// A rule in words that do not depend on the execution, judged at the end.
    /// What `holds` gives must follow from the facts alone; the error is the
    /// evidence.
    pub fn new(
        rule: impl Into<Cow<'static, str>>,
        holds: impl Fn(&Facts<'_>) -> Judgement + Send + Sync + 'static,
    ) -> Invariant {
        Invariant {
            rule: rule.into(),
            when: When::AtTheEnd,
            holds: Arc::new(holds),
        }
    }

    /// The same rule, judged at another moment.
    #[must_use]
    pub fn when(mut self, when: When) -> Invariant {
        self.when = when;
        self
    }

    /// The same rule by another name.
    #[must_use]
    pub fn called(mut self, rule: impl Into<Cow<'static, str>>) -> Invariant {
        self.rule = rule.into();
        self
    }

    /// Both rules as one, judged at the first one's moment.
    #[must_use]
    pub fn and(self, other: Invariant) -> Invariant {
        let (one, both) = (Arc::clone(&self.holds), other);
        Invariant {
            rule: format!("{}, and {}", self.rule, both.rule).into(),
            holds: Arc::new(move |facts| one(facts).and_then(|()| both.judge(facts))),
            ..self
        }
    }

    /// One of the two rules, judged at the first one's moment.
    #[must_use]
    pub fn or(self, other: Invariant) -> Invariant {
        let (one, either) = (Arc::clone(&self.holds), other);
        Invariant {
            rule: format!("{}, or {}", self.rule, either.rule).into(),
            holds: Arc::new(move |facts| {
                let Err(first) = one(facts) else {
                    return Ok(());
                };
                let or = |second| format!("{first}; and {second}");
                either.judge(facts).map_err(or)
            }),
            ..self
        }
    }

    /// The rule, where a condition on the facts is met; elsewhere it holds.
    #[must_use]
    pub fn only_if(
        self,
        condition: impl Fn(&Facts<'_>) -> bool + Send + Sync + 'static,
    ) -> Invariant {
        let holds = Arc::clone(&self.holds);
        Invariant {
            holds: Arc::new(move |facts| match condition(facts) {
                true => holds(facts),
                false => Ok(()),
            }),
            ..self
        }
    }

    /// The rule in words.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// When it is judged.
    pub fn moment(&self) -> When {
        self.when
    }

    /// Whether it holds of these facts.
    ///
    /// # Errors
    /// The evidence that it does not.
    pub fn judge(&self, facts: &Facts<'_>) -> Judgement {
        (self.holds)(facts)
    }
}

impl fmt::Debug for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.when, self.rule)
    }
}
