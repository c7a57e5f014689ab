//! Lies of the PID file.

use std::path::PathBuf;

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{At, Follow, OpenHow};
use daemonlab::sys::{Errno, Kernel, Result};

use super::super::flaws::Flaw;
use super::{Flawed, is_pid_line};

/// The answer that the flaw gives instead of the kernel's; `None` where it has
/// nothing to say.
pub fn lie(kernel: &Flawed, call: &Call) -> Option<Result<Ret>> {
    let done = Some(Ok(Ret::Unit));
    match (kernel.flaw, call) {
        (Flaw::WrongPid, Call::Write { fd, data }) if is_pid_line(data) => {
            Some(write_instead(*fd, data, b"1\n".to_vec()))
        }
        (Flaw::NoNewline, Call::Write { fd, data }) if is_pid_line(data) => {
            Some(write_instead(*fd, data, data[..data.len() - 1].to_vec()))
        }
        (Flaw::UmaskDecides, Call::Fchmod { .. }) => done,
        (Flaw::Unlocked, Call::Flock { .. }) => done,
        (Flaw::LeavesPidFile, Call::Unlink { .. }) => done,
        (Flaw::WritesThrough, Call::Stat { dir, path, .. }) => Some(Linux.call(Call::Stat {
            dir: *dir,
            path: path.clone(),
            follow: Follow::Yes,
        })),
        (
            Flaw::WritesThrough,
            Call::Open {
                dir,
                path,
                how,
                mode,
            },
        ) if how.no_follow => Some(Linux.call(Call::Open {
            dir: *dir,
            path: path.clone(),
            how: OpenHow {
                no_follow: false,
                ..*how
            },
            mode: *mode,
        })),
        (
            Flaw::WritesThrough,
            Call::Rename {
                dir: At::Fd(dir),
                from,
                to,
                ..
            },
        ) => {
            let folder = PathBuf::from(format!("/proc/self/fd/{dir}"));
            let copied = std::fs::read(folder.join(from))
                .and_then(|content| std::fs::write(folder.join(to), content));
            match copied {
                Ok(()) => Some(Linux.call(Call::Unlink {
                    dir: At::Fd(*dir),
                    path: from.clone(),
                })),
                Err(_) => Some(Err(Errno::EIO)),
            }
        }
        _ => None,
    }
}

fn write_instead(fd: i32, asked: &[u8], data: Vec<u8>) -> Result<Ret> {
    Linux.call(Call::Write { fd, data })?;
    Ok(Ret::Size(asked.len()))
}
