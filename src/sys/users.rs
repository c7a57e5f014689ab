//! The name service. Its look-ups are no calls of the table: they read any
//! number of files and sockets, and they happen before the first fork.

use super::{Gid, Result, Uid};

/// An entry of `passwd(5)`, as far as a daemon needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name by which it was looked up.
    pub name: String,
    /// Its user id.
    pub uid: Uid,
    /// Its primary group.
    pub gid: Gid,
}

/// An entry of `group(5)`, as far as a daemon needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name by which it was looked up.
    pub name: String,
    /// Its group id.
    pub gid: Gid,
}

/// Looks names up (`getpwnam_r(3)`, `getgrnam_r(3)`, `getgrouplist(3)`).
pub trait Users {
    /// The user called `name`; `None` where there is none.
    ///
    /// # Errors
    /// The errno of the name service: EIO, EMFILE, and the like.
    fn user(&self, name: &str) -> Result<Option<User>>;

    /// The group called `name`; `None` where there is none.
    ///
    /// # Errors
    /// As [`Users::user`].
    fn group(&self, name: &str) -> Result<Option<Group>>;

    /// The groups that `user` is a member of, its primary group `gid` included,
    /// in ascending order without repetition.
    ///
    /// # Errors
    /// As [`Users::user`].
    fn group_list(&self, user: &str, gid: Gid) -> Result<Vec<Gid>>;
}
