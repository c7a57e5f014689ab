//! The sandbox: namespaces in which a program may do what it wants.
//!
//! This executable runs itself again in a user, PID, mount, network and IPC
//! namespace. There its first child is init and does nothing but reap; the
//! second is the conductor, in a root directory that is a file system in
//! memory. When the test ends, however it ends, so does init, and everything
//! with it.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::{ForkResult, Gid, Uid, User, fork, geteuid, getgid, getpid, getuid};

use crate::scenery::{MAPPED, Range};

/// The variable that says that this process is inside, and with which ids.
pub const INSIDE: &str = "DAEMONLAB_PARITY_INSIDE";

/// How ids are mapped.
#[derive(Clone, Debug)]
enum Map {
    /// By root: every id is itself.
    Same,
    /// By the set-user-ID tools: the first subordinate ids.
    Subordinate { uids: String, gids: String },
    /// Whoever this is becomes root, and there is nobody else.
    Single,
}

/// A sandbox to be started.
#[derive(Clone, Debug)]
pub struct Sandbox {
    map: Map,
    /// Why there are not more ids.
    pub without_ids: Option<String>,
}

impl Sandbox {
    /// What this machine and user allow.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn new() -> Result<Sandbox, String> {
        let sandbox = match (geteuid().is_root(), subordinate()) {
            (true, _) => Sandbox {
                map: Map::Same,
                without_ids: None,
            },
            (false, Ok((uids, gids))) => Sandbox {
                map: Map::Subordinate { uids, gids },
                without_ids: None,
            },
            (false, Err(reason)) => Sandbox {
                map: Map::Single,
                without_ids: Some(reason),
            },
        };
        sandbox.tried()
    }

    fn tried(self) -> Result<Sandbox, String> {
        let why = match self.output(Command::new("true")) {
            Ok(output) if output.status.success() => return Ok(self),
            Ok(output) => output.status.to_string(),
            Err(error) => error.to_string(),
        };
        Err(format!("no user namespace can be made here: {why}"))
    }

    /// The same, with the one id that everybody has.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn with_one_id() -> Result<Sandbox, String> {
        let sandbox = Sandbox {
            map: Map::Single,
            without_ids: None,
        };
        sandbox.tried()
    }

    pub fn range(&self) -> Range {
        match self.map {
            Map::Single => Range::Single,
            Map::Same | Map::Subordinate { .. } => Range::Many,
        }
    }

    /// Runs this executable inside with these arguments.
    pub fn run(&self, arguments: &[OsString]) -> io::Result<Output> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).env(
            INSIDE,
            match self.range() {
                Range::Many => "many",
                Range::Single => "single",
            },
        );
        self.output(command)
    }

    fn output(&self, mut command: Command) -> io::Result<Output> {
        let (mut unshared, tell) = io::pipe()?;
        let (wait, mut mapped) = io::pipe()?;
        // SAFETY: between fork and exec only system calls are made.
        unsafe {
            command.pre_exec(move || {
                unshare(
                    CloneFlags::CLONE_NEWUSER
                        | CloneFlags::CLONE_NEWPID
                        | CloneFlags::CLONE_NEWNS
                        | CloneFlags::CLONE_NEWNET
                        | CloneFlags::CLONE_NEWIPC,
                )?;
                (&tell).write_all(&getpid().as_raw().to_ne_bytes())?;
                (&wait).read_exact(&mut [0])?;
                let (root, group) = (Uid::from_raw(0), Gid::from_raw(0));
                nix::unistd::setresgid(group, group, group)?;
                nix::unistd::setresuid(root, root, root)?;
                // After the ids, whose change clears it.
                prctl::set_pdeathsig(Signal::SIGKILL)?;
                Ok(())
            });
        }
        let map = self.map.clone();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut pid = [0; 4];
                // It fails where the namespaces were refused.
                if unshared.read_exact(&mut pid).is_ok()
                    && map.write(i32::from_ne_bytes(pid)).is_ok()
                {
                    let _ = mapped.write_all(&[0]);
                }
            });
            let output = command.output();
            // Closes this side of the pipes: nobody waits for them for ever.
            drop(command);
            output
        })
    }
}

impl Map {
    fn write(&self, pid: i32) -> io::Result<()> {
        let file = |name: &str, text: String| fs::write(format!("/proc/{pid}/{name}"), text);
        match self {
            Map::Same => {
                file("uid_map", format!("0 0 {MAPPED}"))?;
                file("gid_map", format!("0 0 {MAPPED}"))
            }
            Map::Subordinate { uids, gids } => {
                by_tool("newuidmap", pid, getuid().as_raw(), uids)?;
                by_tool("newgidmap", pid, getgid().as_raw(), gids)
            }
            Map::Single => {
                file("setgroups", "deny".to_owned())?;
                file("uid_map", format!("0 {} 1", getuid()))?;
                file("gid_map", format!("0 {} 1", getgid()))
            }
        }
    }
}

fn by_tool(tool: &str, pid: i32, own: u32, range: &str) -> io::Result<()> {
    let count = (MAPPED - 1).to_string();
    let status = Command::new(tool)
        .args([
            &pid.to_string(),
            "0",
            &own.to_string(),
            "1",
            "1",
            range,
            &count,
        ])
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{tool}: {status}"))),
    }
}

/// The first subordinate user id and group id.
fn subordinate() -> Result<(String, String), String> {
    for tool in ["newuidmap", "newgidmap"] {
        let found = std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
        });
        if !found {
            return Err(format!("{tool} is not installed (package uidmap)"));
        }
    }
    let user = User::from_uid(getuid()).ok().flatten();
    let user = user.ok_or("this user has no entry in /etc/passwd")?.name;
    let first = |path: &str| {
        let all = fs::read_to_string(path).unwrap_or_default();
        let mut ranges = all.lines().filter_map(|line| {
            let (first, count) = line.strip_prefix(&format!("{user}:"))?.split_once(':')?;
            let enough = count
                .trim()
                .parse()
                .is_ok_and(|count: u32| count >= MAPPED - 1);
            enough.then(|| first.to_owned())
        });
        ranges
            .next()
            .ok_or(format!("{user} has no {} ids in {path}", MAPPED - 1))
    };
    Ok((first("/etc/subuid")?, first("/etc/subgid")?))
}

/// In the process that [`Sandbox::run`] has started: `conduct` runs as the
/// conductor, and its status becomes that of this process.
pub fn inside(conduct: impl FnOnce(Range) -> i32) -> i32 {
    let range = match std::env::var(INSIDE).as_deref() {
        Ok("many") => Range::Many,
        _ => Range::Single,
    };
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("init") {
        ForkResult::Parent { .. } => match wait() {
            Ok(WaitStatus::Exited(_, status)) => status,
            other => panic!("init ended as {other:?}"),
        },
        ForkResult::Child => {
            prctl::set_pdeathsig(Signal::SIGKILL).expect("a signal");
            let done = make_root().and_then(|()| init(range, conduct));
            let status = done.unwrap_or_else(|error| {
                eprintln!("the sandbox: {error}");
                2
            });
            std::process::exit(status)
        }
    }
}

fn init(range: Range, conduct: impl FnOnce(Range) -> i32) -> Result<i32, String> {
    // SAFETY: this process has one thread.
    match unsafe { fork() }.map_err(|errno| format!("fork: {errno}"))? {
        ForkResult::Child => std::process::exit(conduct(range)),
        ForkResult::Parent { child } => loop {
            match wait() {
                Ok(WaitStatus::Exited(pid, status)) if pid == child => return Ok(status),
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => {
                    return Err(format!("the conductor was killed by {signal}"));
                }
                _ => {}
            }
        },
    }
}

/// The directories that the simulation's scenery has as well.
const SKELETON: &[(&str, u32)] = &[
    ("dev", 0o755),
    ("etc", 0o755),
    ("run", 0o755),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/log", 0o755),
    ("proc", 0o555),
    ("ro", 0o755),
];

fn write(path: &Path, content: &str, mode: u32) -> io::Result<()> {
    fs::write(path, content)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Root is root outside as well where the tests are run by root: the device is
/// everybody's, and nothing may change its owner or mode.
fn device_of_the_machine(root: &Path, name: &str) -> Result<(), String> {
    let (of_all, here) = (Path::new("/dev").join(name), root.join("dev").join(name));
    let none: Option<&str> = None;
    let bind = MsFlags::MS_BIND;
    let fixed = bind | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    fs::write(&here, "")
        .and_then(|()| Ok(mount(Some(&of_all), &here, none, bind, none)?))
        .and_then(|()| Ok(mount(none, &here, none, fixed, none)?))
        .map_err(|error| format!("{}: {error}", of_all.display()))
}

fn make_root() -> Result<(), String> {
    let root = Path::new("/tmp");
    let none: Option<&str> = None;
    let step = |what: &str, done: nix::Result<()>| done.map_err(|errno| format!("{what}: {errno}"));
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    step("mount", mount(none, "/", none, private, none))?;
    let memory = |at: &Path| {
        mount(
            Some("parity"),
            at,
            Some("tmpfs"),
            MsFlags::MS_NOSUID,
            Some("mode=755"),
        )
    };
    step("tmpfs", memory(root))?;
    for (name, mode) in SKELETON {
        let path = root.join(name);
        let made = fs::create_dir(&path)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(*mode)));
        made.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    step("tmpfs", memory(&root.join("dev")))?;
    let fixed = root.join("ro");
    step("tmpfs", memory(&fixed))?;
    write(&fixed.join("f"), "for ever", 0o666).map_err(|error| format!("/ro/f: {error}"))?;
    let again = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | MsFlags::MS_NOSUID;
    step("/ro", mount(none, &fixed, none, again, none))?;
    for device in ["null", "tty"] {
        device_of_the_machine(root, device)?;
    }
    let terminals = root.join("dev/pts");
    fs::create_dir(&terminals).map_err(|error| format!("/dev/pts: {error}"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let options = Some("newinstance,mode=0620,ptmxmode=0666");
    step(
        "devpts",
        mount(Some("devpts"), &terminals, Some("devpts"), flags, options),
    )?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    step(
        "proc",
        mount(Some("proc"), &root.join("proc"), Some("proc"), flags, none),
    )?;
    step("chroot", nix::unistd::chroot(root))?;
    step("chdir", nix::unistd::chdir("/"))
}
