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
        .filter(|name| name != page::README)
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
                _ if page.name == page::README => page::repository().join(file).exists(),
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

/// Paths of the repository, in backquotes, that are not there.
pub fn paths() -> Vec<String> {
    const FOLDERS: [&str; 8] = [
        "src/",
        "harness/",
        "tests/",
        "scenarios/",
        "ci/",
        "docs/",
        "schema/",
        "benches/",
    ];
    let mut mistakes = Vec::new();
    let mut seen = 0;
    let mut look = |name: &str, text: &str| {
        for token in prose(text).split('`').skip(1).step_by(2) {
            let is_path = FOLDERS.iter().any(|folder| token.starts_with(folder))
                && token.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c))
                // A place that a reader fills in.
                && !token.chars().any(char::is_uppercase);
            if !is_path || token.starts_with("scenarios/first") {
                continue;
            }
            seen += 1;
            if !page::repository().join(token).exists() {
                mistakes.push(format!("{name}: there is no `{token}`"));
            }
        }
    };
    for page in page::all().into_iter().filter_map(Result::ok) {
        look(&page.name, &page.text);
    }
    for name in ["CONTRIBUTING.md", "SECURITY.md"] {
        let text = fs::read_to_string(page::repository().join(name)).expect(name);
        look(name, &text);
    }
    assert!(seen > 30, "paths are found: {seen}");
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
