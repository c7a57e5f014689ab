//! `sandbox`: users, groups, and what launches start with.

use std::collections::BTreeMap;

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::{Sandbox, User};
use crate::scenario::node::{Entry, Node, Yaml};
use crate::scenario::reader::Reader;
use crate::scenario::source::At;
use crate::scenario::suggest;
use crate::scenario::template::Template;
use crate::world::spec::{ENVIRONMENT, GroupSpec, UserSpec};

/// The ids that a scenario may give: those of the sandbox's map, less root's
/// and nobody's.
const IDS: std::ops::RangeInclusive<i64> = 1..=65533;

/// The user and group that the kernel shows for whoever has no mapping.
const NOBODY: u32 = 65534;

/// The keys of `sandbox`.
pub(super) const KEYS: [&str; 4] = ["users", "groups", "umask", "env"];

/// The keys of a user.
pub(super) const USER: [&str; 3] = ["uid", "gid", "groups"];

/// The keys of a group.
pub(super) const GROUP: [&str; 1] = ["gid"];

const UMASK: u32 = 0o022;

/// The users and groups of a sandbox by name.
#[derive(Debug)]
pub(super) struct Users {
    users: BTreeMap<String, User>,
    groups: BTreeMap<String, u32>,
}

impl Users {
    /// Root and nobody, who are in every sandbox.
    fn new() -> Users {
        let user = |name: &str, id| {
            let user = User {
                name: name.to_owned(),
                uid: id,
                gid: id,
                groups: Vec::new(),
            };
            (name.to_owned(), user)
        };
        Users {
            users: BTreeMap::from([user("root", 0), user("nobody", NOBODY)]),
            groups: BTreeMap::from([("root".into(), 0), ("nogroup".into(), NOBODY)]),
        }
    }

    /// The user of that name.
    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name)
    }

    /// The primary group of a user id; root's for one without a name.
    pub(super) fn primary_group(&self, uid: u32) -> u32 {
        let user = self.users.values().find(|user| user.uid == uid);
        user.map_or(0, |user| user.gid)
    }

    /// A user by name, reported if there is none.
    pub(super) fn read_user(&self, reader: &Reader, node: &Node, what: &str) -> Option<User> {
        let name = reader.text(node, what)?;
        let found = self.users.get(&name).cloned();
        if found.is_none() {
            unknown(reader, node, "user", &name, self.users.keys());
        }
        found
    }

    /// A user id, by name or number.
    pub(super) fn uid(&self, reader: &Reader, node: &Node, what: &str) -> Option<u32> {
        match &node.yaml {
            Yaml::Int(..) | Yaml::Number(_) => number(reader, node, what),
            _ => self.read_user(reader, node, what).map(|user| user.uid),
        }
    }

    /// A group id, by name or number.
    pub(super) fn gid(&self, reader: &Reader, node: &Node, what: &str) -> Option<u32> {
        if matches!(node.yaml, Yaml::Int(..) | Yaml::Number(_)) {
            return number(reader, node, what);
        }
        let name = reader.text(node, what)?;
        let found = self.groups.get(&name).copied();
        if found.is_none() {
            unknown(reader, node, "group", &name, self.groups.keys());
        }
        found
    }
}

fn number(reader: &Reader, node: &Node, what: &str) -> Option<u32> {
    let id = reader.int(node, what, 0..=i64::from(NOBODY))?;
    u32::try_from(id).ok()
}

fn unknown<'k>(
    reader: &Reader,
    node: &Node,
    kind: &str,
    name: &str,
    known: impl Iterator<Item = &'k String>,
) {
    let help = suggest::help(name, known.map(String::as_str));
    reader.push(
        reader
            .mistake(
                node,
                format!("the sandbox has no {kind} `{name}`"),
                format!("unknown {kind}"),
            )
            .help(format!(
                "{help} (others are made by `sandbox: {{{kind}s: …}}`)"
            )),
    );
}

/// What `sandbox` says, or leaves to the defaults.
pub(super) struct Built {
    pub(super) sandbox: Sandbox,
    pub(super) users: Users,
    pub(super) env: BTreeMap<String, Template>,
    pub(super) umask: u32,
}

/// Reads `sandbox`. `env` is read without variables of the run, since no step
/// has made any.
pub(super) fn sandbox(reader: &Reader, entry: Option<&Entry>) -> Built {
    let mut built = Built {
        sandbox: Sandbox::default(),
        users: Users::new(),
        env: ENVIRONMENT
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Template::text(value, Default::default())))
            .collect(),
        umask: UMASK,
    };
    let Some(entry) = entry else {
        return built;
    };
    let Some(fields) = reader.fields(&entry.value, &entry.key, &KEYS) else {
        return built;
    };
    if let Some(groups) = fields.entry("groups") {
        read_groups(reader, groups, &mut built);
    }
    if let Some(users) = fields.entry("users") {
        read_users(reader, users, &mut built);
    }
    if let Some(node) = fields.get("umask")
        && let Some(umask) = reader.octal(node, "`umask`", 0o777)
    {
        built.umask = umask;
    }
    if let Some(env) = fields.entry("env") {
        // What is wrong is reported; the rest is used to find more.
        let _ = environment(reader, env, &mut built.env, |node, what| {
            let text = reader.text(node, what)?;
            Some(Template::text(text, node.span))
        });
    }
    built
}

/// Reads `env` over what there is already; `null` takes a variable away.
pub(super) fn environment(
    reader: &Reader,
    entry: &Entry,
    env: &mut BTreeMap<String, Template>,
    mut value: impl FnMut(&Node, &str) -> Option<Template>,
) -> Option<()> {
    reader.open_fields(&entry.value, &entry.key)?;
    let mut all = Some(());
    for Entry { key, value: node } in entry.value.entries() {
        if key.value.is_empty() || key.value.contains(['=', '\0']) {
            reader.push(Diagnostic::new(
                key.span,
                "the name of an environment variable has no `=` in it",
                "this one has, or is empty",
            ));
            all = None;
        } else if node.yaml == Yaml::Null {
            env.remove(&key.value);
        } else {
            match value(node, &format!("`{}`", key.value)) {
                Some(value) => drop(env.insert(key.value.clone(), value)),
                None => all = None,
            }
        }
    }
    all
}

fn read_groups(reader: &Reader, entry: &Entry, built: &mut Built) {
    if reader.open_fields(&entry.value, &entry.key).is_none() {
        return;
    }
    for Entry { key, value } in entry.value.entries() {
        let Some((name, gid)) = named_id(reader, key, value, "gid", &GROUP, "group") else {
            continue;
        };
        if built.users.groups.contains_key(&name.value) {
            taken(reader, &name, "group");
            continue;
        }
        built.users.groups.insert(name.value.clone(), gid);
        built.sandbox.groups.push(GroupSpec {
            name: name.value,
            gid,
            members: Vec::new(),
        });
    }
}

fn read_users(reader: &Reader, entry: &Entry, built: &mut Built) {
    if reader.open_fields(&entry.value, &entry.key).is_none() {
        return;
    }
    for Entry { key, value } in entry.value.entries() {
        let Some((name, uid)) = named_id(reader, key, value, "uid", &USER, "user") else {
            continue;
        };
        if built.users.users.contains_key(&name.value) {
            taken(reader, &name, "user");
            continue;
        }
        if let Some(other) = built.sandbox.users.iter().find(|other| other.uid == uid) {
            reader.push(Diagnostic::new(
                key.span,
                format!("`{}` has the id of `{}`", name.value, other.name),
                format!("both have {uid}"),
            ));
            continue;
        }
        let gid = match value.get("gid") {
            Some(gid) => built.users.gid(reader, &gid.value, "`gid`"),
            None => Some(uid),
        };
        let others = value.get("groups").map_or(&[][..], |groups| {
            reader.list(&groups.value, "`groups`").unwrap_or_default()
        });
        let Some(gid) = gid else { continue };
        let mut groups = vec![gid];
        for node in others {
            let Some(other) = built.users.gid(reader, node, "a group") else {
                continue;
            };
            let spec = built
                .sandbox
                .groups
                .iter_mut()
                .find(|spec| spec.gid == other);
            match spec {
                Some(spec) => spec.members.push(name.value.clone()),
                None => reader.push(
                    reader
                        .mistake(
                            node,
                            "a supplementary group is one of `sandbox: groups`",
                            "not one",
                        )
                        .help("give it a name there"),
                ),
            }
            groups.push(other);
        }
        // The user's own group bears its name, unless that id has one.
        if !built.users.groups.values().any(|known| *known == gid) {
            built.users.groups.insert(name.value.clone(), gid);
        }
        groups.sort_unstable();
        groups.dedup();
        built.sandbox.users.push(UserSpec {
            name: name.value.clone(),
            uid,
            gid,
        });
        let user = User {
            name: name.value.clone(),
            uid,
            gid,
            groups,
        };
        built.users.users.insert(name.value, user);
    }
}

/// A name and its id, which stands in the field `id`, or alone.
fn named_id(
    reader: &Reader,
    key: &At<String>,
    value: &Node,
    id: &str,
    keys: &[&str],
    what: &str,
) -> Option<(At<String>, u32)> {
    reader.name(&key.value, key.span, &format!("a {what}"))?;
    let node = match value.yaml {
        Yaml::Int(..) => value,
        _ => reader.fields(value, key, keys)?.require(reader, id)?,
    };
    let id = reader.int(node, &format!("`{id}`"), IDS)?;
    Some((key.clone(), u32::try_from(id).ok()?))
}

fn taken(reader: &Reader, name: &At<String>, kind: &str) {
    reader.push(
        Diagnostic::new(
            name.span,
            format!("there is a {kind} `{}` already", name.value),
            "this name is taken",
        )
        .help("root and nobody are in every sandbox"),
    );
}
