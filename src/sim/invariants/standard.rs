//! The rules that every start should keep.

use std::path::{Path, PathBuf};

use super::{Invariant, Judgement, When};
use crate::explore::TaskName;
use crate::sim::Facts;
use crate::sim::kernel::{Creds, Process};
use crate::sys::Signal;
use crate::sys::records::Ended;

/// All rules for a daemon that writes its PID file at the absolute path
/// `pid_file`: the launcher ends and tells the truth; no stray process; the
/// PID file is never partial and tells the truth; whoever is left is detached.
pub fn of_a_daemon(pid_file: impl Into<PathBuf>) -> Vec<Invariant> {
    let pid_file = pid_file.into();
    vec![
        launcher_ends(),
        truthful_exit(&pid_file),
        no_stray_process(),
        no_partial_pid_file(&pid_file),
        pid_file_tells_the_truth(&pid_file),
        detached(),
    ]
}

/// The launcher ends, whatever happens: whoever started it gets an answer.
pub fn launcher_ends() -> Invariant {
    Invariant::new("the launcher ends", |facts| match facts.launcher() {
        Some(_) => Ok(()),
        None => Err("it waits for something that never comes".to_owned()),
    })
}

/// The launcher's exit status tells the truth, at the moment of its exit.
///
/// With 0, a process that it started lives, and the PID file at the absolute
/// path `pid_file` is complete and names it, unless a SIGKILL from outside has
/// struck. With another status nothing that it started runs any more, or
/// SIGKILL is on its way to it.
pub fn truthful_exit(pid_file: impl Into<PathBuf>) -> Invariant {
    let pid_file = pid_file.into();
    let rule = "the launcher's exit status tells the truth";
    Invariant::new(rule, move |facts| match facts.launcher() {
        Some(Ended::Exited(0)) => {
            if facts.killed_from_outside().any(is_of_the_start) {
                return Ok(());
            }
            match read_pid_file(facts, &pid_file)? {
                None => Err(format!(
                    "it exits with 0, and there is no {}",
                    pid_file.display()
                )),
                Some(pid) => match facts.with_pid(pid) {
                    Some((task, _)) if is_below_the_launcher(task) => Ok(()),
                    _ => Err(format!(
                        "it exits with 0, and {} names PID {pid}, which is no living process that \
                         it started",
                        pid_file.display()
                    )),
                },
            }
        }
        Some(Ended::Exited(status)) => match started(facts).find(runs_on) {
            None => Ok(()),
            Some((task, process)) => Err(format!(
                "it exits with {status}, and process {task} (PID {}) runs on",
                process.pid
            )),
        },
        _ => Ok(()),
    })
    .when(When::LauncherExits)
}

/// A start that came through leaves one process, one that failed leaves none.
/// One whose launcher was killed may have come through.
pub fn no_stray_process() -> Invariant {
    Invariant::new("no process is left astray", |facts| {
        let allowed = match facts.launcher() {
            Some(Ended::Exited(0) | Ended::Killed(_)) => 1,
            Some(Ended::Exited(_)) => 0,
            // Another rule's business.
            None => return Ok(()),
        };
        let left: Vec<String> = started(facts)
            .map(|(task, process)| format!("{task} (PID {})", process.pid))
            .collect();
        match left.len() <= allowed {
            true => Ok(()),
            false => Err(format!(
                "the launcher {}, and this is left: {}",
                match facts.launcher() {
                    Some(end) => end.to_string(),
                    None => "lives".to_owned(),
                },
                left.join(", ")
            )),
        }
    })
}

/// Whoever reads the PID file at the absolute path, at any time, reads a whole
/// PID and one line feed, or finds no file. A file that is there beforehand
/// has to be whole, too.
pub fn no_partial_pid_file(pid_file: impl Into<PathBuf>) -> Invariant {
    let pid_file = pid_file.into();
    Invariant::new("the PID file is never partial", move |facts| {
        read_pid_file(facts, &pid_file).map(|_| ())
    })
    .when(When::Always)
}

/// In the end the PID file at the absolute path names the process that is
/// left, if one is left that the launcher started.
pub fn pid_file_tells_the_truth(pid_file: impl Into<PathBuf>) -> Invariant {
    let pid_file = pid_file.into();
    Invariant::new("the PID file tells the truth", move |facts| {
        let Some((task, process)) = started(facts).next() else {
            return Ok(());
        };
        let named = read_pid_file(facts, &pid_file)?;
        match named == Some(process.pid) {
            true => Ok(()),
            false => Err(format!(
                "process {task} (PID {}) lives, and {} {}",
                process.pid,
                pid_file.display(),
                match named {
                    Some(pid) => format!("names PID {pid}"),
                    None => "is not there".to_owned(),
                }
            )),
        }
    })
}

/// Whoever is left of what the launcher started has left its session, has no
/// controlling terminal, and leads no session, which could get it one.
pub fn detached() -> Invariant {
    Invariant::new("the daemon is detached", |facts| {
        let first = facts.session_of_the_starter();
        for (task, process) in started(facts) {
            let why = if process.session == first {
                "is still in the launcher's session"
            } else if process.terminal {
                "has a controlling terminal"
            } else if process.session == process.pid {
                "leads its session and can still get a controlling terminal"
            } else {
                continue;
            };
            return Err(format!("process {task} (PID {}) {why}", process.pid));
        }
        Ok(())
    })
}

/// Whoever is left of what the launcher started is this user with every id,
/// has these groups and no capability.
pub fn no_privilege_left(uid: u32, gid: u32, groups: &[u32]) -> Invariant {
    let mut expected = groups.to_vec();
    expected.sort_unstable();
    Invariant::new("no privilege is left", move |facts| {
        for (task, process) in started(facts) {
            privileges(process, uid, gid, &expected)
                .map_err(|what| format!("process {task} (PID {}) {what}", process.pid))?;
        }
        Ok(())
    })
}

fn privileges(process: &Process, uid: u32, gid: u32, groups: &[u32]) -> Judgement {
    let creds: &Creds = &process.creds;
    if !creds.uid.all_are(uid) {
        return Err(format!("has the user ids {}", ids(creds.uid)));
    }
    if !creds.gid.all_are(gid) {
        return Err(format!("has the group ids {}", ids(creds.gid)));
    }
    let mut has = creds.groups.clone();
    has.sort_unstable();
    if has != groups {
        return Err(format!("has the supplementary groups {has:?}"));
    }
    let caps = &creds.caps;
    let left = caps.effective | caps.permitted | caps.inheritable | caps.ambient;
    match left {
        0 => Ok(()),
        left => Err(format!("has the capabilities {left:#x}")),
    }
}

fn ids(ids: crate::sys::records::Ids) -> String {
    let crate::sys::records::Ids {
        real,
        effective,
        saved,
    } = ids;
    format!("{real} (real), {effective} (effective), {saved} (saved)")
}

/// Of all that these programs started, at most one process is left: two
/// starts never leave two daemons. The programs are numbered as they were
/// given, the launcher being 0.
pub fn at_most_one_daemon(programs: &[u16]) -> Invariant {
    let first: Vec<TaskName> = programs.iter().copied().map(TaskName::first).collect();
    Invariant::new("at most one daemon is left", move |facts| {
        let left: Vec<String> = facts
            .alive()
            .filter(|(task, _)| task.parent().is_some() && first.contains(&first_of(*task)))
            .map(|(task, process)| format!("{task} (PID {})", process.pid))
            .collect();
        match left.len() {
            0 | 1 => Ok(()),
            _ => Err(format!("these are left: {}", left.join(", "))),
        }
    })
}

/// A process that has nothing to do with the start lives on.
pub fn unharmed(task: TaskName) -> Invariant {
    Invariant::new("nobody else is harmed", move |facts| {
        match facts.end(task) {
            None => Ok(()),
            Some(end) => Err(format!("process {task} {end}")),
        }
    })
}

/// In the directory at the absolute path nothing is left but these names,
/// unless a SIGKILL from outside has struck.
pub fn no_name_but(directory: impl Into<PathBuf>, names: &[&str]) -> Invariant {
    let directory = directory.into();
    let names: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
    Invariant::new("nothing is left behind", move |facts| {
        if facts.killed_from_outside().next().is_some() {
            return Ok(());
        }
        let left = facts.names_in(&directory);
        match left.into_iter().find(|name| !names.contains(name)) {
            None => Ok(()),
            Some(name) => Err(format!("there is {}", directory.join(name).display())),
        }
    })
}

/// The living processes that the launcher started, itself not among them.
fn started<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (TaskName, &'a Process)> + use<'a> {
    facts
        .alive()
        .filter(|(task, _)| is_below_the_launcher(*task))
}

/// Not a process to which SIGKILL has been sent: it does nothing any more.
fn runs_on((_, process): &(TaskName, &Process)) -> bool {
    let mut pending = process.signals.pending.iter();
    !pending.any(|info| info.signal == Signal::KILL)
}

fn is_below_the_launcher(task: TaskName) -> bool {
    task.parent().is_some() && is_of_the_start(task)
}

fn is_of_the_start(task: TaskName) -> bool {
    first_of(task) == TaskName::ROOT
}

fn first_of(mut task: TaskName) -> TaskName {
    while let Some(parent) = task.parent() {
        task = parent;
    }
    task.process()
}

/// The PID in a PID file; `None` without a file.
fn read_pid_file(facts: &Facts<'_>, path: &Path) -> Result<Option<i32>, String> {
    let Some(file) = facts.file(path) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&file.content);
    let pid = text
        .strip_suffix('\n')
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok());
    match pid {
        Some(pid) => Ok(Some(pid)),
        None => Err(format!("{} says {text:?}", path.display())),
    }
}
