//! Who is who: names by pedigree, processes and their threads, sessions, roles.

use std::collections::BTreeMap;

use daemonlab::explore::TaskName;

use super::decider::Who;
use crate::world::spec::Role;

/// What is known of a traced process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its name.
    pub name: TaskName,
    /// Its launch.
    pub launch: String,
    /// Its session, as far as its own calls tell.
    pub session: i32,
    /// Whether it runs the program that was to be started, or descends from
    /// it: what it does before is no part of what is tested.
    pub begun: bool,
    /// Whether it was told that it makes calls that are not seen.
    pub unseen: bool,
    /// The launcher of its launch, and the session that one was started in.
    launcher: (i32, i32),
    forks: u16,
    threads: u16,
}

/// Every traced process.
#[derive(Debug, Default)]
pub struct Family {
    processes: BTreeMap<i32, Process>,
    launches: u16,
}

impl Family {
    /// A launcher, which was started in `session`.
    pub fn launcher(&mut self, pid: i32, session: i32, launch: &str) -> Who {
        let name = TaskName::first(self.launches);
        self.launches = self.launches.saturating_add(1);
        self.processes.insert(
            pid,
            Process {
                name,
                launch: launch.to_owned(),
                session,
                begun: false,
                unseen: false,
                launcher: (pid, session),
                forks: 0,
                threads: 0,
            },
        );
        self.who(name, pid, pid)
    }

    /// A process that `parent` has made. Past [the most generations that a
    /// name can tell](daemonlab::explore::task::MAX_GENERATIONS), it has its
    /// parent's name.
    pub fn child(&mut self, parent: i32, pid: i32) -> Option<Who> {
        let parent = self.processes.get_mut(&parent)?;
        parent.forks = parent.forks.saturating_add(1);
        let name = parent.name.child(parent.forks).unwrap_or(parent.name);
        let child = Process {
            name,
            forks: 0,
            threads: 0,
            ..parent.clone()
        };
        self.processes.insert(pid, child);
        Some(self.who(name, pid, pid))
    }

    /// A further thread of a process.
    pub fn thread(&mut self, process: i32, tid: i32) -> Option<Who> {
        let known = self.processes.get_mut(&process)?;
        known.threads = known.threads.saturating_add(1);
        let name = known.name.thread(known.threads);
        Some(self.who(name, tid, process))
    }

    fn who(&self, task: TaskName, tid: i32, pid: i32) -> Who {
        Who {
            task,
            tid,
            pid,
            role: self.role(pid),
            launch: self.processes[&pid].launch.clone(),
        }
    }

    /// A process, while it lives.
    pub fn get(&self, pid: i32) -> Option<&Process> {
        self.processes.get(&pid)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, pid: i32) -> Option<&mut Process> {
        self.processes.get_mut(&pid)
    }

    /// Forgets a process that has ended.
    pub fn forget(&mut self, pid: i32) {
        self.processes.remove(&pid);
    }

    /// What a process is in its launch, told by sessions as [`Role`] says.
    pub fn role(&self, pid: i32) -> Role {
        self.processes.get(&pid).map_or(Role::Daemon, |process| {
            let (launcher, session) = process.launcher;
            role(pid, process.session, launcher, session)
        })
    }
}

fn role(process: i32, session: i32, launcher: i32, launchers_session: i32) -> Role {
    if process == launcher {
        Role::Launcher
    } else if session == process || session == launchers_session {
        Role::Intermediate
    } else {
        Role::Daemon
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::launcher(5, 5, Role::Launcher)]
    #[case::launcher_with_a_session_of_its_own(5, 9, Role::Launcher)]
    #[case::forked(6, 4, Role::Intermediate)]
    #[case::leads_a_session(6, 6, Role::Intermediate)]
    #[case::forked_again(7, 6, Role::Daemon)]
    fn sessions_tell_roles(#[case] process: i32, #[case] session: i32, #[case] expected: Role) {
        assert_eq!(role(process, session, 5, 4), expected);
    }

    #[test]
    fn names_go_by_pedigree_and_children_inherit() {
        let mut family = Family::default();
        assert_eq!(family.launcher(5, 4, "a").task.to_string(), "0");
        let child = family.child(5, 6).unwrap();
        assert_eq!(
            (child.task.to_string().as_str(), child.role),
            ("0.1", Role::Intermediate)
        );
        family.get_mut(6).unwrap().session = 6;
        let daemon = family.child(6, 7).unwrap();
        assert_eq!(
            (daemon.task.to_string().as_str(), daemon.role),
            ("0.1.1", Role::Daemon)
        );
        let thread = family.thread(7, 8).unwrap();
        assert_eq!(
            (thread.task.to_string().as_str(), thread.pid),
            ("0.1.1/t1", 7)
        );
        assert_eq!(family.child(5, 9).unwrap().task.to_string(), "0.2");
        assert_eq!(family.launcher(10, 4, "b").task.to_string(), "1");
        assert_eq!(family.child(99, 100), None);
    }

    #[test]
    fn a_name_has_an_end_but_no_process_is_lost() {
        let mut family = Family::default();
        family.launcher(1, 1, "a");
        for pid in 2..40 {
            assert!(family.child(pid - 1, pid).is_some());
        }
    }
}
