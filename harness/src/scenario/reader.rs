//! Reading maps and lists out of a tree: each reader gives a value, or reports
//! what is wrong and gives none, so that one pass finds all mistakes.

use std::cell::RefCell;

use super::diagnostic::Diagnostic;
use super::node::{Entry, Node, Yaml};
use super::source::{At, Span};
use super::suggest;

/// A key in quotes; what is no key, such as "a fault", as it is.
fn quoted(owner: &str) -> String {
    if owner.contains(' ') {
        owner.to_owned()
    } else {
        format!("`{owner}`")
    }
}

/// Collects mistakes.
#[derive(Default)]
pub(super) struct Reader {
    mistakes: RefCell<Vec<Diagnostic>>,
}

/// A map whose keys are known, each but once.
pub(super) struct Fields<'n> {
    /// The key that the map belongs to, for messages.
    owner: At<String>,
    entries: Vec<&'n Entry>,
    /// The keys that unknown keys were probably meant to be. They are not
    /// reported as missing too.
    meant: Vec<String>,
}

impl<'n> Fields<'n> {
    /// The value of a key.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// Whether an unknown key was probably meant to be one of these.
    pub(super) fn is_meant(&self, names: &[&str]) -> bool {
        self.meant
            .iter()
            .any(|meant| names.contains(&meant.as_str()))
    }

    /// A key and its value.
    pub(super) fn entry(&self, name: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|e| e.key.value == name).copied()
    }

    /// The value of a key that has to be there.
    pub(super) fn require(&self, reader: &Reader, name: &str) -> Option<&'n Node> {
        let found = self.get(name);
        if found.is_none() && !self.meant.iter().any(|meant| meant == name) {
            reader.push(Diagnostic::new(
                self.owner.span,
                format!("{} needs `{name}`", quoted(&self.owner.value)),
                format!("add `{name}` to this"),
            ));
        }
        found
    }

    /// The only one of these keys that is there. One has to be.
    pub(super) fn one_of(&self, reader: &Reader, names: &[&str]) -> Option<&'n Entry> {
        let mut found = self
            .entries
            .iter()
            .filter(|e| names.contains(&e.key.value.as_str()));
        let Some(first) = found.next() else {
            if self.is_meant(names) {
                return None;
            }
            reader.push(Diagnostic::new(
                self.owner.span,
                format!(
                    "{} needs one of `{}`",
                    quoted(&self.owner.value),
                    names.join("`, `")
                ),
                "it has none",
            ));
            return None;
        };
        if let Some(second) = found.next() {
            reader.push(
                Diagnostic::new(
                    second.key.span,
                    format!(
                        "{} takes one of `{}`",
                        quoted(&self.owner.value),
                        names.join("`, `")
                    ),
                    "this is a second one",
                )
                .related(first.key.span, "the first one"),
            );
            return None;
        }
        Some(first)
    }
}

impl Reader {
    /// Reports a mistake, unless it is reported already: cases share their
    /// steps.
    pub(super) fn push(&self, mistake: Diagnostic) {
        let mut mistakes = self.mistakes.borrow_mut();
        if !mistakes.contains(&mistake) {
            mistakes.push(mistake);
        }
    }

    /// Everything reported so far, in the order of the places.
    pub(super) fn finish(self) -> Vec<Diagnostic> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by_key(|mistake| mistake.span);
        mistakes
    }

    /// Whether nothing has been reported so far.
    pub(super) fn is_clean(&self) -> bool {
        self.mistakes.borrow().is_empty()
    }

    /// Reports a mistake in a value; with the variable that it came from.
    pub(super) fn wrong(&self, node: &Node, title: impl Into<String>, label: impl Into<String>) {
        self.push(self.mistake(node, title, label));
    }

    /// A mistake in a value, for adding to.
    pub(super) fn mistake(
        &self,
        node: &Node,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        let mistake = Diagnostic::new(node.span, title, label);
        match node.origin {
            Some(origin) => mistake.related(origin, "the value comes from here"),
            None => mistake,
        }
    }

    /// Reports that `what` cannot be this. Silent about what is reported.
    pub(super) fn unexpected(&self, node: &Node, what: &str, expected: &str) {
        match &node.yaml {
            Yaml::Bad => {}
            Yaml::Template(template) => {
                let names: Vec<String> = template
                    .variables()
                    .map(|name| format!("`${{{}}}`", name.value))
                    .collect();
                self.wrong(
                    node,
                    format!("{what} has to be known before the run"),
                    format!("{} is known only in it", names.join(", ")),
                );
            }
            _ => self.wrong(
                node,
                format!("{what} is {expected}"),
                format!("this is {}", node.kind()),
            ),
        }
    }

    /// A map of known keys.
    pub(super) fn fields<'n>(
        &self,
        node: &'n Node,
        owner: &At<String>,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let mut fields = self.open_fields(node, owner)?;
        for entry in &fields.entries {
            let name = entry.key.value.as_str();
            if !known.contains(&name) {
                self.unknown_key(&entry.key, &owner.value, known);
                let meant = suggest::nearest(name, known.iter().copied());
                fields.meant.extend(meant.map(str::to_owned));
            }
        }
        Some(fields)
    }

    /// A map of keys that the file chooses.
    pub(super) fn open_fields<'n>(&self, node: &'n Node, owner: &At<String>) -> Option<Fields<'n>> {
        let Yaml::Map(entries) = &node.yaml else {
            self.unexpected(node, &quoted(&owner.value), "a map");
            return None;
        };
        let mut kept: Vec<&Entry> = Vec::new();
        for entry in entries {
            match kept.iter().find(|kept| kept.key.value == entry.key.value) {
                Some(first) => self.push(
                    Diagnostic::new(
                        entry.key.span,
                        format!("`{}` is given twice", entry.key.value),
                        "the second time",
                    )
                    .related(first.key.span, "the first time"),
                ),
                None => kept.push(entry),
            }
        }
        Some(Fields {
            owner: owner.clone(),
            entries: kept,
            meant: Vec::new(),
        })
    }

    /// Reports a key that is not known.
    pub(super) fn unknown_key(&self, key: &At<String>, owner: &str, known: &[&str]) {
        self.push(
            Diagnostic::new(
                key.span,
                format!("{} has no `{}`", quoted(owner), key.value),
                "unknown key",
            )
            .help(suggest::help(&key.value, known.iter().copied())),
        );
    }

    /// The elements of a list.
    pub(super) fn list<'n>(&self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.yaml {
            Yaml::List(elements) => Some(elements),
            _ => {
                self.unexpected(node, what, "a list");
                None
            }
        }
    }

    /// A name of the file's own: of a process, a variable, a tag.
    pub(super) fn name(&self, name: &str, span: Span, what: &str) -> Option<()> {
        let mut chars = name.chars();
        let well_formed = chars.next().is_some_and(|c| c.is_ascii_lowercase())
            && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
        if !well_formed {
            self.push(
                Diagnostic::new(span, format!("`{name}` is no name for {what}"), "this one")
                    .help("a name is lower-case letters, digits and `-`, a letter first"),
            );
            return None;
        }
        Some(())
    }
}
