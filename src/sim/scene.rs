//! What is there before the programs start: users, files, and how each
//! program is started.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::kernel::{Creds, Device, Machine, PidSpace, Rules};
use crate::explore::TaskName;
use crate::sys::records::Access;
use crate::sys::{Gid, Group, SignalSet, Uid, User};

/// The machine as the programs find it.
///
/// [`Scene::new`] is a small Linux: `/dev/null`, `/dev/zero`, `/dev/tty`, the terminal
/// `/dev/pts/0`, `/etc`, `/run`, `/tmp` and `/var/log`, and the user `root`.
#[derive(Clone, Debug)]
pub struct Scene {
    machine: Machine,
    names: Arc<Names>,
    rules: Rules,
}

/// The name service of a scene.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    users: BTreeMap<String, (u32, u32)>,
    groups: BTreeMap<String, (u32, Vec<String>)>,
}

/// The PID of the first program, unless [`Scene::pids`] says otherwise.
const FIRST_PID: i32 = 1000;

impl Scene {
    /// A small Linux.
    pub fn new() -> Scene {
        let rules = Rules::default();
        let mut machine = Machine::new(rules.clone(), FIRST_PID);
        for (path, mode) in [
            ("/dev", 0o755),
            ("/dev/pts", 0o755),
            ("/etc", 0o755),
            ("/run", 0o755),
            ("/tmp", 0o1777),
            ("/var", 0o755),
            ("/var/log", 0o755),
        ] {
            machine.add_directory(Path::new(path), mode, (0, 0));
            if path == "/dev" {
                machine.mount(Path::new(path));
            }
        }
        for (path, device, mode) in [
            ("/dev/null", Device::Null, 0o666),
            ("/dev/zero", Device::Zero, 0o666),
            ("/dev/tty", Device::ControllingTerminal, 0o666),
            ("/dev/pts/0", Device::Terminal, 0o620),
        ] {
            machine.add_device(Path::new(path), device, mode);
        }
        Scene {
            machine,
            names: Arc::default(),
            rules,
        }
        .user("root", 0, 0)
        .group("root", 0, &[])
    }

    /// An entry of `passwd(5)`.
    #[must_use]
    pub fn user(mut self, name: &str, uid: u32, gid: u32) -> Scene {
        let names = Arc::make_mut(&mut self.names);
        names.users.insert(name.to_owned(), (uid, gid));
        self
    }

    /// An entry of `group(5)`.
    #[must_use]
    pub fn group(mut self, name: &str, gid: u32, members: &[&str]) -> Scene {
        let members = members.iter().map(|&member| member.to_owned()).collect();
        let names = Arc::make_mut(&mut self.names);
        names.groups.insert(name.to_owned(), (gid, members));
        self
    }

    /// A directory; those above it have to be there.
    #[must_use]
    pub fn directory(mut self, path: &str, mode: u32, owner: (u32, u32)) -> Scene {
        self.machine.add_directory(Path::new(path), mode, owner);
        self
    }

    /// A regular file.
    #[must_use]
    pub fn file(mut self, path: &str, mode: u32, owner: (u32, u32), content: &[u8]) -> Scene {
        self.machine
            .add_file(Path::new(path), mode, owner, content.to_vec());
        self
    }

    /// A symbolic link.
    #[must_use]
    pub fn symlink(mut self, path: &str, target: &str, owner: (u32, u32)) -> Scene {
        self.machine
            .add_symlink(Path::new(path), PathBuf::from(target), owner);
        self
    }

    /// A directory on a file system of its own, which is mounted read-only. What
    /// is in it is put there by further calls, as everywhere.
    #[must_use]
    pub fn read_only_directory(self, path: &str, mode: u32) -> Scene {
        let mut scene = self.directory(path, mode, (0, 0));
        let device = scene.machine.mount(Path::new(path));
        scene.rules(|rules| {
            rules.read_only.insert(device);
        })
    }

    /// PIDs are taken from `first` to `last` and from `first` again: a small
    /// range has them reused.
    ///
    /// # Panics
    /// If the range is empty or has PIDs of the scenery (1 and 2).
    #[must_use]
    pub fn pids(self, first: i32, last: i32) -> Scene {
        assert!(2 < first && first < last, "no PIDs for programs");
        let mut scene = self.rules(|rules| rules.pids = PidSpace { first, last });
        scene.machine.start_pids_at(first);
        scene
    }

    /// Changes the rules of the machine.
    #[must_use]
    pub fn rules(mut self, change: impl FnOnce(&mut Rules)) -> Scene {
        change(&mut self.rules);
        self.machine.set_rules(self.rules.clone());
        self
    }

    /// Starts a program's process: its name is the `ordinal`-th first task.
    pub(super) fn start(machine: &mut Machine, ordinal: u16, start: &Start) -> TaskName {
        machine.spawn(TaskName::first(ordinal), start)
    }

    pub(super) fn machine(&self) -> &Machine {
        &self.machine
    }

    pub(super) fn names(&self) -> &Arc<Names> {
        &self.names
    }
}

impl Default for Scene {
    fn default() -> Scene {
        Scene::new()
    }
}

/// How a program is started.
#[derive(Clone, Debug)]
pub struct Start {
    /// As whom. The default is root.
    pub creds: Creds,
    /// In which directory. The default is `/`.
    pub cwd: PathBuf,
    /// With which umask. The default is 022.
    pub umask: u32,
    /// Its arguments, its own name first.
    pub args: Vec<OsString>,
    /// Its environment.
    pub env: BTreeMap<OsString, OsString>,
    /// What descriptors 0, 1 and 2 are.
    pub stdio: Stdio,
    /// Further descriptors that it inherits: number, path, access.
    pub inherited: Vec<(RawFd, PathBuf, Access)>,
    /// The signals that it inherits blocked.
    pub blocked: SignalSet,
    /// The signals that it inherits ignored.
    pub ignored: SignalSet,
}

/// What descriptors 0, 1 and 2 of a program are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdio {
    /// The terminal.
    Terminal,
    /// `/dev/null`.
    Null,
    /// Closed.
    Closed,
}

impl Default for Start {
    fn default() -> Start {
        Start {
            creds: Creds::root(),
            cwd: PathBuf::from("/"),
            umask: 0o022,
            args: vec![OsString::from("program")],
            env: BTreeMap::new(),
            stdio: Stdio::Terminal,
            inherited: Vec::new(),
            blocked: SignalSet::EMPTY,
            ignored: SignalSet::EMPTY,
        }
    }
}

impl Start {
    /// As an ordinary user.
    pub fn as_user(uid: u32, gid: u32) -> Start {
        Start {
            creds: Creds::user(uid, gid),
            ..Start::default()
        }
    }

    /// With a variable in its environment.
    #[must_use]
    pub fn var(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Start {
        let (name, value) = (name.as_ref().to_owned(), value.as_ref().to_owned());
        self.env.insert(name, value);
        self
    }
}

impl Names {
    pub(super) fn user(&self, name: &str) -> Option<User> {
        let (uid, gid) = self.users.get(name)?;
        Some(User {
            name: name.to_owned(),
            uid: Uid::from_raw(*uid),
            gid: Gid::from_raw(*gid),
        })
    }

    pub(super) fn group(&self, name: &str) -> Option<Group> {
        let (gid, _) = self.groups.get(name)?;
        Some(Group {
            name: name.to_owned(),
            gid: Gid::from_raw(*gid),
        })
    }

    pub(super) fn group_list(&self, user: &str, gid: Gid) -> Vec<Gid> {
        let member_of = self
            .groups
            .values()
            .filter(|(_, members)| members.iter().any(|member| member == user))
            .map(|(gid, _)| *gid);
        let mut list: Vec<u32> = member_of.chain([gid.as_raw()]).collect();
        list.sort_unstable();
        list.dedup();
        list.into_iter().map(Gid::from_raw).collect()
    }
}
