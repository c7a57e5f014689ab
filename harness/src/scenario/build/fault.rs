//! `faults`: what becomes of named calls.

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::Fault;
use crate::scenario::node::{Entry, Node, Yaml};
use crate::scenario::reader::Fields;
use crate::scenario::source::{At, Span};
use crate::scenario::suggest;
use crate::world::spec::{Counting, FAMILIES, FaultAction, Role, call_family};
use crate::world::syscalls;

use super::builder::Builder;

/// What can become of a call, by the key that says it.
pub(super) const ACTIONS: [&str; 7] = [
    "errno",
    "short",
    "delay",
    "hold-until",
    "signal",
    "kill",
    "watch",
];

pub(super) const KEYS: [&str; 14] = [
    "label",
    "role",
    "call",
    "path",
    "args",
    "nth",
    "per",
    "errno",
    "short",
    "delay",
    "hold-until",
    "signal",
    "kill",
    "watch",
];

/// What `nth` counts together.
pub(super) const PER: [(&str, Counting); 2] =
    [("tree", Counting::Tree), ("process", Counting::Process)];

pub(super) const ROLES: [(&str, Role); 4] = [
    ("launcher", Role::Launcher),
    ("intermediate", Role::Intermediate),
    ("daemon", Role::Daemon),
    ("any", Role::Any),
];

/// The keys of `hold-until`.
pub(super) const HOLD: [&str; 4] = ["label", "matched", "over", "ended"];

/// What a hold waits for: calls of another fault, or a process's end.
pub(super) const HOLD_FOR: [&str; 2] = ["label", "ended"];

/// The calls that say how many bytes they read or write at most.
const SHORT: [&str; 8] = [
    "read",
    "write",
    "pread64",
    "pwrite64",
    "sendto",
    "recvfrom",
    "sendfile",
    "getrandom",
];

/// More calls than this are not counted one by one.
const MOST: i64 = 1_000_000;

impl Builder<'_> {
    /// The faults of a launch.
    pub(super) fn faults(&self, node: &Node) -> Option<Vec<Fault>> {
        let list = self.reader.list(node, "`faults`")?;
        let faults: Option<Vec<Fault>> = {
            let read: Vec<Option<Fault>> = list.iter().map(|node| self.fault(node)).collect();
            read.into_iter().collect()
        };
        let faults = faults?;
        self.unique_labels(&faults)?;
        for (fault, node) in faults.iter().zip(list) {
            self.hold_is_met(fault, &faults, node)?;
        }
        Some(faults)
    }

    fn fault(&self, node: &Node) -> Option<Fault> {
        let owner = At::new("a fault".to_owned(), node.span);
        let fields = self.reader.fields(node, &owner, &KEYS)?;
        let role = fields
            .require(self.reader, "role")
            .and_then(|n| self.role(n));
        let call = fields
            .require(self.reader, "call")
            .and_then(|n| self.calls(n));
        let nth = match fields.get("nth") {
            Some(node) => self.nth(node),
            None => Some((1, None)),
        };
        let condition = self.condition(&fields);
        let counting = match fields.get("per") {
            Some(node) => self.per(node),
            None => Some(Counting::Tree),
        };
        let action = fields
            .one_of(self.reader, &ACTIONS)
            .and_then(|entry| self.action(entry));
        let label = match fields.get("label") {
            Some(node) => {
                let label = self.reader.text(node, "`label`")?;
                self.reader.name(&label, node.span, "a fault")?;
                Some(label)
            }
            None => None,
        };
        let (role, (named, calls), (first, last)) = (role?, call?, nth?);
        let action = action?;
        if let FaultAction::Short(_) = action {
            self.can_be_short(&calls, node)?;
        }
        Some(Fault {
            label: label.unwrap_or_else(|| format!("{}-{named}", role_name(role))),
            role,
            calls,
            condition: condition?,
            counting: counting?,
            first,
            last,
            action,
            span: node.span,
        })
    }

    fn role(&self, node: &Node) -> Option<Role> {
        self.one_of(node, "`role`", &ROLES, |name| {
            (format!("there is no role `{name}`"), "unknown role")
        })
    }

    fn per(&self, node: &Node) -> Option<Counting> {
        self.one_of(node, "`per`", &PER, |name| {
            (format!("nothing is counted per `{name}`"), "unknown")
        })
    }

    /// What one of these words stands for; `mistake` says what is wrong with another.
    fn one_of<T: Copy>(
        &self,
        node: &Node,
        what: &str,
        words: &[(&str, T)],
        mistake: impl Fn(&str) -> (String, &'static str),
    ) -> Option<T> {
        let name = self.reader.text(node, what)?;
        let found = words.iter().find(|(known, _)| *known == name);
        if found.is_none() {
            let help = suggest::help(&name, words.iter().map(|(name, _)| *name));
            let (title, label) = mistake(&name);
            self.reader
                .push(self.reader.mistake(node, title, label).help(help));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// Only calls that say how many bytes can do less.
    fn can_be_short(&self, calls: &[String], node: &Node) -> Option<()> {
        let Some(call) = calls.iter().find(|call| !SHORT.contains(&call.as_str())) else {
            return Some(());
        };
        let span = node.get("short").map_or(node.span, |entry| entry.key.span);
        self.reader.push(
            Diagnostic::new(
                span,
                format!("`{call}` does not say how many bytes it reads or writes"),
                "it cannot be short",
            )
            .help(format!("one of {} can", SHORT.join(", "))),
        );
        None
    }

    /// The name of a call or family, and the calls that it stands for.
    pub(super) fn calls(&self, node: &Node) -> Option<(String, Vec<String>)> {
        let name = self.reader.text(node, "`call`")?;
        let family = call_family(&name);
        if !family.is_empty() {
            let calls = family.iter().map(|call| (*call).to_owned()).collect();
            return Some((name, calls));
        }
        if syscalls::number(&name).is_none() {
            let known = FAMILIES.into_iter().chain(syscalls::names());
            self.reader.push(
                self.reader
                    .mistake(
                        node,
                        format!("there is no system call `{name}`"),
                        "unknown call",
                    )
                    .help(match suggest::nearest(&name, known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => {
                            "name one of syscalls(2), or a family of them, such as setuid".into()
                        }
                    }),
            );
            return None;
        }
        let calls = vec![name.clone()];
        Some((name, calls))
    }

    /// `1`, `1..3`, `2..`: from which call on, and up to which.
    fn nth(&self, node: &Node) -> Option<(u32, Option<u32>)> {
        let wrong = |label: &str| {
            self.reader.push(
                self.reader
                    .mistake(node, "`nth` is 1, or 1..3, or 2..", label)
                    .help("calls are counted from 1; both ends belong to it"),
            );
        };
        let number = |text: &str| -> Option<u32> {
            let number = text.parse::<i64>().ok().filter(|n| (1..=MOST).contains(n));
            number.and_then(|n| u32::try_from(n).ok())
        };
        if let Yaml::Bad | Yaml::Template(_) = node.yaml {
            self.reader.unexpected(node, "`nth`", "1, or 1..3, or 2..");
            return None;
        }
        let Some(text) = node.written() else {
            wrong(&format!("this is {}", node.kind()));
            return None;
        };
        let range = match text.split_once("..") {
            None => number(&text).map(|n| (n, Some(n))),
            Some((first, "")) => number(first).map(|first| (first, None)),
            Some((first, last)) => number(first)
                .zip(number(last))
                .map(|(first, last)| (first, Some(last))),
        };
        match range {
            Some((first, Some(last))) if last < first => wrong("it ends before it begins"),
            Some(range) => return Some(range),
            None => wrong("this is none of them"),
        }
        None
    }

    fn action(&self, Entry { key, value }: &Entry) -> Option<FaultAction> {
        match key.value.as_str() {
            "errno" => self.reader.errno(value, "`errno`").map(FaultAction::Fail),
            "delay" => self
                .reader
                .duration(value, "`delay`")
                .map(FaultAction::Delay),
            "short" => {
                let most = self.reader.int(value, "`short`", 0..=MOST)?;
                u64::try_from(most).ok().map(FaultAction::Short)
            }
            "signal" => {
                let signal = self.reader.signal(value, "`signal`")?;
                Some(FaultAction::Signal(signal.number()))
            }
            "kill" => self.reader.set(value, "`kill`").map(|()| FaultAction::Kill),
            "watch" => self
                .reader
                .set(value, "`watch`")
                .map(|()| FaultAction::Watch),
            _ => self.hold(key, value),
        }
    }

    fn hold(&self, key: &At<String>, value: &Node) -> Option<FaultAction> {
        let fields: Fields<'_> = self.reader.fields(value, key, &HOLD)?;
        let Entry {
            key: what,
            value: of,
        } = fields.one_of(self.reader, &HOLD_FOR)?;
        if what.value == "ended" {
            for key in ["matched", "over"] {
                if let Some(node) = fields.get(key) {
                    self.reader.wrong(
                        node,
                        format!("`{key}` is about the calls of a `label`"),
                        "`ended` has none",
                    );
                    return None;
                }
            }
            return self.role(of).map(FaultAction::HoldUntilEnd);
        }
        let label = self.reader.text(of, "`label`");
        let matched = match fields.get("matched") {
            Some(node) => self.reader.int(node, "`matched`", 1..=MOST),
            None => Some(1),
        };
        let over = match fields.get("over") {
            Some(node) => self.reader.set(node, "`over`").map(Some),
            None => Some(None),
        };
        let (label, matched) = (label?, u32::try_from(matched?).ok()?);
        Some(match over? {
            Some(()) => FaultAction::HoldUntilOver { label, matched },
            None => FaultAction::HoldUntil { label, matched },
        })
    }

    fn unique_labels(&self, faults: &[Fault]) -> Option<()> {
        let mut all = Some(());
        for (i, fault) in faults.iter().enumerate() {
            if let Some(first) = faults[..i].iter().find(|other| other.label == fault.label) {
                self.reader.push(
                    Diagnostic::new(
                        fault.span,
                        format!("two faults are called `{}`", fault.label),
                        "the second one",
                    )
                    .related(first.span, "the first one")
                    .help("give each a `label` of its own"),
                );
                all = None;
            }
        }
        all
    }

    /// A hold waits for another fault of the same launch.
    fn hold_is_met(&self, fault: &Fault, faults: &[Fault], node: &Node) -> Option<()> {
        let (FaultAction::HoldUntil { label, .. } | FaultAction::HoldUntilOver { label, .. }) =
            &fault.action
        else {
            return Some(());
        };
        let others = || {
            let others = faults.iter().filter(|other| other.label != fault.label);
            others.map(|other| other.label.as_str())
        };
        if others().any(|other| other == label) {
            return Some(());
        }
        let span = node
            .get("hold-until")
            .and_then(|entry| entry.value.get("label"))
            .map_or(Span::default(), |entry| entry.value.span);
        let mistake = if *label == fault.label {
            Diagnostic::new(span, "a hold cannot wait for itself", "its own label")
        } else {
            Diagnostic::new(
                span,
                format!("there is no fault `{label}`"),
                "unknown label",
            )
        };
        let help = if others().next().is_none() {
            "a hold waits for another fault of its launch, such as one with `watch: true`"
                .to_owned()
        } else {
            suggest::help(label, others())
        };
        self.reader.push(mistake.help(help));
        None
    }
}

fn role_name(role: Role) -> &'static str {
    ROLES
        .iter()
        .find(|(_, known)| *known == role)
        .map_or("any", |(name, _)| name)
}
