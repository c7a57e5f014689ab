//! A process's facts.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::stat::{Stat, terminal_path};
use super::status::{Status, mapped};
use crate::world::facts::ProcessFacts;
use crate::world::limits::{self, Limit, Resource};
use crate::world::real::ids::IdMap;

/// The facts of a process, with ids as `users` and `groups` say they exist
/// inside; `None` if there is no such process. A zombie has no descriptors,
/// paths or environment left; who is on its way to be one counts as one.
pub fn facts(pid: i32, users: &IdMap, groups: &IdMap) -> Option<ProcessFacts> {
    let status = Status::read(pid)?;
    let stat = Stat::read(pid)?;
    let mut supplementary: Vec<_> = status.groups.iter().map(|id| mapped(*id, groups)).collect();
    supplementary.sort_unstable();
    let facts = ProcessFacts {
        pid,
        parent: stat.parent,
        session: stat.session,
        group: stat.group,
        name: stat.name,
        command: strings(pid, "cmdline"),
        executable: link(pid, "exe"),
        state: stat.state,
        terminal: terminal_path(stat.terminal),
        cwd: link(pid, "cwd"),
        root: link(pid, "root"),
        umask: status.umask,
        descriptors: descriptors(pid).unwrap_or_default().into_iter().collect(),
        uid: status.uid.map(|id| mapped(id, users)),
        gid: status.gid.map(|id| mapped(id, groups)),
        groups: supplementary,
        capabilities: status.capabilities,
        no_new_privs: status.no_new_privs,
        pending: status.pending,
        blocked: status.blocked,
        ignored: status.ignored,
        caught: status.caught,
        environment: environment(strings(pid, "environ")),
        threads: status.threads,
        limits: limits(pid),
    };
    // What was read of a process that has ended meanwhile may be the half of it.
    let after = Stat::read(pid)?;
    let state = if after.ends { 'Z' } else { facts.state };
    Some(ProcessFacts { state, ..facts })
}

/// The resource limits of a process.
fn limits(pid: i32) -> BTreeMap<Resource, Limit> {
    let text = fs::read_to_string(format!("/proc/{pid}/limits"));
    limits::parse(&text.unwrap_or_default())
}

/// The descriptors of a process, and what they refer to; `None` if there is no
/// such process.
pub fn descriptors(pid: i32) -> Option<Vec<(i32, String)>> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let descriptor = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.ok()?;
        let number = entry.file_name().to_str()?.parse().ok()?;
        let target = fs::read_link(entry.path()).ok()?;
        Some((number, text(target)))
    };
    Some(entries.filter_map(descriptor).collect())
}

fn link(pid: i32, name: &str) -> Option<String> {
    fs::read_link(format!("/proc/{pid}/{name}")).ok().map(text)
}

fn text(path: PathBuf) -> String {
    path.to_string_lossy().into_owned()
}

/// Strings that each end in a zero byte.
fn strings(pid: i32, name: &str) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    split(&bytes)
}

fn split(bytes: &[u8]) -> Vec<String> {
    let whole = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    let string = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
    whole.split(|byte| *byte == 0).map(string).collect()
}

fn environment(strings: Vec<String>) -> BTreeMap<String, String> {
    let pair = |entry: String| {
        let (name, value) = entry.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    strings.into_iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"", &[])]
    #[case(b"labd\0-d\0", &["labd", "-d"])]
    #[case(b"labd\0\0", &["labd", ""])]
    #[case(b"set by setproctitle", &["set by setproctitle"])]
    fn arguments_may_be_empty(#[case] bytes: &[u8], #[case] strings: &[&str]) {
        assert_eq!(split(bytes), strings);
    }

    #[test]
    fn this_process_has_its_facts() {
        let map = IdMap::parse("0 0 4294967295");
        let facts = facts(std::process::id() as i32, &map, &map).unwrap();
        assert_eq!(facts.pid, std::process::id() as i32);
        assert_eq!(facts.parent, std::os::unix::process::parent_id() as i32);
        assert_eq!(facts.command, std::env::args().collect::<Vec<_>>());
        assert!(facts.threads >= 1 && facts.descriptors.contains_key(&0));
        assert_eq!(super::facts(0, &map, &map), None);
    }
}
