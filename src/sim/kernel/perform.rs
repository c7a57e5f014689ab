//! Which function does which call.

use super::Machine;
use super::refusal::{Refusal, Result};
use super::signals::both;
use super::waiting::Move;
use crate::explore::TaskName;
use crate::sys::call::{Call, Ret};
use crate::sys::records::Ended;
use crate::sys::{Gid, Pid};

/// What a step has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The call has returned: with its answer, or with the reason for its errno.
    Returned(Result<Ret>),
    /// fork(2) has returned in the parent, and this is the child.
    Forked(TaskName),
    /// The call goes on waiting.
    Waits,
    /// The process runs no further.
    Over,
}

impl Machine {
    /// Takes one step of `task`, which [`Machine::next_move`] has named.
    pub fn step(&mut self, task: TaskName, call: &Call, step: Move) -> Step {
        match step {
            Move::Dies(signal) => {
                self.begin_end(task, Ended::Killed(signal));
                Step::Over
            }
            Move::Stops(signal) => {
                self.stop(task, signal);
                Step::Waits
            }
            Move::Ends => {
                self.finish_end(task);
                Step::Over
            }
            Move::Enters => {
                self.enter(task);
                Step::Waits
            }
            Move::Goes => self.go(task, call),
        }
    }

    fn go(&mut self, task: TaskName, call: &Call) -> Step {
        match call {
            Call::Exit { status } => {
                self.begin_end(task, Ended::Exited(status & 0xff));
                return Step::Over;
            }
            Call::Fork => {
                return match self.fork(task) {
                    Ok(child) => Step::Forked(child),
                    Err(refusal) => Step::Returned(Err(refusal)),
                };
            }
            Call::Write { fd, data } => match self.write(task, *fd, data) {
                Some(answer) => {
                    self.leave(task);
                    return Step::Returned(answer.map(Ret::Size));
                }
                None => return Step::Waits,
            },
            _ => {}
        }
        let answer = self.answer(task, call);
        self.leave(task);
        Step::Returned(answer)
    }

    /// Every call but those that end, fork or write.
    fn answer(&mut self, task: TaskName, call: &Call) -> Result<Ret> {
        let rules = self.rules.ids;
        let creds = |machine: &mut Machine,
                     change: &mut dyn FnMut(&mut super::Creds) -> Result<()>| {
            // On a copy: what fails changes nothing.
            let mut creds = machine.process(task).creds.clone();
            change(&mut creds)?;
            machine.process_mut(task).creds = creds;
            Ok(Ret::Unit)
        };
        match call {
            Call::Exit { .. } | Call::Fork | Call::Write { .. } => {
                unreachable!("done by `go`")
            }
            Call::Wait { target, mode } => {
                if !self.wait_returns(task, *target) && self.interrupted(task) {
                    return Err(Refusal::WaitInterrupted);
                }
                self.wait4(task, *target, *mode).map(Ret::Waited)
            }
            Call::GetPid => Ok(Ret::Pid(Pid::from_raw(self.process(task).pid))),
            Call::GetPpid => {
                let parent = self.process(task).parent;
                Ok(Ret::Pid(Pid::from_raw(self.process(parent).pid)))
            }
            Call::SetSid => self.setsid(task).map(Ret::Pid),
            Call::GetSid { pid } => self.getsid(task, *pid).map(Ret::Pid),
            Call::GetPgid { pid } => self.getpgid(task, *pid).map(Ret::Pid),
            Call::SetChildSubreaper { on } => {
                self.process_mut(task).subreaper = *on;
                Ok(Ret::Unit)
            }
            Call::PidfdOpen { pid } => self.pidfd_open(task, *pid).map(Ret::Fd),
            // It opens a directory to read it, as the list of descriptors does.
            Call::CountThreads => self.free_fd(task).map(|_| Ret::Size(1)),

            Call::Kill { target, signal } => self.kill(task, *target, *signal).map(unit),
            Call::PidfdSendSignal { pidfd, signal } => {
                self.pidfd_send_signal(task, *pidfd, *signal).map(unit)
            }
            Call::SigMask { how, set } => Ok(Ret::Signals(
                self.process_mut(task).signals.mask(*how, *set),
            )),
            Call::SigAction {
                signal,
                disposition,
            } => self
                .process_mut(task)
                .signals
                .action(*signal, *disposition)
                .map(Ret::Disposition),
            Call::SigPending => {
                let signals = &self.process(task).signals;
                Ok(Ret::Signals(both(signals.pending_set(), signals.blocked)))
            }
            Call::SigTimedWait { set, .. } => self.sigtimedwait(task, *set),
            Call::SignalFd { set } => self.signalfd(task, *set).map(Ret::Fd),

            Call::GetResUid => Ok(Ret::Ids(self.process(task).creds.uid)),
            Call::GetResGid => Ok(Ret::Ids(self.process(task).creds.gid)),
            Call::GetGroups => {
                let groups = self.process(task).creds.groups.iter();
                Ok(Ret::Groups(groups.copied().map(Gid::from_raw).collect()))
            }
            Call::SetGroups { groups } => {
                creds(self, &mut |creds| creds.set_groups(groups, &rules))
            }
            Call::SetResUid {
                real,
                effective,
                saved,
            } => creds(self, &mut |creds| {
                creds.set_res_uid([*real, *effective, *saved], &rules)
            }),
            Call::SetResGid {
                real,
                effective,
                saved,
            } => creds(self, &mut |creds| {
                creds.set_res_gid([*real, *effective, *saved], &rules)
            }),
            Call::SetUid { uid } => creds(self, &mut |creds| creds.set_uid(*uid, &rules)),
            Call::SetGid { gid } => creds(self, &mut |creds| creds.set_gid(*gid, &rules)),
            Call::GetCapabilities => Ok(Ret::Capabilities(self.process(task).creds.caps)),
            Call::SetCapabilities { sets } => self
                .process_mut(task)
                .creds
                .set_capabilities(*sets)
                .map(unit),

            Call::Open {
                dir,
                path,
                how,
                mode,
            } => self.open(task, *dir, path, *how, *mode).map(Ret::Fd),
            Call::Close { fd } => self.close(task, *fd).map(unit),
            Call::CloseRange { first, last } => self.close_range(task, *first, *last).map(unit),
            Call::ListFds => {
                self.free_fd(task)?;
                let fds = self.process(task).fds.keys();
                Ok(Ret::Numbers(fds.copied().collect()))
            }
            Call::Read { fd, max } => self.read(task, *fd, *max).map(Ret::Bytes),
            Call::Dup2 { from, to } => self.dup2(task, *from, *to).map(unit),
            Call::SetCloseOnExec { fd, on } => self.set_close_on_exec(task, *fd, *on).map(unit),
            Call::Flock { fd, lock } => self.flock(task, *fd, *lock).map(unit),
            Call::Fstat { fd } => self.fstat(task, *fd).map(Ret::Stat),
            Call::Stat { dir, path, follow } => self.stat(task, *dir, path, *follow).map(Ret::Stat),
            Call::Rename {
                dir,
                from,
                to,
                replace,
            } => self.rename(task, *dir, from, to, *replace).map(unit),
            Call::Link { dir, from, to } => self.link(task, *dir, from, to).map(unit),
            Call::Unlink { dir, path } => self.unlink(task, *dir, path).map(unit),
            Call::Mkdir { dir, path, mode } => self.mkdir(task, *dir, path, *mode).map(unit),
            Call::Ftruncate { fd, length } => self.ftruncate(task, *fd, *length).map(unit),
            Call::Fchown { fd, uid, gid } => self.fchown(task, *fd, *uid, *gid).map(unit),
            Call::Fchmod { fd, mode } => self.fchmod(task, *fd, *mode).map(unit),
            Call::Fsync { fd } => self.fsync(task, *fd).map(unit),
            Call::Chdir { path } => self.chdir(task, path).map(unit),
            Call::GetCwd => self.getcwd(task).map(Ret::Path),
            Call::Umask { mask } => {
                let process = self.process_mut(task);
                Ok(Ret::Mode(std::mem::replace(
                    &mut process.umask,
                    mask & 0o777,
                )))
            }

            Call::Pipe => self.pipe(task).map(Ret::Fds),

            Call::Socket { kind } => self.socket(task, *kind).map(Ret::Fd),
            Call::Bind { fd, address } => self.bind(task, *fd, address).map(unit),
            Call::Listen { fd, backlog } => self.listen(task, *fd, *backlog).map(unit),
            Call::Connect { fd, address } => self.connect(task, *fd, address).map(unit),
            Call::Accept { fd } => self.accept(task, *fd).map(Ret::Fd),
            Call::EndSending { fd } => self.end_sending(task, *fd).map(unit),
            Call::GetPeer { fd } => self.peer(task, *fd).map(Ret::Peer),
            Call::Send { fd, data, fds, to } => self
                .send_message(task, *fd, data, fds, to.as_ref())
                .map(Ret::Size),
            Call::Receive {
                fd,
                max_bytes,
                max_fds,
            } => self
                .receive(task, *fd, *max_bytes, *max_fds)
                .map(Ret::Message),

            Call::Poll { fds, .. } => self.ppoll(task, fds),
            Call::Now => Ok(Ret::Time(self.clock)),
        }
    }
}

fn unit((): ()) -> Ret {
    Ret::Unit
}
