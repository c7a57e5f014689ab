//! Filling `${x}` into a tree.
//!
//! A scalar that is one variable and nothing else becomes the variable's value,
//! whatever its type; a variable among other text is text. What only a run
//! knows stays, as a [`Template`]. `$${` stands for `${`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::Diagnostic;
use super::node::{Entry, Node, Yaml};
use super::reader::Reader;
use super::source::{At, Source, Span};
use super::suggest;
use super::template::{Part, Template};

/// What can be known of a process, by the names after the dot.
pub(super) const PROCESS_VARIABLES: [&str; 4] = ["pid", "parent", "session", "group"];

/// The variables of one case.
pub(super) struct Variables<'a> {
    source: &'a Source,
    reader: &'a Reader,
    /// Values as they are written; they may use each other.
    written: BTreeMap<String, Node>,
    /// Values that are filled in; `None` while one is being filled in.
    filled: RefCell<BTreeMap<String, Option<Node>>>,
    /// Launches and adopted processes, wherever in the file they are made.
    ids: &'a BTreeMap<String, Span>,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(
        source: &'a Source,
        reader: &'a Reader,
        ids: &'a BTreeMap<String, Span>,
    ) -> Variables<'a> {
        Variables {
            source,
            reader,
            written: BTreeMap::new(),
            filled: RefCell::default(),
            ids,
            used: RefCell::default(),
        }
    }

    /// Sets a variable, over what it was before.
    pub(super) fn set(&mut self, name: impl Into<String>, value: Node) {
        self.written.insert(name.into(), value);
    }

    /// The variables that were used so far.
    pub(super) fn used(&self) -> BTreeSet<String> {
        self.used.borrow().clone()
    }

    /// A value with its variables filled in.
    pub(super) fn fill(&self, node: &Node) -> Node {
        let yaml = match &node.yaml {
            Yaml::Text(text) if text.contains("${") => return self.fill_text(node, text),
            Yaml::List(elements) => Yaml::List(self.fill_list(elements)),
            Yaml::Map(entries) => Yaml::Map(
                entries
                    .iter()
                    .map(|entry| Entry {
                        key: self.key(&entry.key),
                        value: self.fill(&entry.value),
                    })
                    .collect(),
            ),
            other => other.clone(),
        };
        Node {
            yaml,
            ..node.clone()
        }
    }

    /// The elements of a list; a variable that is a list gives all of its own.
    fn fill_list(&self, elements: &[Node]) -> Vec<Node> {
        let mut out = Vec::new();
        for element in elements {
            let filled = self.fill(element);
            match (&element.yaml, filled.yaml) {
                (Yaml::Text(_), Yaml::List(several)) => out.extend(several),
                (_, yaml) => out.push(Node { yaml, ..filled }),
            }
        }
        out
    }

    fn key(&self, key: &At<String>) -> At<String> {
        if key.value.contains("${") {
            self.reader.push(
                Diagnostic::new(key.span, "a key has no variables", "this one has")
                    .help("use `cases` with values, or write the keys out"),
            );
        }
        key.clone()
    }

    fn fill_text(&self, node: &Node, text: &str) -> Node {
        let bad = || Node::new(Yaml::Bad, node.span);
        let Some(parts) = self.parts(node, text) else {
            return bad();
        };
        if let [Part::Variable(name)] = parts.as_slice() {
            return match self.value(name) {
                Ok(Some(value)) => value.used_at(node.span),
                Ok(None) => Node {
                    yaml: Yaml::Template(Template {
                        parts,
                        span: node.span,
                    }),
                    ..node.clone()
                },
                Err(()) => bad(),
            };
        }
        let mut filled: Vec<Part> = Vec::new();
        let mut whole = true;
        for part in parts {
            match self.part(part) {
                Ok(part) => join(&mut filled, part),
                Err(()) => whole = false,
            }
        }
        let yaml = match filled.as_slice() {
            _ if !whole => Yaml::Bad,
            [] => Yaml::Text(String::new()),
            [Part::Text(text)] => Yaml::Text(text.clone()),
            _ => Yaml::Template(Template {
                parts: filled,
                span: node.span,
            }),
        };
        Node {
            yaml,
            ..node.clone()
        }
    }

    /// A part of a text, with what is known filled in as text.
    fn part(&self, part: Part) -> Result<Vec<Part>, ()> {
        let Part::Variable(name) = part else {
            return Ok(vec![part]);
        };
        let Some(value) = self.value(&name)? else {
            return Ok(vec![Part::Variable(name)]);
        };
        match (&value.yaml, value.written()) {
            (_, Some(text)) => Ok(vec![Part::Text(text)]),
            (Yaml::Template(template), None) => Ok(template.used_at(name.span).parts),
            (Yaml::Bad, None) => Err(()),
            (_, None) => {
                self.reader.push(
                    Diagnostic::new(
                        name.span,
                        format!("`${{{}}}` among other text has to be text", name.value),
                        format!("it is {}", value.kind()),
                    )
                    .related(value.origin.unwrap_or(value.span), "its value")
                    .help("use it as the whole value, or give it text"),
                );
                Err(())
            }
        }
    }

    /// The value of a variable; `None` if only a run knows it.
    fn value(&self, name: &At<String>) -> Result<Option<Node>, ()> {
        self.used.borrow_mut().insert(name.value.clone());
        if let Some(filled) = self.filled.borrow().get(&name.value) {
            return match filled {
                Some(value) => Ok(Some(value.clone())),
                None => {
                    self.reader.push(Diagnostic::new(
                        name.span,
                        format!("`{}` is made of itself", name.value),
                        "used here",
                    ));
                    Err(())
                }
            };
        }
        if let Some(written) = self.written.get(&name.value) {
            self.filled.borrow_mut().insert(name.value.clone(), None);
            let value = self.fill(written);
            self.filled
                .borrow_mut()
                .insert(name.value.clone(), Some(value.clone()));
            return Ok(Some(value));
        }
        if name.value == "target" {
            return Ok(None);
        }
        if let Some((id, field)) = name.value.split_once('.')
            && self.ids.contains_key(id)
        {
            if PROCESS_VARIABLES.contains(&field) {
                return Ok(None);
            }
            self.reader.push(
                Diagnostic::new(
                    name.span,
                    format!("`{id}` has no `{field}`"),
                    "unknown variable",
                )
                .help(suggest::help(field, PROCESS_VARIABLES)),
            );
            return Err(());
        }
        self.unknown(name);
        Err(())
    }

    fn unknown(&self, name: &At<String>) {
        let of_processes = self
            .ids
            .keys()
            .flat_map(|id| PROCESS_VARIABLES.map(|field| format!("{id}.{field}")));
        let known: Vec<String> = self
            .written
            .keys()
            .cloned()
            .chain(["target".to_owned()])
            .chain(of_processes)
            .collect();
        self.reader.push(
            Diagnostic::new(
                name.span,
                format!("there is no variable `{}`", name.value),
                "unknown variable",
            )
            .help(suggest::help(&name.value, known.iter().map(String::as_str))),
        );
    }

    /// The parts of a text as it is written.
    fn parts(&self, node: &Node, text: &str) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        let mut rest = text;
        // Where in the source to look for the next variable. Escapes in a
        // quoted scalar make the two differ, so they are matched by name.
        let mut from = node.span.start;
        while let Some(at) = rest.find("${") {
            let (before, after) = (&rest[..at], &rest[at + 2..]);
            if let Some(before) = before.strip_suffix('$') {
                join(&mut parts, vec![Part::Text(format!("{before}${{"))]);
                rest = after;
                continue;
            }
            join(&mut parts, vec![Part::Text(before.to_owned())]);
            let Some(end) = after.find('}') else {
                self.reader.push(
                    self.reader
                        .mistake(node, "`${` without `}`", "a variable that does not end")
                        .help("close it, or write `$${` for the two characters"),
                );
                return None;
            };
            let name = &after[..end];
            let span = self.find(node, name, &mut from);
            let well_formed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.is_empty() || !name.chars().all(well_formed) {
                self.reader.push(
                    Diagnostic::new(
                        span,
                        format!("`{name}` is no name of a variable"),
                        "this one",
                    )
                    .help("write `$${` for the two characters `${`"),
                );
                return None;
            }
            parts.push(Part::Variable(At::new(name.to_owned(), span)));
            rest = &after[end + 1..];
        }
        join(&mut parts, vec![Part::Text(rest.to_owned())]);
        Some(parts)
    }

    /// Where `${name}` stands within a scalar, from `from` on; the whole scalar
    /// if it is not there as such.
    fn find(&self, node: &Node, name: &str, from: &mut usize) -> Span {
        let needle = format!("${{{name}}}");
        let here = self
            .source
            .text
            .get(*from..node.span.end)
            .unwrap_or_default();
        match here.find(&needle) {
            Some(at) => {
                let start = *from + at;
                *from = start + needle.len();
                Span { start, end: *from }
            }
            None => node.span,
        }
    }
}

/// Adds parts; text next to text is one text, and empty text is none.
fn join(parts: &mut Vec<Part>, more: Vec<Part>) {
    for part in more {
        match (parts.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(last)), Part::Text(text)) => last.push_str(&text),
            (_, part) => parts.push(part),
        }
    }
}
