//! `expect`: matchers, checked against the schema of facts.

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::matcher::{Expect, Field, Matcher, Operand, Test};
use crate::scenario::node::{Entry, Node, Yaml};
use crate::scenario::source::At;
use crate::scenario::suggest;
use crate::value::Value;
use crate::world::facts::schema::{Field as Known, Kind, Subject};

use super::builder::Builder;
use super::operator::{OPERATORS, is_operator};

impl Builder<'_> {
    /// What a step expects of its subject.
    pub(super) fn expect(&mut self, entry: &Entry, subject: Subject) -> Option<Expect> {
        self.expectations += 1;
        let Entry { key, value } = entry;
        self.reader.open_fields(value, key)?;
        if value.entries().is_empty() {
            let first = subject.fields()[0].name;
            self.reader.push(
                Diagnostic::new(value.span, "`expect` is empty", "it expects nothing")
                    .help(format!("name a field of {subject}, such as `{first}`")),
            );
            return None;
        }
        let fields = self.record(value, subject.fields(), &subject.to_string())?;
        Some(Expect {
            subject,
            fields,
            span: key.span,
        })
    }

    /// Fields, each with what is expected of it.
    pub(super) fn record(&self, node: &Node, known: &[Known], owner: &str) -> Option<Vec<Field>> {
        let fields: Vec<Option<Field>> = node
            .entries()
            .iter()
            .map(|Entry { key, value }| {
                let Some(field) = known.iter().find(|field| field.name == key.value) else {
                    self.unknown_field(key, known, owner);
                    return None;
                };
                let matcher = self.matcher(value, field.kind, &format!("`{}`", key.value))?;
                Some(Field {
                    name: key.clone(),
                    matcher,
                })
            })
            .collect();
        fields.into_iter().collect()
    }

    fn unknown_field(&self, key: &At<String>, known: &[Known], owner: &str) {
        self.reader.push(
            Diagnostic::new(
                key.span,
                format!("{owner} has no field `{}`", key.value),
                "unknown field",
            )
            .help(suggest::help(
                &key.value,
                known.iter().map(|field| field.name),
            )),
        );
    }

    /// What is expected of a value of this kind.
    pub(super) fn matcher(&self, node: &Node, kind: Kind, what: &str) -> Option<Matcher> {
        let matcher = |test| Matcher {
            test,
            span: node.span,
        };
        let equals = |operand| matcher(Test::Equals(operand));
        match (&node.yaml, kind) {
            (Yaml::Bad, _) => None,
            (Yaml::Null, _) => Some(equals(Operand::Literal(Value::Absent))),
            (Yaml::Map(entries), _) if entries.is_empty() => {
                self.reader.push(
                    self.reader
                        .mistake(
                            node,
                            format!("{what} has an empty matcher"),
                            "it matches nothing",
                        )
                        .help(self.form(kind)),
                );
                None
            }
            (Yaml::Map(_), Kind::Record(fields)) => {
                self.open_matcher(node, what)?;
                Some(matcher(Test::Record(self.record(node, fields, what)?)))
            }
            (Yaml::Map(entries), Kind::Each(fields)) => {
                if entries.iter().all(|entry| is_operator(&entry.key.value)) {
                    self.each(node, fields, what)
                } else {
                    self.open_matcher(node, what)?;
                    Some(matcher(Test::Record(self.record(node, fields, what)?)))
                }
            }
            (Yaml::Map(entries), Kind::Map(inner))
                if !entries.iter().all(|entry| is_operator(&entry.key.value)) =>
            {
                self.entries(node, *inner, what)
            }
            (Yaml::Map(_), _) => self.operators(node, kind, what),
            (_, Kind::Each(fields)) => self.each(node, fields, what),
            (_, Kind::Call) => Some(matcher(Test::OneOf(self.any_call(node, what)?))),
            (_, Kind::Paths) => {
                let path = Matcher {
                    test: Test::Matches(self.path_with_stars(node, what)?),
                    span: node.span,
                };
                Some(matcher(Test::Any(Box::new(path))))
            }
            (_, Kind::Record(fields)) => {
                self.reader.push(
                    self.reader
                        .mistake(node, format!("{what} is a map of fields"), "which one?")
                        .help(format!("write {{{}: …}}", fields[0].name)),
                );
                None
            }
            (Yaml::List(list), Kind::Set(inner)) => {
                Some(matcher(Test::Set(self.operands(list, *inner, what)?)))
            }
            (Yaml::List(list), Kind::List(inner)) => {
                Some(equals(Operand::List(self.operands(list, *inner, what)?)))
            }
            (Yaml::Text(none), Kind::Set(Kind::Capability)) if none == "none" => {
                Some(matcher(Test::Set(Vec::new())))
            }
            (_, Kind::Set(inner)) => {
                let one = self.operand(node, *inner, what)?;
                Some(matcher(Test::Set(vec![one])))
            }
            (_, Kind::Time) => {
                // Reported if it is no time span at all.
                self.operand(node, kind, what)?;
                self.reader.push(
                    self.reader
                        .mistake(
                            node,
                            format!("{what} needs bounds"),
                            "no time span is exactly this",
                        )
                        .help("give bounds, such as {ge: 1s, lt: 2s}"),
                );
                None
            }
            _ => Some(equals(self.operand(node, kind, what)?)),
        }
    }

    /// One expectation for each of the fields.
    fn each(&self, node: &Node, fields: &[Known], what: &str) -> Option<Matcher> {
        let fields: Vec<Option<Field>> = fields
            .iter()
            .map(|field| {
                Some(Field {
                    name: At::new(field.name.to_owned(), node.span),
                    matcher: self.matcher(node, field.kind, what)?,
                })
            })
            .collect();
        let fields: Option<Vec<Field>> = fields.into_iter().collect();
        Some(Matcher {
            test: Test::Record(fields?),
            span: node.span,
        })
    }

    /// Entries of a map, by the names that the program chose.
    fn entries(&self, node: &Node, inner: Kind, what: &str) -> Option<Matcher> {
        self.open_matcher(node, what)?;
        let fields: Vec<Option<Field>> = node
            .entries()
            .iter()
            .map(|Entry { key, value }| {
                let matcher = self.matcher(value, inner, &format!("`{}`", key.value))?;
                Some(Field {
                    name: key.clone(),
                    matcher,
                })
            })
            .collect();
        let fields: Option<Vec<Field>> = fields.into_iter().collect();
        Some(Matcher {
            test: Test::Record(fields?),
            span: node.span,
        })
    }

    /// What can be written for a kind.
    fn form(&self, kind: Kind) -> String {
        let fitting: Vec<&str> = OPERATORS
            .iter()
            .filter(|(_, fits)| fits(kind))
            .map(|(name, _)| *name)
            .collect();
        match kind {
            Kind::Record(fields) => format!("write {{{}: …}}", fields[0].name),
            _ => format!("write a value, or one of `{}`", fitting.join("`, `")),
        }
    }
}
