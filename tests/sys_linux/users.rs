use daemonlab::sys::linux::Linux;
use daemonlab::sys::{Gid, Group, Uid, User, Users};

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
