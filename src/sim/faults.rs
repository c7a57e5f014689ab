//! What can go wrong with a call, as its manual page lists it.
//!
//! Only what a correct program has to reckon with on a healthy machine is
//! here: an errno that the simulated kernel itself gives where it is due
//! (EBADF, ENOENT, ESRCH, …) is no fault, nor is EFAULT.

use crate::explore::Lasting;
use crate::sys::Errno;
use crate::sys::call::Call;
use crate::sys::records::WaitMode;

/// An errno with which a call can fail, and whether it may go on to.
pub(super) type Fault = (Errno, Lasting);

const STAYS: Lasting = Lasting::Possible;
const PASSES: Lasting = Lasting::Never;

/// The errnos of a call. One place for all of them, so that it can be held
/// against the manual.
pub(super) fn of(call: &Call) -> &'static [Fault] {
    match call {
        Call::Fork => &[(Errno::EAGAIN, STAYS), (Errno::ENOMEM, STAYS)],
        Call::Wait {
            mode: WaitMode::Block,
            ..
        } => &[(Errno::EINTR, PASSES)],
        Call::SetSid => &[(Errno::EPERM, STAYS)],
        Call::SetChildSubreaper { .. } => &[(Errno::EINVAL, STAYS)],
        Call::PidfdOpen { .. } => &[
            (Errno::EMFILE, STAYS),
            (Errno::ENOSYS, STAYS),
            (Errno::ENOMEM, STAYS),
        ],
        Call::CountThreads | Call::ListFds => &[(Errno::ENOENT, STAYS), (Errno::EMFILE, STAYS)],
        Call::Kill { .. } => &[(Errno::EPERM, STAYS)],
        Call::PidfdSendSignal { .. } => &[(Errno::EPERM, STAYS), (Errno::ENOSYS, STAYS)],
        Call::SigTimedWait { .. } => &[(Errno::EINTR, PASSES)],
        Call::SetGroups { .. } => &[(Errno::EPERM, STAYS), (Errno::ENOMEM, STAYS)],
        Call::SetResUid { .. } | Call::SetUid { .. } => {
            &[(Errno::EAGAIN, STAYS), (Errno::EPERM, STAYS)]
        }
        Call::SetResGid { .. } | Call::SetGid { .. } => &[(Errno::EPERM, STAYS)],
        Call::SetCapabilities { .. } => &[(Errno::EPERM, STAYS)],
        Call::Open { how, .. } if how.create => &[
            (Errno::EACCES, STAYS),
            (Errno::EMFILE, STAYS),
            (Errno::ENOSPC, STAYS),
            (Errno::EROFS, STAYS),
            (Errno::EINTR, PASSES),
        ],
        Call::Open { .. } => &[
            (Errno::EACCES, STAYS),
            (Errno::EMFILE, STAYS),
            (Errno::ENFILE, STAYS),
        ],
        // The descriptor is released all the same.
        Call::Close { .. } => &[(Errno::EIO, PASSES), (Errno::EINTR, PASSES)],
        Call::Read { .. } => &[(Errno::EINTR, PASSES), (Errno::EIO, STAYS)],
        Call::Write { .. } => &[
            (Errno::EINTR, PASSES),
            (Errno::EIO, STAYS),
            (Errno::ENOSPC, STAYS),
        ],
        Call::Dup2 { .. } => &[(Errno::EBUSY, PASSES), (Errno::EINTR, PASSES)],
        Call::Flock { .. } => &[(Errno::EINTR, PASSES), (Errno::ENOLCK, STAYS)],
        Call::Stat { .. } => &[(Errno::EACCES, STAYS)],
        Call::Rename { .. } | Call::Link { .. } => &[
            (Errno::EACCES, STAYS),
            (Errno::ENOSPC, STAYS),
            (Errno::EROFS, STAYS),
        ],
        Call::Unlink { .. } => &[(Errno::EACCES, STAYS), (Errno::EROFS, STAYS)],
        Call::Mkdir { .. } => &[(Errno::EACCES, STAYS), (Errno::ENOSPC, STAYS)],
        Call::Ftruncate { .. } => &[(Errno::EINTR, PASSES), (Errno::EIO, STAYS)],
        Call::Fchown { .. } | Call::Fchmod { .. } => {
            &[(Errno::EPERM, STAYS), (Errno::EROFS, STAYS)]
        }
        Call::Fsync { .. } => &[(Errno::EIO, STAYS), (Errno::ENOSPC, STAYS)],
        Call::Chdir { .. } => &[(Errno::EACCES, STAYS)],
        Call::Pipe | Call::Socket { .. } | Call::SignalFd { .. } => {
            &[(Errno::EMFILE, STAYS), (Errno::ENFILE, STAYS)]
        }
        Call::Bind { .. } => &[(Errno::EACCES, STAYS), (Errno::EADDRINUSE, STAYS)],
        Call::Connect { .. } => &[(Errno::EAGAIN, STAYS), (Errno::ECONNREFUSED, STAYS)],
        Call::Accept { .. } => &[(Errno::ECONNABORTED, PASSES), (Errno::EMFILE, STAYS)],
        Call::Send { .. } => &[(Errno::EAGAIN, PASSES), (Errno::EPIPE, STAYS)],
        Call::Receive { .. } => &[(Errno::EINTR, PASSES), (Errno::ECONNRESET, STAYS)],
        Call::Poll { .. } => &[(Errno::EINTR, PASSES), (Errno::ENOMEM, STAYS)],
        // These cannot fail with valid arguments, or answer at once and touch
        // nothing but the process's own memory.
        Call::Exit { .. }
        | Call::Wait { .. }
        | Call::GetPid
        | Call::GetPpid
        | Call::GetSid { .. }
        | Call::GetPgid { .. }
        | Call::SigMask { .. }
        | Call::SigAction { .. }
        | Call::SigPending
        | Call::GetResUid
        | Call::GetResGid
        | Call::GetGroups
        | Call::GetCapabilities
        | Call::CloseRange { .. }
        | Call::SetCloseOnExec { .. }
        | Call::Fstat { .. }
        | Call::GetCwd
        | Call::Umask { .. }
        | Call::Listen { .. }
        | Call::EndSending { .. }
        | Call::GetPeer { .. }
        | Call::Now => &[],
    }
}

/// What else its manual page lists, of a machine that is short of something
/// or of a file system that is odd.
pub(super) fn rare(call: &Call) -> &'static [Fault] {
    match call {
        Call::PidfdOpen { .. } => &[(Errno::ENFILE, STAYS), (Errno::ENODEV, STAYS)],
        Call::CountThreads | Call::ListFds => &[
            (Errno::EACCES, STAYS),
            (Errno::ENFILE, STAYS),
            (Errno::ENOMEM, STAYS),
        ],
        Call::Open { how, .. } if how.create => &[
            (Errno::EDQUOT, STAYS),
            (Errno::ENFILE, STAYS),
            (Errno::ENOMEM, STAYS),
            (Errno::EPERM, STAYS),
        ],
        Call::Open { .. } => &[
            (Errno::EINTR, PASSES),
            (Errno::ENODEV, STAYS),
            (Errno::ENOMEM, STAYS),
            (Errno::EOVERFLOW, STAYS),
            (Errno::EPERM, STAYS),
        ],
        // As of a close that has failed otherwise.
        Call::Close { .. } => &[(Errno::EDQUOT, PASSES), (Errno::ENOSPC, PASSES)],
        Call::Write { .. } => &[(Errno::EDQUOT, STAYS), (Errno::EFBIG, STAYS)],
        Call::Dup2 { .. } => &[(Errno::EMFILE, STAYS)],
        Call::Fstat { .. } | Call::Stat { .. } => {
            &[(Errno::ENOMEM, STAYS), (Errno::EOVERFLOW, STAYS)]
        }
        Call::Rename { .. } => &[
            (Errno::EBUSY, STAYS),
            (Errno::EDQUOT, STAYS),
            (Errno::ENOMEM, STAYS),
            (Errno::EPERM, STAYS),
        ],
        Call::Link { .. } => &[
            (Errno::EDQUOT, STAYS),
            (Errno::EIO, STAYS),
            (Errno::EMLINK, STAYS),
            (Errno::ENOMEM, STAYS),
            (Errno::EPERM, STAYS),
        ],
        Call::Unlink { .. } => &[
            (Errno::EBUSY, STAYS),
            (Errno::EIO, STAYS),
            (Errno::ENOMEM, STAYS),
            (Errno::EPERM, STAYS),
        ],
        Call::Mkdir { .. } => &[
            (Errno::EDQUOT, STAYS),
            (Errno::EMLINK, STAYS),
            (Errno::ENOMEM, STAYS),
            (Errno::EPERM, STAYS),
            (Errno::EROFS, STAYS),
        ],
        Call::Ftruncate { .. } => &[(Errno::EFBIG, STAYS), (Errno::EPERM, STAYS)],
        Call::Fchown { .. } | Call::Fchmod { .. } => &[(Errno::EIO, STAYS), (Errno::ENOMEM, STAYS)],
        Call::Fsync { .. } => &[
            (Errno::EDQUOT, STAYS),
            (Errno::EINTR, PASSES),
            (Errno::EROFS, STAYS),
        ],
        Call::Chdir { .. } => &[(Errno::EIO, STAYS), (Errno::ENOMEM, STAYS)],
        Call::GetCwd => &[(Errno::EACCES, STAYS), (Errno::ENOMEM, STAYS)],
        Call::Socket { .. } => &[
            (Errno::EACCES, STAYS),
            (Errno::EAFNOSUPPORT, STAYS),
            (Errno::ENOBUFS, STAYS),
            (Errno::ENOMEM, STAYS),
        ],
        Call::SignalFd { .. } => &[(Errno::ENODEV, STAYS), (Errno::ENOMEM, STAYS)],
        Call::Bind { .. } => &[(Errno::ENOMEM, STAYS), (Errno::EROFS, STAYS)],
        Call::Connect { .. } => &[
            (Errno::EACCES, STAYS),
            (Errno::EINTR, PASSES),
            (Errno::EPERM, STAYS),
        ],
        Call::Accept { .. } => &[
            (Errno::EINTR, PASSES),
            (Errno::ENFILE, STAYS),
            (Errno::ENOBUFS, STAYS),
            (Errno::ENOMEM, STAYS),
            (Errno::EPERM, STAYS),
        ],
        Call::Send { .. } => &[
            (Errno::ECONNRESET, STAYS),
            (Errno::EINTR, PASSES),
            (Errno::ENOBUFS, STAYS),
            (Errno::ENOMEM, STAYS),
        ],
        Call::Receive { .. } => &[(Errno::ENOMEM, STAYS)],
        _ => &[],
    }
}

/// The same call, cut short: what is read or written is one byte.
pub(super) fn short(call: &Call) -> Option<Call> {
    match call {
        Call::Write { fd, data } if data.len() > 1 => Some(Call::Write {
            fd: *fd,
            data: data[..1].to_vec(),
        }),
        Call::Read { fd, max } if *max > 1 => Some(Call::Read { fd: *fd, max: 1 }),
        _ => None,
    }
}
