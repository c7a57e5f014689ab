//! `events`: what is expected of what the processes of a launch do.

use crate::scenario::claims::{Claim, EventMatcher, Events, Item, Times, Which};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::node::{Entry, Node, Yaml};
use crate::scenario::reader::Fields;
use crate::scenario::source::At;
use crate::scenario::suggest;
use crate::world::facts::schema::{Subject, fields_of_event};

use super::builder::Builder;

/// The keys of the step.
pub(super) const KEYS: [&str; 3] = ["launch", "within", "expect"];

/// What can be claimed, by the key that says it.
pub(super) const CLAIMS: [&str; 3] = ["order", "never", "count"];

/// How many events there must be.
pub(super) const BOUNDS: [&str; 3] = ["exactly", "at-least", "at-most"];

/// The keys of a claim.
pub(super) const CLAIM: [&str; 6] = ["order", "never", "count", "exactly", "at-least", "at-most"];

/// Which event of an order is meant, where it is not the first.
pub(super) const WHICH: [&str; 3] = ["first", "last", "every"];

/// More events than this are not counted.
pub(super) const MOST: i64 = 1_000_000;

impl Builder<'_> {
    /// `events`.
    pub(super) fn events_step(&mut self, node: &Node, key: &At<String>) -> Option<Events> {
        let fields = self.reader.fields(node, key, &KEYS)?;
        let launch = fields
            .require(self.reader, "launch")
            .and_then(|node| self.launch(node, "`launch`"))
            .map(|(id, _, _)| id);
        let within = self.within(&fields);
        let expect = fields.require(self.reader, "expect");
        let claims = expect.and_then(|node| self.claims(node));
        Some(Events {
            launch: launch?,
            within: within?,
            claims: claims?,
        })
    }

    fn claims(&mut self, node: &Node) -> Option<Vec<Claim>> {
        self.expectations += 1;
        if let Yaml::Map(_) = node.yaml {
            self.reader.push(
                self.reader
                    .mistake(node, "`expect` of events is a list", "this is a map")
                    .help("put a `-` before each thing that is expected, as in `- never: {…}`"),
            );
            return None;
        }
        let list = self.reader.list(node, "`expect`")?;
        if list.is_empty() {
            self.reader.push(
                self.reader
                    .mistake(node, "`expect` is empty", "it expects nothing")
                    .help("add `order`, `never` or `count`"),
            );
            return None;
        }
        let claims: Vec<Option<Claim>> = list.iter().map(|node| self.claim(node)).collect();
        claims.into_iter().collect()
    }

    fn claim(&self, node: &Node) -> Option<Claim> {
        let owner = At::new("an expectation on events".to_owned(), node.span);
        let fields = self.reader.fields(node, &owner, &CLAIM)?;
        let entry = fields.one_of(self.reader, &CLAIMS)?;
        if entry.key.value != "count" {
            self.no_bounds(&fields, &entry.key)?;
        }
        match entry.key.value.as_str() {
            "order" => self.order(entry).map(Claim::Order),
            "never" => self.event(&entry.value, "never").map(Claim::Never),
            _ => self.count(&fields, entry),
        }
    }

    /// Only a count has a number.
    fn no_bounds(&self, fields: &Fields<'_>, claim: &At<String>) -> Option<()> {
        let bound = BOUNDS.iter().find_map(|name| fields.entry(name));
        let Some(bound) = bound else {
            return Some(());
        };
        self.reader.push(
            Diagnostic::new(
                bound.key.span,
                format!("`{}` is about a `count`", bound.key.value),
                "nothing is counted here",
            )
            .related(claim.span, "this is no count")
            .help(format!(
                "write `- count: {{…}}` with `{}` beside it",
                bound.key.value
            )),
        );
        None
    }

    fn order(&self, Entry { key, value }: &Entry) -> Option<Vec<Item>> {
        let list = self.reader.list(value, "`order`")?;
        if list.len() < 2 {
            self.reader.push(
                self.reader
                    .mistake(
                        value,
                        "`order` is of two events at least",
                        "there is no second one",
                    )
                    .help("to expect one event, write `- count: {…}` and `at-least: 1`"),
            );
            return None;
        }
        let items: Vec<Option<Item>> = list.iter().map(|node| self.item(node, key)).collect();
        items.into_iter().collect()
    }

    /// An event, or one of `first`, `last` and `every` with an event.
    fn item(&self, node: &Node, owner: &At<String>) -> Option<Item> {
        let which = match node.entries() {
            [Entry { key, value }] => match key.value.as_str() {
                "first" => Some((Which::First, value)),
                "last" => Some((Which::Last, value)),
                "every" => Some((Which::Every, value)),
                name if suggest::nearest(name, names_of_fields()).is_none()
                    && suggest::nearest(name, WHICH).is_some() =>
                {
                    self.reader.unknown_key(key, "order", &WHICH);
                    return None;
                }
                _ => None,
            },
            _ => None,
        };
        let (which, node) = which.unwrap_or((Which::First, node));
        Some(Item {
            which,
            event: self.event(node, &owner.value)?,
        })
    }

    fn count(&self, fields: &Fields<'_>, entry: &Entry) -> Option<Claim> {
        let of = self.event(&entry.value, "count");
        let bounds: Vec<&Entry> = BOUNDS
            .iter()
            .filter_map(|name| fields.entry(name))
            .collect();
        let [first, rest @ ..] = bounds.as_slice() else {
            if fields.is_meant(&BOUNDS) {
                // A misspelt one is reported already.
                return None;
            }
            self.reader.push(
                Diagnostic::new(
                    entry.key.span,
                    format!("`count` needs one of `{}`", BOUNDS.join("`, `")),
                    "how many?",
                )
                .help("write `exactly: 1` beside it"),
            );
            return None;
        };
        if let Some(second) = rest.first()
            && (first.key.value == "exactly" || second.key.value == "exactly")
        {
            self.reader.push(
                Diagnostic::new(
                    second.key.span,
                    "`exactly` says it all",
                    "this is a second number",
                )
                .related(first.key.span, "the first one"),
            );
            return None;
        }
        let mut times = Times {
            least: 0,
            most: None,
        };
        for Entry { key, value } in &bounds {
            let bound = self
                .reader
                .int(value, &format!("`{}`", key.value), 0..=MOST)?;
            let bound = u64::try_from(bound).ok()?;
            match key.value.as_str() {
                "exactly" => (times.least, times.most) = (bound, Some(bound)),
                "at-least" => times.least = bound,
                _ => times.most = Some(bound),
            }
        }
        let senseless = match times.most {
            Some(most) if most < times.least => Some("no count is that"),
            None if times.least == 0 => Some("any count is that"),
            _ => None,
        };
        if let Some(label) = senseless {
            let number = &bounds[bounds.len() - 1].value;
            self.reader.wrong(
                number,
                "a count that can be right or wrong is expected",
                label,
            );
            return None;
        }
        Some(Claim::Count {
            of: of?,
            times,
            span: first.value.span,
        })
    }

    /// What an event is like.
    fn event(&self, node: &Node, owner: &str) -> Option<EventMatcher> {
        let owner = At::new(owner.to_owned(), node.span);
        self.reader.open_fields(node, &owner)?;
        if node.entries().is_empty() {
            self.reader.push(
                self.reader
                    .mistake(node, "an event without a field is any event", "which ones?")
                    .help("name a call, as in {call: setsid}, or a kind, as in {kind: exit}"),
            );
            return None;
        }
        let fields = self.record(node, Subject::Event.fields(), "an event");
        let kind = self.kind(node)?;
        self.of_kind(node, kind)?;
        Some(EventMatcher {
            fields: fields?,
            shown: flow(node),
            span: node.span,
        })
    }

    /// The kind of event that is meant: what `kind` says, or a call.
    fn kind<'n>(&self, node: &'n Node) -> Option<&'n str> {
        let named = match node.get("kind").map(|entry| &entry.value) {
            None => None,
            Some(Node {
                yaml: Yaml::Text(kind),
                ..
            }) => Some(kind.as_str()),
            Some(value) => {
                self.reader
                    .unexpected(value, "`kind`", "one word, such as exit");
                return None;
            }
        };
        match (named, node.get("call")) {
            (Some(kind), _) => Some(kind),
            (None, Some(_)) => Some("call"),
            (None, None) => {
                // A misspelt one is reported already.
                let meant = node.entries().iter().any(|entry| {
                    let known = ["kind", "call"];
                    let name = entry.key.value.as_str();
                    let is_field = fields_of_event("call").any(|field| field == name);
                    !is_field && suggest::nearest(name, known).is_some()
                });
                if !meant {
                    self.reader.push(
                        self.reader
                            .mistake(node, "an event needs `call` or `kind`", "what happens?")
                            .help(
                                "name a call, as in {call: setsid}, or a kind: one of `signal`, \
                                 `fork`, `exec`, `exit`",
                            ),
                    );
                }
                None
            }
        }
    }

    /// Every field is one that this kind of event has.
    fn of_kind(&self, node: &Node, kind: &str) -> Option<()> {
        let mut all = Some(());
        for Entry { key, .. } in node.entries() {
            let name = key.value.as_str();
            let known = names_of_fields().any(|field| field == name);
            if !known || fields_of_event(kind).any(|field| field == name) {
                continue;
            }
            let own: Vec<&str> = fields_of_event(kind)
                .filter(|name| *name != "kind")
                .collect();
            self.reader.push(
                Diagnostic::new(
                    key.span,
                    format!("an event of the kind `{kind}` has no `{name}`"),
                    "it matches nothing",
                )
                .help(format!("it has `{}`", own.join("`, `"))),
            );
            all = None;
        }
        all
    }
}

fn names_of_fields() -> impl Iterator<Item = &'static str> {
    Subject::Event.fields().iter().map(|field| field.name)
}

/// A value in YAML's flow style.
fn flow(node: &Node) -> String {
    match &node.yaml {
        Yaml::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key.value, flow(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Yaml::List(elements) => {
            let elements: Vec<String> = elements.iter().map(flow).collect();
            format!("[{}]", elements.join(", "))
        }
        Yaml::Template(template) => template.to_string(),
        Yaml::Null => "null".to_owned(),
        _ => node.written().unwrap_or_default(),
    }
}
