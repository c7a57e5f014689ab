//! Whether so many events are like this, or none.

use crate::scenario::Scope;
use crate::scenario::claims::{Claim, EventMatcher, Times};
use crate::scenario::source::Span;
use crate::scenario::template::Unresolved;

use super::Outlook;
use super::heard::Heard;

/// How many events a message shows.
const SHOWN: usize = 5;

/// No event is like this.
pub(super) fn never(
    claim: &Claim,
    event: &EventMatcher,
    heard: &Heard<'_>,
    scope: &Scope,
) -> Result<Outlook, Unresolved> {
    let found = heard.matching(event, scope)?;
    if found.is_empty() {
        return Ok(Outlook::Holds);
    }
    let label = format!("expected none, there {}", are(found.len()));
    let mut failure = heard.failure(claim, event.span, label);
    failure.expected = format!("no {}", event.shown);
    failure.actual = (found.len() as i64).into();
    Ok(Outlook::Broken(heard.evidence(failure, &marked(&found))))
}

/// So many events are like this.
pub(super) fn judge(
    claim: &Claim,
    event: &EventMatcher,
    times: Times,
    span: Span,
    heard: &Heard<'_>,
    scope: &Scope,
) -> Result<Outlook, Unresolved> {
    let found = heard.matching(event, scope)?;
    let count = found.len() as u64;
    let too_few = count < times.least;
    if !too_few && times.most.is_none_or(|most| count <= most) {
        return Ok(Outlook::Holds);
    }
    let label = format!("expected {}, there {}", wanted(times), are(found.len()));
    let mut failure = heard.failure(claim, span, label);
    failure.expected = format!("{} {}", wanted(times), event.shown);
    failure.actual = (found.len() as i64).into();
    let failure = match found.as_slice() {
        [] => heard.missing(failure, event, scope)?,
        found => heard.evidence(failure, &marked(found)),
    };
    Ok(match too_few {
        true => Outlook::NotYet(failure),
        false => Outlook::Broken(failure),
    })
}

fn marked(found: &[usize]) -> Vec<(usize, String)> {
    let places = found.iter().take(SHOWN);
    places.map(|place| (*place, String::new())).collect()
}

fn are(count: usize) -> String {
    match count {
        0 => "was none".to_owned(),
        1 => "was 1".to_owned(),
        count => format!("were {count}"),
    }
}

fn wanted(times: Times) -> String {
    match times {
        Times {
            least,
            most: Some(most),
        } if least == most => format!("exactly {least}"),
        Times { least, most: None } => format!("at least {least}"),
        Times {
            least: 0,
            most: Some(most),
        } => format!("at most {most}"),
        Times {
            least,
            most: Some(most),
        } => format!("{least} to {most}"),
    }
}
