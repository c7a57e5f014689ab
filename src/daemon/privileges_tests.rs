use std::path::PathBuf;

use rstest::rstest;

use super::*;
use crate::daemon::scripts::{Steps, any, fail_each, returned};
use crate::sys::call::{Call, Ret};
use crate::sys::records::{Access, At, OpenHow};
use crate::sys::scripted::{Step, on};

const UID: u32 = 1000;
const GID: u32 = 2000;
const ALL: u64 = (1 << 41) - 1;

fn gids(ids: &[u32]) -> Vec<Gid> {
    ids.iter().copied().map(Gid::from_raw).collect()
}

fn identity() -> Identity {
    Identity {
        user: Some(UserIds {
            uid: Uid::from_raw(UID),
            groups: gids(&[27, GID]),
        }),
        gid: Gid::from_raw(GID),
    }
}

fn ids(real: u32, effective: u32, saved: u32) -> Ret {
    Ret::Ids(Ids {
        real,
        effective,
        saved,
    })
}

fn caps(effective: u64) -> Ret {
    Ret::Capabilities(Capabilities {
        effective,
        permitted: effective,
        bounding: ALL,
        ..Capabilities::default()
    })
}

fn set_uid(real: Option<u32>, effective: Option<u32>, saved: Option<u32>) -> Step {
    let uid = |id: Option<u32>| id.map(Uid::from_raw);
    on(Call::SetResUid {
        real: uid(real),
        effective: uid(effective),
        saved: uid(saved),
    })
}

fn set_gid(id: u32) -> Step {
    let gid = Some(Gid::from_raw(id));
    on(Call::SetResGid {
        real: gid,
        effective: gid,
        saved: gid,
    })
}

fn set_groups() -> Step {
    on(Call::SetGroups {
        groups: gids(&[27, GID]),
    })
}

fn get_groups(groups: &[u32]) -> Step {
    on(Call::GetGroups).gives(Ret::Groups(gids(groups)))
}

fn clear() -> Step {
    let sets = Capabilities::default();
    on(Call::SetCapabilities { sets })
}

/// The whole way down from root.
fn dropping() -> Steps {
    vec![
        get_groups(&[0]),
        set_groups().done(),
        set_gid(GID).done(),
        on(Call::GetResGid).gives(ids(GID, GID, GID)),
        set_uid(Some(UID), Some(UID), Some(UID)).done(),
        on(Call::GetResUid).gives(ids(UID, UID, UID)),
        // In whatever order the kernel has them.
        get_groups(&[GID, 27]),
        clear().done(),
        on(Call::GetCapabilities).gives(caps(0)),
        set_uid(None, Some(0), None).fails(Errno::EPERM),
    ]
}

const CALLS: [&str; 10] = [
    "getgroups",
    "setgroups",
    "setresgid",
    "getresgid",
    "setresuid",
    "getresuid",
    "getgroups",
    "capset",
    "capget",
    "setresuid",
];

fn dropped(steps: Steps, denied: GroupsDenied) -> Result<(), Failure> {
    returned(steps, |sys| drop_for_good(&sys, &identity(), denied))
}

#[test]
fn groups_then_gid_then_uid_then_capabilities_then_the_proof() {
    assert_eq!(dropped(dropping(), GroupsDenied::Error), Ok(()));
}

#[rstest]
fn every_call_is_checked(#[values(Errno::EAGAIN, Errno::ENOMEM)] errno: Errno) {
    fail_each(
        &dropping(),
        errno,
        |_| Vec::new(),
        |sys| drop_for_good(&sys, &identity(), GroupsDenied::Error),
        |step, result| {
            let expected = Failure::new(Stage::Privileges, CALLS[step], Cause::Errno(errno));
            assert_eq!(result, Err(expected));
        },
    );
}

#[rstest]
#[case::saved_gid(3, ids(GID, GID, 0), "getresgid")]
#[case::saved_uid(5, ids(UID, UID, 0), "getresuid")]
#[case::real_uid(5, ids(0, UID, UID), "getresuid")]
#[case::extra_group(6, Ret::Groups(gids(&[0, 27, GID])), "getgroups")]
#[case::lost_group(6, Ret::Groups(gids(&[GID])), "getgroups")]
#[case::effective(8, caps(1 << 7), "capget")]
#[case::inheritable(8, Ret::Capabilities(Capabilities { inheritable: 1, ..Capabilities::default() }), "capget")]
#[case::ambient(8, Ret::Capabilities(Capabilities { ambient: 1, ..Capabilities::default() }), "capget")]
#[case::regained(9, Ret::Unit, "setresuid")]
fn what_is_read_back_is_believed_and_not_what_was_asked(
    #[case] step: usize,
    #[case] answer: Ret,
    #[case] call: &str,
) {
    let mut steps = dropping();
    steps[step] = steps[step].clone().instead(Ok(answer));
    steps.truncate(step + 1);
    let failure = dropped(steps, GroupsDenied::Error).unwrap_err();
    assert_eq!(failure.subject.as_deref(), Some(call));
    assert_eq!(failure.status(), crate::daemon::exit_code::PRIVILEGES);
}

#[test]
fn a_namespace_without_root_is_proof_as_well() {
    let mut steps = dropping();
    steps[9] = set_uid(None, Some(0), None).fails(Errno::EINVAL);
    assert_eq!(dropped(steps, GroupsDenied::Error), Ok(()));
}

#[test]
fn denied_groups_are_an_error_unless_they_are_to_be_kept() {
    let mut steps = dropping();
    steps[1] = set_groups().fails(Errno::EPERM);
    let failure = dropped(steps[..2].to_vec(), GroupsDenied::Error).unwrap_err();
    assert_eq!(failure.errno(), Some(Errno::EPERM));
    assert!(
        failure.to_string().contains("groups_denied: keep"),
        "{failure}"
    );
    // Not read back, since they were not set.
    steps.remove(6);
    assert_eq!(dropped(steps.clone(), GroupsDenied::Keep), Ok(()));
    // Only EPERM is a denial.
    steps[1] = set_groups().fails(Errno::ENOMEM);
    assert!(dropped(steps[..2].to_vec(), GroupsDenied::Keep).is_err());
}

#[test]
fn groups_that_are_there_already_are_not_set() {
    let mut steps = dropping();
    steps[0] = get_groups(&[GID, 27, 27]);
    steps.remove(1);
    assert_eq!(dropped(steps, GroupsDenied::Error), Ok(()));
}

#[test]
fn a_group_alone_changes_the_gid_and_nothing_else() {
    let steps = vec![
        set_gid(GID).done(),
        on(Call::GetResGid).gives(ids(GID, GID, GID)),
    ];
    let identity = Identity {
        user: None,
        gid: Gid::from_raw(GID),
    };
    let result = returned(steps, |sys| {
        drop_for_good(&sys, &identity, GroupsDenied::Error)
    });
    assert_eq!(result, Ok(()));
}

#[test]
fn the_user_root_keeps_its_capabilities() {
    let identity = Identity {
        user: Some(UserIds {
            uid: ROOT,
            groups: gids(&[0]),
        }),
        gid: Gid::from_raw(0),
    };
    let steps = vec![
        get_groups(&[0]),
        set_gid(0).done(),
        on(Call::GetResGid).gives(ids(0, 0, 0)),
        set_uid(Some(0), Some(0), Some(0)).done(),
        on(Call::GetResUid).gives(ids(0, 0, 0)),
        get_groups(&[0]),
    ];
    let result = returned(steps, |sys| {
        drop_for_good(&sys, &identity, GroupsDenied::Error)
    });
    assert_eq!(result, Ok(()));
}

fn setgroups_file(answer: &str) -> Steps {
    vec![
        on(Call::Open {
            dir: At::Cwd,
            path: PathBuf::from("/proc/self/setgroups"),
            how: OpenHow::new(Access::Read),
            mode: 0,
        })
        .gives(Ret::Fd(9)),
        on(Call::Read { fd: 9, max: 16 }).gives(Ret::Bytes(answer.into())),
        on(Call::Close { fd: 9 }).done(),
    ]
}

fn checking(caps_now: u64, own: u32, groups: &[u32]) -> Steps {
    vec![
        on(Call::GetCapabilities).gives(caps(caps_now)),
        on(Call::GetResGid).gives(ids(own, own, own)),
        on(Call::GetResUid).gives(ids(own, own, own)),
        get_groups(groups),
    ]
}

fn checked(steps: Steps, denied: GroupsDenied) -> Option<String> {
    let result = returned(steps, |sys| check(&sys, &identity(), denied));
    result.err().and_then(|failure| failure.subject)
}

#[test]
fn what_root_may_not_do_is_seen_before_the_fork() {
    let mut steps = checking(ALL, 0, &[0]);
    steps.extend(setgroups_file("allow\n"));
    assert_eq!(checked(steps, GroupsDenied::Error), None);
    let mut steps = checking(ALL, 0, &[0]);
    steps.extend(setgroups_file("deny\n"));
    assert_eq!(
        checked(steps, GroupsDenied::Error).as_deref(),
        Some("setgroups")
    );
    // Where /proc cannot be read, the call itself will tell.
    let mut steps = checking(ALL, 0, &[0]);
    steps.push(any("openat").fails(Errno::ENOENT));
    assert_eq!(checked(steps, GroupsDenied::Error), None);
    let steps = checking(ALL, 0, &[0])[..3].to_vec();
    assert_eq!(checked(steps, GroupsDenied::Keep), None);
}

#[test]
fn what_an_ordinary_user_may_not_do_is_seen_before_the_fork() {
    let steps = checking(0, 5, &[5])[..2].to_vec();
    assert_eq!(
        checked(steps, GroupsDenied::Error).as_deref(),
        Some("setresgid")
    );
    let mut steps = checking(1 << CAP_SETGID, 5, &[5]);
    steps.truncate(3);
    assert_eq!(
        checked(steps, GroupsDenied::Error).as_deref(),
        Some("setresuid")
    );
    let mut steps = checking(0, 5, &[5]);
    steps[1] = on(Call::GetResGid).gives(ids(GID, GID, GID));
    steps[2] = on(Call::GetResUid).gives(ids(UID, UID, UID));
    assert_eq!(
        checked(steps.clone(), GroupsDenied::Error).as_deref(),
        Some("setgroups")
    );
    // Becoming oneself needs nothing.
    steps[3] = get_groups(&[27, GID]);
    assert_eq!(checked(steps, GroupsDenied::Error), None);
}

fn giving_up() -> Steps {
    vec![
        on(Call::GetResUid).gives(ids(0, 0, 0)),
        get_groups(&[0]),
        set_groups().done(),
        set_gid(GID).done(),
        set_uid(Some(UID), Some(UID), Some(0)).done(),
    ]
}

#[test]
fn the_launcher_keeps_root_in_its_saved_id_until_the_daemon_has_none() {
    let mut steps = giving_up();
    steps.extend([
        set_uid(None, None, Some(UID)).done(),
        on(Call::GetResUid).gives(ids(UID, UID, UID)),
        clear().done(),
        on(Call::GetCapabilities).gives(caps(0)),
    ]);
    returned(steps, |sys| {
        let (root, result) = LauncherRoot::give_up(&sys, &identity(), GroupsDenied::Error);
        let mut root = root.unwrap();
        result.unwrap();
        root.finish(&sys).unwrap();
        // Nothing is left to give up, or to take back.
        root.finish(&sys).unwrap();
        root.take_back(&sys).unwrap();
    });
}

#[test]
fn the_launcher_takes_root_back_from_its_saved_id() {
    let mut steps = giving_up();
    steps.push(set_uid(None, Some(0), None).done());
    returned(steps, |sys| {
        let (root, result) = LauncherRoot::give_up(&sys, &identity(), GroupsDenied::Error);
        result.unwrap();
        let mut root = root.unwrap();
        root.take_back(&sys).unwrap();
        root.take_back(&sys).unwrap();
    });
}

#[test]
fn a_launcher_that_could_not_give_up_root_still_has_it() {
    const CALLS: [&str; 5] = [
        "getresuid",
        "getgroups",
        "setgroups",
        "setresgid",
        "setresuid",
    ];
    fail_each(
        &giving_up(),
        Errno::EAGAIN,
        |_| Vec::new(),
        |sys| {
            let (root, result) = LauncherRoot::give_up(&sys, &identity(), GroupsDenied::Error);
            // No call: the effective id is still what it was.
            root.unwrap().take_back(&sys).unwrap();
            result
        },
        |step, result| {
            let cause = Cause::Errno(Errno::EAGAIN);
            let expected = Failure::new(Stage::LauncherPrivileges, CALLS[step], cause);
            assert_eq!(result, Err(expected));
        },
    );
}
