//! Operators: which there are, which kinds of field each fits, and their matchers.

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::matcher::{Matcher, Order, Test};
use crate::scenario::node::{Entry, Node};
use crate::scenario::suggest;
use crate::scenario::template::{Part, Template};
use crate::world::facts::schema::Kind;

use super::builder::Builder;

/// An operator, and whether it fits a kind of field.
type Operator = (&'static str, fn(Kind) -> bool);

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

pub(super) fn is_operator(name: &str) -> bool {
    OPERATORS.iter().any(|(known, _)| *known == name)
}

impl Builder<'_> {
    /// Operators, all of which have to be fulfilled.
    pub(super) fn operators(&self, node: &Node, kind: Kind, what: &str) -> Option<Matcher> {
        self.open_matcher(node, what)?;
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
}
