//! A case from its sections.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::expand::Row;
use crate::scenario::model::{Action, Capability, Case, Step};
use crate::scenario::node::{Entry, Node, Yaml};
use crate::scenario::reader::Reader;
use crate::scenario::source::{At, Source, Span};
use crate::scenario::suggest;
use crate::scenario::variables::Variables;
use crate::world::spec::VirtualTime;

use super::builder::Builder;
use super::sandbox;

/// The sections of a file that make its cases, as they are written.
pub(in crate::scenario) struct Sections<'n> {
    pub(in crate::scenario) tags: Option<&'n Entry>,
    pub(in crate::scenario) timeout: Option<&'n Entry>,
    pub(in crate::scenario) time: Option<&'n Entry>,
    pub(in crate::scenario) requires: Option<&'n Entry>,
    pub(in crate::scenario) sandbox: Option<&'n Entry>,
    pub(in crate::scenario) files: Option<&'n Entry>,
    pub(in crate::scenario) steps: &'n Entry,
}

/// Builds a case. Mistakes go to the reader; with any, the case is of no use.
pub(in crate::scenario) fn case(
    reader: &Reader,
    source: &Arc<Source>,
    dir: &Path,
    ids: &BTreeMap<String, Span>,
    sections: &Sections<'_>,
    row: &Row,
    mut variables: Variables<'_>,
) -> (Case, BTreeSet<String>) {
    let filled = |entry: &Entry, variables: &Variables<'_>| Entry {
        key: entry.key.clone(),
        value: variables.fill(&entry.value),
    };
    let fill = |entry: Option<&Entry>, variables: &Variables<'_>| {
        entry.map(|entry| filled(entry, variables))
    };

    let built = sandbox::sandbox(reader, fill(sections.sandbox, &variables).as_ref());
    set_users(&mut variables, &built);
    let files = fill(sections.files, &variables);
    let steps = filled(sections.steps, &variables);
    let timeout = fill(sections.timeout, &variables);
    let time = fill(sections.time, &variables);
    let tags = fill(sections.tags, &variables);
    let requires = fill(sections.requires, &variables);

    let mut builder = Builder {
        reader,
        users: built.users,
        env: built.env,
        umask: built.umask,
        ids,
        made: BTreeMap::new(),
        expectations: 0,
    };
    let files = builder.files(files.as_ref()).unwrap_or_default();
    let steps = builder.steps(&steps);
    if builder.expectations == 0 && reader.is_clean() {
        reader.push(
            Diagnostic::new(
                sections.steps.key.span,
                "this scenario asserts nothing",
                "no step has an `expect`",
            )
            .help("add `expect`, for example in a `check`"),
        );
    }

    let mut case = Case {
        id: match &row.name {
            Some(name) => format!("{}::{}", source.name, name.value),
            None => source.name.clone(),
        },
        name: row.name.clone(),
        source: Arc::clone(source),
        dir: dir.to_owned(),
        tags: read_tags(reader, tags.as_ref()),
        timeout: timeout.and_then(|entry| read_timeout(reader, &entry)),
        virtual_time: time.and_then(|entry| read_time(reader, &entry)),
        requires: read_requires(reader, requires.as_ref()),
        sandbox: built.sandbox,
        files,
        steps,
    };
    imply(&mut case);
    (case, variables.used())
}

/// `${svc.uid}` and `${svc.gid}`.
fn set_users(variables: &mut Variables<'_>, built: &sandbox::Built) {
    let names = built.sandbox.users.iter().map(|user| user.name.as_str());
    for name in names.chain(["root", "nobody"]) {
        let Some(user) = built.users.user(name) else {
            continue;
        };
        for (field, id) in [("uid", user.uid), ("gid", user.gid)] {
            let yaml = Yaml::Int(i64::from(id), id.to_string());
            variables.set(format!("{name}.{field}"), Node::new(yaml, Span::default()));
        }
    }
}

fn read_tags(reader: &Reader, entry: Option<&Entry>) -> Vec<String> {
    let Some(list) = entry.and_then(|entry| reader.list(&entry.value, "`tags`")) else {
        return Vec::new();
    };
    let tag = |node: &Node| {
        let tag = reader.text(node, "a tag")?;
        reader.name(&tag, node.span, "a tag")?;
        Some(tag)
    };
    list.iter().filter_map(tag).collect()
}

fn read_timeout(reader: &Reader, entry: &Entry) -> Option<Duration> {
    let timeout = reader.duration(&entry.value, "`timeout`")?;
    if timeout == Duration::ZERO {
        reader.wrong(&entry.value, "`timeout` is more than nothing", "zero");
        return None;
    }
    Some(timeout)
}

/// `virtual`, or how late waits end then.
fn read_time(reader: &Reader, entry: &Entry) -> Option<VirtualTime> {
    if let Yaml::Map(_) = entry.value.yaml {
        let owner = At {
            value: "time".to_owned(),
            span: entry.key.span,
        };
        let fields = reader.fields(&entry.value, &owner, &TIME)?;
        let options = fields.entry("virtual").map(|entry| (entry, &entry.value));
        let Some((entry, node)) = options else {
            fields.require(reader, "virtual");
            return None;
        };
        let owner = At {
            value: "virtual".to_owned(),
            span: entry.key.span,
        };
        let fields = reader.fields(node, &owner, &VIRTUAL)?;
        let slack = reader.duration(fields.require(reader, "slack")?, "`slack`")?;
        return Some(VirtualTime { slack });
    }
    let word = reader.text(&entry.value, "`time`")?;
    if word == "virtual" {
        return Some(VirtualTime::default());
    }
    reader.push(
        reader
            .mistake(
                &entry.value,
                "`time` is `virtual`, if it is given",
                "unknown",
            )
            .help("write `time: virtual`, or leave it out for real time"),
    );
    None
}

/// The keys of `time`.
pub(super) const TIME: [&str; 1] = ["virtual"];

/// The keys of `time.virtual`.
pub(super) const VIRTUAL: [&str; 1] = ["slack"];

fn read_requires(reader: &Reader, entry: Option<&Entry>) -> BTreeSet<Capability> {
    let Some(list) = entry.and_then(|entry| reader.list(&entry.value, "`requires`")) else {
        return BTreeSet::new();
    };
    let capability = |node: &Node| {
        let name = reader.text(node, "a capability")?;
        let found = Capability::from_name(&name);
        if found.is_none() {
            let known = Capability::ALL.map(Capability::name);
            let help = match name.as_str() {
                "seccomp-notify" => {
                    "faults are carried out by the tracer now: it is called `ptrace`".to_owned()
                }
                _ => suggest::help(&name, known),
            };
            reader.push(
                reader
                    .mistake(
                        node,
                        format!("there is nothing called `{name}` to require"),
                        "unknown",
                    )
                    .help(help),
            );
        }
        found
    };
    list.iter().filter_map(capability).collect()
}

/// Adds what a case needs by what it does, so that a forgotten `requires`
/// gives a skip with its reason and not a riddle.
fn imply(case: &mut Case) {
    case.requires.insert(Capability::Userns);
    trace(case);
    let launches = || {
        case.steps
            .iter()
            .filter_map(|step: &Step| match &step.action {
                Action::Launch(launch) => Some(launch),
                _ => None,
            })
    };
    let faults = launches().any(|launch| !launch.faults.is_empty());
    let users = !case.sandbox.users.is_empty()
        || !case.sandbox.groups.is_empty()
        || launches().any(|launch| launch.user.uid != 0)
        || case.files.iter().any(|file| file.uid != 0 || file.gid != 0);
    if faults || case.virtual_time.is_some() || launches().any(|launch| launch.traced) {
        case.requires.insert(Capability::Ptrace);
    }
    if users {
        case.requires.insert(Capability::Subuid);
    }
}

/// Has the launches traced whose events some step looks at.
fn trace(case: &mut Case) {
    let looked_at: BTreeSet<String> = case
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Events(events) => Some(events.launch.value.clone()),
            _ => None,
        })
        .collect();
    for step in &mut case.steps {
        if let Action::Launch(launch) = &mut step.action {
            launch.traced = looked_at.contains(&launch.id.value);
        }
    }
}
