//! A YAML document as a tree whose every node knows its place.

use super::source::{At, Span};
use super::template::Template;

/// A value of a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) yaml: Yaml,
    /// Where it stands; for a value that came from a variable, where the
    /// variable is used.
    pub(super) span: Span,
    /// Where it was written, if it came from a variable.
    pub(super) origin: Option<Span>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Yaml {
    Null,
    Bool(bool),
    /// A whole number, and how it is written.
    Int(i64, String),
    /// A number that is not whole, does not fit, or begins with zeros, as it
    /// is written.
    Number(String),
    Text(String),
    /// Text with variables that only a run knows. A document as it was read
    /// has none.
    Template(Template),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something that is wrong and has been reported; whoever reads it keeps
    /// silent.
    Bad,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: At<String>,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn new(yaml: Yaml, span: Span) -> Node {
        Node {
            yaml,
            span,
            origin: None,
        }
    }

    /// What it is, with an article, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.yaml {
            Yaml::Null | Yaml::Bad => "nothing",
            Yaml::Bool(_) => "true or false",
            Yaml::Int(..) | Yaml::Number(_) => "a number",
            Yaml::Text(_) | Yaml::Template(_) => "text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a map",
        }
    }

    /// The scalar as it is written; `None` for lists, maps, nothing, and text
    /// that a run fills in.
    pub(super) fn written(&self) -> Option<String> {
        match &self.yaml {
            Yaml::Bool(value) => Some(value.to_string()),
            Yaml::Int(_, written) | Yaml::Number(written) | Yaml::Text(written) => {
                Some(written.clone())
            }
            Yaml::Null | Yaml::Template(_) | Yaml::List(_) | Yaml::Map(_) | Yaml::Bad => None,
        }
    }

    /// The entry of a map.
    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        match &self.yaml {
            Yaml::Map(entries) => entries.iter().find(|entry| entry.key.value == name),
            _ => None,
        }
    }

    /// The elements of a list; none if it is no list.
    pub(super) fn elements(&self) -> &[Node] {
        match &self.yaml {
            Yaml::List(elements) => elements,
            _ => &[],
        }
    }

    /// The entries of a map; none if it is no map.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.yaml {
            Yaml::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value as it is used at `span`, where a variable stands for it.
    pub(super) fn used_at(&self, span: Span) -> Node {
        let origin = Some(self.origin.unwrap_or(self.span));
        let yaml = match &self.yaml {
            Yaml::List(elements) => Yaml::List(elements.iter().map(|e| e.used_at(span)).collect()),
            Yaml::Map(entries) => Yaml::Map(
                entries
                    .iter()
                    .map(|entry| Entry {
                        key: At::new(entry.key.value.clone(), span),
                        value: entry.value.used_at(span),
                    })
                    .collect(),
            ),
            Yaml::Template(template) => Yaml::Template(template.used_at(span)),
            other => other.clone(),
        };
        Node { yaml, span, origin }
    }
}
