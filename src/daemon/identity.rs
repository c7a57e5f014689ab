//! Who the daemon becomes: names looked up before the first fork.

use super::{Cause, Failure, Settings, Stage};
use crate::sys::{Gid, System, Uid};

/// The ids that `user` and `group` stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// `user`, with its supplementary groups. None keeps both as they are.
    pub(super) user: Option<UserIds>,
    /// `group`, or the primary group of `user`.
    pub(super) gid: Gid,
}

/// What belongs to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UserIds {
    pub(super) uid: Uid,
    /// Ascending, without repetition.
    pub(super) groups: Vec<Gid>,
}

impl Identity {
    /// Looks `user` and `group` up; `None` where neither is set.
    ///
    /// # Errors
    /// A failure of [`Stage::Names`] with the name.
    pub(super) fn look_up<S: System>(
        sys: &S,
        settings: &Settings,
    ) -> Result<Option<Identity>, Failure> {
        let group = match &settings.group {
            None => None,
            Some(name) => Some(found(name, sys.group(name))?.gid),
        };
        let Some(name) = &settings.user else {
            return Ok(group.map(|gid| Identity { user: None, gid }));
        };
        let user = found(name, sys.user(name))?;
        // As initgroups(3) does for Pingora: with the group of passwd(5), which
        // `group` does not replace among the supplementary ones.
        let groups = sys
            .group_list(name, user.gid)
            .map_err(|errno| Failure::new(Stage::Names, name, Cause::Errno(errno)))?;
        Ok(Some(Identity {
            user: Some(UserIds {
                uid: user.uid,
                groups,
            }),
            gid: group.unwrap_or(user.gid),
        }))
    }
}

fn found<T>(name: &str, answer: crate::sys::Result<Option<T>>) -> Result<T, Failure> {
    match answer {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(Failure::new(Stage::Names, name, Cause::NoSuchName)),
        Err(errno) => Err(Failure::new(Stage::Names, name, Cause::Errno(errno))),
    }
}
