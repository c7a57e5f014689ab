//! Which part of the rest a call is about.

use super::{Key, Trace};
use crate::sim::kernel::descriptors::What;
use crate::sim::kernel::resolve::Final;
use crate::sys::call::Call;
use crate::sys::records::{At, Follow};

impl Trace<'_> {
    pub(super) fn goes(&mut self, call: &Call) {
        let (machine, task) = (self.machine, self.task);
        match call {
            Call::Exit { .. } => self.begins_end(),
            Call::Fork => self.forks(),
            Call::GetPpid => {
                self.out.read(Key::Parent(task));
            }
            Call::SetSid => {
                let process = machine.process(task);
                self.out
                    .read(Key::Group(process.pid))
                    .write(Key::Group(process.group))
                    .write(Key::Group(process.pid))
                    .write(Key::Session(task));
                if process.terminal {
                    self.out.write(Key::Terminal);
                }
            }
            Call::GetSid { pid: Some(pid) } | Call::GetPgid { pid: Some(pid) } => {
                self.out.read(Key::Pid(pid.as_raw()));
                if let Some(asked) = machine.task_of(pid.as_raw()) {
                    self.out.read(Key::Life(asked)).read(Key::Session(asked));
                }
            }
            Call::SetChildSubreaper { .. } => {
                self.out.write(Key::Subreaper(task));
            }
            Call::PidfdOpen { pid } => {
                self.out.read(Key::Pid(pid.as_raw()));
            }
            Call::Kill { target, signal } => self.kills(*target, *signal),
            Call::PidfdSendSignal { pidfd, signal } => {
                if let Ok(What::Process(target)) = machine.file(task, *pidfd).map(|file| file.what)
                {
                    self.out.read(Key::Life(target));
                    if machine.processes.contains_key(&target) {
                        self.signals_to(target, *signal);
                    }
                }
            }
            Call::SigMask { .. } => {
                self.out
                    .write(Key::Rules(task))
                    .write(Key::AnyPending(task));
            }
            Call::SigAction { signal, .. } => {
                self.out
                    .write(Key::Rules(task))
                    .write(Key::Pending(task, *signal))
                    .write(Key::AnyPending(task));
            }
            Call::SigPending => {
                self.out.read(Key::AnyPending(task));
            }
            Call::SetResUid {
                real,
                effective,
                saved,
            } => {
                let new = [*real, *effective, *saved];
                self.changes_uids(|creds| creds.set_res_uid(new, &machine.rules.ids));
            }
            Call::SetUid { uid } => {
                self.changes_uids(|creds| creds.set_uid(*uid, &machine.rules.ids));
            }
            Call::Wait { .. }
            | Call::Read { .. }
            | Call::Write { .. }
            | Call::Poll { .. }
            | Call::SigTimedWait { .. } => self.waits(call),
            Call::Now => {
                self.out.read(Key::Clock);
            }
            _ => self.goes_for_files(call),
        }
    }

    pub(super) fn forks(&mut self) {
        let (machine, task) = (self.machine, self.task);
        let process = machine.process(task);
        self.out
            .write(Key::NextPid)
            .write(Key::Children(task))
            .write(Key::Group(process.group));
        if let Some(pid) = machine.upcoming_pid() {
            self.out.write(Key::Pid(pid));
        }
        if let Some(child) = task.child(process.forks + 1) {
            self.out.write(Key::Life(child));
        }
        // Of what it holds, the child may be the witness from now on.
        for descriptor in process.fds.values() {
            if matches!(
                machine.files[&descriptor.file].what,
                What::PipeOut(_) | What::PipeIn(_) | What::Inode(_)
            ) {
                self.out.write(Key::Holder(descriptor.file, task));
            }
        }
    }

    pub(super) fn goes_for_files(&mut self, call: &Call) {
        let (machine, task) = (self.machine, self.task);
        match call {
            Call::Open { dir, path, how, .. } => self.opens(*dir, path, *how),
            Call::Close { fd } => self.closes_fd(*fd),
            Call::CloseRange { first, last } => {
                for (_, descriptor) in machine
                    .process(task)
                    .fds
                    .iter()
                    .filter(|(fd, _)| (*first..=*last).contains(*fd))
                {
                    self.closes(descriptor.file);
                }
            }
            Call::Dup2 { to, .. } => self.closes_fd(*to),
            Call::Flock { fd, lock } => self.locks(*fd, *lock),
            Call::Fstat { fd } => match machine.file(task, *fd).map(|file| file.what) {
                Ok(What::Inode(ino)) => {
                    self.out.read(Key::Owner(ino)).read(Key::Data(ino));
                }
                Ok(What::PipeOut(id) | What::PipeIn(id)) => {
                    self.out.read(Key::Pipe(id));
                }
                Ok(What::Socket(id)) => {
                    self.out.read(Key::Socket(id));
                }
                Ok(What::Process(_) | What::Signals(_)) | Err(_) => {}
            },
            Call::Stat { dir, path, follow } => {
                let last = match follow {
                    Follow::Yes => Final::Follow,
                    Follow::No => Final::FollowBeforeSlash,
                };
                if let Some(ino) = self.looks_up(*dir, path, last) {
                    self.out.read(Key::Data(ino));
                }
            }
            Call::Rename { dir, from, to, .. } => {
                let from = self.changes_name(*dir, from, Final::Keep);
                let to = self.changes_name(*dir, to, Final::Keep);
                for ino in [from, to].into_iter().flatten() {
                    self.out.write(Key::Owner(ino));
                    if machine.inode(ino).is_directory() {
                        self.unknown();
                    }
                }
            }
            Call::Link { dir, from, to } => {
                if let Some(ino) = self.looks_up(*dir, from, Final::FollowBeforeSlash) {
                    self.out.write(Key::Owner(ino));
                }
                self.changes_name(*dir, to, Final::Keep);
            }
            Call::Unlink { dir, path } => {
                if let Some(ino) = self.changes_name(*dir, path, Final::Keep) {
                    self.out.write(Key::Owner(ino));
                }
            }
            Call::Mkdir { dir, path, .. } => {
                self.changes_name(*dir, path, Final::Keep);
                // The number of the directory's links.
                if let Ok(place) = machine.walk(task, *dir, path, Final::Keep) {
                    self.out.write(Key::Owner(place.dir));
                }
            }
            Call::Ftruncate { fd, .. } => {
                if let Ok(What::Inode(ino)) = machine.file(task, *fd).map(|file| file.what) {
                    self.out.write(Key::Data(ino)).write(Key::Owner(ino));
                }
            }
            Call::Fchown { fd, .. } | Call::Fchmod { fd, .. } => {
                match machine.file(task, *fd).map(|file| file.what) {
                    Ok(What::Inode(ino)) => {
                        self.out.write(Key::Owner(ino));
                    }
                    Ok(What::PipeOut(id) | What::PipeIn(id)) => {
                        self.out.write(Key::Pipe(id));
                    }
                    Ok(What::Socket(id)) => {
                        self.out.write(Key::Socket(id));
                    }
                    Ok(What::Process(_) | What::Signals(_)) | Err(_) => {}
                }
            }
            Call::Chdir { path } => {
                self.looks_up(At::Cwd, path, Final::Follow);
            }
            _ => self.goes_for_sockets(call),
        }
    }
}
