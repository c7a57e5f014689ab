//! Lies about events: one is left out, comes first, comes twice, or is made up.

use std::path::PathBuf;
use std::time::Duration;

use daemonlab_harness::expect::judge;
use daemonlab_harness::scenario::Scope;
use daemonlab_harness::scenario::claims::{Claim, EventMatcher};
use daemonlab_harness::scenario::matcher::{Expect, Field, Operand, Test};
use daemonlab_harness::value::Value;
use daemonlab_harness::world::event::{CallResult, Event, What};
use daemonlab_harness::world::facts::schema::Subject;

use super::lie::Lie;

/// The lies about one matcher of a claim: the `number`-th of an order.
pub fn lies(claim: &Claim, number: usize, event: &EventMatcher) -> Vec<Lie> {
    let like = |lie: fn(&[Field], &mut Vec<Event>)| {
        let fields = event.fields.clone();
        Lie::Events(Box::new(move |events| lie(&fields, events)))
    };
    match claim {
        Claim::Order(_) if number > 0 => vec![like(first), like(without)],
        Claim::Order(_) => vec![like(without)],
        Claim::Count { .. } => vec![like(twice), like(without)],
        Claim::Never(_) => vec![like(made_up)],
    }
}

fn without(fields: &[Field], events: &mut Vec<Event>) {
    events.retain(|event| !is_like(fields, &event.what));
}

/// Before anything else.
fn first(fields: &[Field], events: &mut Vec<Event>) {
    let (mut moved, rest): (Vec<Event>, Vec<Event>) = std::mem::take(events)
        .into_iter()
        .partition(|event| is_like(fields, &event.what));
    for event in &mut moved {
        event.at = Duration::ZERO;
        if let What::Call { call, .. } = &mut event.what {
            call.began = Duration::ZERO;
        }
    }
    events.extend(moved.into_iter().chain(rest));
}

fn twice(fields: &[Field], events: &mut Vec<Event>) {
    let all = std::mem::take(events);
    events.extend(all.into_iter().flat_map(|event| {
        let times = if is_like(fields, &event.what) { 2 } else { 1 };
        std::iter::repeat_n(event, times)
    }));
}

/// One more call at the end, which has the fields that are forbidden.
fn made_up(fields: &[Field], events: &mut Vec<Event>) {
    let role = text_of(fields, "role");
    let is_call = |event: &&Event| {
        let Value::Map(fields) = event.what.value() else {
            return false;
        };
        let by_whom = fields.get("role").map(Value::to_string);
        let role = role.as_ref().map(|role| format!("{role:?}"));
        matches!(event.what, What::Call { .. }) && (role.is_none() || by_whom == role)
    };
    let Some(mut event) = events.iter().rfind(is_call).cloned() else {
        return;
    };
    if let What::Call { call, .. } = &mut event.what {
        let name = text_of(fields, "call").unwrap_or_else(|| call.name.clone());
        let path = text_of(fields, "path");
        call.shown = format!(
            "{name}({})",
            text_of(fields, "arguments").unwrap_or_default()
        );
        call.name = name;
        call.paths = path.clone().map(PathBuf::from).into_iter().collect();
        call.object = path;
        call.through_link = fields
            .iter()
            .any(|field| field.name.value == "through-link");
        call.target = Some(0);
        call.signal = signal_of(fields);
        call.result = CallResult::Returned(0);
    }
    events.push(event);
}

/// Whether an event has the fields, as far as they can be told without a run.
fn is_like(fields: &[Field], what: &What) -> bool {
    let value = what.value();
    fields.iter().all(|field| {
        let expect = Expect {
            subject: Subject::Event,
            fields: vec![field.clone()],
            span: field.name.span,
        };
        !is_known(&field.matcher.test) || judge("event", &expect, &value, &Scope::new()).passed()
    })
}

fn is_known(test: &Test) -> bool {
    let literal = |operand: &Operand| matches!(operand, Operand::Literal(_));
    match test {
        Test::Equals(operand) => literal(operand),
        Test::OneOf(operands) | Test::Contains(operands) => operands.iter().all(literal),
        Test::Matches(pattern) => pattern.as_text().is_some(),
        Test::Not(inner) | Test::Any(inner) | Test::All(inner) => is_known(&inner.test),
        Test::Every(parts) => parts.iter().all(|part| is_known(&part.test)),
        _ => false,
    }
}

fn text_of(fields: &[Field], name: &str) -> Option<String> {
    let field = fields.iter().find(|field| field.name.value == name)?;
    text_in(&field.matcher.test)
}

/// A text that passes the test, mostly.
fn text_in(test: &Test) -> Option<String> {
    let text = |operand: &Operand| match operand {
        Operand::Literal(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    match test {
        Test::Equals(operand) | Test::StartsWith(operand) | Test::EndsWith(operand) => {
            text(operand)
        }
        Test::OneOf(operands) | Test::Contains(operands) => operands.iter().find_map(text),
        Test::Any(inner) | Test::All(inner) => text_in(&inner.test),
        Test::Every(parts) => parts.iter().find_map(|part| text_in(&part.test)),
        Test::Matches(pattern) => {
            Some(pattern.as_text()?.trim_start_matches('^').to_owned()).map(|text| {
                text.trim_end_matches('$')
                    .replace("(?s:.*)", "")
                    .replace('\\', "")
            })
        }
        _ => None,
    }
}

fn signal_of(fields: &[Field]) -> Option<i32> {
    let name = text_of(fields, "signal")?;
    let signal = daemonlab::sys::Signal::all().find(|signal| signal.to_string() == name)?;
    Some(signal.number())
}
