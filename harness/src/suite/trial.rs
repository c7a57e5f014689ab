//! One test.

use std::cell::RefCell;

use libtest_mimic::Failed;

use crate::case;
use crate::case::outcome::{Evidence, Verdict, text};
use crate::case::planned::Planned;
use crate::case::setting::Setting;
use crate::case::stop::Stop;
use crate::report::evidence::evidence;
use crate::run::real::Warm;
use crate::run::worlds::Worlds;
use crate::world::sim::Programs;

thread_local! {
    /// The worlds of this thread, with their supervisor, warm from one test to the next. It ends
    /// with the thread at the latest.
    static MAKER: RefCell<Option<Worlds>> = const { RefCell::new(None) };
}

/// What all tests have in common.
#[derive(Debug)]
pub(super) struct Common {
    pub setting: Setting,
    pub programs: Programs,
    pub warm: Warm,
}

/// Carries a case out, and fails if its verdict is not a good one.
pub(super) fn run(planned: &Planned, common: &Common) -> Result<(), Failed> {
    // Taken out for as long as it is used: one that a panic leaves behind is
    // not used again.
    let mut maker = MAKER
        .take()
        .unwrap_or_else(|| Worlds::new(common.warm.clone(), None, common.programs.clone()));
    let stop = Stop::default();
    let (verdict, seen) = case::run(planned, &common.setting, &mut maker, &stop, &mut |_| {});
    if !matches!(verdict, Verdict::Internal { .. }) {
        MAKER.set(Some(maker));
    }
    judge(planned, verdict, seen)
}

fn judge(planned: &Planned, verdict: Verdict, seen: Option<Evidence>) -> Result<(), Failed> {
    let mut message = match verdict {
        Verdict::Passed | Verdict::FailedAsDeclared { .. } | Verdict::Skipped { .. } => {
            return Ok(());
        }
        Verdict::Failed { failures } => text(&failures),
        Verdict::PassedUnexpectedly { reason, declared } => format!(
            "it passed, though {declared} declares that it fails: {reason}\n  = help: remove that entry"
        ),
        Verdict::Missing { reason } => reason,
        Verdict::Internal { message } => message,
        Verdict::CutShort { doing } => format!("interrupted while it {doing}"),
        Verdict::NotRun => "interrupted before it started".to_owned(),
    };
    if let Some(seen) = seen {
        message += &format!("\n{}", evidence(&seen).trim_end());
    }
    message += &format!("\nrerun: cargo test -- --exact '{}'", planned.case.id);
    if anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never {
        message = anstream::adapter::strip_str(&message).to_string();
    }
    Err(Failed::from(message))
}
