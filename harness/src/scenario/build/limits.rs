//! `limits` of a launch.

use std::collections::BTreeMap;

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::node::{Entry, Node, Yaml};
use crate::scenario::reader::Reader;
use crate::scenario::suggest;
use crate::world::limits::{Bound, Resource, UNLIMITED, Wanted};

/// The keys of a limit.
pub(super) const LIMIT: [&str; 2] = ["soft", "hard"];

/// What a launch asks of its limits, by resource.
pub(super) fn limits(reader: &Reader, entry: &Entry) -> Option<BTreeMap<Resource, Wanted>> {
    reader.open_fields(&entry.value, &entry.key)?;
    let limits: Vec<Option<(Resource, Wanted)>> = entry
        .value
        .entries()
        .iter()
        .map(|entry| {
            let resource = resource(reader, entry);
            let wanted = limit(reader, entry);
            Some((resource?, wanted?))
        })
        .collect();
    limits.into_iter().collect()
}

fn resource(reader: &Reader, Entry { key, .. }: &Entry) -> Option<Resource> {
    let found = Resource::from_name(&key.value);
    if found.is_none() {
        let name = key.value.to_ascii_lowercase();
        let name = name.strip_prefix("rlimit_").unwrap_or(&name);
        reader.push(
            Diagnostic::new(
                key.span,
                format!("there is no limit `{}`", key.value),
                "unknown resource",
            )
            .help(suggest::help(name, Resource::ALL.map(Resource::name))),
        );
    }
    found
}

/// One for both, or the soft and the hard one.
fn limit(reader: &Reader, Entry { key, value }: &Entry) -> Option<Wanted> {
    let Yaml::Map(entries) = &value.yaml else {
        let both = Some(bound(reader, value, &format!("`{}`", key.value))?);
        return Some(Wanted {
            soft: both,
            hard: both,
        });
    };
    let fields = reader.fields(value, key, &LIMIT)?;
    if entries.is_empty() {
        reader.push(
            reader
                .mistake(
                    value,
                    format!("`{}` is empty", key.value),
                    "it limits nothing",
                )
                .help("write {soft: 64, hard: 64}, or 64 for both"),
        );
        return None;
    }
    let side = |name: &str| match fields.get(name) {
        Some(node) => Some(Some(bound(reader, node, &format!("`{name}`"))?)),
        None => Some(None),
    };
    let (soft, hard) = (side("soft"), side("hard"));
    let wanted = Wanted {
        soft: soft?,
        hard: hard?,
    };
    if let (Some(soft), Some(hard)) = (wanted.soft, wanted.hard)
        && soft > hard
    {
        reader.wrong(
            value,
            format!("the soft limit of `{}` is above the hard one", key.value),
            "see setrlimit(2)",
        );
        return None;
    }
    Some(wanted)
}

/// A number, or `unlimited`.
pub(super) fn bound(reader: &Reader, node: &Node, what: &str) -> Option<Bound> {
    match &node.yaml {
        Yaml::Text(text) if text == UNLIMITED => Some(Bound::Unlimited),
        Yaml::Int(..) | Yaml::Number(_) => {
            let number = reader.int(node, what, 0..=i64::MAX)?;
            u64::try_from(number).ok().map(Bound::At)
        }
        _ => {
            reader.unexpected(node, what, "a number, or `unlimited`");
            None
        }
    }
}
