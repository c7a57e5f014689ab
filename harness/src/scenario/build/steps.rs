//! Steps: one key each, and what belongs to it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::{
    Action, Adopt, AdoptFrom, Await, Connect, HangUp, Pause, SendSignal, Step,
};
use crate::scenario::node::{Entry, Node, Yaml};
use crate::scenario::reader::Fields;
use crate::scenario::source::{At, Span};
use crate::scenario::suggest;
use crate::world::facts::schema::Subject;

use super::builder::{Builder, Made, Waits};

/// The steps that there are.
pub(super) const STEPS: [&str; 11] = [
    "launch", "await", "adopt", "check", "events", "signal", "hang-up", "again", "write",
    "connect", "pause",
];

/// How a process is found.
pub(super) const FROM: [&str; 5] = ["pid-file", "name", "child-of", "session-of", "socket"];

/// The keys of `await`.
pub(super) const AWAIT: [&str; 3] = ["launch", "within", "expect"];

/// The keys of `adopt`.
pub(super) const ADOPT: [&str; 4] = ["id", "from", "within", "expect"];

/// The keys of `signal`.
pub(super) const SIGNAL: [&str; 4] = ["process", "signal", "within", "expect"];

/// The keys of `hang-up`.
pub(super) const HANG_UP: [&str; 1] = ["launch"];

/// The keys of `connect`.
pub(super) const CONNECT: [&str; 5] = ["to", "send", "enough", "within", "expect"];

/// The keys of `pause`.
pub(super) const PAUSE: [&str; 2] = ["for", "reason"];

/// Every id that some step makes, and where: for messages about an id that is
/// used too early, and for telling variables.
pub(in crate::scenario) fn declared(steps: &Node) -> BTreeMap<String, Span> {
    let mut ids = BTreeMap::new();
    for entry in steps.elements().iter().flat_map(Node::entries) {
        if let ("launch" | "adopt" | "again", Some(id)) =
            (entry.key.value.as_str(), entry.value.get("id"))
            && let Some(name) = id.value.written()
        {
            ids.entry(name).or_insert(id.value.span);
        }
    }
    ids
}

impl Builder<'_> {
    /// All steps; those with mistakes are left out, and reported.
    pub(super) fn steps(&mut self, entry: &Entry) -> Vec<Step> {
        let Some(list) = self.reader.list(&entry.value, "`steps`") else {
            return Vec::new();
        };
        if list.is_empty() {
            self.reader.push(
                Diagnostic::new(entry.value.span, "`steps` is empty", "nothing is done")
                    .help("begin with a `launch`"),
            );
            return Vec::new();
        }
        list.iter().filter_map(|node| self.step(node)).collect()
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let Yaml::Map(entries) = &node.yaml else {
            self.reader
                .unexpected(node, "a step", "a map with one key, such as `launch`");
            return None;
        };
        let Some(Entry { key, value }) = self.only(node, entries) else {
            self.give_up(entries);
            return None;
        };
        let action = match key.value.as_str() {
            "launch" => self
                .launch_step(value, key)
                .map(Box::new)
                .map(Action::Launch),
            "again" => self
                .again_step(value, key)
                .map(Box::new)
                .map(Action::Launch),
            "await" => self.await_step(value, key).map(Action::Await),
            "adopt" => self.adopt_step(value, key).map(Action::Adopt),
            "check" => self.check_step(value, key).map(Action::Check),
            "events" => self.events_step(value, key).map(Action::Events),
            "signal" => self.signal_step(value, key).map(Action::Signal),
            "hang-up" => self.hang_up_step(value, key).map(Action::HangUp),
            "write" => self.file(value, key).map(Action::Write),
            "connect" => self.connect_step(value, key).map(Action::Connect),
            "pause" => self.pause_step(value, key).map(Action::Pause),
            _ => None,
        };
        if action.is_none() {
            self.give_up(entries);
        }
        Some(Step {
            action: action?,
            span: key.span,
        })
    }

    /// The only key of a step.
    fn only<'n>(&self, node: &Node, entries: &'n [Entry]) -> Option<&'n Entry> {
        let is_step = |entry: &&Entry| STEPS.contains(&entry.key.value.as_str());
        let Some(first) = entries.first() else {
            self.reader.wrong(
                node,
                "a step has one key, such as `launch`",
                "this has none",
            );
            return None;
        };
        let Some(entry) = entries.iter().find(is_step) else {
            let key = &first.key;
            self.reader.push(
                Diagnostic::new(
                    key.span,
                    format!("there is no step `{}`", key.value),
                    "unknown step",
                )
                .help(suggest::help(&key.value, STEPS)),
            );
            return None;
        };
        let Some(other) = entries
            .iter()
            .find(|other| other.key.span != entry.key.span)
        else {
            return Some(entry);
        };
        let mistake = Diagnostic::new(
            other.key.span,
            format!("a step has one key, and this one has `{}`", entry.key.value),
            "a second key",
        );
        let help = if is_step(&other) {
            "make it a step of its own, with a `-` before it".to_owned()
        } else {
            format!("indent it to belong to `{}`", entry.key.value)
        };
        self.reader.push(mistake.help(help));
        None
    }

    /// A step with mistakes still makes its id, so that its users are not
    /// reported too.
    fn give_up(&mut self, entries: &[Entry]) {
        let ids = entries
            .iter()
            .filter_map(|entry| entry.value.get("id"))
            .chain(entries.iter().filter(|entry| entry.key.value == "id"));
        for id in ids {
            if let Some(id) = id.value.written() {
                self.made.entry(id).or_insert(Made::Broken);
            }
        }
    }

    fn await_step(&mut self, node: &Node, key: &At<String>) -> Option<Await> {
        let fields = self.reader.fields(node, key, &AWAIT)?;
        let found = fields
            .require(self.reader, "launch")
            .and_then(|node| self.launch(node, "`launch`"))
            .map(|(id, _, waits)| (id, waits));
        let within = self.within(&fields);
        let expect = self.required_expect(&fields, Subject::Launch);
        let (launch, waits) = found?;
        if waits == Waits::Done {
            self.reader.push(
                Diagnostic::new(
                    launch.span,
                    format!("the end of `{}` has been waited for already", launch.value),
                    "it is not in the background",
                )
                .help("use `check: {launch: …}` to look at it again"),
            );
            return None;
        }
        if let Some(Made::Launch { waits, .. }) = self.made.get_mut(&launch.value) {
            *waits = Waits::Done;
        }
        Some(Await {
            launch,
            within: within?,
            expect: expect?,
        })
    }

    fn adopt_step(&mut self, node: &Node, key: &At<String>) -> Option<Adopt> {
        let fields = self.reader.fields(node, key, &ADOPT)?;
        let id = self.new_id(&fields);
        let from = fields.require(self.reader, "from");
        let source = from.and_then(|node| {
            let owner = At::new("from".to_owned(), node.span);
            let fields = self.reader.fields(node, &owner, &FROM)?;
            let entry = fields.one_of(self.reader, &FROM)?;
            self.adopt_from(entry)
        });
        let within = self.within(&fields);
        if let Some(id) = &id {
            self.made.insert(id.value.clone(), Made::Adopted);
        }
        let expect = match fields.entry("expect") {
            Some(entry) => Some(self.expect(entry, Subject::Process)?),
            None => None,
        };
        Some(Adopt {
            id: id?,
            from: source?,
            from_span: from?.span,
            within: within?,
            expect,
        })
    }

    fn adopt_from(&self, Entry { key, value }: &Entry) -> Option<AdoptFrom> {
        Some(match key.value.as_str() {
            "pid-file" => AdoptFrom::PidFile(self.path(value, "`pid-file`")?),
            "name" => AdoptFrom::Name(self.template(value, "`name`")?),
            "child-of" => AdoptFrom::ChildOf(self.process(value, "`child-of`")?),
            "session-of" => AdoptFrom::SessionOf(self.process(value, "`session-of`")?),
            _ => AdoptFrom::Socket(self.address(value, "`socket`")?),
        })
    }

    fn signal_step(&mut self, node: &Node, key: &At<String>) -> Option<SendSignal> {
        let fields = self.reader.fields(node, key, &SIGNAL)?;
        let process = fields
            .require(self.reader, "process")
            .and_then(|node| self.process(node, "`process`"));
        let signal = fields
            .require(self.reader, "signal")
            .and_then(|node| self.reader.signal(node, "`signal`"));
        let within = self.within(&fields);
        let expect = match (fields.entry("expect"), fields.entry("within")) {
            (Some(entry), _) => Some(self.expect(entry, Subject::End)?),
            (None, Some(within)) => {
                self.reader.push(
                    Diagnostic::new(
                        within.key.span,
                        "nothing is waited for without `expect`",
                        "how long for what?",
                    )
                    .help("add `expect: {gone: true}`, or leave `within` out"),
                );
                return None;
            }
            (None, None) => None,
        };
        Some(SendSignal {
            process: process?,
            signal: signal?,
            within: within?,
            expect,
        })
    }

    fn hang_up_step(&mut self, node: &Node, key: &At<String>) -> Option<HangUp> {
        let fields = self.reader.fields(node, key, &HANG_UP)?;
        let node = fields.require(self.reader, "launch")?;
        let (id, launch, _) = self.launch(node, "`launch`")?;
        if !launch.terminal {
            self.reader.push(
                self.reader
                    .mistake(
                        node,
                        format!("`{}` has no terminal", id.value),
                        "nothing to hang up",
                    )
                    .related(launch.id.span, "launched here")
                    .help("add `terminal: true` to the launch"),
            );
            return None;
        }
        Some(HangUp { launch: id })
    }

    fn connect_step(&mut self, node: &Node, key: &At<String>) -> Option<Connect> {
        let fields = self.reader.fields(node, key, &CONNECT)?;
        let to = fields.require(self.reader, "to").and_then(|node| {
            let address = self.address(node, "`to`")?;
            Some(At::new(address, node.span))
        });
        let send = match fields.get("send") {
            Some(node) => Some(self.template(node, "`send`")?),
            None => None,
        };
        let enough = match fields.get("enough") {
            Some(node) => {
                let bytes = self.reader.int(node, "`enough`", 1..=1 << 20)?;
                Some(usize::try_from(bytes).ok()?)
            }
            None => None,
        };
        let within = self.within(&fields);
        let expect = self.required_expect(&fields, Subject::Connection);
        Some(Connect {
            to: to?,
            send,
            enough,
            within: within?,
            expect: expect?,
        })
    }

    fn pause_step(&mut self, node: &Node, key: &At<String>) -> Option<Pause> {
        let fields = self.reader.fields(node, key, &PAUSE)?;
        let time = fields.require(self.reader, "for").and_then(|node| {
            let time = self.reader.duration(node, "`for`")?;
            if time == Duration::ZERO {
                self.reader
                    .wrong(node, "a pause of no time is none", "zero");
                return None;
            }
            Some(time)
        });
        let reason = match fields.get("reason") {
            Some(node) => self.reader.some_text(node, "`reason`"),
            None => {
                self.reader.push(
                    Diagnostic::new(key.span, "`pause` needs `reason`", "add `reason` to this")
                        .help("say why there is nothing to wait for, or wait for it with `check`"),
                );
                None
            }
        };
        Some(Pause {
            time: time?,
            reason: reason?,
        })
    }

    /// An `expect` that has to be there.
    pub(super) fn required_expect(
        &mut self,
        fields: &Fields<'_>,
        subject: Subject,
    ) -> Option<crate::scenario::matcher::Expect> {
        match fields.entry("expect") {
            Some(entry) => self.expect(entry, subject),
            None => {
                fields.require(self.reader, "expect");
                None
            }
        }
    }
}
