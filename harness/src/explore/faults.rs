//! The faults that are among the choices.

use daemonlab::explore::Lasting;

use crate::world::steered::{Ahead, LetGo};

/// Whether faults are among the choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faults {
    /// They are not.
    None,
    /// Each call that can fail may fail, and each task may be killed.
    Any,
}

/// How a call may fail, by its manual page, and that its process may be killed.
pub(super) fn faults_of(next: &Ahead) -> Vec<(&'static str, Lasting, LetGo)> {
    let errnos: &[(&str, i32)] = match next.name.as_str() {
        "fork" | "vfork" | "clone" | "clone3" => {
            &[("EAGAIN", libc::EAGAIN), ("ENOMEM", libc::ENOMEM)]
        }
        "open" | "openat" | "creat" => &[
            ("EACCES", libc::EACCES),
            ("EMFILE", libc::EMFILE),
            ("ENOSPC", libc::ENOSPC),
        ],
        "write" | "pwrite64" | "writev" | "fsync" | "ftruncate" => {
            &[("ENOSPC", libc::ENOSPC), ("EIO", libc::EIO)]
        }
        "rename" | "renameat" | "renameat2" | "link" | "linkat" | "mkdir" | "mkdirat"
        | "unlink" | "unlinkat" => &[("EACCES", libc::EACCES), ("EROFS", libc::EROFS)],
        "setuid" | "setresuid" | "setreuid" => &[("EAGAIN", libc::EAGAIN), ("EPERM", libc::EPERM)],
        "setsid" | "setgroups" | "setgid" | "setresgid" | "setregid" | "kill" | "fchown"
        | "fchownat" | "chown" => &[("EPERM", libc::EPERM)],
        "read" | "pipe2" | "pipe" => &[("EIO", libc::EIO)],
        "chdir" => &[("EACCES", libc::EACCES)],
        "flock" => &[("EWOULDBLOCK", libc::EWOULDBLOCK)],
        "bind" | "listen" => &[("EADDRINUSE", libc::EADDRINUSE)],
        _ => &[],
    };
    let mut faults: Vec<_> = errnos
        .iter()
        .map(|(name, errno)| (*name, Lasting::Possible, LetGo::Fail(*errno)))
        .collect();
    if next.interruptible {
        faults.push(("EINTR", Lasting::Never, LetGo::Fail(libc::EINTR)));
    }
    faults.push(("SIGKILL", Lasting::Never, LetGo::Kill));
    faults
}
