//! The user namespaces: the supervisor's own, for an ordinary user, and the
//! one below it that everything in a sandbox is in.
//!
//! Two levels, because the kernel locks the flags and the stacking of mounts
//! that come from a more privileged namespace (`mount_namespaces(7)`): what
//! the upper level mounts read-only, root of the lower cannot change.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;

use caps::{CapSet, Capability};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getegid, geteuid};

use super::mapper::Mapper;
use crate::world::real::failure::{At, Failure};
use crate::world::real::ids::IdMap;
use crate::world::real::kernel::exit_now;
use crate::world::real::stage::StageId;

/// What a supervisor makes once.
#[derive(Debug)]
pub struct Namespaces {
    /// The lower user namespace.
    pub inner: OwnedFd,
    /// Whether the supervisor is root outside of it, so that folders can be
    /// bound with their owners mapped.
    pub privileged: bool,
    /// How many user ids there are inside.
    pub ids: usize,
    /// Why there is only one, if so.
    pub single: Option<Failure>,
}

impl Namespaces {
    /// Makes them: below the root that this process is, or, as an ordinary
    /// user, below a namespace of its own in which it is root.
    pub fn make() -> Result<Namespaces, Failure> {
        let admin = caps::has_cap(None, CapSet::Effective, Capability::CAP_SYS_ADMIN);
        if admin.unwrap_or(false) {
            Namespaces::below_root()
        } else {
            Namespaces::below_user()
        }
    }

    fn below_root() -> Result<Namespaces, Failure> {
        let own = |path: &str| -> Result<IdMap, Failure> {
            let text = fs::read_to_string(path).at(StageId::Range, format_args!("read {path}"))?;
            Ok(IdMap::parse(&text))
        };
        let (uids, gids) = (own("/proc/self/uid_map")?, own("/proc/self/gid_map")?);
        let (users, groups, single) = match (uids.high(), gids.high()) {
            (Some(users), Some(groups)) => (users, groups, None),
            _ => {
                let why = format!("/proc/self/uid_map has {} id", uids.len());
                let what = "find a range of ids for the sandbox";
                let single = Failure::new(StageId::Range, what, why);
                (uids.identity(), gids.identity(), Some(single))
            }
        };
        Ok(Namespaces {
            ids: users.len(),
            inner: inner(&users, &groups)?,
            privileged: true,
            single,
        })
    }

    fn below_user() -> Result<Namespaces, Failure> {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        let mapper = Mapper::prepare(uid, gid)?;
        unshare(CloneFlags::CLONE_NEWUSER).at(StageId::Userns, "make a user namespace")?;
        // Whose login session the system has delegated control groups to could
        // make some below it from inside, and they would stay. Mounting them
        // takes such a namespace; without the knob there are none.
        let _ = fs::write("/proc/sys/user/max_cgroup_namespaces", "0");
        let mapped = mapper.map()?;
        let mut single = None;
        let users = mapped.users.unwrap_or_else(|failure| {
            single = Some(failure);
            None
        });
        let groups = mapped.groups.unwrap_or_else(|failure| {
            single.get_or_insert(failure);
            None
        });
        let users = match users {
            Some(users) => users,
            None => write_single("/proc/self/uid_map", uid)?,
        };
        let groups = match groups {
            Some(groups) => groups,
            None => {
                // The kernel's condition for mapping one's own group without privilege.
                let deny = fs::write("/proc/self/setgroups", "deny");
                deny.at(StageId::Single, "write deny to /proc/self/setgroups")?;
                write_single("/proc/self/gid_map", gid)?
            }
        };
        let (users, groups) = (users.identity(), groups.identity());
        Ok(Namespaces {
            ids: users.len().min(groups.len()),
            inner: inner(&users, &groups)?,
            privileged: false,
            single,
        })
    }
}

fn write_single(path: &str, id: u32) -> Result<IdMap, Failure> {
    let map = IdMap::single(id);
    let what = format_args!("write \"0 {id} 1\" to {path}");
    fs::write(path, map.to_string()).at(StageId::Single, what)?;
    Ok(map)
}

/// Makes a user namespace below this process's, with these maps, and gives a
/// descriptor of it. A child makes it and ends; the descriptor keeps it.
fn inner(users: &IdMap, groups: &IdMap) -> Result<OwnedFd, Failure> {
    let what = "make a user namespace below the first";
    let (mut made, report) = io::pipe().at(StageId::Userns, what)?;
    let (mut go, release) = io::pipe().at(StageId::Userns, what)?;
    // SAFETY: a supervisor has one thread.
    let child = match unsafe { fork() }.at(StageId::Userns, what)? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            drop(release);
            let errno = unshare(CloneFlags::CLONE_NEWUSER)
                .err()
                .unwrap_or(Errno::UnknownErrno);
            let said = io::Write::write_all(&mut { report }, &(errno as i32).to_le_bytes());
            // Until the parent has opened the namespace, or is gone.
            let waited = go.read(&mut [0]);
            exit_now(i32::from(said.is_err() || waited.is_err()));
        }
    };
    drop((report, go));
    let opened = open_with_maps(child, &mut made, users, groups);
    drop(release);
    waitpid(child, None).at(StageId::Userns, "wait for the process that made it")?;
    opened
}

fn open_with_maps(
    child: Pid,
    made: &mut io::PipeReader,
    users: &IdMap,
    groups: &IdMap,
) -> Result<OwnedFd, Failure> {
    let what = "make a user namespace below the first";
    let mut errno = [0; 4];
    made.read_exact(&mut errno).at(StageId::Userns, what)?;
    match i32::from_le_bytes(errno) {
        0 => {}
        errno => return Err(Failure::new(StageId::Userns, what, Errno::from_raw(errno))),
    }
    for (file, map) in [("uid_map", users), ("gid_map", groups)] {
        let stage = if map.len() > 1 {
            StageId::Range
        } else {
            StageId::Single
        };
        let text = map.to_string();
        let what = format_args!("write {text:?} to {file} of the lower user namespace");
        fs::write(format!("/proc/{child}/{file}"), &text).at(stage, what)?;
    }
    let namespace = File::open(format!("/proc/{child}/ns/user"));
    Ok(namespace
        .at(StageId::Userns, "open the lower user namespace")?
        .into())
}
