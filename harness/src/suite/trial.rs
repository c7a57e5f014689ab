//! One test.

use std::cell::RefCell;

use libtest_mimic::Failed;

use crate::report::evidence::evidence;
use crate::run::case;
use crate::run::outcome::{Evidence, Verdict, text};
use crate::run::plan::{Planned, Setting};
use crate::run::real::RealMaker;
use crate::run::stop::Stop;
use crate::world::WorldError;

thread_local! {
    /// The supervisor of this thread, warm from one test to the next. It ends
    /// with the thread at the latest.
    static MAKER: RefCell<Option<RealMaker>> = const { RefCell::new(None) };
}

/// Carries a case out, and fails if its verdict is not a good one.
pub(super) fn run(planned: &Planned, setting: &Setting) -> Result<(), Failed> {
    // Taken out for as long as it is used: one that a panic leaves behind is
    // not used again.
    let warm = MAKER.take();
    let mut maker = warm
        .map_or_else(|| RealMaker::start(None), Ok)
        .map_err(failed)?;
    let (verdict, seen) = case::run(planned, setting, &mut maker, &Stop::default(), &mut |_| {});
    if !matches!(verdict, Verdict::Internal { .. }) {
        MAKER.set(Some(maker));
    }
    judge(planned, verdict, seen)
}

fn failed(error: WorldError) -> Failed {
    Failed::from(error)
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
