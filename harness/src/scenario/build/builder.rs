//! What is known while the steps of a case are read, one after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::Launch;
use crate::scenario::node::{Node, Yaml};
use crate::scenario::reader::{Fields, Reader};
use crate::scenario::source::{At, Span};
use crate::scenario::suggest;
use crate::scenario::template::Template;

use super::sandbox::Users;

/// How long a step waits that does not say it.
pub(super) const WITHIN: Duration = Duration::from_secs(5);

/// What is known at a step.
pub(super) struct Builder<'a> {
    pub(super) reader: &'a Reader,
    pub(super) users: Users,
    /// The environment and umask of launches that do not say theirs.
    pub(super) env: BTreeMap<String, Template>,
    pub(super) umask: u32,
    /// Every id that some step makes, and where.
    pub(super) ids: &'a BTreeMap<String, Span>,
    /// The ids that are made so far.
    pub(super) made: BTreeMap<String, Made>,
    /// How many expectations there are so far.
    pub(super) expectations: usize,
}

/// What an id stands for.
pub(super) enum Made {
    /// A launch, and whether its end is still to be waited for.
    Launch { launch: Box<Launch>, waits: Waits },
    /// An adopted process.
    Adopted,
    /// Something whose step has mistakes, which are reported.
    Broken,
}

/// What has become of the wait for a launcher's end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// It is over.
    Done,
    /// The launch is in the background.
    Open,
}

impl<'a> Builder<'a> {
    /// The id that a step gives; it must be new.
    pub(super) fn new_id(&self, fields: &Fields<'_>) -> Option<At<String>> {
        let node = fields.require(self.reader, "id")?;
        let id = self.reader.text(node, "`id`")?;
        self.reader.name(&id, node.span, "a process")?;
        if ["init", "target", "scenario"].contains(&id.as_str()) {
            self.reader.wrong(
                node,
                format!("`{id}` has a meaning of its own"),
                "choose another id",
            );
            return None;
        }
        if !self.ids.contains_key(&id) {
            self.reader
                .wrong(node, "an id has no variables", "write it out");
            return None;
        }
        if self.made.contains_key(&id) {
            let mut mistake = self.reader.mistake(
                node,
                format!("there is a process `{id}` already"),
                "ids are unique in a scenario",
            );
            if let Some(first) = self.ids.get(&id).filter(|first| **first != node.span) {
                mistake = mistake.related(*first, "the first one");
            }
            self.reader.push(mistake);
            return None;
        }
        Some(At::new(id, node.span))
    }

    /// A launch or an adopted process that an earlier step has made.
    pub(super) fn process(&self, node: &Node, what: &str) -> Option<At<String>> {
        let id = self.reader.text(node, what)?;
        self.known(&id, node.span)?;
        Some(At::new(id, node.span))
    }

    /// A launch that an earlier step has made.
    pub(super) fn launch(&self, node: &Node, what: &str) -> Option<(At<String>, &Launch, Waits)> {
        let id = self.process(node, what)?;
        match &self.made[&id.value] {
            Made::Launch { launch, waits } => Some((id, launch, *waits)),
            Made::Broken => None,
            Made::Adopted => {
                let launches = self.made.iter().filter_map(|(id, made)| match made {
                    Made::Launch { .. } => Some(id.as_str()),
                    _ => None,
                });
                let launches: Vec<&str> = launches.collect();
                self.reader.push(
                    self.reader
                        .mistake(
                            node,
                            format!(
                                "`{}` is an adopted process, and {what} is a launch",
                                id.value
                            ),
                            "not a launch",
                        )
                        .help(format!("launches are `{}`", launches.join("`, `"))),
                );
                None
            }
        }
    }

    /// Checks that an earlier step has made this process.
    pub(super) fn known(&self, id: &str, span: Span) -> Option<()> {
        if self.made.contains_key(id) {
            return Some(());
        }
        let mistake = match self.ids.get(id) {
            Some(later) => Diagnostic::new(
                span,
                format!("there is no process `{id}` yet"),
                "used before it is made",
            )
            .related(*later, "it is made here"),
            None => Diagnostic::new(
                span,
                format!("there is no process `{id}`"),
                "no step makes it",
            )
            .help(suggest::help(id, self.ids.keys().map(String::as_str))),
        };
        self.reader.push(mistake);
        None
    }

    /// Text, some of which a run fills in.
    pub(super) fn template(&self, node: &Node, what: &str) -> Option<Template> {
        match &node.yaml {
            Yaml::Template(template) => {
                self.ordered(template)?;
                Some(template.clone())
            }
            _ => {
                let text = self.reader.text(node, what)?;
                Some(Template::text(text, node.span))
            }
        }
    }

    /// Checks that every process that a text names is made by then.
    pub(super) fn ordered(&self, template: &Template) -> Option<()> {
        let mut all = Some(());
        for name in template.variables() {
            if let Some((id, _)) = name.value.split_once('.')
                && self.known(id, name.span).is_none()
            {
                all = None;
            }
        }
        all
    }

    /// An absolute path.
    pub(super) fn path(&self, node: &Node, what: &str) -> Option<Template> {
        let path = self.template(node, what)?;
        if let Some(text) = path.as_text() {
            if !text.starts_with('/') {
                self.reader.push(
                    self.reader
                        .mistake(
                            node,
                            format!("{what} is an absolute path"),
                            "this one is relative",
                        )
                        .help("the sandbox has a root of its own; begin with `/`"),
                );
                return None;
            }
            if text.contains('\0') {
                self.reader.wrong(
                    node,
                    format!("{what} is a path"),
                    "this has a zero byte in it",
                );
                return None;
            }
        }
        Some(path)
    }

    /// How long a step waits.
    pub(super) fn within(&self, fields: &Fields<'_>) -> Option<Duration> {
        match fields.get("within") {
            Some(node) => self.reader.duration(node, "`within`"),
            None => Some(WITHIN),
        }
    }

    /// The address of a socket: `127.0.0.1:80`, `[::1]:80`, `unix:/path`.
    pub(super) fn address(&self, node: &Node, what: &str) -> Option<Template> {
        let address = self.template(node, what)?;
        if let Some(text) = address.as_text() {
            let local = text.strip_prefix("unix:").unwrap_or(&text);
            let good = local.starts_with('/')
                || (local.starts_with('@') && local.len() > 1)
                || text.parse::<std::net::SocketAddr>().is_ok();
            if !good {
                self.reader.push(
                    self.reader
                        .mistake(node, format!("{what} is an address"), "this is none")
                        .help("write 127.0.0.1:8080, [::1]:8080, or unix:/run/x.sock"),
                );
                return None;
            }
        }
        Some(address)
    }

    /// The fields of a matcher of `what`, a name in "`name`".
    pub(super) fn open_matcher<'n>(&self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        let owner = At::new(what.trim_matches('`').to_owned(), node.span);
        self.reader.open_fields(node, &owner)
    }
}
