//! Holding what has happened against what is expected of it.
//!
//! - [`heard`]: the events of one launch, and what matches;
//! - [`order`], [`count`]: the judges;
//! - [`timeline`]: the events in question, for people.

mod count;
mod heard;
mod order;
mod timeline;

use crate::scenario::Scope;
use crate::scenario::claims::Claim;
use crate::scenario::template::Unresolved;

use super::verdict::Failure;

pub use heard::Heard;

/// How it stands with something that is expected of events.
#[derive(Clone, Debug, PartialEq)]
pub enum Outlook {
    /// It is so, as far as has been heard.
    Holds,
    /// Something has not happened yet.
    NotYet(Failure),
    /// It is not so, and no later event can change that; or it can never be
    /// judged.
    Broken(Failure),
}

/// Holds the events of a launch against a claim.
///
/// What is judged is what has been heard so far: that something never happens
/// is true until it does. Where events were lost or not seen, only what was heard can
/// decide: a claim that would hold is [`Outlook::Broken`] then, with the loss
/// as the reason, unless it is about a least number that is reached.
///
/// # Errors
/// If the claim has a variable that has no value yet.
pub fn judge_events(
    claim: &Claim,
    heard: &Heard<'_>,
    scope: &Scope,
) -> Result<Outlook, Unresolved> {
    if heard.events.is_empty() {
        let label = "nothing was told of what this launch does, so this cannot be judged";
        return Ok(Outlook::NotYet(heard.failure(claim, span(claim), label)));
    }
    let outlook = match claim {
        Claim::Order(items) => order::judge(claim, items, heard, scope)?,
        Claim::Never(event) => count::never(claim, event, heard, scope)?,
        Claim::Count { of, times, span } => count::judge(claim, of, *times, *span, heard, scope)?,
    };
    let Some((missed, help)) = heard.missed() else {
        return Ok(outlook);
    };
    Ok(match outlook {
        Outlook::Holds if !needs_only_what_was_heard(claim) => {
            let label = format!("{missed}, so this cannot be judged");
            let failure = heard.failure(claim, span(claim), label);
            Outlook::Broken(failure.note(format!("help: {help}")))
        }
        Outlook::NotYet(failure) => {
            Outlook::NotYet(failure.note(format!("{missed}; what is missing may be among them")))
        }
        outlook => outlook,
    })
}

/// Whether what was lost can make no difference once it holds.
fn needs_only_what_was_heard(claim: &Claim) -> bool {
    matches!(claim, Claim::Count { times, .. } if times.most.is_none())
}

fn span(claim: &Claim) -> crate::scenario::source::Span {
    match claim {
        Claim::Order(items) => items[0].event.span,
        Claim::Never(event) => event.span,
        Claim::Count { span, .. } => *span,
    }
}
