use daemonlab::sys::linux::Linux;
use daemonlab::sys::{Errno, Gid, Group, Uid, User, Users};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::support::{alone_as_root, forked};

#[test]
fn root_is_found_by_name() {
    let root = User {
        name: "root".into(),
        uid: Uid::from_raw(0),
        gid: Gid::from_raw(0),
    };
    assert_eq!(Linux.user("root"), Ok(Some(root)));
    let root = Group {
        name: "root".into(),
        gid: Gid::from_raw(0),
    };
    assert_eq!(Linux.group("root"), Ok(Some(root)));
}

#[test]
fn a_name_that_nobody_has_is_none() {
    for name in ["no-such-name-here", "", "0", "with\0zero"] {
        assert_eq!(Linux.user(name), Ok(None), "{name:?}");
        assert_eq!(Linux.group(name), Ok(None), "{name:?}");
    }
}

#[test]
fn the_list_of_groups_holds_the_primary_one_once_and_in_order() {
    let gid = Gid::from_raw(4_000_000);
    let groups = Linux.group_list("root", gid).unwrap();
    assert_eq!(groups.iter().filter(|&&group| group == gid).count(), 1);
    assert!(
        groups.is_sorted_by(|a, b| a.as_raw() < b.as_raw()),
        "{groups:?}"
    );
    // A user without an entry has the group that was given, and no other.
    assert_eq!(Linux.group_list("no-such-name-here", gid), Ok(vec![gid]));
}

/// Covers `file` with a file that says `text`, for this process alone.
fn cover(file: &str, text: &str) {
    let none = None::<&str>;
    let own = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(own.path(), text).unwrap();
    mount(Some(own.path()), file, none, MsFlags::MS_BIND, none).unwrap();
}

#[test]
fn users_and_groups_are_those_of_the_databases() {
    alone_as_root(|| {
        forked(|| {
            unshare(CloneFlags::CLONE_NEWNS).unwrap();
            let none = None::<&str>;
            mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
            cover("/etc/passwd", "someone:x:4321:30::/:/bin/sh\n");
            cover(
                "/etc/group",
                "b:x:20:someone\na:x:10:someone\nc:x:20:someone\np:x:30:\n",
            );
            let someone = Linux.user("someone").unwrap().unwrap();
            assert_eq!((someone.uid.as_raw(), someone.gid.as_raw()), (4321, 30));
            assert_eq!(Linux.group("a").unwrap().unwrap().gid.as_raw(), 10);
            let groups = [10, 20, 30].map(Gid::from_raw).to_vec();
            assert_eq!(Linux.group_list("someone", someone.gid), Ok(groups));
        });
    });
}

#[test]
fn a_member_whose_name_has_a_zero_byte_is_einval() {
    let groups = Linux.group_list("with\0zero", Gid::from_raw(0));
    assert_eq!(groups, Err(Errno::EINVAL));
}
