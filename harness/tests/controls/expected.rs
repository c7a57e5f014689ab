//! Which cases each broken daemon must turn red.

use super::flawed::Flaw;

/// A broken daemon, and what it must turn red.
pub struct Control {
    /// The subject: a folder of `scenarios`.
    pub pack: &'static str,
    /// What is wrong.
    pub flaw: Flaw,
    /// The cases of the pack that fail on it; all others pass.
    pub red: &'static [&'static str],
}

macro_rules! controls {
    ($($pack:literal: $($flaw:ident => [$($red:literal),* $(,)?],)*)*) => {
        /// Every control.
        pub const CONTROLS: &[Control] = &[
            $($(Control { pack: $pack, flaw: Flaw::$flaw, red: &[$($red),*] },)*)*
        ];
    };
}

controls! {
    "detach":
    NoSetsid => ["session.yaml", "terminal.yaml"],
    OneFork => ["session.yaml"],
    KeepsDirectory => ["directory.yaml::root", "directory.yaml::working_directory"],
    KeepsUmask => ["umask.yaml::umask=0000", "umask.yaml::umask=0022", "umask.yaml::umask=0077"],
    KeepsStdio => ["stdio.yaml::kept", "stdio.yaml::error_log"],
    KeepsDescriptors => ["descriptors.yaml"],
    KeepsMask => ["signals.yaml"],
    KeepsDispositions => ["signals.yaml"],

    "pid_file":
    WrongPid => ["content.yaml::umask=0000", "content.yaml::umask=0022", "content.yaml::umask=0077", "relative.yaml", "second_start.yaml", "stop.yaml", "stale.yaml::dead", "stale.yaml::empty", "stale.yaml::garbage", "stale.yaml::living-stranger"],
    NoNewline => ["content.yaml::umask=0000", "content.yaml::umask=0022", "content.yaml::umask=0077", "second_start.yaml", "stale.yaml::dead", "stale.yaml::empty", "stale.yaml::garbage", "stale.yaml::living-stranger"],
    UmaskDecides => ["content.yaml::umask=0000", "content.yaml::umask=0022", "content.yaml::umask=0077"],
    Unlocked => ["content.yaml::umask=0000", "content.yaml::umask=0022", "content.yaml::umask=0077", "second_start.yaml", "stale.yaml::dead", "stale.yaml::empty", "stale.yaml::garbage", "stale.yaml::living-stranger"],
    WritesThrough => ["content.yaml::umask=0000", "content.yaml::umask=0022", "content.yaml::umask=0077", "second_start.yaml", "symlink.yaml", "stale.yaml::dead", "stale.yaml::empty", "stale.yaml::garbage", "stale.yaml::living-stranger", "stop.yaml"],
    LeavesPidFile => ["stop.yaml"],

    "privileges":
    KeepsGroups => ["drop.yaml::user", "drop.yaml::user-and-group"],
    KeepsGid => ["drop.yaml::user", "drop.yaml::user-and-group"],
    KeepsSavedUid => ["drop.yaml::user", "drop.yaml::user-and-group"],
    KeepsCapabilities => ["drop.yaml::user", "drop.yaml::user-and-group"],
    LauncherKeepsGroups => ["launcher.yaml"],

    "readiness":
    AlwaysZero => ["early_death.yaml", "timeout.yaml"],
    DoesNotWait => ["early_death.yaml", "launcher_gone.yaml", "not_waiting.yaml", "ready.yaml", "stranger.yaml", "timeout.yaml"],
    BelievesStrangers => ["stranger.yaml"],
    LeavesDaemon => ["timeout.yaml"],

    "retry_window":
    TriesOnce => ["errnos.yaml::eperm", "inside.yaml", "outside.yaml"],
    TriesAlways => ["errnos.yaml::einval", "errnos.yaml::esrch"],
    TriesBusily => ["inside.yaml", "outside.yaml"],
}
