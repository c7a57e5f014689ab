//! What a failed stage means on this machine, and what to do about it.

use nix::errno::Errno;

use super::{Machine, StageId};
use crate::world::WorldError;
use crate::world::real::failure::Failure;

/// What probably is the matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The probable cause.
    pub cause: String,
    /// What to do next: a command where there is one.
    pub remedy: String,
}

const APPARMOR: &str = "Ubuntu's AppArmor restriction of unprivileged user namespaces";
const APPARMOR_OFF: &str = "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
const CONTAINER: &str = "the container's system call filter or AppArmor profile";
const CONTAINER_OPEN: &str = "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
    --security-opt systempaths=unconfined (on GitHub: under `container: options:`)";

/// The probable cause of a failure, from most to least specific.
pub fn diagnose(failure: &Failure, machine: &Machine) -> Diagnosis {
    let errno = failure.errno.map(Errno::from_raw);
    let denied = matches!(errno, Some(Errno::EPERM | Errno::EACCES));
    let said = failure.evidence.as_str();
    let (cause, remedy) = match failure.stage {
        StageId::Userns | StageId::Single
            if errno == Some(Errno::ENOSPC) || machine.max_namespaces == Some(0) =>
        {
            (
                "the limit on user namespaces, or on their nesting (32 levels)".to_owned(),
                "sudo sysctl -w user.max_user_namespaces=15000".to_owned(),
            )
        }
        StageId::Userns if matches!(errno, Some(Errno::EINVAL | Errno::ENOSYS)) => (
            "a kernel without user namespaces (CONFIG_USER_NS), such as gVisor's".to_owned(),
            "run on a machine or virtual machine with a Linux kernel 5.15 or newer".to_owned(),
        ),
        StageId::Userns | StageId::Single | StageId::Mounts
            if denied && machine.apparmor_restricts && !machine.root =>
        {
            (APPARMOR.to_owned(), APPARMOR_OFF.to_owned())
        }
        StageId::Userns if denied && machine.clone_denied => (
            "unprivileged user namespaces are switched off".to_owned(),
            "sudo sysctl -w kernel.unprivileged_userns_clone=1".to_owned(),
        ),
        StageId::Processes if denied => (
            "other mounts cover parts of /proc (\"VFS: Mount too revealing\")".to_owned(),
            match machine.container {
                true => CONTAINER_OPEN.to_owned(),
                false => "findmnt --submounts /proc lists them: run where they are not".to_owned(),
            },
        ),
        StageId::Userns | StageId::Single | StageId::Mounts
            if denied && (machine.container || machine.seccomp != 0) =>
        {
            (CONTAINER.to_owned(), CONTAINER_OPEN.to_owned())
        }
        StageId::Userns if denied => (
            "user namespaces are denied here, as within chroot(2)".to_owned(),
            "run outside of the chroot, or as root".to_owned(),
        ),
        StageId::Range if errno == Some(Errno::ENOENT) => (
            "newuidmap and newgidmap are not installed".to_owned(),
            "sudo apt-get install uidmap (Fedora: shadow-utils)".to_owned(),
        ),
        StageId::Range if machine.no_new_privs => (
            "no_new_privs keeps newuidmap from gaining the privilege that it needs".to_owned(),
            "drop --security-opt no-new-privileges, or systemd's NoNewPrivileges=".to_owned(),
        ),
        StageId::Range if said.contains("perm") || said.contains("Perm") => (
            "newuidmap has lost its set-user-ID bit or its file capabilities".to_owned(),
            "reinstall the package uidmap (Fedora: shadow-utils)".to_owned(),
        ),
        StageId::Range | StageId::Ids if machine.root => (
            "root has too few ids where it runs, as in a container with a map of one id".to_owned(),
            "run outside of that user namespace, or give it a larger map".to_owned(),
        ),
        StageId::Range | StageId::Ids => (
            format!(
                "{} has no subordinate ids, or others than it asks for",
                machine.user
            ),
            format!(
                "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {}",
                machine.user
            ),
        ),
        StageId::Trace if said.contains("not supported") => (
            "processes are traced on x86-64 only so far".to_owned(),
            "run what needs it on an x86-64 machine; everything else runs here".to_owned(),
        ),
        StageId::Trace if denied && machine.ptrace_scope == Some(3) => (
            "Yama forbids tracing altogether, until the next boot".to_owned(),
            "boot with kernel.yama.ptrace_scope below 3 (/etc/sysctl.d)".to_owned(),
        ),
        StageId::Trace if denied && (machine.container || machine.seccomp != 0) => {
            (CONTAINER.to_owned(), CONTAINER_OPEN.to_owned())
        }
        StageId::Trace => (
            "a kernel older than 5.3, or one without CONFIG_SECCOMP_FILTER".to_owned(),
            "run on a kernel 5.15 or newer".to_owned(),
        ),
        _ => (
            String::new(),
            "look for what the kernel says about it (`sudo dmesg | tail`)".to_owned(),
        ),
    };
    Diagnosis { cause, remedy }
}

/// The failure as an error, with what this machine says about it.
pub fn explain(failure: Failure) -> WorldError {
    let machine = Machine::read();
    let Diagnosis { cause, remedy } = diagnose(&failure, &machine);
    let mut evidence = vec![failure.evidence];
    evidence.extend(machine.evidence(failure.stage));
    if !cause.is_empty() {
        evidence.push(format!("probably {cause}"));
    }
    evidence.retain(|line| !line.is_empty());
    WorldError {
        stage: format!("{} ({})", failure.what, failure.stage),
        errno: failure.errno,
        evidence: evidence.join("; "),
        remedy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn machine() -> Machine {
        Machine {
            max_namespaces: Some(1000),
            user: "me".to_owned(),
            ..Machine::default()
        }
    }

    #[rstest]
    #[case::ubuntu(StageId::Single, Errno::EPERM, Machine { apparmor_restricts: true, ..machine() }, "apparmor_restrict")]
    #[case::ubuntu_late(StageId::Mounts, Errno::EACCES, Machine { apparmor_restricts: true, ..machine() }, "apparmor_restrict")]
    #[case::ubuntu_in_docker(
        StageId::Mounts, Errno::EPERM,
        Machine { apparmor_restricts: true, container: true, root: true, ..machine() }, "--security-opt",
    )]
    #[case::debian(StageId::Userns, Errno::EPERM, Machine { clone_denied: true, ..machine() }, "unprivileged_userns_clone=1")]
    #[case::docker(StageId::Userns, Errno::EPERM, Machine { seccomp: 2, container: true, ..machine() }, "seccomp=unconfined")]
    #[case::masked_proc(StageId::Processes, Errno::EPERM, Machine { container: true, ..machine() }, "systempaths")]
    #[case::limit(StageId::Userns, Errno::ENOSPC, machine(), "max_user_namespaces=15000")]
    #[case::gvisor(StageId::Userns, Errno::EINVAL, machine(), "5.15")]
    #[case::no_uidmap(StageId::Range, Errno::ENOENT, machine(), "install uidmap")]
    #[case::no_new_privs(StageId::Range, Errno::EPERM, Machine { no_new_privs: true, ..machine() }, "no-new-privileges")]
    #[case::yama(StageId::Trace, Errno::EPERM, Machine { ptrace_scope: Some(3), ..machine() }, "ptrace_scope")]
    #[case::confined(StageId::Trace, Errno::EPERM, Machine { seccomp: 2, container: true, ..machine() }, "seccomp=unconfined")]
    #[case::old_kernel(StageId::Trace, Errno::EIO, machine(), "5.15")]
    fn each_cause_has_its_remedy(
        #[case] stage: StageId,
        #[case] errno: Errno,
        #[case] machine: Machine,
        #[case] remedy: &str,
    ) {
        let failure = Failure::new(stage, "do it", errno);
        let found = diagnose(&failure, &machine);
        assert!(found.remedy.contains(remedy), "{found:?}");
        assert!(!found.cause.is_empty());
    }

    #[test]
    fn another_machine_is_named() {
        let failure = Failure::new(
            StageId::Trace,
            "trace",
            "m68k is not supported yet".to_owned(),
        );
        assert!(diagnose(&failure, &machine()).remedy.contains("x86-64"));
    }

    #[rstest]
    #[case::no_entry("no line of /etc/subuid is about me or 1000", "usermod --add-subuids")]
    #[case::not_allowed(
        "newuidmap: uid range [1-10) -> [7-16) not allowed",
        "usermod --add-subuids"
    )]
    #[case::lost_bit(
        "newuidmap: write to uid_map failed: Operation not permitted",
        "reinstall"
    )]
    fn what_newuidmap_says_counts(#[case] said: &str, #[case] remedy: &str) {
        let failure = Failure::new(StageId::Range, "map", said.to_owned());
        let found = diagnose(&failure, &machine());
        assert!(found.remedy.contains(remedy), "{found:?}");
    }

    #[test]
    fn an_error_names_stage_errno_evidence_and_remedy() {
        let failure = Failure::new(StageId::Userns, "make a user namespace", Errno::ENOSPC);
        let text = explain(failure).to_string();
        assert!(
            text.starts_with("cannot make a user namespace (S1 userns): "),
            "{text}"
        );
        assert!(
            text.contains("ENOSPC") && text.contains("= help: sudo sysctl"),
            "{text}"
        );
    }
}
