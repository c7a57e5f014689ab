//! `newuidmap(1)` and `newgidmap(1)`, which map an ordinary user's subordinate
//! ids. They must be called from outside the new namespace, so a child stays
//! behind for that.

use std::fs;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, Uid, User, fork, getpid};
use serde::{Deserialize, Serialize};

use crate::world::real::failure::{At, Failure};
use crate::world::real::ids::IdMap;
use crate::world::real::kernel::exit_now;
use crate::world::real::stage::StageId;

/// A child that waits to map ids into its parent's user namespace.
#[derive(Debug)]
pub struct Mapper {
    child: Pid,
    go: io::PipeWriter,
    report: io::PipeReader,
    users: Result<IdMap, Failure>,
    groups: Result<IdMap, Failure>,
}

/// Which maps were written; the others are still to be.
#[derive(Debug)]
pub struct Mapped {
    /// The user ids' map, or why there is none.
    pub users: Result<Option<IdMap>, Failure>,
    /// The group ids' map, or why there is none.
    pub groups: Result<Option<IdMap>, Failure>,
}

#[derive(Serialize, Deserialize)]
struct Report {
    users: Option<Failure>,
    groups: Option<Failure>,
}

impl Mapper {
    /// Looks up what is subordinate to this user, and forks the child.
    pub fn prepare(uid: u32, gid: u32) -> Result<Mapper, Failure> {
        let what = "start a process that maps ids";
        let name = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        let name = name.map_or_else(|| uid.to_string(), |user| user.name);
        let users = subordinate("/etc/subuid", uid, &name, uid);
        let groups = subordinate("/etc/subgid", gid, &name, uid);
        let (go_read, go) = io::pipe().at(StageId::Range, what)?;
        let (report, report_write) = io::pipe().at(StageId::Range, what)?;
        let parent = getpid();
        // SAFETY: a supervisor has one thread.
        match unsafe { fork() }.at(StageId::Range, what)? {
            ForkResult::Parent { child } => Ok(Mapper {
                child,
                go,
                report,
                users,
                groups,
            }),
            ForkResult::Child => {
                drop(go);
                let said = serve(go_read, report_write, parent, &users, &groups);
                exit_now(i32::from(said.is_err()));
            }
        }
    }

    /// Maps, now that the namespace is there.
    pub fn map(mut self) -> Result<Mapped, Failure> {
        let what = "hear from the process that maps ids";
        self.go.write_all(b"g").at(StageId::Range, what)?;
        let mut text = String::new();
        self.report
            .read_to_string(&mut text)
            .at(StageId::Range, what)?;
        waitpid(self.child, None).at(StageId::Range, what)?;
        let report: Report = serde_json::from_str(&text)
            .map_err(io::Error::from)
            .at(StageId::Range, what)?;
        let result = |map: Result<IdMap, Failure>, failed: Option<Failure>| match failed {
            Some(failure) => Err(failure),
            None => map.map(Some),
        };
        Ok(Mapped {
            users: result(self.users, report.users),
            groups: result(self.groups, report.groups),
        })
    }
}

fn subordinate(path: &str, own: u32, name: &str, uid: u32) -> Result<IdMap, Failure> {
    let what = format!("find ids subordinate to {name} in {path}");
    let table = fs::read_to_string(path).at(StageId::Range, &what)?;
    IdMap::subordinate(own, &table, name, uid).ok_or_else(|| {
        let why = format!("no line of {path} is about {name} or {uid}");
        Failure::new(StageId::Range, what, why)
    })
}

/// The child: waits for the word, and reports what failed.
fn serve(
    mut go: io::PipeReader,
    mut report: io::PipeWriter,
    target: Pid,
    users: &Result<IdMap, Failure>,
    groups: &Result<IdMap, Failure>,
) -> io::Result<()> {
    if go.read(&mut [0])? == 0 {
        return Ok(());
    }
    let told = Report {
        users: users
            .as_ref()
            .ok()
            .and_then(|map| call("newuidmap", target, map).err()),
        groups: groups
            .as_ref()
            .ok()
            .and_then(|map| call("newgidmap", target, map).err()),
    };
    report.write_all(&serde_json::to_vec(&told)?)
}

fn call(program: &str, target: Pid, map: &IdMap) -> Result<(), Failure> {
    let arguments = map.arguments();
    let what = format!("run {program} {target} {}", arguments.join(" "));
    let output = Command::new(program)
        .arg(target.to_string())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .at(StageId::Range, &what)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(StageId::Range, what, said.trim().to_owned()))
}
