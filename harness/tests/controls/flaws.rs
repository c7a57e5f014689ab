//! The flaws, by name.

macro_rules! flaws {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What is wrong with a broken daemon.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Flaw {
            $($(#[$doc])* $name,)*
        }

        impl Flaw {
            /// The flaw that a broken daemon is named after.
            pub fn named(name: &str) -> Option<Flaw> {
                match name {
                    $($text => Some(Flaw::$name),)*
                    _ => None,
                }
            }

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Flaw::$name => $text,)*
                }
            }
        }
    };
}

flaws! {
    /// It stays in its starter's session.
    NoSetsid = "no-setsid",
    /// It forks once and leads its session.
    OneFork = "one-fork",
    /// It stays in its starter's working directory.
    KeepsDirectory = "keeps-directory",
    /// It keeps its starter's umask.
    KeepsUmask = "keeps-umask",
    /// It leaves its standard streams as they were.
    KeepsStdio = "keeps-stdio",
    /// It leaves inherited descriptors open.
    KeepsDescriptors = "keeps-descriptors",
    /// It keeps the signal mask.
    KeepsMask = "keeps-mask",
    /// It keeps the dispositions.
    KeepsDispositions = "keeps-dispositions",

    /// It writes the PID of another process.
    WrongPid = "wrong-pid",
    /// It writes its PID without a newline.
    NoNewline = "no-newline",
    /// Its PID file gets what mode the umask leaves.
    UmaskDecides = "umask-decides",
    /// It does not lock its PID file.
    Unlocked = "unlocked",
    /// It writes through whatever has the PID file's name.
    WritesThrough = "writes-through",
    /// It leaves its PID file behind when it is stopped.
    LeavesPidFile = "leaves-pid-file",

    /// It keeps its supplementary groups.
    KeepsGroups = "keeps-groups",
    /// It keeps its group id.
    KeepsGid = "keeps-gid",
    /// It keeps root in its saved user id.
    KeepsSavedUid = "keeps-saved-uid",
    /// It keeps its capabilities.
    KeepsCapabilities = "keeps-capabilities",
    /// Its launcher waits as root's group.
    LauncherKeepsGroups = "launcher-keeps-groups",

    /// Its launcher exits 0 whatever happens.
    AlwaysZero = "always-zero",
    /// Its launcher does not wait.
    DoesNotWait = "does-not-wait",
    /// Its launcher takes any SIGUSR1 for readiness.
    BelievesStrangers = "believes-strangers",
    /// Its launcher is killed by the daemon's SIGUSR1.
    SignalKills = "signal-kills",
    /// Its launcher keeps every descriptor while it waits.
    LauncherKeepsAll = "launcher-keeps-all",
    /// It leaves the daemon running when the time is over.
    LeavesDaemon = "leaves-daemon",

    /// It does not try again after EPERM.
    TriesOnce = "tries-once",
    /// It tries again whatever the errno.
    TriesAlways = "tries-always",
    /// It tries again without a pause.
    TriesBusily = "tries-busily",

    /// Its daemon keeps the pipe and the pidfd of its start.
    LeaksOwn = "leaks-own",
    /// It takes an empty variable for an address.
    BelievesEmptyVariable = "believes-empty-variable",
    /// Its launcher's end is its daemon's end.
    TakesDaemonAlong = "takes-daemon-along",
    /// It takes as much of each resource as it can have.
    RaisesLimits = "raises-limits",

    /// A worker of the daemon's outlives it.
    LeavesWorker = "leaves-worker",
    /// It ends at once when it is told to stop.
    StopsAtOnce = "stops-at-once",
    /// It takes SIGINT for SIGTERM.
    TakesItsTime = "takes-its-time",
    /// It makes `.old` of a file that nobody held.
    KeepsStale = "keeps-stale",

    /// It gives the old instance's file no second name.
    NoOld = "no-old",
    /// It ends the old instance as soon as it has its sockets.
    EndsOldEarly = "ends-old-early",
    /// It hands nothing over.
    HandsNothing = "hands-nothing",
    /// It lets the port be refused for a moment.
    LeavesGap = "leaves-gap",
    /// When it fails it does not give the name back.
    KeepsName = "keeps-name",
    /// It does not look at `.old`.
    ForgetsOlder = "forgets-older",
    /// It says of what it cannot reach that it is an input/output error.
    HidesErrno = "hides-errno",

    /// It does not read its conf file.
    IgnoresConf = "ignores-conf",
    /// Status 0 for what it refuses.
    RefusesWithZero = "refuses-with-zero",
    /// It takes a conf file that it cannot open for an empty one.
    MissingIsEmpty = "missing-is-empty",
    /// It makes a PID file first of all.
    TouchesEarly = "touches-early",
    /// It starts a helper first of all.
    StartsHelper = "starts-helper",
    /// It talks.
    Chatty = "chatty",
    /// It says on stderr what belongs on stdout.
    AllOnStderr = "all-on-stderr",
    /// It says on stdout what belongs on stderr.
    AllOnStdout = "all-on-stdout",
    /// It warns of nothing.
    Quiet = "quiet",

    /// It gives the PID file to the user.
    GivesPidFileAway = "gives-pid-file-away",
    /// It does not tell the service manager.
    TellsNobody = "tells-nobody",
    /// It tells the service manager of another process.
    WrongMainPid = "wrong-main-pid",
    /// It tells the service manager before it is ready.
    TellsEarly = "tells-early",

    /// It makes its PID file before it leaves its starter's session.
    MakesPidFileFirst = "makes-pid-file-first",
    /// Its PID file is empty when it gets its name.
    WritesLate = "writes-late",
    /// It locks its PID file when that has its name already.
    LocksLate = "locks-late",
    /// It gives up its group before its supplementary groups.
    GidBeforeGroups = "gid-before-groups",
    /// It gives up its user before its group.
    UidBeforeGid = "uid-before-gid",
    /// It does not try whether root can be regained.
    NoProof = "no-proof",
    /// It takes connections before it has given up root.
    ServesAsRoot = "serves-as-root",
    /// It says that it is ready before it listens.
    SignalsEarly = "signals-early",
    /// It signals its launcher's whole process group, too.
    SignalsGroup = "signals-group",
}
