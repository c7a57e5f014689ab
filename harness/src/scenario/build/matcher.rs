//! `expect`: matchers, checked against the schema of facts.

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::matcher::{Expect, Field, Matcher, Operand, Order, Test};
use crate::scenario::node::{Entry, Node, Yaml};
use crate::scenario::source::At;
use crate::scenario::suggest;
use crate::scenario::template::{Part, Template};
use crate::value::Value;
use crate::world::facts::schema::{Field as Known, Kind, Subject};

use super::builder::Builder;

/// An operator, and whether it fits a kind of field.
pub(super) type Operator = (&'static str, fn(Kind) -> bool);

/// Every operator.
pub(super) const OPERATORS: [Operator; 18] = [
    ("equals", |_| true),
    ("not", |_| true),
    ("exists", |_| true),
    ("one-of", is_scalar),
    ("contains", |kind| is_text(kind) || is_list(kind)),
    ("lacks", |kind| is_text(kind) || is_list(kind)),
    ("matches", is_text),
    ("starts-with", is_text),
    ("ends-with", is_text),
    ("like", is_text),
    ("lt", has_order),
    ("le", has_order),
    ("gt", has_order),
    ("ge", has_order),
    ("empty", |kind| {
        is_text(kind) || is_list(kind) || is_map(kind)
    }),
    ("count", |kind| {
        is_text(kind) || is_list(kind) || is_map(kind)
    }),
    ("all", |kind| is_list(kind) || is_map(kind)),
    ("any", |kind| is_list(kind) || is_map(kind)),
];

fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text)
}

fn is_list(kind: Kind) -> bool {
    matches!(kind, Kind::List(_) | Kind::Set(_))
}

fn is_map(kind: Kind) -> bool {
    matches!(kind, Kind::Map(_))
}

fn is_scalar(kind: Kind) -> bool {
    let several = matches!(
        kind,
        // Several calls are a list of them.
        Kind::Record(_) | Kind::Each(_) | Kind::Call | Kind::Paths
    );
    !is_list(kind) && !is_map(kind) && !several
}

fn has_order(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Int | Kind::Time | Kind::Uid | Kind::Gid | Kind::Limit
    )
}

fn is_operator(name: &str) -> bool {
    OPERATORS.iter().any(|(known, _)| *known == name)
}

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
    fn matcher(&self, node: &Node, kind: Kind, what: &str) -> Option<Matcher> {
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
                self.reader
                    .open_fields(node, &At::new(bare(what), node.span))?;
                Some(matcher(Test::Record(self.record(node, fields, what)?)))
            }
            (Yaml::Map(entries), Kind::Each(fields)) => {
                if entries.iter().all(|entry| is_operator(&entry.key.value)) {
                    self.each(node, fields, what)
                } else {
                    self.reader
                        .open_fields(node, &At::new(bare(what), node.span))?;
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
        self.reader
            .open_fields(node, &At::new(bare(what), node.span))?;
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

    /// Operators, all of which have to be fulfilled.
    fn operators(&self, node: &Node, kind: Kind, what: &str) -> Option<Matcher> {
        self.reader
            .open_fields(node, &At::new(bare(what), node.span))?;
        let tests: Vec<Option<Matcher>> = node
            .entries()
            .iter()
            .map(|entry| self.operator(entry, kind, what))
            .collect();
        let mut tests: Vec<Matcher> = tests.into_iter().collect::<Option<_>>()?;
        match tests.len() {
            1 => tests.pop(),
            _ => Some(Matcher {
                test: Test::Every(tests),
                span: node.span,
            }),
        }
    }

    fn operator(&self, Entry { key, value }: &Entry, kind: Kind, what: &str) -> Option<Matcher> {
        let name = key.value.as_str();
        let fitting = || {
            let fitting = OPERATORS.iter().filter(|(_, fits)| fits(kind));
            fitting.map(|(name, _)| *name)
        };
        match OPERATORS.iter().find(|(known, _)| *known == name) {
            None => {
                self.reader.push(
                    Diagnostic::new(
                        key.span,
                        format!("there is no operator `{name}`"),
                        "unknown operator",
                    )
                    .help(suggest::help(name, fitting())),
                );
                return None;
            }
            Some((_, fits)) if !fits(kind) => {
                let fitting: Vec<&str> = fitting().collect();
                self.reader.push(
                    Diagnostic::new(
                        key.span,
                        format!("`{name}` does not fit {what}"),
                        format!("{what} is {kind}"),
                    )
                    .help(format!("what fits is `{}`", fitting.join("`, `"))),
                );
                return None;
            }
            Some(_) => {}
        }
        let inner = match kind {
            Kind::List(inner) | Kind::Set(inner) | Kind::Map(inner) => *inner,
            other => other,
        };
        let what = format!("`{name}`");
        let operand = |order| Some(Test::Order(order, self.operand(value, kind, &what)?));
        let test = match name {
            "equals" => return self.matcher(value, kind, &what),
            "not" => self.not(value, kind)?,
            "exists" => Test::Exists(self.reader.bool(value, &what)?),
            "empty" => Test::Empty(self.reader.bool(value, &what)?),
            "one-of" => Test::OneOf(self.several(value, kind, &what)?),
            "contains" => Test::Contains(self.one_or_several(value, inner, &what)?),
            "lacks" => Test::Lacks(self.one_or_several(value, inner, &what)?),
            "matches" => Test::Matches(self.pattern(value)?),
            "starts-with" => Test::StartsWith(self.operand(value, Kind::Text, &what)?),
            "ends-with" => Test::EndsWith(self.operand(value, Kind::Text, &what)?),
            "like" => Test::Like(self.operand(value, Kind::Text, &what)?),
            "lt" => operand(Order::Lt)?,
            "le" => operand(Order::Le)?,
            "gt" => operand(Order::Gt)?,
            "ge" => operand(Order::Ge)?,
            "count" => Test::Count(Box::new(self.matcher(value, Kind::Int, &what)?)),
            "all" => Test::All(Box::new(self.matcher(value, inner, &what)?)),
            _ => Test::Any(Box::new(self.matcher(value, inner, &what)?)),
        };
        Some(Matcher {
            test,
            span: value.span,
        })
    }

    /// `not`. "Not several" could mean two things, so it is refused.
    fn not(&self, node: &Node, kind: Kind) -> Option<Test> {
        let inner = self.matcher(node, kind, "`not`")?;
        if let Test::Contains(several) = &inner.test
            && several.len() > 1
        {
            self.reader.push(
                self.reader
                    .mistake(
                        node,
                        "`not` of several could mean none, or not all",
                        "which of the two?",
                    )
                    .help("write `lacks` for none of them"),
            );
            return None;
        }
        Some(Test::Not(Box::new(inner)))
    }

    /// A regular expression, tried with its variables as plain text.
    fn pattern(&self, node: &Node) -> Option<Template> {
        let pattern = self.template(node, "`matches`")?;
        let mut tried = String::new();
        for part in &pattern.parts {
            tried.push_str(match part {
                Part::Text(text) => text,
                Part::Variable(_) => "x",
            });
        }
        if tried.is_empty() {
            self.reader
                .wrong(node, "`matches` is empty", "it matches anything");
            return None;
        }
        if let Err(error) = regex::Regex::new(&tried) {
            // The last line says what; the ones before draw where.
            let told = error.to_string();
            let told = told
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned();
            self.reader.push(
                self.reader
                    .mistake(node, "`matches` is a regular expression", told)
                    .help("the syntax is that of the Rust crate `regex`; use `contains` for plain text"),
            );
            return None;
        }
        Some(pattern)
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

/// The name in "`name`".
fn bare(what: &str) -> String {
    what.trim_matches('`').to_owned()
}
