//! Expected values, by the kind of the field that they are held against.

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::matcher::Operand;
use crate::scenario::node::{Node, Yaml};
use crate::scenario::scalars::ANY;
use crate::scenario::source::At;
use crate::scenario::suggest;
use crate::scenario::template::{Part, Template};
use crate::value::Value;
use crate::world::facts::schema::Kind;
use crate::world::limits::{Bound, UNLIMITED};

use super::builder::Builder;
use super::limits;

impl Builder<'_> {
    /// An expected value of this kind.
    pub(super) fn operand(&self, node: &Node, kind: Kind, what: &str) -> Option<Operand> {
        if node.yaml == Yaml::Bad {
            return None;
        }
        let int = |number: i64| Some(Operand::Literal(Value::Int(number)));
        let text = |text: String| Some(Operand::Literal(Value::Text(text)));
        match kind {
            _ if node.yaml == Yaml::Null => Some(Operand::Literal(Value::Absent)),
            Kind::Bool => self
                .reader
                .bool(node, what)
                .map(|b| Operand::Literal(b.into())),
            Kind::Text => self.text_operand(node, what),
            Kind::Word(words) => text(self.word(node, words, what)?),
            Kind::Octal => text(format!("{:04o}", self.reader.octal(node, what, 0o7777)?)),
            Kind::Time => {
                let time = self.reader.duration(node, what)?;
                Some(Operand::Literal(time.into()))
            }
            Kind::Signal => text(self.reader.signal(node, what)?.to_string()),
            Kind::Capability => text(self.capability(node, what)?),
            Kind::Outcome => text(self.outcome(node, what)?),
            _ if matches!(node.yaml, Yaml::Template(_)) => self.number_template(node, what),
            Kind::Int => int(self.reader.int(node, what, ANY)?),
            Kind::Limit => match limits::bound(self.reader, node, what)? {
                Bound::Unlimited => text(UNLIMITED.to_owned()),
                Bound::At(number) => int(i64::try_from(number).ok()?),
            },
            Kind::Pid => self.pid(node, what, 0),
            Kind::Addressee => self.pid(node, what, i64::from(i32::MIN)),
            Kind::Uid | Kind::Gid if node.written().as_deref() == Some("unmapped") => {
                text("unmapped".to_owned())
            }
            Kind::Uid => int(self.users.uid(self.reader, node, what)?.into()),
            Kind::Gid => int(self.users.gid(self.reader, node, what)?.into()),
            Kind::List(inner) | Kind::Set(inner) => {
                let list = self.reader.list(node, what)?;
                Some(Operand::List(self.operands(list, *inner, what)?))
            }
            Kind::Map(_) | Kind::Record(_) | Kind::Each(_) => {
                self.reader
                    .unexpected(node, what, "not compared as a whole; name its fields");
                None
            }
            Kind::Call | Kind::Paths => {
                self.reader.unexpected(node, what, &kind.to_string());
                None
            }
        }
    }

    /// Expected values, one after the other.
    pub(super) fn operands(&self, list: &[Node], kind: Kind, what: &str) -> Option<Vec<Operand>> {
        let operands: Vec<Option<Operand>> = list
            .iter()
            .map(|node| self.operand(node, kind, what))
            .collect();
        operands.into_iter().collect()
    }

    /// A list of expected values with something in it.
    pub(super) fn several(&self, node: &Node, kind: Kind, what: &str) -> Option<Vec<Operand>> {
        let list = self.reader.list(node, what)?;
        if list.is_empty() {
            self.reader
                .wrong(node, format!("{what} is empty"), "it says nothing");
            return None;
        }
        self.operands(list, kind, what)
    }

    /// One expected value, or a list with something in it.
    pub(super) fn one_or_several(
        &self,
        node: &Node,
        kind: Kind,
        what: &str,
    ) -> Option<Vec<Operand>> {
        if let Yaml::List(_) = node.yaml {
            return self.several(node, kind, what);
        }
        if node.written().is_some_and(|text| text.is_empty()) {
            self.reader
                .wrong(node, format!("{what} is empty"), "any text contains this");
            return None;
        }
        Some(vec![self.operand(node, kind, what)?])
    }

    /// Text; a lone variable is text here too.
    fn text_operand(&self, node: &Node, what: &str) -> Option<Operand> {
        let template = self.template(node, what)?;
        if let Some(text) = template.as_text() {
            return Some(Operand::Literal(Value::Text(text)));
        }
        // A part before it keeps a lone variable from giving a number.
        let mut parts = vec![Part::Text(String::new())];
        parts.extend(template.parts);
        Some(Operand::Template(Template {
            parts,
            span: template.span,
        }))
    }

    /// A number that a run fills in: one variable and nothing else.
    fn number_template(&self, node: &Node, what: &str) -> Option<Operand> {
        let template = self.template(node, what)?;
        match template.parts.as_slice() {
            [Part::Variable(name)] if name.value != "target" => Some(Operand::Template(template)),
            _ => {
                self.reader
                    .wrong(node, format!("{what} is a number"), "this is text");
                None
            }
        }
    }

    fn word(&self, node: &Node, words: &[&str], what: &str) -> Option<String> {
        let word = self.reader.text(node, what)?;
        if !words.contains(&word.as_str()) {
            self.reader.push(
                self.reader
                    .mistake(node, format!("{what} is never `{word}`"), "unknown value")
                    .help(suggest::help(&word, words.iter().copied())),
            );
            return None;
        }
        Some(word)
    }

    /// What came of a call: `ok`, `never`, or an errno by name.
    fn outcome(&self, node: &Node, what: &str) -> Option<String> {
        let name = self.reader.text(node, what)?;
        if !["ok", "never"].contains(&name.as_str()) {
            self.reader.errno(node, what)?;
        }
        Some(name)
    }

    /// A call or family by name, or several in a list: every call that is meant.
    pub(super) fn any_call(&self, node: &Node, what: &str) -> Option<Vec<Operand>> {
        let list = match &node.yaml {
            Yaml::List(list) => list.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if list.is_empty() {
            self.reader
                .wrong(node, format!("{what} is empty"), "no call is meant");
            return None;
        }
        let calls: Vec<Option<(String, Vec<String>)>> =
            list.iter().map(|node| self.calls(node)).collect();
        let calls: Option<Vec<(String, Vec<String>)>> = calls.into_iter().collect();
        let calls = calls?.into_iter().flat_map(|(_, calls)| calls);
        let literal = |call| Operand::Literal(Value::Text(call));
        Some(calls.map(literal).collect())
    }

    /// An absolute path, in which `*` stands for any text, as the regular
    /// expression that it is.
    pub(super) fn path_with_stars(&self, node: &Node, what: &str) -> Option<Template> {
        let path = self.template(node, what)?;
        if let Some(text) = path.as_text()
            && !text.starts_with(['/', '*'])
        {
            self.reader.push(
                self.reader
                    .mistake(node, format!("{what} is absolute"), "this begins elsewhere")
                    .help(format!("write /run/{text}, or */{text} for any folder")),
            );
            return None;
        }
        let mut parts = vec![Part::Text("^".to_owned())];
        parts.extend(path.parts.into_iter().map(|part| match part {
            Part::Text(text) => {
                let pieces: Vec<String> = text.split('*').map(regex::escape).collect();
                // A path may hold a line feed.
                Part::Text(pieces.join("(?s:.*)"))
            }
            variable @ Part::Variable(_) => variable,
        }));
        parts.push(Part::Text("$".to_owned()));
        Some(Template {
            parts,
            span: path.span,
        })
    }

    /// A capability by name, with or without its prefix, in any case.
    fn capability(&self, node: &Node, what: &str) -> Option<String> {
        let name = self.reader.text(node, what)?;
        let lower = name.to_ascii_lowercase();
        let full = format!("cap_{}", lower.strip_prefix("cap_").unwrap_or(&lower));
        let known: Vec<String> = caps::all()
            .into_iter()
            .map(|cap| cap.to_string().to_ascii_lowercase())
            .collect();
        if !known.contains(&full) {
            let help = match suggest::nearest(&full, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name one of capabilities(7), such as cap_setuid".to_owned(),
            };
            self.reader.push(
                self.reader
                    .mistake(
                        node,
                        format!("there is no capability `{name}`"),
                        "unknown capability",
                    )
                    .help(help),
            );
            return None;
        }
        Some(full)
    }

    /// A process by its id, `init`, or a PID, which is `least` at least.
    fn pid(&self, node: &Node, what: &str, least: i64) -> Option<Operand> {
        match &node.yaml {
            Yaml::Int(..) | Yaml::Number(_) => {
                let pid = self.reader.int(node, what, least..=i64::from(i32::MAX))?;
                Some(Operand::Literal(Value::Int(pid)))
            }
            Yaml::Text(name) if name == "init" => Some(Operand::Literal(Value::Int(1))),
            Yaml::Text(name) => {
                if !self.ids.contains_key(name) {
                    let ids = self.ids.keys().map(String::as_str).chain(["init"]);
                    self.reader.push(
                        Diagnostic::new(
                            node.span,
                            format!("there is no process `{name}`"),
                            "no step makes it",
                        )
                        .help(suggest::help(name, ids)),
                    );
                    return None;
                }
                self.known(name, node.span)?;
                Some(Operand::Template(Template {
                    parts: vec![Part::Variable(At::new(format!("{name}.pid"), node.span))],
                    span: node.span,
                }))
            }
            _ => {
                self.reader.unexpected(node, what, &Kind::Pid.to_string());
                None
            }
        }
    }
}
