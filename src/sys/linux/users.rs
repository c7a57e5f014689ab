//! The name service.

use std::ffi::CString;

use nix::unistd;

use super::Linux;
use crate::sys::{Errno, Gid, Group, Result, User, Users};

impl Users for Linux {
    fn user(&self, name: &str) -> Result<Option<User>> {
        let Some(found) = look_up(name, unistd::User::from_name)? else {
            return Ok(None);
        };
        Ok(Some(User {
            name: name.to_owned(),
            uid: found.uid,
            gid: found.gid,
        }))
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        let Some(found) = look_up(name, unistd::Group::from_name)? else {
            return Ok(None);
        };
        Ok(Some(Group {
            name: name.to_owned(),
            gid: found.gid,
        }))
    }

    fn group_list(&self, user: &str, gid: Gid) -> Result<Vec<Gid>> {
        let user = CString::new(user).map_err(|_| Errno::EINVAL)?;
        let mut groups = unistd::getgrouplist(&user, gid)?;
        groups.sort_unstable_by_key(|group| group.as_raw());
        groups.dedup();
        Ok(groups)
    }
}

fn look_up<T>(name: &str, from_name: fn(&str) -> Result<Option<T>>) -> Result<Option<T>> {
    // nix panics on a zero byte; nobody's name has one.
    if name.contains('\0') {
        return Ok(None);
    }
    match from_name(name) {
        // "The given name was not found", says getpwnam(3) of these two.
        Err(Errno::ENOENT | Errno::ESRCH) => Ok(None),
        found => found,
    }
}
