//! Which function does which call.

use super::{
    Linux, capabilities, clock, credentials, descriptors, files, pipes, process, signals, sockets,
    waiting,
};
use crate::sys::call::{Call, Ret};
use crate::sys::{Kernel, Result};

impl Kernel for Linux {
    fn call(&self, call: Call) -> Result<Ret> {
        match call {
            Call::Fork => process::fork().map(Ret::Pid),
            Call::Exit { status } => process::exit(status),
            Call::Wait { target, mode } => process::wait(target, mode).map(Ret::Waited),
            Call::GetPid => Ok(Ret::Pid(nix::unistd::getpid())),
            Call::GetPpid => Ok(Ret::Pid(nix::unistd::getppid())),
            Call::SetSid => nix::unistd::setsid().map(Ret::Pid),
            Call::GetSid { pid } => nix::unistd::getsid(pid).map(Ret::Pid),
            Call::GetPgid { pid } => nix::unistd::getpgid(pid).map(Ret::Pid),
            Call::SetChildSubreaper { on } => process::set_child_subreaper(on).map(unit),
            Call::PidfdOpen { pid } => process::pidfd_open(pid).map(Ret::Fd),
            Call::CountThreads => process::count_threads().map(Ret::Size),

            Call::Kill { target, signal } => signals::kill(target, signal).map(unit),
            Call::PidfdSendSignal { pidfd, signal } => {
                signals::pidfd_send_signal(pidfd, signal).map(unit)
            }
            Call::SigMask { how, set } => signals::mask(how, set).map(Ret::Signals),
            Call::SigAction {
                signal,
                disposition,
            } => signals::action(signal, disposition).map(Ret::Disposition),
            Call::SigPending => signals::pending().map(Ret::Signals),
            Call::SigTimedWait { set, timeout } => {
                signals::timed_wait(set, timeout).map(Ret::SignalInfo)
            }
            Call::SignalFd { set } => signals::signalfd(set).map(Ret::Fd),

            Call::GetResUid => credentials::getresuid().map(Ret::Ids),
            Call::GetResGid => credentials::getresgid().map(Ret::Ids),
            Call::GetGroups => nix::unistd::getgroups().map(Ret::Groups),
            Call::SetGroups { groups } => nix::unistd::setgroups(&groups).map(unit),
            Call::SetResUid {
                real,
                effective,
                saved,
            } => credentials::setresuid(real, effective, saved).map(unit),
            Call::SetResGid {
                real,
                effective,
                saved,
            } => credentials::setresgid(real, effective, saved).map(unit),
            Call::SetUid { uid } => nix::unistd::setuid(uid).map(unit),
            Call::SetGid { gid } => nix::unistd::setgid(gid).map(unit),
            Call::GetCapabilities => capabilities::get().map(Ret::Capabilities),
            Call::SetCapabilities { sets } => capabilities::set(sets).map(unit),

            Call::Open {
                dir,
                path,
                how,
                mode,
            } => files::open(dir, &path, how, mode).map(Ret::Fd),
            Call::Close { fd } => descriptors::close(fd).map(unit),
            Call::CloseRange { first, last } => descriptors::close_range(first, last).map(unit),
            Call::ListFds => descriptors::list().map(Ret::Numbers),
            Call::Read { fd, max } => descriptors::read(fd, max).map(Ret::Bytes),
            Call::Write { fd, data } => descriptors::write(fd, &data).map(Ret::Size),
            Call::Dup2 { from, to } => descriptors::dup2(from, to).map(unit),
            Call::SetCloseOnExec { fd, on } => descriptors::set_close_on_exec(fd, on).map(unit),
            Call::Flock { fd, lock } => descriptors::flock(fd, lock).map(unit),
            Call::Fstat { fd } => files::fstat(fd).map(Ret::Stat),
            Call::Stat { dir, path, follow } => files::stat(dir, &path, follow).map(Ret::Stat),
            Call::Rename {
                dir,
                from,
                to,
                replace,
            } => files::rename(dir, &from, &to, replace).map(unit),
            Call::Link { dir, from, to } => files::link(dir, &from, &to).map(unit),
            Call::Unlink { dir, path } => files::unlink(dir, &path).map(unit),
            Call::Mkdir { dir, path, mode } => files::mkdir(dir, &path, mode).map(unit),
            Call::Ftruncate { fd, length } => files::ftruncate(fd, length).map(unit),
            Call::Fchown { fd, uid, gid } => files::fchown(fd, uid, gid).map(unit),
            Call::Fchmod { fd, mode } => files::fchmod(fd, mode).map(unit),
            Call::Fsync { fd } => files::fsync(fd).map(unit),
            Call::Chdir { path } => nix::unistd::chdir(&path).map(unit),
            Call::GetCwd => nix::unistd::getcwd().map(Ret::Path),
            Call::Umask { mask } => Ok(Ret::Mode(files::umask(mask))),

            Call::Pipe => pipes::pipe().map(Ret::Fds),

            Call::Socket { kind } => sockets::socket(kind).map(Ret::Fd),
            Call::Bind { fd, address } => sockets::bind(fd, &address).map(unit),
            Call::EndSending { fd } => sockets::end_sending(fd).map(unit),
            Call::Listen { fd, backlog } => sockets::listen(fd, backlog).map(unit),
            Call::Connect { fd, address } => sockets::connect(fd, &address).map(unit),
            Call::Accept { fd } => sockets::accept(fd).map(Ret::Fd),
            Call::GetPeer { fd } => sockets::peer(fd).map(Ret::Peer),
            Call::Send { fd, data, fds, to } => {
                sockets::send(fd, &data, &fds, to.as_ref()).map(Ret::Size)
            }
            Call::Receive {
                fd,
                max_bytes,
                max_fds,
            } => sockets::receive(fd, max_bytes, max_fds).map(Ret::Message),

            Call::Poll { fds, timeout, mask } => {
                waiting::poll(&fds, timeout, mask).map(Ret::Polled)
            }
            Call::Now => clock::now().map(Ret::Time),
        }
    }
}

fn unit((): ()) -> Ret {
    Ret::Unit
}
