//! Reading scalars and maps out of a tree: each reader gives a value, or
//! reports what is wrong and gives none, so that one pass finds all mistakes.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::time::Duration;

use daemonlab::sys::Signal;
use nix::errno::Errno;

use super::diagnostic::Diagnostic;
use super::node::{Entry, Node, Yaml};
use super::source::{At, Span};
use super::suggest;

/// Any whole number.
pub(super) const ANY: RangeInclusive<i64> = i64::MIN..=i64::MAX;

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
            if self
                .meant
                .iter()
                .any(|meant| names.contains(&meant.as_str()))
            {
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

    /// Text, or another scalar as it is written.
    pub(super) fn text(&self, node: &Node, what: &str) -> Option<String> {
        let text = node.written();
        if text.is_none() {
            self.unexpected(node, what, "text");
        }
        text
    }

    /// Text that has something in it.
    pub(super) fn some_text(&self, node: &Node, what: &str) -> Option<String> {
        let text = self.text(node, what)?;
        if text.trim().is_empty() {
            self.wrong(node, format!("{what} is empty"), "nothing in it");
            return None;
        }
        Some(text)
    }

    /// A whole number within bounds.
    pub(super) fn int(&self, node: &Node, what: &str, bounds: RangeInclusive<i64>) -> Option<i64> {
        let wanted = if bounds == ANY {
            "a number".to_owned()
        } else {
            format!("a number from {} to {}", bounds.start(), bounds.end())
        };
        match &node.yaml {
            Yaml::Int(value, _) if bounds.contains(value) => Some(*value),
            Yaml::Int(..) | Yaml::Number(_) => {
                self.wrong(node, format!("{what} is {wanted}"), "this one is not");
                None
            }
            Yaml::Text(text) if text.parse::<i64>().is_ok() => {
                self.push(
                    self.mistake(node, format!("{what} is {wanted}"), "this is text")
                        .help(format!("write {text} without quotes")),
                );
                None
            }
            _ => {
                self.unexpected(node, what, &wanted);
                None
            }
        }
    }

    /// True or false.
    pub(super) fn bool(&self, node: &Node, what: &str) -> Option<bool> {
        match &node.yaml {
            Yaml::Bool(value) => Some(*value),
            _ => {
                self.unexpected(node, what, "true or false");
                None
            }
        }
    }

    /// `true`, where the key alone says it all.
    pub(super) fn set(&self, node: &Node, what: &str) -> Option<()> {
        match &node.yaml {
            Yaml::Bool(true) => Some(()),
            Yaml::Bool(false) => {
                self.wrong(
                    node,
                    format!("{what} is true, or is left out"),
                    "this is false",
                );
                None
            }
            _ => {
                self.unexpected(node, what, "true, or is left out");
                None
            }
        }
    }

    /// A time span with its unit.
    pub(super) fn duration(&self, node: &Node, what: &str) -> Option<Duration> {
        let bare = match &node.yaml {
            Yaml::Text(text) => match humantime::parse_duration(text) {
                Ok(time) => return Some(time),
                Err(_) if text.parse::<f64>().is_ok() => text,
                Err(error) => {
                    self.push(
                        self.mistake(
                            node,
                            format!("{what} is a time span"),
                            format!("this is none: {error}"),
                        )
                        .help("write 300ms, 2s, or 1m 30s"),
                    );
                    return None;
                }
            },
            Yaml::Int(_, written) | Yaml::Number(written) => written,
            _ => {
                self.unexpected(node, what, "a time span, such as 300ms or 2s");
                return None;
            }
        };
        self.push(
            self.mistake(
                node,
                format!("{what} is a time span"),
                "this one has no unit",
            )
            .help(format!("write {bare}s or {bare}ms")),
        );
        None
    }

    /// Permission bits or a mask, up to `max`.
    pub(super) fn octal(&self, node: &Node, what: &str, max: u32) -> Option<u32> {
        let form = || {
            self.mistake(
                node,
                format!("{what} is octal digits in quotes"),
                format!("this is {}", node.kind()),
            )
        };
        match &node.yaml {
            Yaml::Text(text) => {
                let digits = (3..=4).contains(&text.len())
                    && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
                match u32::from_str_radix(text, 8) {
                    Ok(bits) if digits && bits <= max => return Some(bits),
                    Ok(_) if digits => {
                        self.wrong(
                            node,
                            format!("{what} is at most \"{max:04o}\""),
                            "this is more",
                        );
                    }
                    _ => self.push(form().help("write three or four digits, such as \"0644\"")),
                }
            }
            Yaml::Int(_, written) | Yaml::Number(written) => {
                let digits = written.trim_start_matches("0o");
                self.push(form().help(format!("write \"{digits:0>4}\"")));
            }
            _ => self.unexpected(node, what, "octal digits in quotes, such as \"0644\""),
        }
        None
    }

    /// A signal by name.
    pub(super) fn signal(&self, node: &Node, what: &str) -> Option<Signal> {
        let name = self.text(node, what)?;
        let signal = Signal::from_name(&name);
        if signal.is_none() {
            let names: Vec<String> = Signal::all().map(|signal| signal.to_string()).collect();
            let full = format!("SIG{}", name.to_ascii_uppercase().trim_start_matches("SIG"));
            let near = suggest::nearest(&full, names.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{}`?", near.trim_start_matches("SIG")),
                None => "write its name, such as TERM, or its number".to_owned(),
            };
            self.push(
                self.mistake(
                    node,
                    format!("there is no signal `{name}`"),
                    "unknown signal",
                )
                .help(help),
            );
        }
        signal
    }

    /// An errno by name, as its number.
    pub(super) fn errno(&self, node: &Node, what: &str) -> Option<i32> {
        let name = self.text(node, what)?;
        let known = || {
            (1..=133)
                .map(Errno::from_raw)
                .filter(|errno| *errno != Errno::UnknownErrno)
        };
        if let Some(errno) = known().find(|errno| format!("{errno:?}") == name) {
            return Some(errno as i32);
        }
        let names: Vec<String> = known().map(|errno| format!("{errno:?}")).collect();
        let help = match suggest::nearest(&name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write its name, such as EPERM".to_owned(),
        };
        self.push(
            self.mistake(node, format!("there is no errno `{name}`"), "unknown errno")
                .help(help),
        );
        None
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
