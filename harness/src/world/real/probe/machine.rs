//! What can be read about this machine that bears on why a stage failed.
//! It is never trusted alone: what counts is what was tried.

use std::fs;
use std::path::Path;

use super::StageId;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// `/proc/sys/kernel/apparmor_restrict_unprivileged_userns` is 1.
    pub apparmor_restricts: bool,
    /// `/proc/sys/kernel/unprivileged_userns_clone` is 0.
    pub clone_denied: bool,
    /// `/proc/sys/user/max_user_namespaces`.
    pub max_namespaces: Option<u64>,
    /// `/proc/sys/kernel/yama/ptrace_scope`, where there is Yama.
    pub ptrace_scope: Option<u64>,
    /// The `Seccomp` mode of `/proc/self/status`.
    pub seccomp: u32,
    /// The `NoNewPrivs` of `/proc/self/status`.
    pub no_new_privs: bool,
    /// Whether this is a container, by the marks that Docker and Podman leave.
    pub container: bool,
    /// Whether this is GitHub Actions.
    pub github: bool,
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
            max_namespaces: number("/proc/sys/user/max_user_namespaces"),
            ptrace_scope: number("/proc/sys/kernel/yama/ptrace_scope"),
            seccomp: field("Seccomp"),
            no_new_privs: field("NoNewPrivs") != 0,
            container: ["/.dockerenv", "/run/.containerenv"]
                .iter()
                .any(|mark| Path::new(mark).exists()),
            github: std::env::var_os("GITHUB_ACTIONS").is_some(),
            root: uid.is_root(),
            user: name.unwrap_or_else(|| uid.to_string()),
        }
    }

    /// What is out of the ordinary and bears on a stage, as evidence.
    pub fn evidence(&self, stage: StageId) -> Vec<String> {
        let namespace = stage <= StageId::Single;
        let confined = matches!(
            stage,
            StageId::Userns | StageId::Single | StageId::Mounts | StageId::Processes
        );
        let seccomp = format!("Seccomp: {} in /proc/self/status", self.seccomp);
        let all = [
            (
                confined && self.apparmor_restricts,
                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns = 1",
            ),
            (
                namespace && self.clone_denied,
                "/proc/sys/kernel/unprivileged_userns_clone = 0",
            ),
            (
                namespace && self.max_namespaces == Some(0),
                "/proc/sys/user/max_user_namespaces = 0",
            ),
            (
                (confined || stage == StageId::Trace) && self.seccomp != 0,
                &seccomp,
            ),
            (
                stage == StageId::Trace && self.ptrace_scope == Some(3),
                "/proc/sys/kernel/yama/ptrace_scope = 3",
            ),
            (
                stage == StageId::Range && self.no_new_privs,
                "NoNewPrivs: 1 in /proc/self/status",
            ),
            (
                confined && self.container,
                "/.dockerenv or /run/.containerenv is there",
            ),
        ];
        let there = all.into_iter().filter(|(holds, _)| *holds);
        there.map(|(_, text)| text.to_owned()).collect()
    }
}
