//! Text with `${x}` in it, and the scope that fills it in.
//!
//! What is known when a file is read (`let`, the variables of a case, the
//! sandbox's users) has been filled in by then. What stays is what only a run
//! knows: `${target}`, `${demo.pid}`, `${daemon.session}`.

use std::collections::BTreeMap;
use std::fmt;

use crate::value::Value;

use super::source::{At, Source, Span};

/// Text, some of whose parts are known only in a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Its parts, in order.
    pub parts: Vec<Part>,
    /// Where it stands.
    pub span: Span,
}

/// A part of a [`Template`].
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text as it is.
    Text(String),
    /// The name between `${` and `}`: `demo.pid`.
    Variable(At<String>),
}

impl Template {
    /// Text without variables.
    pub fn text(text: impl Into<String>, span: Span) -> Template {
        Template {
            parts: vec![Part::Text(text.into())],
            span,
        }
    }

    /// Its text, if it has no variables.
    pub fn as_text(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Variable(_) => None,
            })
            .collect()
    }

    /// The same text as it is used at `span`, where a variable stands for it.
    pub(super) fn used_at(&self, span: Span) -> Template {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => Part::Text(text.clone()),
            Part::Variable(name) => Part::Variable(At::new(name.value.clone(), span)),
        });
        Template {
            parts: parts.collect(),
            span,
        }
    }

    /// The variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &At<String>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Variable(name) => Some(name),
        })
    }
}

/// As it is written in the file.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Variable(name) => write!(f, "${{{}}}", name.value)?,
            }
        }
        Ok(())
    }
}

/// What the variables of a run stand for. The runner sets `target`, and for
/// every launch and every adopted process `ID.pid`, `ID.session`, `ID.group`
/// and `ID.parent`.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    values: BTreeMap<String, Value>,
}

impl Scope {
    /// Nothing is known yet.
    pub fn new() -> Scope {
        Scope::default()
    }

    /// Says what a variable stands for from now on.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.values.insert(name.into(), value.into());
    }

    /// What a variable stands for.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// The value of a template. A template that is one variable and nothing
    /// else keeps the variable's type; any other is text.
    ///
    /// # Errors
    /// If it has a variable that has no value yet.
    pub fn resolve(&self, template: &Template) -> Result<Value, Unresolved> {
        match template.parts.as_slice() {
            [Part::Variable(name)] => self.variable(name).cloned(),
            _ => self.text(template).map(Value::Text),
        }
    }

    /// The text of a template.
    ///
    /// # Errors
    /// If it has a variable that has no value yet.
    pub fn text(&self, template: &Template) -> Result<String, Unresolved> {
        self.text_with(template, |text| text)
    }

    /// The text of a template, each of whose variables goes through `escape`.
    ///
    /// # Errors
    /// If it has a variable that has no value yet.
    pub fn text_with(
        &self,
        template: &Template,
        escape: impl Fn(String) -> String,
    ) -> Result<String, Unresolved> {
        let mut out = String::new();
        for part in &template.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Variable(name) => out.push_str(&escape(embedded(self.variable(name)?))),
            }
        }
        Ok(out)
    }

    /// The names of the processes that have this PID, in the order of the
    /// alphabet; `init` for 1.
    pub fn names_of(&self, pid: i64) -> Vec<&str> {
        let named = self
            .values
            .iter()
            .filter(|(_, value)| **value == Value::Int(pid))
            .filter_map(|(name, _)| name.strip_suffix(".pid"));
        (pid == 1)
            .then_some("init")
            .into_iter()
            .chain(named)
            .collect()
    }

    fn variable(&self, name: &At<String>) -> Result<&Value, Unresolved> {
        self.values.get(&name.value).ok_or_else(|| Unresolved {
            name: name.value.clone(),
            span: name.span,
        })
    }
}

/// How a value looks inside of text: without quotes.
pub(super) fn embedded(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Absent => String::new(),
        Value::Time(time) => humantime::format_duration(*time).to_string(),
        other => other.to_string(),
    }
}

/// A variable that has no value yet when it is needed. The order of steps is
/// checked when the file is read, so what is left is a process that never was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The variable.
    pub name: String,
    /// Where it is used.
    pub span: Span,
}

impl Unresolved {
    /// The message with its place.
    pub fn locate(&self, source: &Source) -> String {
        format!("{}: {self}", source.locate(self.span))
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`${{{}}}` has no value: its launch or adopted process never came to be; look at the step that makes it",
            self.name
        )
    }
}

impl std::error::Error for Unresolved {}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(parts: &[&str]) -> Template {
        let parts = parts
            .iter()
            .map(|part| match part.strip_prefix('$') {
                Some(name) => Part::Variable(At::new(name.to_owned(), Span::default())),
                None => Part::Text((*part).to_owned()),
            })
            .collect();
        Template {
            parts,
            span: Span::default(),
        }
    }

    #[test]
    fn a_lone_variable_keeps_its_type_and_an_embedded_one_is_text() {
        let mut scope = Scope::new();
        scope.set("demo.pid", 7);
        scope.set("target", "/bin/x");
        let resolve = |parts| scope.resolve(&template(parts));
        assert_eq!(resolve(&["$demo.pid"]), Ok(Value::Int(7)));
        assert_eq!(resolve(&["$demo.pid", "\n"]), Ok(Value::from("7\n")));
        assert_eq!(resolve(&["$target", " -d"]), Ok(Value::from("/bin/x -d")));
        let missing = resolve(&["$late.pid"]).unwrap_err();
        assert!(missing.to_string().contains("`${late.pid}` has no value"));
    }

    #[test]
    fn a_pid_is_told_by_its_names() {
        let mut scope = Scope::new();
        scope.set("demo.pid", 7);
        scope.set("again.pid", 7);
        scope.set("demo.session", 9);
        assert_eq!(scope.names_of(7), ["again", "demo"]);
        assert_eq!(scope.names_of(1), ["init"]);
        assert!(scope.names_of(9).is_empty(), "a session is no process");
    }
}
