//! Which cases each broken daemon must turn red.

use super::flaws::Flaw;

/// A broken daemon, and what it must turn red.
pub struct Control {
    /// The subject: a folder of `scenarios`.
    pub pack: &'static str,
    /// What is wrong.
    pub flaw: Flaw,
    /// The cases of the pack that fail on it; all others pass. One that ends in
    /// `*` stands for all that begin so.
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
    NoSetsid => ["session.yaml", "terminal.yaml", "order.yaml"],
    OneFork => ["session.yaml", "order.yaml"],
    KeepsDirectory => ["directory.yaml::root", "directory.yaml::working_directory", "order.yaml"],
    KeepsUmask => ["umask.yaml::umask=0000", "umask.yaml::umask=0022", "umask.yaml::umask=0077"],
    KeepsStdio => ["stdio.yaml::kept", "stdio.yaml::error_log"],
    KeepsDescriptors => ["descriptors.yaml"],
    KeepsMask => ["signals.yaml"],
    KeepsDispositions => ["signals.yaml"],
    MakesPidFileFirst => ["order.yaml"],

    "pid_file":
    WrongPid => ["content.yaml::umask=0000", "content.yaml::umask=0022", "content.yaml::umask=0077", "relative.yaml", "second_start.yaml", "stop.yaml", "stale.yaml::dead", "stale.yaml::empty", "stale.yaml::garbage", "stale.yaml::living-stranger"],
    NoNewline => ["content.yaml::umask=0000", "content.yaml::umask=0022", "content.yaml::umask=0077", "second_start.yaml", "stale.yaml::dead", "stale.yaml::empty", "stale.yaml::garbage", "stale.yaml::living-stranger"],
    UmaskDecides => ["content.yaml::umask=0000", "content.yaml::umask=0022", "content.yaml::umask=0077", "never_partial.yaml"],
    Unlocked => ["content.yaml::umask=0000", "content.yaml::umask=0022", "content.yaml::umask=0077", "second_start.yaml", "stale.yaml::dead", "stale.yaml::empty", "stale.yaml::garbage", "stale.yaml::living-stranger", "never_partial.yaml"],
    WritesThrough => ["content.yaml::umask=0000", "content.yaml::umask=0022", "content.yaml::umask=0077", "second_start.yaml", "symlink.yaml", "stale.yaml::dead", "stale.yaml::empty", "stale.yaml::garbage", "stale.yaml::living-stranger", "stop.yaml", "never_partial.yaml", "never_through_a_link.yaml::*"],
    LeavesPidFile => ["stop.yaml"],
    WritesLate => ["never_partial.yaml"],
    LocksLate => ["never_partial.yaml"],

    "privileges":
    KeepsGroups => ["drop.yaml::user", "drop.yaml::user-and-group", "order.yaml"],
    KeepsGid => ["drop.yaml::user", "drop.yaml::user-and-group", "order.yaml"],
    KeepsSavedUid => ["drop.yaml::user", "drop.yaml::user-and-group", "inheritable.yaml", "order.yaml"],
    KeepsCapabilities => ["drop.yaml::user", "drop.yaml::user-and-group", "inheritable.yaml", "order.yaml"],
    LauncherKeepsGroups => ["launcher.yaml", "order.yaml"],
    GidBeforeGroups => ["order.yaml"],
    UidBeforeGid => ["order.yaml"],
    NoProof => ["order.yaml"],
    ServesAsRoot => ["order.yaml"],

    "readiness":
    AlwaysZero => ["default_timeouts.yaml::never-ready", "default_timeouts.yaml::ready-too-late", "early_death.yaml", "timeout.yaml"],
    DoesNotWait => ["default_timeouts.yaml::*", "early_death.yaml", "launcher_gone.yaml", "not_waiting.yaml", "ready.yaml", "stranger.yaml", "timeout.yaml", "order.yaml"],
    BelievesStrangers => ["stranger.yaml"],
    SignalKills => ["default_timeouts.yaml::ready-just-in-time", "ready.yaml", "signal_is_awaited.yaml", "stranger.yaml", "order.yaml"],
    LeavesDaemon => ["default_timeouts.yaml::never-ready", "default_timeouts.yaml::ready-too-late", "timeout.yaml"],
    SignalsEarly => ["order.yaml"],
    SignalsGroup => ["order.yaml"],

    "retry_window":
    TriesOnce => ["default_timeouts.yaml", "errnos.yaml::eperm", "inside.yaml", "outside.yaml"],
    TriesAlways => ["errnos.yaml::einval", "errnos.yaml::esrch"],
    TriesBusily => ["inside.yaml", "outside.yaml"],

    "hygiene":
    LauncherKeepsAll => ["launcher.yaml::*"],
    KeepsDescriptors => ["descriptors.yaml::*", "launcher.yaml::*", "limits.yaml", "streams.yaml::*"],
    LeaksOwn => ["descriptors.yaml::*", "limits.yaml", "streams.yaml::*"],
    KeepsMask => ["mask.yaml"],
    KeepsDispositions => ["dispositions.yaml", "early_death.yaml::ignored"],
    KeepsUmask => ["umask.yaml"],
    UmaskDecides => ["umask.yaml"],
    KeepsDirectory => ["directory.yaml"],
    BelievesEmptyVariable => ["environment.yaml::nonsense"],
    RaisesLimits => ["limits.yaml"],
    AlwaysZero => ["early_death.yaml::*", "no_room.yaml"],
    TakesDaemonAlong => ["descriptors.yaml::*", "directory.yaml", "dispositions.yaml", "environment.yaml::*", "launcher.yaml::*", "mask.yaml", "umask.yaml", "limits.yaml", "streams.yaml::*"],

    "lifecycle":
    LeavesWorker => ["after_stop.yaml::*", "during_a_stop.yaml", "killed.yaml", "restarts.yaml", "stop.yaml::*", "stops_in_order.yaml::*", "hundred_restarts.yaml"],
    LeavesPidFile => ["after_stop.yaml::*", "during_a_stop.yaml", "hang_up.yaml::*", "killed.yaml", "restarts.yaml", "stop.yaml::*", "stops_in_order.yaml::*", "hundred_restarts.yaml"],
    StopsAtOnce => ["during_a_stop.yaml", "hang_up.yaml::*", "in_flight.yaml::QUIT", "in_flight.yaml::TERM", "stop.yaml::signal=QUIT", "stop.yaml::signal=TERM", "stops_in_order.yaml::*", "hundred_restarts.yaml"],
    TakesItsTime => ["in_flight.yaml::INT"],
    KeepsStale => ["killed.yaml"],
    NoSetsid => ["during_a_stop.yaml", "hang_up.yaml::*", "stops_in_order.yaml::*"],
    Unlocked => ["after_stop.yaml::*", "during_a_stop.yaml", "killed.yaml", "restarts.yaml", "stops_in_order.yaml::*"],
    WrongPid => ["after_stop.yaml::*", "during_a_stop.yaml", "hang_up.yaml::*", "in_flight.yaml::*", "killed.yaml", "restarts.yaml", "stop.yaml::*", "stops_in_order.yaml::*", "hundred_restarts.yaml"],
    HidesErrno => ["killed.yaml"],
    TakesDaemonAlong => ["after_stop.yaml::*", "during_a_stop.yaml", "hang_up.yaml::*", "in_flight.yaml::*", "killed.yaml", "restarts.yaml", "stop.yaml::*", "stops_in_order.yaml::*", "hundred_restarts.yaml"],

    "upgrade":
    NoOld => ["dies.yaml::*", "fails.yaml::cannot-listen", "name_is_not_given_back.yaml", "takes_over.yaml::*"],
    EndsOldEarly => ["dies.yaml::*", "fails.yaml::*", "name_is_not_given_back.yaml", "never_refused.yaml", "takes_over.yaml::*", "waits.yaml", "new_stops_in_order.yaml::*", "old_has_its_turn.yaml"],
    HandsNothing => ["dies.yaml::*", "fails.yaml::*", "name_is_not_given_back.yaml", "never_refused.yaml", "takes_over.yaml::*", "waits.yaml", "new_stops_in_order.yaml::*", "old_has_its_turn.yaml"],
    LeavesGap => ["never_refused.yaml"],
    KeepsName => ["dies.yaml::*", "fails.yaml::cannot-listen"],
    ForgetsOlder => ["dies.yaml::*", "fails.yaml::cannot-listen", "name_is_not_given_back.yaml"],
    HidesErrno => ["nobody.yaml::*"],
    AlwaysZero => ["dies.yaml::*", "fails.yaml::*", "name_is_not_given_back.yaml", "nobody.yaml::*"],
    Unlocked => ["dies.yaml::*", "fails.yaml::*", "name_is_not_given_back.yaml", "takes_over.yaml::*", "new_stops_in_order.yaml::*", "old_has_its_turn.yaml"],
    LeavesPidFile => ["dies.yaml::*", "fails.yaml::cannot-listen", "nobody.yaml::*", "takes_over.yaml::*", "new_stops_in_order.yaml::*", "old_has_its_turn.yaml"],
    DoesNotWait => ["dies.yaml::*", "fails.yaml::*", "name_is_not_given_back.yaml", "never_refused.yaml", "nobody.yaml::*", "takes_over.yaml::*", "waits.yaml", "new_stops_in_order.yaml::*", "old_has_its_turn.yaml"],
    UmaskDecides => ["name_is_not_given_back.yaml", "takes_over.yaml::*"],
    StartsHelper => ["fails.yaml::cannot-listen", "name_is_not_given_back.yaml", "nobody.yaml::*", "takes_over.yaml::*"],

    "bad_input":
    IgnoresConf => ["unknown_keys.yaml", "unreadable.yaml::directory", "unreadable.yaml::endless", "values.yaml::*"],
    RefusesWithZero => ["command_line.yaml::*", "not_permitted.yaml", "unreadable.yaml::*", "values.yaml::*"],
    MissingIsEmpty => ["not_permitted.yaml", "unreadable.yaml::in-a-file", "unreadable.yaml::loop", "unreadable.yaml::missing"],
    TouchesEarly => ["command_line.yaml::*", "help.yaml::*", "not_permitted.yaml", "unknown_keys.yaml", "unreadable.yaml::*", "values.yaml::*"],
    StartsHelper => ["command_line.yaml::*", "help.yaml::*", "not_permitted.yaml", "unreadable.yaml::*", "values.yaml::*"],
    Chatty => ["command_line.yaml::*", "help.yaml::*", "values.yaml::*"],
    AllOnStderr => ["help.yaml::*"],
    AllOnStdout => ["command_line.yaml::*", "not_permitted.yaml", "unknown_keys.yaml", "unreadable.yaml::*", "values.yaml::*"],
    Quiet => ["unknown_keys.yaml"],
    TakesDaemonAlong => ["unknown_keys.yaml"],

    "systemd":
    WrongPid => ["forking.yaml::*", "notify.yaml::*", "notify_foreground.yaml", "user.yaml"],
    NoNewline => ["forking.yaml::*", "notify_foreground.yaml"],
    UmaskDecides => ["forking.yaml::*", "user.yaml"],
    Unlocked => ["forking.yaml::*", "notify_foreground.yaml"],
    DoesNotWait => ["failure.yaml::cannot-listen", "forking.yaml::*", "notify.yaml::*", "notify_nobody.yaml::*", "notify_not_ready.yaml", "user.yaml"],
    GivesPidFileAway => ["forking.yaml::*", "user.yaml"],
    AlwaysZero => ["failure.yaml::*", "notify_nobody.yaml::*", "notify_not_ready.yaml"],
    LeavesPidFile => ["failure.yaml::cannot-listen", "notify_foreground.yaml", "notify_nobody.yaml::*"],
    StartsHelper => ["failure.yaml::*", "notify_nobody.yaml::*"],
    TellsNobody => ["notify.yaml::*", "notify_foreground.yaml", "notify_nobody.yaml::nobody-listens", "notify_nobody.yaml::nothing-there"],
    WrongMainPid => ["notify.yaml::*", "notify_foreground.yaml"],
    TellsEarly => ["notify.yaml::environment-cleaned", "notify.yaml::path", "notify_not_ready.yaml"],
    HidesErrno => ["notify_nobody.yaml::nobody-listens", "notify_nobody.yaml::nothing-there"],
    TakesDaemonAlong => ["forking.yaml::*", "notify.yaml::*", "user.yaml"],
    KeepsSavedUid => ["user.yaml"],
}
