//! What can be read about this machine that bears on why a stage failed.
//! It is never trusted alone: what counts is what was tried.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::world::real::stage::StageId;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// `/proc/sys/kernel/apparmor_restrict_unprivileged_userns` is 1.
    pub apparmor_restricts: bool,
    /// `/proc/sys/kernel/unprivileged_userns_clone` is 0.
    pub clone_denied: bool,
    /// `/proc/sys/user/max_KIND_namespaces` by kind: how many there may be.
    pub max_namespaces: BTreeMap<String, u64>,
    /// `/proc/sys/kernel/yama/ptrace_scope`, where there is Yama.
    pub ptrace_scope: Option<u64>,
    /// The AppArmor profile that confines this process, if one does.
    pub apparmor_profile: Option<String>,
    /// The `Seccomp` mode of `/proc/self/status`.
    pub seccomp: u32,
    /// The `NoNewPrivs` of `/proc/self/status`.
    pub no_new_privs: bool,
    /// Whether this is a container, by the marks that Docker and Podman leave.
    pub container: bool,
    /// The runner's image, if this is GitHub Actions.
    pub github: Option<String>,
    /// Whether this is root.
    pub root: bool,
    /// The user's name or number.
    pub user: String,
}

impl Machine {
    /// Reads this one.
    pub fn read() -> Machine {
        let number =
            |path: &str| -> Option<u64> { fs::read_to_string(path).ok()?.trim().parse().ok() };
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| -> u32 {
            let value = status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            value
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0)
        };
        let uid = nix::unistd::geteuid();
        let name = nix::unistd::User::from_uid(uid)
            .ok()
            .flatten()
            .map(|user| user.name);
        Machine {
            apparmor_restricts: number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
                == Some(1),
            clone_denied: number("/proc/sys/kernel/unprivileged_userns_clone") == Some(0),
            max_namespaces: KINDS
                .into_iter()
                .filter_map(|kind| {
                    let most = number(&format!("/proc/sys/user/max_{kind}_namespaces"))?;
                    Some((kind.to_owned(), most))
                })
                .collect(),
            ptrace_scope: number("/proc/sys/kernel/yama/ptrace_scope"),
            apparmor_profile: apparmor_profile(),
            seccomp: field("Seccomp"),
            no_new_privs: field("NoNewPrivs") != 0,
            container: ["/.dockerenv", "/run/.containerenv"]
                .iter()
                .any(|mark| Path::new(mark).exists()),
            github: github(),
            root: uid.is_root(),
            user: name.unwrap_or_else(|| uid.to_string()),
        }
    }

    /// The kinds of namespaces of which there may be none.
    pub fn without(&self) -> impl Iterator<Item = &str> {
        let none = self.max_namespaces.iter().filter(|(_, most)| **most == 0);
        none.map(|(kind, _)| kind.as_str())
    }

    /// What is out of the ordinary and bears on a stage, as evidence.
    pub fn evidence(&self, stage: StageId) -> Vec<String> {
        let namespace = stage <= StageId::Single;
        let confined = matches!(
            stage,
            StageId::Userns | StageId::Single | StageId::Mounts | StageId::Processes
        );
        let filtered = confined || matches!(stage, StageId::Ids | StageId::Trace);
        let mut found = Vec::new();
        let mut note = |holds: bool, text: String| {
            if holds {
                found.push(text);
            }
        };
        note(
            confined && self.apparmor_restricts,
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns = 1".to_owned(),
        );
        if let Some(profile) = &self.apparmor_profile {
            note(
                filtered,
                format!("/proc/self/attr/current is the AppArmor profile {profile:?}"),
            );
        }
        note(
            namespace && self.clone_denied,
            "/proc/sys/kernel/unprivileged_userns_clone = 0".to_owned(),
        );
        for kind in self.without() {
            note(
                confined && (kind == "user") == namespace,
                format!("/proc/sys/user/max_{kind}_namespaces = 0"),
            );
        }
        note(
            filtered && self.seccomp != 0,
            format!("Seccomp: {} in /proc/self/status", self.seccomp),
        );
        note(
            stage == StageId::Trace && self.ptrace_scope == Some(3),
            "/proc/sys/kernel/yama/ptrace_scope = 3".to_owned(),
        );
        note(
            stage == StageId::Range && self.no_new_privs,
            "NoNewPrivs: 1 in /proc/self/status".to_owned(),
        );
        note(
            confined && self.container,
            "/.dockerenv or /run/.containerenv is there".to_owned(),
        );
        if let Some(image) = &self.github {
            note(confined, format!("GITHUB_ACTIONS, image {image}"));
        }
        found
    }
}

/// The kinds of namespaces that a sandbox has of its own.
const KINDS: [&str; 6] = ["user", "mnt", "pid", "net", "ipc", "uts"];

/// By `apparmor(7)`: a label, and in parentheses whether it is enforced.
fn apparmor_profile() -> Option<String> {
    let ours = fs::read_to_string("/proc/self/attr/apparmor/current");
    let label = ours.or_else(|_| {
        // Without a folder of its own the file may be another module's.
        fs::metadata("/sys/kernel/security/apparmor")?;
        fs::read_to_string("/proc/self/attr/current")
    });
    let label = label.ok()?.trim().to_owned();
    (!label.is_empty() && !label.starts_with("unconfined")).then_some(label)
}

fn github() -> Option<String> {
    std::env::var_os("GITHUB_ACTIONS")?;
    let image = std::env::var("ImageOS");
    Some(image.unwrap_or_else(|_| "unknown".to_owned()))
}
