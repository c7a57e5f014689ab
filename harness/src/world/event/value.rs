//! An event as what expectations look at: the fields of
//! [`Subject::Event`](crate::world::facts::schema::Subject::Event).

use daemonlab::sys::Signal;
use nix::errno::Errno;

use super::{CallEvent, CallResult, End, What};
use crate::value::Value;
use crate::world::spec::Role;

impl What {
    /// Its fields; nothing for what is not about a traced task.
    pub fn value(&self) -> Value {
        let Some(actor) = self.actor() else {
            return Value::Absent;
        };
        let (kind, fields) = match self {
            What::Call { call, .. } => ("call", call.fields()),
            What::Signal {
                signal, from_pid, ..
            } => (
                "signal",
                vec![
                    ("signal", signal_value(Some(*signal))),
                    ("sender", (*from_pid).into()),
                ],
            ),
            What::Forked { new, thread, .. } => (
                "fork",
                vec![("thread", (*thread).into()), ("child", new.pid.into())],
            ),
            What::Executed { path, .. } => ("exec", vec![("program", path.clone().into())]),
            What::Exited { end, .. } => ("exit", ended(*end)),
            // No events of a scenario: who wants ptrace makes a call, too, and unseen
            // calls are why nothing is judged.
            _ => return Value::Absent,
        };
        let common = [
            ("kind", kind.into()),
            ("role", role(actor.role)),
            ("process", actor.pid.into()),
            ("task", actor.task.as_str().into()),
        ];
        Value::map(common.into_iter().chain(fields))
    }
}

impl CallEvent {
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut paths: Vec<Value> = self.paths.iter().map(|path| shown(path)).collect();
        let to = match paths.as_slice() {
            [_, new] => Value::List(vec![new.clone()]),
            _ => Value::Absent,
        };
        let object = self.object.as_deref();
        let object = object.map(|object| object.trim_end_matches(" (deleted)").into());
        paths.extend(object.filter(|object| !paths.contains(object)));
        vec![
            ("call", self.name.as_str().into()),
            (
                "path",
                match paths.is_empty() {
                    true => Value::Absent,
                    false => Value::List(paths),
                },
            ),
            ("to", to),
            ("arguments", arguments(&self.shown).into()),
            ("result", result(self.result)),
            (
                "returned",
                match self.result {
                    CallResult::Returned(value) => value.into(),
                    CallResult::Failed(_) | CallResult::Never => Value::Absent,
                },
            ),
            ("through-link", self.through_link.into()),
            ("target", self.target.into()),
            ("signal", signal_value(self.signal)),
            ("injected", self.injected.into()),
        ]
    }
}

fn shown(path: &std::path::Path) -> Value {
    Value::Text(path.to_string_lossy().into_owned())
}

/// What is between the outer brackets.
fn arguments(shown: &str) -> &str {
    let inner = shown.split_once('(').map_or("", |(_, rest)| rest);
    inner.strip_suffix(')').unwrap_or(inner)
}

fn result(result: CallResult) -> Value {
    match result {
        CallResult::Returned(_) => "ok".into(),
        CallResult::Failed(errno) => format!("{:?}", Errno::from_raw(errno)).into(),
        CallResult::Never => "never".into(),
    }
}

fn ended(end: End) -> Vec<(&'static str, Value)> {
    match end {
        End::Exit(status) => vec![("status", status.into())],
        End::Signal(number) => vec![("signal", signal_value(Some(number)))],
    }
}

fn signal_value(number: Option<i32>) -> Value {
    number
        .map(|number| match Signal::new(number) {
            Some(signal) => signal.to_string(),
            None => number.to_string(),
        })
        .into()
}

fn role(role: Role) -> Value {
    match role {
        Role::Launcher => "launcher",
        Role::Intermediate => "intermediate",
        Role::Daemon => "daemon",
        Role::Any => "any",
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("setsid()", "")]
    #[case("kill(3, SIGUSR1)", "3, SIGUSR1")]
    #[case("write(3, \"a)b(\")", "3, \"a)b(\"")]
    #[case("call 999", "")]
    fn arguments_are_between_the_brackets(#[case] shown: &str, #[case] expected: &str) {
        assert_eq!(arguments(shown), expected);
    }
}
