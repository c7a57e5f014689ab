//! What only a probe asks for: things that worlds do later, tried once, each
//! in a process of its own.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Gid, Uid, fork, getpid, setgroups, setresgid, setresuid};

use crate::world::real::failure::{At, Failure};
use crate::world::real::faults::{Filter, Listener, install};
use crate::world::real::kernel::exit_now;
use crate::world::real::probe::StageId;
use crate::world::real::wire::Channel;
use crate::world::real::wire::message::Trial;

/// Tries it, and says what failed.
pub fn run(trial: Trial) -> Result<(), Failure> {
    match trial {
        Trial::Ids => ids(),
        Trial::Notify => notify(),
    }
}

fn ids() -> Result<(), Failure> {
    let one = (Uid::from_raw(1), Gid::from_raw(1));
    let switch = || -> Result<(), Failure> {
        setgroups(&[one.1]).at(StageId::Ids, "set the groups to [1]")?;
        setresgid(one.1, one.1, one.1).at(StageId::Ids, "become group 1")?;
        setresuid(one.0, one.0, one.0).at(StageId::Ids, "become user 1")
    };
    let what = "try to switch ids in a process of its own";
    let (mut told, mut tell) = io::pipe().at(StageId::Ids, what)?;
    // SAFETY: an init has one thread.
    match unsafe { fork() }.at(StageId::Ids, what)? {
        ForkResult::Child => {
            let said = serde_json::to_vec(&switch()).map(|bytes| tell.write_all(&bytes));
            exit_now(i32::from(said.is_err()));
        }
        ForkResult::Parent { child } => {
            drop(tell);
            let mut text = Vec::new();
            told.read_to_end(&mut text).at(StageId::Ids, what)?;
            waitpid(child, None).at(StageId::Ids, what)?;
            serde_json::from_slice(&text)
                .map_err(io::Error::from)
                .at(StageId::Ids, what)?
        }
    }
}

/// A process stops in `getppid(2)` and is answered EXDEV, which that call
/// never gives by itself.
fn notify() -> Result<(), Failure> {
    let what = "try to watch a system call";
    let at = |errno: Errno| Failure::new(StageId::Notify, what, errno);
    let (ours, theirs) = Channel::pair().at(StageId::Notify, what)?;
    let (handoff, _other) = socketpair(
        AddressFamily::Unix,
        SockType::Stream,
        None,
        SockFlag::SOCK_CLOEXEC,
    )
    .map_err(at)?;
    // SAFETY: an init has one thread.
    match unsafe { fork() }.map_err(at)? {
        ForkResult::Child => {
            drop(ours);
            exit_now(i32::from(!stop_once(&theirs, &handoff)));
        }
        ForkResult::Parent { child } => {
            drop(theirs);
            let answered = answer_once(&ours);
            drop(ours);
            let end = waitpid(child, None).map_err(at)?;
            answered?;
            match end {
                nix::sys::wait::WaitStatus::Exited(_, 0) => Ok(()),
                other => Err(Failure::new(
                    StageId::Notify,
                    what,
                    format!("the process ended with {other:?}"),
                )),
            }
        }
    }
}

fn stop_once(channel: &Channel, handoff: &OwnedFd) -> bool {
    let filter = Filter::new([libc::SYS_getppid], handoff.as_fd());
    let sent = match install(&filter) {
        Ok(listener) => channel.send_with(&None::<i32>, &[], &[listener.as_fd()]),
        Err(errno) => channel.send(&Some(errno as i32)),
    };
    // SAFETY: no arguments.
    let done = unsafe { libc::syscall(libc::SYS_getppid) };
    sent.is_ok() && Errno::result(done) == Err(Errno::EXDEV)
}

fn answer_once(channel: &Channel) -> Result<(), Failure> {
    let what = "set a filter with a listener";
    let heard = channel.receive::<Option<i32>>().at(StageId::Notify, what)?;
    let frame = heard.ok_or_else(|| {
        Failure::new(
            StageId::Notify,
            what,
            format!("a child of {} ended early", getpid()),
        )
    })?;
    if let Some(errno) = frame.message {
        return Err(Failure::new(StageId::Notify, what, Errno::from_raw(errno)));
    }
    let at = |errno: Errno| Failure::new(StageId::Notify, "answer for a call that stopped", errno);
    let fd = frame
        .fds
        .into_iter()
        .next()
        .ok_or(Errno::EBADF)
        .map_err(at)?;
    let listener = Listener::new(fd).map_err(at)?;
    loop {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let mut fds = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::NONE).map_err(at)?;
        if let Some(notice) = listener.take().map_err(at)? {
            return listener.fail(notice.id, libc::EXDEV).map_err(at);
        }
        if fds[0]
            .revents()
            .is_some_and(|ready| ready.contains(PollFlags::POLLHUP))
        {
            return Err(at(Errno::EPIPE));
        }
    }
}
