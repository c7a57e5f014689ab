//! Dropping privileges for good, and proving that they are gone.
//!
//! Supplementary groups, then gid, then uid; real, effective and saved; each
//! call checked and read back (`credentials(7)`; Chen, Wagner, Dean, "Setuid
//! Demystified", USENIX Security 2002). Then the effective, permitted,
//! inheritable and ambient capability sets are emptied and read back, and
//! regaining root is tried and must fail. The bounding set stays as it was: it
//! gives nothing by itself and only limits what exec can give; a daemon that
//! runs set-user-ID programs should have `NoNewPrivileges` set by whoever
//! starts it.
//!
//! With `user: root` the ids are set and read back, and root keeps its
//! capabilities: there is nothing to drop.

use super::identity::{Identity, UserIds};
use super::{Cause, Failure, GroupsDenied, Stage};
use crate::sys::records::{Capabilities, Ids};
use crate::sys::{Errno, Gid, System, Uid};

/// `CAP_SETGID` and `CAP_SETUID` of capabilities(7).
const CAP_SETGID: u32 = 6;
const CAP_SETUID: u32 = 7;

const ROOT: Uid = Uid::from_raw(0);

/// Whether the change can be made at all, as far as can be told before the
/// first fork. Changes nothing.
///
/// # Errors
/// EPERM at [`Stage::Privileges`] with the call that would meet it.
pub(super) fn check<S: System>(
    sys: &S,
    identity: &Identity,
    denied: GroupsDenied,
) -> Result<(), Failure> {
    let caps = at("capget", sys.capabilities())?.effective;
    let may = |cap: u32| caps & 1 << cap != 0;
    let gids = at("getresgid", sys.getresgid())?;
    if !may(CAP_SETGID) && !has(gids, identity.gid.as_raw()) {
        return Err(refused("setresgid"));
    }
    let Some(user) = &identity.user else {
        return Ok(());
    };
    let uids = at("getresuid", sys.getresuid())?;
    if !may(CAP_SETUID) && !has(uids, user.uid.as_raw()) {
        return Err(refused("setresuid"));
    }
    if denied == GroupsDenied::Error
        && !has_groups(sys, user)?
        && (!may(CAP_SETGID) || namespace_denies_groups(sys))
    {
        return Err(refused("setgroups"));
    }
    Ok(())
}

/// Becomes `identity`, for good.
///
/// # Errors
/// A failure of [`Stage::Privileges`] with the call. The process must exit.
pub(super) fn drop_for_good<S: System>(
    sys: &S,
    identity: &Identity,
    denied: GroupsDenied,
) -> Result<(), Failure> {
    let changed = match &identity.user {
        None => None,
        Some(user) => Some((user, set_groups(sys, user, denied)?)),
    };
    let gid = Some(identity.gid);
    at("setresgid", sys.setresgid(gid, gid, gid))?;
    if !at("getresgid", sys.getresgid())?.all_are(identity.gid.as_raw()) {
        return Err(unchanged("getresgid"));
    }
    let Some((user, groups)) = changed else {
        return Ok(());
    };
    let uid = Some(user.uid);
    at("setresuid", sys.setresuid(uid, uid, uid))?;
    if !at("getresuid", sys.getresuid())?.all_are(user.uid.as_raw()) {
        return Err(unchanged("getresuid"));
    }
    if groups == Groups::AreThese && !has_groups(sys, user)? {
        return Err(unchanged("getgroups"));
    }
    if user.uid == ROOT {
        return Ok(());
    }
    clear_capabilities(sys)?;
    cannot_regain(sys)
}

/// What became of the supplementary groups.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Groups {
    AreThese,
    Kept,
}

fn set_groups<S: System>(sys: &S, user: &UserIds, denied: GroupsDenied) -> Result<Groups, Failure> {
    // Whoever has these groups already needs no permission to set them.
    if has_groups(sys, user)? {
        return Ok(Groups::AreThese);
    }
    match sys.setgroups(&user.groups) {
        Err(Errno::EPERM) if denied == GroupsDenied::Keep => Ok(Groups::Kept),
        answer => at("setgroups", answer).map(|()| Groups::AreThese),
    }
}

fn has_groups<S: System>(sys: &S, user: &UserIds) -> Result<bool, Failure> {
    let mut groups: Vec<Gid> = at("getgroups", sys.getgroups())?;
    groups.sort_unstable_by_key(|group| group.as_raw());
    groups.dedup();
    Ok(groups == user.groups)
}

/// Whether `/proc/self/setgroups` says `deny` (user_namespaces(7)). Asked only
/// to fail early: where it cannot be read, setgroups(2) itself will tell.
fn namespace_denies_groups<S: System>(sys: &S) -> bool {
    let how = crate::sys::records::OpenHow::new(crate::sys::records::Access::Read);
    let path = std::path::Path::new("/proc/self/setgroups");
    sys.open(crate::sys::records::At::Cwd, path, how, 0)
        .and_then(|file| sys.read(file.raw(), 16))
        .is_ok_and(|says| says.starts_with(b"deny"))
}

fn clear_capabilities<S: System>(sys: &S) -> Result<(), Failure> {
    at("capset", sys.set_capabilities(Capabilities::default()))?;
    let left = at("capget", sys.capabilities())?;
    if left.effective | left.permitted | left.inheritable | left.ambient != 0 {
        return Err(unchanged("capget"));
    }
    Ok(())
}

fn cannot_regain<S: System>(sys: &S) -> Result<(), Failure> {
    match sys.setresuid(None, Some(ROOT), None) {
        // EINVAL: a user namespace in which there is no root.
        Err(Errno::EPERM | Errno::EINVAL) => Ok(()),
        Ok(()) => Err(Failure::new(
            Stage::Privileges,
            "setresuid",
            Cause::Text("root could be regained".to_owned()),
        )),
        Err(errno) => Err(failure(Stage::Privileges, "setresuid", errno)),
    }
}

/// The launcher's way down: what it needs to end a daemon that is still root
/// stays in its saved set-user-ID until the daemon has dropped its own.
#[derive(Debug)]
pub(super) struct LauncherRoot {
    uid: Uid,
    before: Uid,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing given up yet.
    Whole,
    /// In the saved id only.
    Saved,
    /// Gone.
    Gone,
}

impl LauncherRoot {
    /// Gives up groups, gid, real and effective uid at once, so that the
    /// daemon's signal becomes permitted (kill(2) asks for the sender's real or
    /// effective id to be the target's real or saved one).
    ///
    /// # Errors
    /// A failure of [`Stage::LauncherPrivileges`], beside what is left to do.
    pub(super) fn give_up<S: System>(
        sys: &S,
        identity: &Identity,
        denied: GroupsDenied,
    ) -> (Option<LauncherRoot>, Result<(), Failure>) {
        let Some(user) = &identity.user else {
            return (None, Ok(()));
        };
        let mut root = LauncherRoot {
            uid: user.uid,
            before: user.uid,
            state: State::Whole,
        };
        let result = root.lower(sys, identity, user, denied);
        (
            Some(root),
            result.map_err(|failure| Failure {
                stage: Stage::LauncherPrivileges,
                ..failure
            }),
        )
    }

    fn lower<S: System>(
        &mut self,
        sys: &S,
        identity: &Identity,
        user: &UserIds,
        denied: GroupsDenied,
    ) -> Result<(), Failure> {
        self.before = Uid::from_raw(at("getresuid", sys.getresuid())?.effective);
        set_groups(sys, user, denied)?;
        let gid = Some(identity.gid);
        at("setresgid", sys.setresgid(gid, gid, gid))?;
        let uid = Some(user.uid);
        // The saved id is named, since a start by a set-user-ID program may
        // have another one there.
        at("setresuid", sys.setresuid(uid, uid, Some(self.before)))?;
        self.state = State::Saved;
        Ok(())
    }

    /// The daemon has dropped its own: nothing is left to be ended with.
    ///
    /// # Errors
    /// A failure of [`Stage::LauncherPrivileges`].
    pub(super) fn finish<S: System>(&mut self, sys: &S) -> Result<(), Failure> {
        if self.state == State::Gone {
            return Ok(());
        }
        self.clear(sys).map_err(|failure| Failure {
            stage: Stage::LauncherPrivileges,
            ..failure
        })?;
        self.state = State::Gone;
        Ok(())
    }

    fn clear<S: System>(&self, sys: &S) -> Result<(), Failure> {
        at("setresuid", sys.setresuid(None, None, Some(self.uid)))?;
        if !at("getresuid", sys.getresuid())?.all_are(self.uid.as_raw()) {
            return Err(unchanged("getresuid"));
        }
        if self.uid == ROOT {
            return Ok(());
        }
        clear_capabilities(sys)
    }

    /// Takes the effective id back from the saved one, to end a daemon that is
    /// still root.
    ///
    /// # Errors
    /// EPERM, if the saved id is not there.
    pub(super) fn take_back<S: System>(&mut self, sys: &S) -> crate::sys::Result<()> {
        if self.state == State::Saved {
            sys.setresuid(None, Some(self.before), None)?;
            self.state = State::Whole;
        }
        Ok(())
    }
}

fn has(ids: Ids, id: u32) -> bool {
    [ids.real, ids.effective, ids.saved].contains(&id)
}

fn at<T>(call: &str, answer: crate::sys::Result<T>) -> Result<T, Failure> {
    answer.map_err(|errno| failure(Stage::Privileges, call, errno))
}

fn failure(stage: Stage, call: &str, errno: Errno) -> Failure {
    Failure::new(stage, call, Cause::Errno(errno))
}

fn refused(call: &str) -> Failure {
    failure(Stage::Privileges, call, Errno::EPERM)
}

fn unchanged(call: &str) -> Failure {
    Failure::new(
        Stage::Privileges,
        call,
        Cause::Text("the ids or sets read back are not those that were set".to_owned()),
    )
}

#[cfg(test)]
#[path = "privileges_tests.rs"]
mod tests;
