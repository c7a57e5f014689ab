//! The table of reasons, by what is refused.

use crate::sys::Errno;

macro_rules! refusals {
    ($($name:ident = $errno:ident, $reason:literal, $source:literal;)*) => {
        /// A reason for which the kernel refuses a call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Refusal {
            $(
                #[doc = concat!("`", stringify!($errno), "`: ", $reason, " (", $source, ").")]
                $name,
            )*
        }

        impl Refusal {
            /// Every one.
            pub const ALL: &[Refusal] = &[$(Refusal::$name,)*];

            /// What the call answers.
            pub fn errno(self) -> Errno {
                match self {
                    $(Refusal::$name => Errno::$errno,)*
                }
            }

            /// The reason in words.
            pub fn reason(self) -> &'static str {
                match self {
                    $(Refusal::$name => $reason,)*
                }
            }

            /// Where that is documented: the manual page and its section, or
            /// Linux's own source where the manual is silent.
            pub fn source(self) -> &'static str {
                match self {
                    $(Refusal::$name => $source,)*
                }
            }
        }
    };
}

refusals! {
    // Paths.
    PathHasZeroByte = EINVAL, "the path has a zero byte in it, which no system call could pass on", "path_resolution(7)";
    PathEmpty = ENOENT, "the path is empty", "path_resolution(7), Empty pathname";
    PathTooLong = ENAMETOOLONG, "the path has 4096 bytes or more", "path_resolution(7), ERRORS of open(2)";
    DirectoryFdIsNone = ENOTDIR, "the descriptor that the path starts from is no directory", "openat(2), ERRORS";
    WayNotSearchable = EACCES, "a directory on the way cannot be searched", "path_resolution(7), Step 2";
    WayMissing = ENOENT, "a part of the path is not there", "path_resolution(7), Step 2";
    WayNotADirectory = ENOTDIR, "a part of the path is no directory", "path_resolution(7), Step 2";
    WayNameTooLong = ENAMETOOLONG, "a part of the path has more than 255 bytes", "path_resolution(7), ERRORS of open(2)";
    TooManyLinks = ELOOP, "the path goes over more than 40 symbolic links", "path_resolution(7), Step 2";
    SymlinkProtected = EACCES, "the symbolic link is another's, in a sticky directory that everybody can write to", "proc_sys_fs(5), protected_symlinks";
    LastNameTooLong = ENAMETOOLONG, "the name has more than 255 bytes", "open(2), ERRORS";
    LookUpMissing = ENOENT, "there is no such file", "path_resolution(7), Step 3";
    LookUpNotADirectory = ENOTDIR, "a slash follows the name of what is no directory", "path_resolution(7), Trailing slashes";
    ReadOnlyFileSystem = EROFS, "the file system is mounted read-only", "path_resolution(7), Permissions; open(2), ERRORS";
    PermissionDenied = EACCES, "neither the mode nor a capability allows it", "path_resolution(7), Permissions";

    // open(2).
    CreateDirectory = EINVAL, "O_CREAT and O_DIRECTORY are given together", "open(2), BUGS; build_open_flags in fs/open.c";
    CreateWithSlash = EISDIR, "a slash follows the name that is to be made", "open_last_lookups in fs/namei.c";
    OpenMissing = ENOENT, "there is no such file, and O_CREAT is not given", "open(2), ERRORS";
    ExclusiveExists = EEXIST, "there is something, and O_EXCL is given", "open(2), ERRORS";
    CreateOverDirectory = EISDIR, "what O_CREAT finds is a directory", "do_open in fs/namei.c";
    StickyProtected = EACCES, "what O_CREAT finds is another's, in a sticky directory", "proc_sys_fs(5), protected_regular; may_create_in_sticky in fs/namei.c";
    OpenNotADirectory = ENOTDIR, "a directory is asked for, and it is none", "open(2), ERRORS";
    OpenSymlink = ELOOP, "it is a symbolic link, and O_NOFOLLOW is given", "open(2), ERRORS";
    WriteDirectory = EISDIR, "a directory cannot be opened for writing", "open(2), ERRORS";
    OpenSocket = ENXIO, "it is the name of a socket", "open(2), ERRORS";
    NoControllingTerminal = ENXIO, "the process has no controlling terminal", "tty(4)";

    // Names.
    NameTaken = EEXIST, "the name is taken", "mkdir(2), link(2), ERRORS";
    LinkNameWithSlash = ENOENT, "a slash follows the new name", "filename_create in fs/namei.c";
    LinkReadOnly = EROFS, "the new name is on a read-only file system", "link(2), ERRORS";
    LinkAcrossDevices = EXDEV, "both names are not on the same file system", "link(2), ERRORS";
    HardlinkProtected = EPERM, "the file is another's, and not safe to link to", "proc_sys_fs(5), protected_hardlinks";
    LinkOfDirectory = EPERM, "a directory has one name", "link(2), ERRORS";
    UnlinkDots = EISDIR, "the path ends in `.`, `..` or is the root", "do_unlinkat in fs/namei.c";
    UnlinkReadOnly = EROFS, "the name is on a read-only file system", "unlink(2), ERRORS";
    UnlinkMissing = ENOENT, "there is no such file", "unlink(2), ERRORS";
    UnlinkDirectoryWithSlash = EISDIR, "it is a directory, as the slash says", "do_unlinkat in fs/namei.c";
    UnlinkFileWithSlash = ENOTDIR, "a slash follows the name of what is no directory", "do_unlinkat in fs/namei.c";
    UnlinkDirectory = EISDIR, "it is a directory", "unlink(2), ERRORS";
    StickyDirectory = EPERM, "it is another's, in another's sticky directory", "unlink(2), rename(2), ERRORS";
    RenameAcrossDevices = EXDEV, "both names are not on the same file system", "rename(2), ERRORS";
    RenameOfDots = EBUSY, "the old path ends in `.`, `..` or is the root", "do_renameat2 in fs/namei.c";
    RenameToDots = EBUSY, "the new path ends in `.`, `..` or is the root", "do_renameat2 in fs/namei.c";
    RenameToDotsNoReplace = EEXIST, "the new path ends in `.`, `..` or is the root, and nothing is to be replaced", "do_renameat2 in fs/namei.c";
    RenameReadOnly = EROFS, "the names are on a read-only file system", "rename(2), ERRORS";
    RenameMissing = ENOENT, "there is no such file", "rename(2), ERRORS";
    RenameNoReplace = EEXIST, "the new name is taken, and nothing is to be replaced", "rename(2), RENAME_NOREPLACE";
    RenameFileWithSlash = ENOTDIR, "a slash follows a name, and it is no directory that is renamed", "do_renameat2 in fs/namei.c";
    RenameIntoItself = EINVAL, "a directory would come to lie in itself", "rename(2), ERRORS";
    RenameOntoAncestor = ENOTEMPTY, "the new name is that of a directory on the way to the old one", "do_renameat2 in fs/namei.c";
    RenameDirectoryOntoFile = ENOTDIR, "a directory cannot replace what is none", "rename(2), ERRORS";
    RenameFileOntoDirectory = EISDIR, "what is no directory cannot replace one", "rename(2), ERRORS";
    RenameOntoFullDirectory = ENOTEMPTY, "the directory to be replaced is not empty", "rename(2), ERRORS";
    ChdirNotADirectory = ENOTDIR, "it is no directory", "chdir(2), ERRORS";
    CwdRemoved = ENOENT, "the working directory has no name any more", "getcwd(2), ERRORS";

    // Descriptors.
    NotOpen = EBADF, "the descriptor is not open", "close(2), ERRORS";
    ReferenceOnly = EBADF, "the descriptor was opened with O_PATH", "open(2), O_PATH";
    TooManyFds = EMFILE, "the process has as many descriptors as it may", "getrlimit(2), RLIMIT_NOFILE";
    PipeNeedsTwoFds = EMFILE, "the process has no room for two more descriptors", "pipe(2), ERRORS";
    RangeReversed = EINVAL, "the first descriptor of the range is greater than the last, or negative", "close_range(2), ERRORS";
    Dup2BeyondLimit = EBADF, "the new descriptor is out of range", "dup2(2), ERRORS";
    LockedByAnother = EWOULDBLOCK, "another open file description holds a lock that excludes it", "flock(2), ERRORS";

    // What is open.
    NotOpenForReading = EBADF, "it is not open for reading", "read(2), ERRORS";
    ReadInterrupted = EINTR, "a handler ran before anything could be read", "read(2), ERRORS; signal(7)";
    DirectoryRead = EISDIR, "a directory is not read that way", "read(2), ERRORS";
    PidfdRead = EINVAL, "a pidfd is not read", "read(2), ERRORS";
    SignalfdBufferShort = EINVAL, "the buffer has no room for a signalfd_siginfo", "signalfd(2), ERRORS";
    SignalfdEmpty = EAGAIN, "no signal of the set is pending", "signalfd(2), ERRORS";
    NobodyTypes = EAGAIN, "nothing was typed at the terminal, and O_NONBLOCK is set", "read(2), ERRORS";
    NotOpenForWriting = EBADF, "it is not open for writing", "write(2), ERRORS";
    WriteInterrupted = EINTR, "a handler ran before anything could be written", "write(2), ERRORS; signal(7)";
    NothingToWriteTo = EINVAL, "a pidfd or signalfd is not written to", "write(2), ERRORS";
    TerminalHungUp = EIO, "the terminal has been hung up", "write(2); tty_write in drivers/tty/tty_io.c";
    FileTooLarge = EFBIG, "the file would be longer than 2^63 - 1 bytes", "write(2), ERRORS";
    PipeWithoutReaders = EPIPE, "nobody can read from the pipe any more", "write(2), ERRORS; pipe(7)";
    LengthTooLarge = EINVAL, "the length is more than 2^63 - 1 bytes", "ftruncate(2), ERRORS";
    LengthOfPidfd = EOPNOTSUPP, "the length of a pidfd is fixed, since Linux 6.16", "pidfs_setattr in fs/pidfs.c";
    NoLength = EINVAL, "what is open has no length to set", "ftruncate(2), ERRORS";
    NotOpenForTruncating = EINVAL, "it is not open for writing, or is no regular file", "ftruncate(2), ERRORS";
    AttributesReadOnly = EROFS, "the file system is mounted read-only", "chown(2), chmod(2), ERRORS";
    NoAttributes = EOPNOTSUPP, "owner and mode of a pidfd or signalfd are fixed, since Linux 6.16", "anon_inode_setattr in fs/anon_inodes.c";
    OwnerMinusOne = EINVAL, "an owner of -1 means to keep the old one", "chown(2)";
    OwnerUnmapped = EINVAL, "the user namespace does not map the new owner", "user_namespaces(7)";
    MayNotChown = EPERM, "without CAP_CHOWN only the owner may, and give it only to a group of his", "chown(2)";
    MayNotChmod = EPERM, "it is another's, and CAP_FOWNER is not there", "chmod(2), ERRORS";
    NothingToSync = EINVAL, "what is open cannot be synchronized", "fsync(2), ERRORS";

    // Processes.
    NoPidFree = EAGAIN, "every PID is taken", "fork(2), ERRORS";
    NoSuchChild = ECHILD, "the process has no such child", "wait(2), ERRORS";
    WaitInterrupted = EINTR, "a handler ran before a child ended", "wait(2), ERRORS";
    SetSidByLeader = EPERM, "there is a process group with the number of the process", "setsid(2), ERRORS";
    AskedOfNobody = ESRCH, "no process has this PID", "getsid(2), getpgid(2), ERRORS";
    PidfdOfNoPid = EINVAL, "a PID is greater than 0", "pidfd_open(2), ERRORS";
    PidfdOfNobody = ESRCH, "no process has this PID", "pidfd_open(2), ERRORS";
    NotAPidfd = EBADF, "the descriptor is no pidfd", "pidfd_send_signal(2), ERRORS";
    PidfdOfReaped = ESRCH, "the process has ended and was waited for", "pidfd_send_signal(2), ERRORS";

    // Signals.
    KillNoPid = ESRCH, "a PID is greater than 0", "kill(2), ERRORS";
    KillNobody = ESRCH, "no process has this PID", "kill(2), ERRORS";
    KillNoGroup = ESRCH, "a process group that can be signalled is greater than 1", "kill(2), killpg(3)";
    KillEmptyGroup = ESRCH, "nobody is in this process group", "kill(2), ERRORS";
    MayNotSignal = EPERM, "the process may not signal the other", "kill(2), ERRORS";
    ActionOfUntouchable = EINVAL, "SIGKILL and SIGSTOP cannot be caught or ignored", "sigaction(2), ERRORS";
    ActionOfReserved = EINVAL, "the C library keeps this signal for itself", "nptl(7), Signals";
    ActionForeign = EINVAL, "another's handler cannot be put in place", "sigaction(2)";
    SigTimedWaitInterrupted = EINTR, "a handler ran, or the process was stopped and continued", "sigtimedwait(2), ERRORS; signal(7)";
    SigTimedWaitTimedOut = EAGAIN, "no signal of the set came in time", "sigtimedwait(2), ERRORS";
    PollTooMany = EINVAL, "more descriptors are asked for than a process may have", "poll(2), ERRORS";
    PollInterrupted = EINTR, "a handler ran before anything happened", "poll(2), ERRORS; signal(7)";

    // Credentials.
    IdUnmapped = EINVAL, "the user namespace does not map the id", "setresuid(2), setgroups(2), ERRORS; user_namespaces(7)";
    MayNotSetUid = EPERM, "without CAP_SETUID a process may only take its real or saved id", "setuid(2), ERRORS";
    MayNotSetGid = EPERM, "without CAP_SETGID a process may only take its real or saved id", "setgid(2), ERRORS";
    MayNotSetResIds = EPERM, "without the capability a process may only take its real, effective or saved id", "setresuid(2), ERRORS";
    MayNotSetGroups = EPERM, "CAP_SETGID is not there", "setgroups(2), ERRORS";
    SetGroupsDenied = EPERM, "the user namespace denies setgroups", "user_namespaces(7), /proc/PID/setgroups";
    TooManyGroups = EINVAL, "there are more than 65536 groups", "setgroups(2), ERRORS";
    InheritableUnheld = EPERM, "without CAP_SETPCAP a capability must be permitted to become inheritable", "capset(2), ERRORS; capabilities(7)";
    InheritableUnbounded = EPERM, "a capability must be in the bounding set to become inheritable", "capset(2), ERRORS; capabilities(7)";
    PermittedGrows = EPERM, "a capability that is not permitted cannot become so", "capset(2), ERRORS; capabilities(7)";
    EffectiveUnpermitted = EPERM, "a capability must be permitted to become effective", "capset(2), ERRORS; capabilities(7)";
    AmbientUnheld = EPERM, "a capability must be permitted and inheritable to become ambient", "prctl(2), PR_CAP_AMBIENT_RAISE; capabilities(7)";

    // Sockets.
    NotASocket = ENOTSOCK, "the descriptor is no socket", "bind(2), ERRORS";
    AddressEmpty = EINVAL, "the address is an empty path", "unix(7), Address format";
    AddressHasZeroByte = EINVAL, "the address is a path with a zero byte in it", "unix(7), Address format";
    AddressTooLong = ENAMETOOLONG, "the address does not fit into a sockaddr_un", "unix(7), Address format";
    BindNameWithSlash = ENOENT, "a slash follows the name", "filename_create in fs/namei.c";
    BindNameTaken = EADDRINUSE, "there is something with this name", "bind(2), ERRORS";
    BoundAlready = EINVAL, "the socket has an address already", "bind(2), ERRORS";
    AbstractNameTaken = EADDRINUSE, "another socket has this name", "unix(7), Abstract sockets";
    ListenDatagram = EOPNOTSUPP, "a datagram socket does not listen", "listen(2), ERRORS";
    ListenUnbound = EINVAL, "the socket has no address", "unix_listen in net/unix/af_unix.c";
    ListenConnected = EINVAL, "the socket is connected", "unix_listen in net/unix/af_unix.c";
    AbstractNameUnknown = ECONNREFUSED, "no socket has this name", "connect(2), ERRORS";
    NameOfNoSocket = ECONNREFUSED, "the name is not that of a socket", "connect(2), ERRORS";
    SocketClosed = ECONNREFUSED, "the socket with this name was closed", "connect(2), ERRORS";
    SocketKindDiffers = EPROTOTYPE, "the socket with this name is of another kind", "connect(2), ERRORS";
    NobodyListens = ECONNREFUSED, "the socket with this name does not listen", "connect(2), ERRORS";
    BacklogFull = EAGAIN, "as many as may wait to be accepted wait already", "connect(2), ERRORS";
    ConnectConnected = EISCONN, "the socket is connected already", "connect(2), ERRORS";
    ConnectListening = EINVAL, "the socket listens itself", "unix_stream_connect in net/unix/af_unix.c";
    AcceptDatagram = EOPNOTSUPP, "a datagram socket accepts nobody", "accept(2), ERRORS";
    AcceptNotListening = EINVAL, "the socket does not listen", "accept(2), ERRORS";
    NobodyConnects = EAGAIN, "nobody waits to be accepted", "accept(2), ERRORS";

    // Messages.
    TooManyFdsSent = EINVAL, "a message carries 253 descriptors at most", "unix(7), SCM_RIGHTS";
    AddressOnConnectedStream = EISCONN, "the stream is connected, and an address is given", "send(2), ERRORS";
    AddressOnStream = EOPNOTSUPP, "a stream is not sent to an address", "unix_stream_sendmsg in net/unix/af_unix.c";
    StreamNotConnected = ENOTCONN, "the stream is not connected", "send(2), ERRORS";
    StreamPeerClosed = EPIPE, "the other end was closed", "send(2), ERRORS";
    StreamSendsNoMore = EPIPE, "it was said that no more is sent", "send(2), ERRORS";
    StreamFull = EAGAIN, "the buffer is full", "send(2), ERRORS";
    DatagramToNobody = ENOTCONN, "the socket is not connected, and no address is given", "send(2), ERRORS";
    DatagramTooLarge = EMSGSIZE, "the datagram is longer than the buffer", "send(2), ERRORS";
    DatagramSendsNoMore = EPIPE, "it was said that no more is sent", "sock_alloc_send_pskb in net/core/sock.c";
    DatagramPeerClosed = ECONNREFUSED, "the other end was closed", "unix_dgram_sendmsg in net/unix/af_unix.c";
    DatagramPeerTalksToAnother = EPERM, "the other end is connected to another", "unix_may_send in net/unix/af_unix.c";
    DatagramQueueFull = EAGAIN, "as many datagrams as may wait at the other end wait already", "send(2), ERRORS";
    ReceiveUnconnected = EINVAL, "the stream is not connected", "unix_stream_read_generic in net/unix/af_unix.c";
    StreamReset = ECONNRESET, "the other end was closed before it had read everything", "unix_release_sock in net/unix/af_unix.c";
    StreamEmpty = EAGAIN, "nothing has come yet", "recv(2), ERRORS";
    NoDatagram = EAGAIN, "no datagram has come yet", "recv(2), ERRORS";
}
