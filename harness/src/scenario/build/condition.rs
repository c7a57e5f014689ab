//! What a fault's calls must be about: `path` and `args`.

use std::collections::BTreeMap;

use daemonlab::sys::Signal;

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::node::{Entry, Node, Yaml};
use crate::scenario::reader::Fields;
use crate::world::spec::Condition;

use super::builder::Builder;

impl Builder<'_> {
    /// `path` and `args`.
    pub(super) fn condition(&self, fields: &Fields<'_>) -> Option<Condition> {
        let path = match fields.get("path") {
            Some(node) => Some(self.path_pattern(node)?),
            None => None,
        };
        let args = match fields.get("args") {
            Some(node) => self.args(node)?,
            None => BTreeMap::new(),
        };
        Some(Condition { path, args })
    }

    fn path_pattern(&self, node: &Node) -> Option<String> {
        let pattern = self.reader.some_text(node, "`path`")?;
        if !pattern.starts_with(['/', '*']) {
            self.reader.push(
                self.reader
                    .mistake(node, "`path` is absolute", "this begins elsewhere")
                    .help(format!(
                        "write /run/{pattern}, or */{pattern} for any folder"
                    )),
            );
            return None;
        }
        Some(pattern)
    }

    /// Arguments by their place, from 0.
    fn args(&self, node: &Node) -> Option<BTreeMap<usize, i32>> {
        let Yaml::Map(entries) = &node.yaml else {
            self.reader
                .unexpected(node, "`args`", "a map of places, from 0, to values");
            return None;
        };
        let arg = |entry: &Entry| {
            let place = entry.key.value.parse::<usize>().ok().filter(|n| *n < 6);
            if place.is_none() {
                self.reader.push(
                    Diagnostic::new(
                        entry.key.span,
                        format!("there is no argument `{}`", entry.key.value),
                        "unknown place",
                    )
                    .help("arguments are counted from 0 to 5, as the manual lists them"),
                );
            }
            Some((place?, self.argument(&entry.value)?))
        };
        let args: Vec<Option<(usize, i32)>> = entries.iter().map(arg).collect();
        args.into_iter().collect()
    }

    /// A number, or a signal by name.
    fn argument(&self, node: &Node) -> Option<i32> {
        match &node.yaml {
            Yaml::Text(name) => match Signal::from_name(name) {
                Some(signal) => Some(signal.number()),
                None => {
                    self.reader.wrong(
                        node,
                        "an argument is a number, or a signal by name",
                        "this is neither",
                    );
                    None
                }
            },
            _ => {
                let bounds = i64::from(i32::MIN)..=i64::from(u32::MAX);
                // As the lower half of a register holds it.
                Some(self.reader.int(node, "an argument", bounds)? as i32)
            }
        }
    }
}
