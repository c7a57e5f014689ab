//! A kernel that lies to the daemonizer, one lie a flaw.
//!
//! A daemon that is wrong in one known way is the real daemonizer on a backend
//! that leaves one step out, or does it badly, and reports success. So each
//! broken daemon differs from the correct one in that step and in nothing else.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{
    At, Capabilities, Disposition, Ended, Follow, Ids, KillTarget, MaskHow, OpenHow, WaitFor,
    Waited,
};
use daemonlab::sys::{
    Environment, Errno, Gid, Group, Kernel, Pid, Result, Signal, SignalSet, User, Users,
};
use daemonlab_harness::labd::Net;

use super::flaws::Flaw;
use super::{lies, order};

/// The real kernel, with one flaw.
#[derive(Clone)]
pub struct Flawed {
    pub(super) flaw: Flaw,
    pub(super) launcher: Pid,
    /// How often this process and its ancestors have forked since the start.
    pub(super) forks: Rc<Cell<u32>>,
    /// What was last asked for, so that reading back confirms the lie.
    pretended: Rc<Pretended>,
    /// Whether the conf file's stand-in has been read.
    pub(super) told: Rc<Cell<bool>>,
    /// What is carried out late.
    pub(super) held: order::Held,
}

#[derive(Default)]
struct Pretended {
    groups: Cell<Option<Vec<Gid>>>,
    uid: Cell<Option<u32>>,
    gid: Cell<Option<u32>>,
    capabilities: Cell<bool>,
}

impl Flawed {
    /// The kernel with this flaw, to be made by the launcher.
    pub fn new(flaw: Flaw) -> Flawed {
        Flawed {
            flaw,
            launcher: Pid::this(),
            forks: Rc::default(),
            pretended: Rc::default(),
            told: Rc::default(),
            held: Rc::default(),
        }
    }

    pub(super) fn is_launcher(&self) -> bool {
        Pid::this() == self.launcher
    }

    /// Whether this is a launcher that has forked: in the foreground the same
    /// process serves.
    fn waits_for_a_daemon(&self) -> bool {
        self.is_launcher() && self.forks.get() > 0
    }

    /// The answer that the flaw gives instead of the kernel's; `None` where it
    /// has nothing to say.
    fn lie(&self, call: &Call) -> Option<Result<Ret>> {
        let done = Some(Ok(Ret::Unit));
        match (self.flaw, call) {
            (Flaw::NoSetsid, Call::SetSid) => Some(Ok(Ret::Pid(Pid::this()))),
            (Flaw::OneFork, Call::Fork) if self.forks.get() == 1 => {
                Some(Ok(Ret::Pid(Pid::from_raw(0))))
            }
            (
                Flaw::OneFork,
                Call::Wait {
                    target: WaitFor::Pid(pid),
                    ..
                },
            ) if self.is_launcher() => Some(Ok(Ret::Waited(Some(Waited {
                pid: *pid,
                end: Ended::Exited(0),
            })))),
            (Flaw::KeepsDirectory, Call::Chdir { .. }) => done,
            (Flaw::KeepsUmask, Call::Umask { .. }) => Some(Ok(Ret::Mode(0o022))),
            (Flaw::KeepsStdio, Call::Dup2 { to: 0..=2, .. }) => done,
            (Flaw::KeepsDescriptors, Call::CloseRange { .. }) => done,
            (
                Flaw::KeepsDescriptors,
                Call::Close {
                    fd: 3 | 7 | 42 | 63 | 255 | 1000,
                },
            ) => done,
            (
                Flaw::KeepsMask,
                Call::SigMask {
                    how: MaskHow::Set, ..
                },
            ) => Some(Ok(Ret::Signals(SignalSet::EMPTY))),
            (Flaw::KeepsDispositions, Call::SigAction { signal, .. })
                if *signal == Signal::CHLD && self.is_launcher() =>
            {
                Some(keep_ignored(call))
            }
            (Flaw::KeepsDispositions, Call::SigAction { .. }) => {
                Some(Ok(Ret::Disposition(Disposition::Default)))
            }

            (Flaw::WrongPid, Call::Write { fd, data }) if is_pid_line(data) => {
                Some(self.write_instead(*fd, data, b"1\n".to_vec()))
            }
            (Flaw::NoNewline, Call::Write { fd, data }) if is_pid_line(data) => {
                Some(self.write_instead(*fd, data, data[..data.len() - 1].to_vec()))
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

            (Flaw::KeepsGroups, Call::SetGroups { groups }) if !self.is_launcher() => {
                self.pretended.groups.set(Some(groups.clone()));
                done
            }
            (Flaw::KeepsGroups, Call::GetGroups) => {
                let groups = self.pretended.groups.take()?;
                self.pretended.groups.set(Some(groups.clone()));
                Some(Ok(Ret::Groups(groups)))
            }
            (Flaw::LauncherKeepsGroups, Call::SetGroups { .. } | Call::SetResGid { .. })
                if self.is_launcher() =>
            {
                done
            }
            (Flaw::KeepsGid, Call::SetResGid { real, .. }) if !self.is_launcher() => {
                self.pretended.gid.set(real.map(Gid::as_raw));
                done
            }
            (Flaw::KeepsGid, Call::GetResGid) => {
                self.pretended.gid.get().map(|id| Ok(Ret::Ids(all(id))))
            }
            (
                Flaw::KeepsSavedUid,
                Call::SetResUid {
                    real: Some(uid),
                    effective,
                    saved: Some(_),
                },
            ) if !self.is_launcher() => {
                self.pretended.uid.set(Some(uid.as_raw()));
                Some(Linux.call(Call::SetResUid {
                    real: Some(*uid),
                    effective: *effective,
                    saved: None,
                }))
            }
            (Flaw::KeepsSavedUid, Call::SetResUid { .. }) if self.pretended.uid.get().is_some() => {
                Some(Err(Errno::EPERM))
            }
            (Flaw::KeepsSavedUid, Call::GetResUid) => {
                self.pretended.uid.get().map(|id| Ok(Ret::Ids(all(id))))
            }
            (Flaw::KeepsCapabilities, Call::SetResUid { real: Some(_), .. })
                if !self.is_launcher() =>
            {
                // SAFETY: PR_SET_KEEPCAPS takes one number and no pointer.
                unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0) };
                self.pretended.capabilities.set(true);
                None
            }
            (Flaw::KeepsCapabilities, Call::SetResUid { .. })
                if self.pretended.capabilities.get() =>
            {
                Some(Err(Errno::EPERM))
            }
            (Flaw::KeepsCapabilities, Call::SetCapabilities { .. })
                if self.pretended.capabilities.get() =>
            {
                done
            }
            (Flaw::KeepsCapabilities, Call::GetCapabilities)
                if self.pretended.capabilities.get() =>
            {
                Some(Ok(Ret::Capabilities(Capabilities::default())))
            }

            (Flaw::AlwaysZero, Call::Exit { .. }) if self.is_launcher() => {
                Some(Linux.call(Call::Exit { status: 0 }))
            }
            (Flaw::DoesNotWait, Call::SetSid) => {
                // So that it is not chance whether the daemon finds it gone.
                while Pid::parent() == self.launcher {
                    std::thread::yield_now();
                }
                None
            }
            (Flaw::DoesNotWait, Call::Poll { .. }) if self.waits_for_a_daemon() => {
                Some(Linux.call(Call::Exit { status: 0 }))
            }
            (Flaw::SignalKills, Call::SigAction { signal, .. })
                if *signal == Signal::USR1 && self.is_launcher() =>
            {
                Some(Ok(Ret::Disposition(Disposition::Default)))
            }
            (
                Flaw::SignalKills,
                Call::SigMask {
                    how: MaskHow::Block,
                    ..
                },
            ) if self.is_launcher() => Some(Ok(Ret::Signals(SignalSet::EMPTY))),
            (Flaw::LauncherKeepsAll, Call::Close { .. })
                if self.is_launcher() && self.forks.get() > 0 =>
            {
                done
            }
            (Flaw::BelievesStrangers, Call::Poll { .. }) if self.waits_for_a_daemon() => {
                Some(self.poll_until_usr1(call))
            }
            (
                Flaw::LeavesDaemon,
                Call::Kill {
                    target: KillTarget::Process(_) | KillTarget::Group(_),
                    signal: Some(Signal::KILL),
                },
            ) => done,
            (Flaw::LeavesDaemon, Call::Wait { .. })
                if self.is_launcher() && self.forks.get() > 1 =>
            {
                Some(Err(Errno::ECHILD))
            }

            (Flaw::TriesOnce, Call::PidfdSendSignal { .. }) => {
                Some(Linux.call(call.clone()).map_err(|errno| {
                    if errno == Errno::EPERM {
                        Errno::EINVAL
                    } else {
                        errno
                    }
                }))
            }
            (Flaw::TriesAlways, Call::PidfdSendSignal { .. }) => {
                Some(Linux.call(call.clone()).map_err(|_| Errno::EPERM))
            }
            (
                Flaw::TriesBusily,
                Call::Poll {
                    timeout: Some(time),
                    fds,
                    mask,
                },
            ) if !self.is_launcher() && *time <= Duration::from_millis(100) => {
                Some(Linux.call(Call::Poll {
                    fds: fds.clone(),
                    timeout: Some(Duration::ZERO),
                    mask: *mask,
                }))
            }
            _ => lies::lie(self, call).or_else(|| order::lie(self, call)),
        }
    }

    fn write_instead(&self, fd: i32, asked: &[u8], data: Vec<u8>) -> Result<Ret> {
        Linux.call(Call::Write { fd, data })?;
        Ok(Ret::Size(asked.len()))
    }

    /// Waits as asked, but leaves with status 0 as soon as any SIGUSR1 is pending.
    fn poll_until_usr1(&self, call: &Call) -> Result<Ret> {
        let Call::Poll { fds, timeout, mask } = call.clone() else {
            unreachable!("only asked for Poll");
        };
        let step = Duration::from_millis(10);
        let mut left = timeout;
        loop {
            if let Ok(Ret::Signals(pending)) = Linux.call(Call::SigPending)
                && pending.contains(Signal::USR1)
            {
                return Linux.call(Call::Exit { status: 0 });
            }
            let slice = left.map_or(step, |left| left.min(step));
            let answer = Linux.call(Call::Poll {
                fds: fds.clone(),
                timeout: Some(slice),
                mask,
            })?;
            left = left.map(|left| left.saturating_sub(slice));
            match &answer {
                Ret::Polled(events) if events.iter().any(|e| e.any()) => return Ok(answer),
                _ if left == Some(Duration::ZERO) => return Ok(answer),
                _ => {}
            }
        }
    }
}

pub(super) fn all(id: u32) -> Ids {
    Ids {
        real: id,
        effective: id,
        saved: id,
    }
}

pub(super) fn is_pid_line(data: &[u8]) -> bool {
    data.split_last().is_some_and(|(last, digits)| {
        *last == b'\n' && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
    })
}

impl Kernel for Flawed {
    fn call(&self, call: Call) -> Result<Ret> {
        if let Some(answer) = self.lie(&call) {
            return answer;
        }
        let forks = matches!(call, Call::Fork);
        let answer = Linux.call(call);
        if forks && answer.is_ok() {
            self.forks.set(self.forks.get() + 1);
        }
        answer
    }
}

impl Users for Flawed {
    fn user(&self, name: &str) -> Result<Option<User>> {
        Linux.user(name)
    }

    fn group(&self, name: &str) -> Result<Option<Group>> {
        Linux.group(name)
    }

    fn group_list(&self, user: &str, gid: Gid) -> Result<Vec<Gid>> {
        Linux.group_list(user, gid)
    }
}

impl Environment for Flawed {
    fn args(&self) -> Vec<OsString> {
        Linux.args()
    }

    fn var(&self, name: &str) -> Option<OsString> {
        match Linux.var(name) {
            Some(value)
                if value.is_empty()
                    && name == "NOTIFY_SOCKET"
                    && self.flaw == Flaw::BelievesEmptyVariable =>
            {
                Some("/nosuch".into())
            }
            value => value,
        }
    }

    fn vars(&self) -> Vec<(OsString, OsString)> {
        Linux.vars()
    }

    fn set_var(&self, name: &OsStr, value: &OsStr) {
        Linux.set_var(name, value);
    }

    fn remove_var(&self, name: &OsStr) {
        Linux.remove_var(name);
    }
}

/// Sets the disposition, unless the signal was ignored: that is kept. A launcher
/// that kept the default one would see the daemon's end by chance.
fn keep_ignored(call: &Call) -> Result<Ret> {
    let before = Linux.call(call.clone())?;
    if let Call::SigAction { signal, .. } = call
        && before == Ret::Disposition(Disposition::Ignore)
    {
        Linux.call(Call::SigAction {
            signal: *signal,
            disposition: Disposition::Ignore,
        })?;
    }
    Ok(before)
}

impl Net for Flawed {}
