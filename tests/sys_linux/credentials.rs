use std::fs;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Capabilities, Ids};
use daemonlab::sys::{Credentials, Errno, Gid, Process, Uid};
use nix::sched::{CloneFlags, unshare};
use rstest::rstest;

use crate::support::{alone, alone_as_root, forked};

const USER: Uid = Uid::from_raw(4321);
const OTHER: Uid = Uid::from_raw(4322);
const GROUP: Gid = Gid::from_raw(4323);

fn gids<const N: usize>(groups: [u32; N]) -> Vec<Gid> {
    groups.map(Gid::from_raw).to_vec()
}

fn ids(real: u32, effective: u32, saved: u32) -> Ids {
    Ids {
        real,
        effective,
        saved,
    }
}

/// A line of `/proc/self/task/TID/status` for each thread.
fn status_lines(name: &str) -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks
        .map(|task| {
            let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.expect("the line is there")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

#[test]
fn the_user_is_given_up_in_every_thread_and_for_good() {
    alone_as_root(|| {
        assert!(Linux.count_threads().unwrap() >= 2);
        Linux.setgroups(&gids([7, 5])).unwrap();
        Linux
            .setresgid(Some(GROUP), Some(GROUP), Some(GROUP))
            .unwrap();
        Linux.setresuid(Some(USER), Some(USER), Some(USER)).unwrap();
        assert!(Linux.getresuid().unwrap().all_are(4321));
        assert!(Linux.getresgid().unwrap().all_are(4323));
        assert_eq!(Linux.getgroups(), Ok(gids([5, 7])));
        for (name, value) in [
            ("Uid:", "4321 4321 4321 4321"),
            ("Gid:", "4323 4323 4323 4323"),
            ("Groups:", "5 7"),
            ("CapEff:", "0000000000000000"),
        ] {
            for line in status_lines(name) {
                assert_eq!(line, value, "{name}");
            }
        }
        let root = Uid::from_raw(0);
        assert_eq!(Linux.setuid(root), Err(Errno::EPERM));
        assert_eq!(Linux.setresuid(Some(root), None, None), Err(Errno::EPERM));
        assert_eq!(Linux.setresuid(None, Some(OTHER), None), Err(Errno::EPERM));
        assert_eq!(Linux.setgid(Gid::from_raw(0)), Err(Errno::EPERM));
        assert_eq!(
            Linux.setresgid(None, None, Some(Gid::from_raw(0))),
            Err(Errno::EPERM)
        );
        assert_eq!(Linux.setgroups(&[]), Err(Errno::EPERM));
    });
}

#[test]
fn an_id_that_is_not_given_is_kept() {
    alone_as_root(|| {
        Linux.setresgid(None, Some(GROUP), None).unwrap();
        assert_eq!(Linux.getresgid(), Ok(ids(0, 4323, 0)));
        Linux.setresuid(Some(USER), Some(OTHER), None).unwrap();
        assert_eq!(Linux.getresuid(), Ok(ids(4321, 4322, 0)));
        // Not root, but its saved id still is.
        Linux.setresuid(None, Some(Uid::from_raw(0)), None).unwrap();
        assert_eq!(Linux.getresuid(), Ok(ids(4321, 0, 0)));
    });
}

#[test]
fn setuid_sets_all_three_with_the_capability_and_one_without() {
    alone_as_root(|| {
        forked(|| {
            Linux.setgid(GROUP).unwrap();
            assert!(Linux.getresgid().unwrap().all_are(4323));
            Linux.setuid(USER).unwrap();
            assert!(Linux.getresuid().unwrap().all_are(4321));
        });
        forked(|| {
            Linux.setresgid(Some(GROUP), Some(GROUP), None).unwrap();
            Linux
                .setresuid(Some(USER), Some(OTHER), Some(OTHER))
                .unwrap();
            Linux.setuid(USER).unwrap();
            assert_eq!(Linux.getresuid(), Ok(ids(4321, 4321, 4322)));
            Linux.setgid(Gid::from_raw(0)).unwrap();
            assert_eq!(Linux.getresgid(), Ok(ids(4323, 0, 0)));
        });
    });
}

/// To the kernel it means "keep": who names it would be told of a change that
/// has not happened.
#[test]
fn the_id_that_means_keep_is_refused() {
    let (uid, gid) = (Uid::from_raw(u32::MAX), Gid::from_raw(u32::MAX));
    for (real, effective, saved) in [
        (Some(uid), None, None),
        (None, Some(uid), None),
        (None, None, Some(uid)),
    ] {
        assert_eq!(Linux.setresuid(real, effective, saved), Err(Errno::EINVAL));
    }
    assert_eq!(Linux.setresgid(Some(gid), None, None), Err(Errno::EINVAL));
    assert_eq!(Linux.setuid(uid), Err(Errno::EINVAL));
    assert_eq!(Linux.setgid(gid), Err(Errno::EINVAL));
}

#[test]
fn an_id_without_a_mapping_is_einval_and_denied_groups_are_eperm() {
    alone(|| {
        forked(|| {
            let (uid, gid) = (
                Linux.getresuid().unwrap().real,
                Linux.getresgid().unwrap().real,
            );
            unshare(CloneFlags::CLONE_NEWUSER).unwrap();
            fs::write("/proc/self/setgroups", "deny").unwrap();
            fs::write("/proc/self/uid_map", format!("0 {uid} 1")).unwrap();
            fs::write("/proc/self/gid_map", format!("0 {gid} 1")).unwrap();
            let (uid, gid) = (Some(USER), Some(GROUP));
            assert_eq!(Linux.setresuid(uid, uid, uid), Err(Errno::EINVAL));
            assert_eq!(Linux.setuid(USER), Err(Errno::EINVAL));
            assert_eq!(Linux.setresgid(gid, gid, gid), Err(Errno::EINVAL));
            assert_eq!(Linux.setgid(GROUP), Err(Errno::EINVAL));
            assert_eq!(Linux.setgroups(&gids([0])), Err(Errno::EPERM));
        });
    });
}

#[test]
fn too_many_groups_are_einval() {
    alone_as_root(|| {
        // NGROUPS_MAX of <linux/limits.h>, and one.
        let groups = vec![GROUP; 65_536 + 1];
        assert_eq!(Linux.setgroups(&groups), Err(Errno::EINVAL));
        Linux.setgroups(&groups[1..]).unwrap();
        Linux.setgroups(&[]).unwrap();
        assert_eq!(Linux.getgroups(), Ok(vec![]));
    });
}

/// The sets as `/proc` shows them for the calling thread.
fn capabilities_of_proc() -> Capabilities {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let set = |name| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    Capabilities {
        effective: set("CapEff:"),
        permitted: set("CapPrm:"),
        inheritable: set("CapInh:"),
        ambient: set("CapAmb:"),
        bounding: set("CapBnd:"),
    }
}

const NET_BIND_SERVICE: u64 = 1 << 10;
/// In the upper half of the sets.
const WAKE_ALARM: u64 = 1 << 35;

#[test]
fn capabilities_are_what_proc_shows() {
    alone_as_root(|| {
        let all = Linux.capabilities().unwrap();
        assert_eq!(all, capabilities_of_proc());
        assert_ne!(all.permitted & NET_BIND_SERVICE, 0);
        for (permitted, ambient) in [
            (NET_BIND_SERVICE | WAKE_ALARM, WAKE_ALARM),
            (NET_BIND_SERVICE | WAKE_ALARM, NET_BIND_SERVICE),
            (WAKE_ALARM, 0),
            (0, 0),
        ] {
            let sets = Capabilities {
                effective: permitted & NET_BIND_SERVICE,
                permitted,
                inheritable: permitted,
                ambient,
                bounding: 0,
            };
            Linux.set_capabilities(sets).unwrap();
            // The bounding set is not for this call to change.
            let expected = Capabilities {
                bounding: all.bounding,
                ..sets
            };
            assert_eq!(capabilities_of_proc(), expected);
            assert_eq!(Linux.capabilities(), Ok(expected));
        }
    });
}

#[rstest]
#[case::permitted_grows(Capabilities { permitted: WAKE_ALARM | NET_BIND_SERVICE, ..Default::default() })]
#[case::effective_beyond_permitted(Capabilities { effective: WAKE_ALARM, ..Default::default() })]
#[case::inheritable_grows(Capabilities { permitted: NET_BIND_SERVICE, inheritable: WAKE_ALARM, ..Default::default() })]
fn a_refused_change_changes_nothing(#[case] sets: Capabilities) {
    alone_as_root(|| {
        let before = Capabilities {
            permitted: NET_BIND_SERVICE,
            ..Default::default()
        };
        Linux.set_capabilities(before).unwrap();
        let before = capabilities_of_proc();
        assert_eq!(Linux.set_capabilities(sets), Err(Errno::EPERM));
        assert_eq!(capabilities_of_proc(), before);
    });
}

#[test]
fn a_capability_is_not_ambient_that_is_not_inheritable() {
    alone_as_root(|| {
        let sets = Capabilities {
            permitted: NET_BIND_SERVICE,
            ambient: NET_BIND_SERVICE,
            ..Default::default()
        };
        assert_eq!(Linux.set_capabilities(sets), Err(Errno::EPERM));
    });
}

/// What is ambient when one is refused: those with lower numbers, in every run.
#[test]
fn ambient_capabilities_are_raised_in_the_order_of_their_numbers() {
    const FIRST: u64 = 1;
    for _ in 0..4 {
        alone_as_root(|| {
            let inheritable = FIRST | NET_BIND_SERVICE | WAKE_ALARM;
            let refused = 1 << 5;
            let sets = Capabilities {
                permitted: inheritable | refused,
                inheritable,
                ambient: inheritable | refused,
                ..Default::default()
            };
            assert_eq!(Linux.set_capabilities(sets), Err(Errno::EPERM));
            assert_eq!(capabilities_of_proc().ambient, FIRST);
        });
    }
}
