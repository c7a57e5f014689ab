//! What a scenario asks for that the simulated world does not have.

use std::path::Path;

use daemonlab::sys::call::Call;

use crate::case::planned::Fate;
use crate::scenario::Scope;
use crate::scenario::claims::{EventMatcher, Events};
use crate::scenario::matcher::{Expect, Operand, Test};
use crate::scenario::model::{Action, Adopt, Case, Check, Content, Fault, Launch};
use crate::scenario::template::Template;
use crate::value::Value;
use crate::world::facts::schema::Subject;
use crate::world::sim::Programs;
use crate::world::spec::call_family;

/// Whether a case runs in the simulated world; `required` if it must. See
/// [`why_not`] for the rest.
pub fn fate(case: &Case, target: &Path, programs: &Programs, required: bool) -> Fate {
    match why_not(case, target, programs) {
        None => Fate::Run,
        Some(why) if required => Fate::Missing(format!(
            "the simulated world cannot run it: {why}\n  = help: leave `sim` out of `--require`, or run it in the real world"
        )),
        Some(why) => Fate::Skip(format!("not in the simulated world: {why}")),
    }
}

/// Why a case cannot run in the simulated world, where `${target}` stands for
/// `target`; `None` if it can.
pub fn why_not(case: &Case, target: &Path, programs: &Programs) -> Option<String> {
    let mut scope = Scope::new();
    scope.set("target", target.to_string_lossy().as_ref());
    let mut terminals = 0;
    if case.files.iter().any(|file| file.content == Content::Fifo) {
        return Some(NO_FIFO.to_owned());
    }
    for step in &case.steps {
        match &step.action {
            Action::Launch(launch) => {
                terminals += u32::from(launch.terminal);
                if let Some(why) = launch_why_not(launch, case, &scope, programs) {
                    return Some(why);
                }
            }
            Action::Check(Check { expect, .. })
            | Action::Adopt(Adopt {
                expect: Some(expect),
                ..
            }) if looks_at_limits(expect) => return Some(NO_LIMITS.to_owned()),
            Action::Events(events) => {
                if let Some(why) = events_why_not(events) {
                    return Some(why);
                }
            }
            Action::Write(file) if file.content == Content::Fifo => {
                return Some(NO_FIFO.to_owned());
            }
            _ => {}
        }
    }
    (terminals > 1).then(|| "it has one terminal, and this scenario takes more".to_owned())
}

const NO_FIFO: &str = "it has no FIFOs";
const NO_LIMITS: &str = "it has no resource limits";

fn looks_at_limits(expect: &Expect) -> bool {
    let mut fields = expect.fields.iter();
    expect.subject == Subject::Process && fields.any(|field| field.name.value == "limits")
}

fn launch_why_not(
    launch: &Launch,
    case: &Case,
    scope: &Scope,
    programs: &Programs,
) -> Option<String> {
    let command = launch.command.first()?;
    let program = scope.text(command).unwrap_or_else(|_| command.to_string());
    if programs.get(Path::new(&program)).is_none() {
        return Some(format!("no program `{program}` is registered there"));
    }
    if !launch.limits.is_empty() {
        return Some(NO_LIMITS.to_owned());
    }
    let folder = case.dir.to_string_lossy();
    if launch.command.iter().any(|part| mentions(part, &folder)) {
        return Some("it has no files of the host, and a command names one".to_owned());
    }
    let mut faults = launch.faults.iter();
    if let Some(fault) = faults.find(|fault| !fault.condition.args.is_empty()) {
        return Some(format!(
            "calls have no registers there, which the fault `{}` looks at",
            fault.label
        ));
    }
    let unknown = launch.faults.iter().find(|fault| !can_fire(fault))?;
    Some(format!(
        "it has no call `{}`, which the fault `{}` is about",
        unknown.calls.join("`, `"),
        unknown.label
    ))
}

fn mentions(template: &Template, text: &str) -> bool {
    template.to_string().contains(text)
}

/// Whether one of its calls is in the table.
fn can_fire(fault: &Fault) -> bool {
    fault
        .calls
        .iter()
        .any(|call| is_modelled(call) || call_family(call).iter().any(|member| is_modelled(member)))
}

fn is_modelled(call: &str) -> bool {
    Call::NAMES.contains(&call) || call == "clone"
}

/// What is never told there cannot be said to be never done.
fn events_why_not(events: &Events) -> Option<String> {
    let mut matchers = events.claims.iter().flat_map(|claim| claim.matchers());
    matchers.find_map(|matcher| {
        if words(matcher, "kind") == ["signal"] {
            return Some(format!(
                "nobody has handlers there, so that no delivered signal is told, as {} wants",
                matcher.shown
            ));
        }
        let calls = words(matcher, "call");
        let untold = !calls.is_empty() && !calls.iter().any(|call| is_modelled(call));
        untold.then(|| {
            format!(
                "it has no call `{}`, which an expectation on events is about",
                calls.join("`, `")
            )
        })
    })
}

/// The words that a field of an event may be.
fn words<'m>(matcher: &'m EventMatcher, name: &str) -> Vec<&'m str> {
    let mut fields = matcher.fields.iter();
    let field = fields.find(|field| field.name.value == name);
    let operands = match field.map(|field| &field.matcher.test) {
        Some(Test::OneOf(operands)) => operands.as_slice(),
        Some(Test::Equals(operand)) => std::slice::from_ref(operand),
        _ => &[],
    };
    let word = |operand: &'m Operand| match operand {
        Operand::Literal(Value::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    operands.iter().filter_map(word).collect()
}
