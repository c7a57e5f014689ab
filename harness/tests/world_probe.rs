//! The probe says which stage fails, why, and what to do; on machines that
//! deny something, which are made here out of this one.

mod world_lab;

use std::process::Command;

use daemonlab_harness::world::Capability;
use daemonlab_harness::world::real::probe::{Outcome, Probe, Stage, probe};
use daemonlab_harness::world::real::stage::StageId;
use rstest::rstest;
use serde::Deserialize;
use world_lab::*;

#[test]
fn it_says_what_a_host_can_do() {
    let probe = probe(EXECUTABLE.as_ref());
    let host = host();
    assert!(probe.has(Capability::Userns), "{probe:#?}");
    assert!(probe.has(Capability::Ptrace), "{probe:#?}");
    assert_eq!(
        probe.has(Capability::Subuid),
        host.has_many_ids(),
        "{probe:#?}"
    );
    assert_eq!(probe.stages.len(), StageId::ALL.len());
    for stage in &probe.stages {
        assert_eq!(
            stage.outcome == Outcome::Failed,
            !stage.remedy.is_empty(),
            "{stage:#?}"
        );
    }
}

#[test]
fn an_executable_without_the_hook_is_named() {
    let probe = probe("/bin/true".as_ref());
    let stage = probe.why_not(Capability::Userns).unwrap();
    assert!(stage.evidence.contains("helper_main"), "{stage:#?}");
}

#[derive(Debug, Deserialize)]
struct Told {
    stages: Vec<Stage>,
    missing: Vec<String>,
}

/// What `daemonlab doctor` tells where `prefix` has made the machine worse.
fn told(prefix: &[&str]) -> Told {
    let output = Command::new(prefix[0])
        .args(&prefix[1..])
        .args([EXECUTABLE, "doctor", "--json"])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:#?}"))
}

fn root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// In namespaces of its own, by util-linux; `script` gets the rest as arguments.
const APART: [&str; 5] = ["unshare", "-Urm", "sh", "-c", ""];

#[rstest]
#[case::limit(
    "echo 0 > /proc/sys/user/max_user_namespaces; exec \"$@\"",
    StageId::Userns,
    libc::ENOSPC,
    "max_user_namespaces=15000"
)]
#[case::covered_proc(
    "mount -t tmpfs none /proc/sys/kernel; exec \"$@\"",
    StageId::Processes,
    libc::EPERM,
    "s"
)]
#[case::root_without_admin(
    "exec setpriv --bounding-set -sys_admin,-sys_chroot --inh-caps -sys_admin \"$@\"",
    StageId::Range,
    0,
    ""
)]
fn a_denied_stage_has_errno_and_remedy(
    #[case] script: &str,
    #[case] id: StageId,
    #[case] errno: i32,
    #[case] remedy: &str,
) {
    let mut prefix = APART;
    prefix[4] = script;
    let told = told(&[&prefix[..], &["sh"]].concat());
    let failed: Vec<&Stage> = told
        .stages
        .iter()
        .filter(|stage| stage.outcome == Outcome::Failed)
        .collect();
    let stage = failed
        .iter()
        .find(|stage| stage.id == id)
        .unwrap_or_else(|| panic!("{told:#?}"));
    assert_eq!(stage.errno.unwrap_or(0), errno, "{stage:#?}");
    assert!(stage.remedy.contains(remedy), "{stage:#?}");
    assert!(
        told.missing.contains(&id.gives().name().to_owned()),
        "{told:#?}"
    );
}

/// Without entries in `/etc/subuid`: one id, and everything that needs no more.
#[test]
fn a_user_without_subordinate_ids_has_sandboxes_with_one_id() {
    if !root() {
        eprintln!("skipped: only root can become a user without subordinate ids");
        return;
    }
    let told = told(&[
        "setpriv",
        "--reuid",
        "4242",
        "--regid",
        "4242",
        "--clear-groups",
    ]);
    assert_eq!(told.missing, ["subuid"]);
    let outcome = |id| {
        told.stages
            .iter()
            .find(|stage| stage.id == id)
            .unwrap()
            .outcome
    };
    assert_eq!(outcome(StageId::Range), Outcome::Failed);
    assert_eq!(outcome(StageId::Ids), Outcome::NotTried);
    assert_eq!(outcome(StageId::Trace), Outcome::Passed);
    let range = told
        .stages
        .iter()
        .find(|stage| stage.id == StageId::Range)
        .unwrap();
    assert!(range.remedy.contains("usermod --add-subuids"), "{range:#?}");
}

#[test]
fn without_newuidmap_its_package_is_named() {
    if root() {
        eprintln!("skipped: root maps ids by itself");
        return;
    }
    let told = told(&["env", "PATH=/nowhere"]);
    let range = told
        .stages
        .iter()
        .find(|stage| stage.id == StageId::Range)
        .unwrap();
    // A user without subordinate ids does not even get that far.
    if range.errno == Some(libc::ENOENT) {
        assert!(range.remedy.contains("uidmap"), "{range:#?}");
    }
    assert_eq!(told.missing, ["subuid"]);
}

#[test]
fn a_host_that_cannot_start_says_what_the_probe_says() {
    let error =
        daemonlab_harness::world::real::Host::start_with("/no/such/file".as_ref()).unwrap_err();
    assert_eq!(error.errno, Some(libc::ENOENT));
    assert!(error.stage.contains("/no/such/file"), "{error}");
    let _: Probe = probe("/no/such/file".as_ref());
}
