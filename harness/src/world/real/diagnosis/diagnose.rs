//! What a failed stage means on this machine, and what to do about it.

use nix::errno::Errno;

use super::Machine;
use crate::world::WorldError;
use crate::world::real::failure::Failure;
use crate::world::real::stage::StageId;

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
const FILTER: &str = "a system call filter (seccomp) that this process was started with";
const FILTER_OFF: &str = "run daemonlab outside of it: systemd's SystemCallFilter= and \
    RestrictNamespaces=, or a sandbox of the shell that it is started from";

/// The probable cause of a failure, from most to least specific.
pub fn diagnose(failure: &Failure, machine: &Machine) -> Diagnosis {
    let found = resources(failure, machine).or_else(|| match failure.stage {
        StageId::Userns | StageId::Single => namespace(failure, machine),
        StageId::Range => range(failure, machine),
        StageId::Mounts | StageId::Processes => inside(failure, machine),
        StageId::Ids => ids(failure, machine),
        StageId::Trace => trace(failure, machine),
    });
    let (cause, remedy) = found.unwrap_or_else(|| {
        (
            String::new(),
            "look for what the kernel says about it (`sudo dmesg | tail`)".to_owned(),
        )
    });
    Diagnosis { cause, remedy }
}

/// A cause and a remedy.
type Found = Option<(String, String)>;

fn found(cause: impl Into<String>, remedy: impl Into<String>) -> Found {
    Some((cause.into(), remedy.into()))
}

fn errno(failure: &Failure) -> Option<Errno> {
    failure.errno.map(Errno::from_raw)
}

fn denied(failure: &Failure) -> bool {
    matches!(errno(failure), Some(Errno::EPERM | Errno::EACCES))
}

/// What any stage may lack.
fn resources(failure: &Failure, machine: &Machine) -> Found {
    match errno(failure)? {
        Errno::EAGAIN => found(
            format!("{} has as many processes as it may", machine.user),
            "ulimit -u unlimited (`ulimit -Hu` says how many are allowed), or end some",
        ),
        Errno::EMFILE => found(
            "a limit of open files that is too low",
            "ulimit -n 1024 (`ulimit -Hn` says how many are allowed)",
        ),
        Errno::ENFILE => found(
            "as many files are open on this machine as may be",
            "sudo sysctl -w fs.file-max=1000000",
        ),
        Errno::ENOMEM => found("too little memory", "free some: `free -h` says how much"),
        _ => None,
    }
}

/// The user namespace, and one id in it.
fn namespace(failure: &Failure, machine: &Machine) -> Found {
    let errno = errno(failure)?;
    if errno == Errno::ENOSPC || machine.without().any(|kind| kind == "user") {
        return found(
            "the limit on user namespaces, or on their nesting (32 levels)",
            "sudo sysctl -w user.max_user_namespaces=15000",
        );
    }
    if failure.stage == StageId::Userns && errno == Errno::ENOENT {
        return found(
            "the program or /proc is not there",
            "mount -t proc proc /proc, if `ls /proc/self` shows nothing",
        );
    }
    if failure.stage == StageId::Userns && matches!(errno, Errno::EINVAL | Errno::ENOSYS) {
        return found(
            "a kernel without user namespaces (CONFIG_USER_NS), such as gVisor's",
            "run on a machine or virtual machine with a Linux kernel 5.15 or newer",
        );
    }
    if !denied(failure) {
        return None;
    }
    if machine.apparmor_restricts && !machine.root {
        return found(APPARMOR, APPARMOR_OFF);
    }
    if machine.clone_denied {
        return found(
            "unprivileged user namespaces are switched off",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1",
        );
    }
    confined(machine).or_else(|| {
        // What is left of create_user_ns in kernel/user_namespace.c.
        found(
            "a chroot(2): the kernel makes no user namespace in one",
            "run outside of the chroot",
        )
    })
}

/// A filter or a profile, where there is a sign of one.
fn confined(machine: &Machine) -> Found {
    match (&machine.apparmor_profile, machine.container) {
        (_, true) if machine.seccomp != 0 => found(CONTAINER, CONTAINER_OPEN),
        (Some(_), true) => found(CONTAINER, CONTAINER_OPEN),
        (Some(profile), false) => found(
            format!("the AppArmor profile {profile:?}, which denies what a sandbox is made of"),
            "sudo aa-complain that profile, or start daemonlab from a program without one \
             (`sudo aa-status` lists them)",
        ),
        (None, false) if machine.seccomp != 0 => found(FILTER, FILTER_OFF),
        (None, _) => None,
    }
}

/// A range of ids, by `newuidmap(1)` or by root.
fn range(failure: &Failure, machine: &Machine) -> Found {
    let said = failure.evidence.to_lowercase();
    if machine.root {
        return too_few();
    }
    if errno(failure) == Some(Errno::ENOENT) {
        return found(
            "newuidmap and newgidmap are not installed",
            "sudo apt-get install uidmap (Fedora: shadow-utils)",
        );
    }
    if said.contains("cannot determine your user name") {
        return found(
            format!("/etc/passwd does not know user {}", machine.user),
            "run as a user that it knows: newuidmap asks for the name",
        );
    }
    if machine.no_new_privs {
        return found(
            "no_new_privs keeps newuidmap from gaining the privilege that it needs",
            "drop --security-opt no-new-privileges, or systemd's NoNewPrivileges=",
        );
    }
    if said.contains("perm") {
        return found(
            "newuidmap has lost its set-user-ID bit or its file capabilities, or lies on a \
             file system that is mounted nosuid",
            "sudo apt-get install --reinstall uidmap (Fedora: dnf reinstall shadow-utils); \
             `findmnt -no OPTIONS -T \"$(command -v newuidmap)\"` shows nosuid",
        );
    }
    found(
        format!(
            "{} has no subordinate ids, or others than it asks for",
            machine.user
        ),
        format!(
            "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {}",
            machine.user
        ),
    )
}

fn too_few() -> Found {
    found(
        "root has too few ids where it runs, as in a container with a map of one id",
        "run outside of that user namespace, or give it a larger map",
    )
}

/// What root of the namespace may do: mounts, and more namespaces.
fn inside(failure: &Failure, machine: &Machine) -> Found {
    if errno(failure) == Some(Errno::ENOSPC) {
        let kinds = machine.without().find(|kind| *kind != "user");
        let kind = kinds.unwrap_or(match failure.stage {
            StageId::Mounts => "mnt",
            _ => "pid",
        });
        return found(
            format!("the limit on {kind} namespaces"),
            format!("sudo sysctl -w user.max_{kind}_namespaces=15000"),
        );
    }
    if !denied(failure) {
        return None;
    }
    if failure.stage == StageId::Mounts && machine.apparmor_restricts && !machine.root {
        return found(APPARMOR, APPARMOR_OFF);
    }
    if failure.stage == StageId::Processes {
        return found(
            "other mounts cover parts of /proc (\"VFS: Mount too revealing\")",
            match machine.container {
                true => CONTAINER_OPEN,
                false => "findmnt --submounts /proc lists them: run where they are not",
            },
        );
    }
    confined(machine).or_else(|| match machine.container {
        true => found(CONTAINER, CONTAINER_OPEN),
        false => None,
    })
}

/// Switching ids inside.
fn ids(failure: &Failure, machine: &Machine) -> Found {
    match errno(failure)? {
        Errno::EPERM if machine.seccomp != 0 || machine.apparmor_profile.is_some() => {
            confined(machine)
        }
        _ if machine.root => too_few(),
        _ => range(failure, machine),
    }
}

/// Tracing processes.
fn trace(failure: &Failure, machine: &Machine) -> Found {
    if failure.evidence.contains("not supported") {
        return found(
            "processes are traced on x86-64 only so far",
            "run what needs it on an x86-64 machine; everything else runs here",
        );
    }
    if denied(failure) && machine.ptrace_scope == Some(3) {
        return found(
            "Yama forbids tracing altogether, until the next boot",
            "boot with kernel.yama.ptrace_scope below 3 (/etc/sysctl.d)",
        );
    }
    if denied(failure)
        && let Some(found) = confined(machine)
    {
        return Some(found);
    }
    found(
        "a kernel older than 5.3, or one without CONFIG_SECCOMP_FILTER",
        "run on a kernel 5.15 or newer",
    )
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
            max_namespaces: [("user".to_owned(), 1000)].into(),
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
    #[case::ubuntu_at_once(StageId::Userns, Errno::EACCES, Machine { apparmor_restricts: true, ..machine() }, "apparmor_restrict")]
    #[case::ubuntu_on_github(
        StageId::Single, Errno::EPERM,
        Machine { apparmor_restricts: true, github: Some("ubuntu24".to_owned()), ..machine() }, "apparmor_restrict",
    )]
    #[case::profile_strips_capabilities(
        StageId::Mounts, Errno::EPERM,
        Machine { apparmor_profile: Some("unpriv_bwrap (enforce)".to_owned()), ..machine() }, "aa-",
    )]
    #[case::profile_of_docker(
        StageId::Mounts, Errno::EACCES,
        Machine { apparmor_profile: Some("docker-default (enforce)".to_owned()), container: true, root: true, ..machine() },
        "apparmor=unconfined",
    )]
    #[case::debian(StageId::Userns, Errno::EPERM, Machine { clone_denied: true, ..machine() }, "unprivileged_userns_clone=1")]
    #[case::docker(StageId::Userns, Errno::EPERM, Machine { seccomp: 2, container: true, ..machine() }, "seccomp=unconfined")]
    #[case::systemd(StageId::Userns, Errno::EPERM, Machine { seccomp: 2, ..machine() }, "RestrictNamespaces=")]
    #[case::chroot(StageId::Userns, Errno::EPERM, machine(), "outside of the chroot")]
    #[case::chroot_in_docker(StageId::Userns, Errno::EPERM, Machine { container: true, ..machine() }, "outside of the chroot")]
    #[case::no_more_pid_namespaces(
        StageId::Processes, Errno::ENOSPC,
        Machine { max_namespaces: [("user".to_owned(), 9), ("net".to_owned(), 0)].into(), ..machine() },
        "max_net_namespaces=15000",
    )]
    #[case::no_more_processes(StageId::Userns, Errno::EAGAIN, machine(), "ulimit -u")]
    #[case::no_more_files(StageId::Range, Errno::EMFILE, machine(), "ulimit -n")]
    #[case::unmapped(StageId::Ids, Errno::EINVAL, machine(), "usermod")]
    #[case::filtered_setgroups(StageId::Ids, Errno::EPERM, Machine { seccomp: 2, ..machine() }, "SystemCallFilter=")]
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
    #[case::nobody("newuidmap: Cannot determine your user name.", "a user that it knows")]
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
