//! Links within the book.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::page;

/// Pages that `SUMMARY.md` does not name, and names without a page.
pub fn summary() -> Vec<String> {
    let text = fs::read_to_string(page::source().join("SUMMARY.md")).expect("it is there");
    let named: BTreeSet<String> = targets(&text).map(str::to_owned).collect();
    let there: BTreeSet<String> = page::all()
        .into_iter()
        .filter_map(|page| Some(page.ok()?.name))
        .collect();
    let unnamed = there.difference(&named);
    let unnamed = unnamed.map(|name| format!("SUMMARY.md does not name {name}"));
    let gone = named.difference(&there);
    let gone = gone.map(|name| format!("SUMMARY.md names {name}, which is no page"));
    unnamed.chain(gone).collect()
}

/// Relative links that lead nowhere.
pub fn links() -> Vec<String> {
    let pages: Vec<_> = page::all().into_iter().filter_map(Result::ok).collect();
    let anchors: BTreeMap<PathBuf, BTreeSet<String>> = pages
        .iter()
        .map(|page| (PathBuf::from(&page.name), anchors(&page.text)))
        .collect();
    let mut mistakes = Vec::new();
    let mut seen = 0;
    for page in &pages {
        for target in targets(&prose(&page.text)) {
            if target.contains("://") {
                continue;
            }
            seen += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let folder = Path::new(&page.name).parent().expect("it is relative");
            let to = match file {
                "" => PathBuf::from(&page.name),
                file => normal(&folder.join(file)),
            };
            let good = match anchors.get(&to) {
                Some(anchors) => anchor.is_empty() || anchors.contains(anchor),
                None => false,
            };
            if !good {
                mistakes.push(format!("{}: {target} leads nowhere", page.name));
            }
        }
    }
    assert!(seen > 10, "links are found: {seen}");
    mistakes
}

/// What is between `](` and `)`.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split("](").skip(1);
    parts.filter_map(|part| Some(part.split_once(')')?.0))
}

/// A page without its blocks.
fn prose(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// The ids that mdBook gives the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in prose(text).lines() {
        let Some(heading) = line.strip_prefix('#') else {
            continue;
        };
        let heading = heading.trim_start_matches('#').trim();
        let id: String = heading
            .chars()
            .filter_map(|c| match c {
                ' ' => Some('-'),
                c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
                _ => None,
            })
            .collect();
        let id = match anchors.contains(&id) {
            true => (1..)
                .map(|n| format!("{id}-{n}"))
                .find(|id| !anchors.contains(id))
                .expect("numbers do not end"),
            false => id,
        };
        anchors.insert(id);
    }
    anchors
}

fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}
