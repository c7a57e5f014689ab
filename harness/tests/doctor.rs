//! `daemonlab doctor` on machines that deny something, which are made here out
//! of this one: each says the stage, the errno, what was read, and what to do.
//!
//! What takes root to be made (files of `/etc`, mounts, another user) is made
//! in a mount namespace of its own and is gone with it. Whoever runs the tests
//! without being root sees those that need none.

mod c_programs;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_daemonlab");

/// What a machine is made in: everything that somebody else has to read.
struct Lab {
    folder: TempDir,
}

impl Lab {
    fn new() -> Lab {
        let lab = Lab {
            folder: tempfile::tempdir().expect("a folder can be made"),
        };
        let everybody = fs::Permissions::from_mode(0o777);
        fs::set_permissions(lab.folder.path(), everybody).expect("it is ours");
        copy(EXECUTABLE.as_ref(), &lab.path("daemonlab"));
        c_programs::compile("doctor/filtered.c", &lab.path("filtered"), &[]);
        // `somebody` is an ordinary user with subordinate ids.
        let passwd = fs::read_to_string("/etc/passwd").expect("there are users");
        let group = fs::read_to_string("/etc/group").expect("there are groups");
        lab.write(
            "passwd",
            &format!("{passwd}somebody:x:4242:4242::/:/bin/sh\n"),
        );
        lab.write("group", &format!("{group}somebody:x:4242:\n"));
        lab.write("sub", "somebody:300000:65536\n");
        lab.write("none", "");
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file can be written");
    }

    /// What `daemonlab doctor --json` tells below `script`, whose `"$@"` is that
    /// command. `$lab` is the folder, `$somebody` makes a command that user's.
    fn told(&self, script: &str) -> Told {
        let lab = self.folder.path().to_str().expect("it is UTF-8");
        let script = format!(
            "set -e; lab={lab}; \
             somebody='setpriv --reuid 4242 --regid 4242 --clear-groups'\n{script}"
        );
        let output = Command::new("sh")
            .args(["-c", &script, "sh"])
            .arg(self.path("daemonlab"))
            .args(["doctor", "--json"])
            .env_remove("GITHUB_ACTIONS")
            .output()
            .expect("there is a shell");
        let told = serde_json::from_slice(&output.stdout);
        Told(told.unwrap_or_else(|_| panic!("{output:#?}")))
    }

    /// The same in a mount namespace with `somebody` in the files of `/etc`.
    fn told_with_users(&self, script: &str) -> Told {
        self.write("script", script);
        self.told(
            "export lab somebody
             exec unshare -m sh -ec '
               for file in passwd group; do mount --bind \"$lab/$file\" /etc/$file; done
               for file in subuid subgid; do
                 [ -e /etc/$file ] || exit 9
                 mount --bind \"$lab/sub\" /etc/$file
               done
               . \"$lab/script\"' sh \"$@\"",
        )
    }
}

/// Another process writes the copy: if this one did, a test that forks
/// meanwhile would keep it open for writing (ETXTBSY of execve(2)).
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg(from).arg(to).status();
    assert!(copied.expect("cp is there").success());
}

struct Told(Value);

impl Told {
    fn missing(&self) -> Vec<&str> {
        let missing = self.0["missing"].as_array().expect("it is a list");
        missing.iter().filter_map(Value::as_str).collect()
    }

    /// The stage whose name begins so has failed, with this errno, and shows
    /// each of these texts in what was read, the cause, or the remedy.
    #[track_caller]
    fn failed(&self, stage: &str, errno: Option<i32>, shows: &[&str]) {
        let stages = self.0["stages"].as_array().expect("it is a list");
        let name = |entry: &&Value| entry["name"].as_str().is_some_and(|n| n.starts_with(stage));
        let found = stages.iter().find(name).expect("there is such a stage");
        assert_eq!(found["outcome"], "failed", "{:#}", self.0);
        assert_eq!(found["errno"].as_i64(), errno.map(i64::from), "{found:#}");
        let all = ["evidence", "cause", "remedy"].map(|key| found[key].as_str().unwrap_or(""));
        for text in shows {
            assert!(all.join("\n").contains(text), "{text}\n{found:#}");
        }
        for (key, text) in ["evidence", "cause", "remedy"].iter().zip(all) {
            assert!(!text.is_empty(), "{key} is empty: {found:#}");
        }
    }
}

fn root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        eprintln!("not tried: only root can make this machine");
    }
    root
}

#[test]
fn somebody_with_subordinate_ids_lacks_nothing() {
    if root() {
        let told = Lab::new().told_with_users("exec $somebody \"$@\"");
        assert!(told.missing().is_empty(), "{:#}", told.0);
    }
}

/// What can stand in the way of a range of ids.
#[rstest]
#[case::not_installed(
    "PATH=/nowhere exec \"$(command -v setpriv)\" --reuid 4242 --regid 4242 --clear-groups \"$@\"",
    Some(libc::ENOENT),
    &["run newuidmap", "apt-get install uidmap"],
)]
#[case::no_line(
    "mount --bind $lab/none /etc/subuid; exec $somebody \"$@\"",
    None,
    &["no line of /etc/subuid is about somebody or 4242", "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 somebody"],
)]
#[case::no_line_for_groups(
    "mount --bind $lab/none /etc/subgid; exec $somebody \"$@\"",
    None,
    &["no line of /etc/subgid is about somebody or 4242", "usermod --add-subuids"],
)]
#[case::another_range(
    "mkdir $lab/bin; printf '%s\\n' '#!/bin/sh' 'echo \"newuidmap: uid range [1-65536) -> [300000-365535) not allowed\" >&2; exit 1' >$lab/bin/newuidmap
     chmod 755 $lab/bin/newuidmap; PATH=$lab/bin:$PATH exec $somebody \"$@\"",
    None,
    &["not allowed", "usermod --add-subuids"],
)]
#[case::lost_its_bit(
    "mkdir $lab/bin; install -m 755 \"$(command -v newuidmap)\" \"$(command -v newgidmap)\" $lab/bin
     PATH=$lab/bin:$PATH exec $somebody \"$@\"",
    None,
    &["write to uid_map failed: Operation not permitted", "--reinstall uidmap"],
)]
#[case::nosuid(
    "folder=$(dirname \"$(readlink -f \"$(command -v newuidmap)\")\")
     mount --bind $folder $folder; mount -o remount,bind,nosuid $folder; exec $somebody \"$@\"",
    None,
    &["Operation not permitted", "nosuid"],
)]
#[case::no_new_privs(
    "exec $somebody --no-new-privs \"$@\"",
    None,
    &["NoNewPrivs: 1 in /proc/self/status", "no-new-privileges"],
)]
#[case::no_name(
    "grep -v somebody /etc/passwd >$lab/passwd2; echo 4242:300000:65536 >$lab/sub
     mount --bind $lab/passwd2 /etc/passwd; exec $somebody \"$@\"",
    None,
    &["Cannot determine your user name", "/etc/passwd does not know user 4242"],
)]
fn a_range_of_ids_that_is_denied(
    #[case] script: &str,
    #[case] errno: Option<i32>,
    #[case] shows: &[&str],
) {
    if root() {
        let told = Lab::new().told_with_users(script);
        told.failed("S3", errno, shows);
        assert_eq!(told.missing(), ["subuid"], "one id is still a sandbox");
    }
}

/// What Docker's default filter answers to who has no CAP_SYS_ADMIN: EPERM to
/// unshare, mount, setns and to clone with a flag of a namespace, ENOSYS to clone3.
fn docker() -> String {
    format!(
        "$lab/filtered {}:1 {}:1 {}:1 {}:1:7e020000 {}:38 --",
        libc::SYS_unshare,
        libc::SYS_mount,
        libc::SYS_setns,
        libc::SYS_clone,
        libc::SYS_clone3
    )
}

fn denying(call: libc::c_long, errno: i32) -> String {
    format!("$lab/filtered {call}:{errno} --")
}

const MARK: &str = "mount -t tmpfs none /run; touch /run/.containerenv;";

/// Filters that answer as a container's does.
#[rstest]
#[case::docker(
    format!("{MARK} exec {} $somebody \"$@\"", docker()),
    "S1", libc::EPERM,
    &["Seccomp: 2 in /proc/self/status", "--security-opt seccomp=unconfined"],
)]
#[case::mounts_denied_in_a_container(
    format!("{MARK} exec {} $somebody \"$@\"", denying(libc::SYS_mount, libc::EACCES)),
    "S4", libc::EACCES,
    &["/run/.containerenv", "--security-opt apparmor=unconfined"],
)]
#[case::no_such_call(
    format!("exec {} $somebody \"$@\"", denying(libc::SYS_unshare, libc::ENOSYS)),
    "S1", libc::ENOSYS,
    &["CONFIG_USER_NS", "kernel 5.15 or newer"],
)]
#[case::invalid(
    format!("exec {} $somebody \"$@\"", denying(libc::SYS_unshare, libc::EINVAL)),
    "S1", libc::EINVAL,
    &["CONFIG_USER_NS", "kernel 5.15 or newer"],
)]
#[case::groups_denied(
    format!("exec {} \"$@\"", denying(libc::SYS_setgroups, libc::EPERM)),
    "S6", libc::EPERM,
    &["set the groups", "Seccomp: 2"],
)]
#[case::no_tracing(
    format!("{MARK} exec {} $somebody \"$@\"", denying(libc::SYS_ptrace, libc::EPERM)),
    "S7", libc::EPERM,
    &["Seccomp: 2 in /proc/self/status", "--security-opt seccomp=unconfined"],
)]
fn a_filter_that_denies(
    #[case] script: String,
    #[case] stage: &str,
    #[case] errno: i32,
    #[case] shows: &[&str],
) {
    if root() {
        let told = Lab::new().told_with_users(&script);
        told.failed(stage, Some(errno), shows);
    }
}

/// The kernel mounts no /proc that would show more than the one there is.
#[test]
fn a_proc_that_is_covered_in_a_container() {
    if root() {
        let script = format!(
            "{MARK} mount -t tmpfs none /proc/acpi || mount -t tmpfs none /proc/scsi; exec $somebody \"$@\""
        );
        let told = Lab::new().told_with_users(&script);
        told.failed(
            "S5",
            Some(libc::EPERM),
            &["Mount too revealing", "systempaths=unconfined"],
        );
    }
}

/// Neither root nor anybody else makes a user namespace in one.
#[rstest]
#[case::as_somebody("$somebody")]
#[case::as_root("")]
fn a_chroot(#[case] user: &str) {
    if root() {
        let told = Lab::new().told_with_users(&format!(
            "mkdir $lab/root; mount --rbind / $lab/root; exec chroot $lab/root {user} \"$@\""
        ));
        told.failed(
            "S1",
            Some(libc::EPERM),
            &["chroot(2)", "outside of the chroot"],
        );
        assert_eq!(told.missing(), ["userns", "subuid", "ptrace"]);
    }
}

/// The limits of a namespace of one's own are one's own to set.
#[rstest]
#[case::user("user", "S1")]
#[case::mnt("mnt", "S4")]
#[case::pid("pid", "S5")]
#[case::net("net", "S5")]
#[case::ipc("ipc", "S5")]
#[case::uts("uts", "S5")]
fn namespaces_that_there_may_be_none_of(#[case] kind: &str, #[case] stage: &str) {
    let told = Lab::new().told(&format!(
        "exec unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_{kind}_namespaces; exec \"$@\"' sh \"$@\""
    ));
    let read = format!("/proc/sys/user/max_{kind}_namespaces = 0");
    let remedy = format!("sudo sysctl -w user.max_{kind}_namespaces=15000");
    told.failed(stage, Some(libc::ENOSPC), &[&read, &remedy]);
}

/// The other limit that says ENOSPC is that of 32 levels.
#[test]
fn namespaces_that_are_nested_too_deep() {
    let lab = Lab::new();
    lab.write(
        "nest",
        "exec 2>/dev/null; unshare -Ur true || exec \"$@\"; exec unshare -Ur sh \"$0\" \"$@\"",
    );
    let told = lab.told("exec sh $lab/nest \"$@\"");
    told.failed("S1", Some(libc::ENOSPC), &["nesting (32 levels)"]);
}

/// Root of a namespace with one id.
#[test]
fn a_root_with_one_id() {
    let told = Lab::new().told("exec unshare -Ur \"$@\"");
    told.failed("S3", None, &["/proc/self/uid_map has 1 id", "a larger map"]);
    assert_eq!(told.missing(), ["subuid"]);
}

#[rstest]
#[case::processes("--nproc=1", "S1", libc::EAGAIN, "ulimit -u")]
#[case::files("--nofile=6", "S3", libc::EMFILE, "ulimit -n")]
fn limits_that_are_too_low(
    #[case] limit: &str,
    #[case] stage: &str,
    #[case] errno: i32,
    #[case] remedy: &str,
) {
    if root() {
        let told = Lab::new().told_with_users(&format!("exec $somebody prlimit {limit} \"$@\""));
        told.failed(stage, Some(errno), &[remedy]);
    }
}

/// Processes that others do not see hide nothing that is needed.
#[test]
fn a_proc_that_hides_the_processes_of_others() {
    if root() {
        let told = Lab::new().told_with_users(
            "exec unshare -pf --mount-proc sh -c 'mount -o remount,hidepid=2 /proc; exec \"$@\"' sh $somebody \"$@\"",
        );
        assert!(told.missing().is_empty(), "{:#}", told.0);
    }
}

#[test]
fn no_proc_at_all() {
    if root() {
        let told =
            Lab::new().told("exec unshare -m sh -c 'umount -l /proc; exec \"$@\"' sh \"$@\"");
        told.failed("S1", Some(libc::ENOENT), &["mount -t proc proc /proc"]);
    }
}
