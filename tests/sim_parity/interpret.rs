//! The one interpreter of programs, for both worlds.

use std::os::fd::RawFd;

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::records::{At, KillTarget, PollFd, SignalInfo, SocketKind, WaitFor};
use daemonlab::sys::{Pid, Result, System};

use crate::descriptors::{CLOSED, Descriptors, Kind, Stage};
use crate::program::{CHILD, EXACT, NOBODY, PARENT, Program};
use crate::told::Told;

/// Where turns come from and answers go to.
pub trait Board {
    /// Waits for the turn in which the process makes the call number `index`
    /// of its list.
    fn take_turn(&self, process: usize, index: usize);

    /// The call has returned.
    fn tell(&self, process: usize, index: usize, text: String);
}

/// Runs the process that this is, and all that it forks.
pub fn run(sys: &impl System, program: &Program, board: &impl Board) -> i32 {
    let first = sys.getpid().expect("getpid never fails").as_raw();
    let mut me = Me {
        process: 0,
        parent: 0,
        child: None,
        first,
        fds: Descriptors::new(),
        told: Told::new(first),
    };
    loop {
        match one_process(sys, program, board, &mut me) {
            Next::Child => {
                let pid = sys.getpid().expect("getpid never fails").as_raw();
                me.parent = me.process;
                me.child = None;
                me.process = usize::try_from(pid - first).expect("PIDs that ascend");
            }
            Next::Done => return 0,
        }
    }
}

enum Next {
    Child,
    Done,
}

fn one_process(sys: &impl System, program: &Program, board: &impl Board, me: &mut Me) -> Next {
    let mut count = 0;
    for (index, symbolic) in program.calls(me.process).enumerate() {
        board.take_turn(me.process, index);
        let call = me.resolve(symbolic);
        let answer = me.make(sys, &call);
        if call == Call::Fork && answer == Ok(Ret::Pid(Pid::from_raw(0))) {
            return Next::Child;
        }
        board.tell(me.process, index, me.text(&call, &answer));
        if let Ok(answer) = &answer {
            if let (Call::Fork, Ret::Pid(child)) = (&call, answer) {
                me.child = Some(child.as_raw());
            }
            me.fds.note(&call, answer);
        }
        count = index + 1;
    }
    // It never comes.
    board.take_turn(me.process, count);
    Next::Done
}

/// What a process knows of itself.
struct Me {
    process: usize,
    /// The process that forked it; itself, for the first.
    parent: usize,
    /// The PID of its last child.
    child: Option<i32>,
    /// The PID of the first process.
    first: i32,
    fds: Descriptors,
    told: Told,
}

impl Me {
    fn make(&self, sys: &impl System, call: &Call) -> Result<Ret> {
        sys.call(call.clone())
    }

    fn text(&mut self, call: &Call, answer: &Result<Ret>) -> String {
        match call {
            // What a descriptor of a process looks like differs from one
            // version of Linux to the next (pidfs came with 6.9).
            Call::Fstat { fd }
                if matches!(self.fds.kind(*fd), Some(Kind::Process | Kind::Signals)) =>
            {
                answer
                    .clone()
                    .map_or_else(|errno| format!("{errno:?}"), |_| "it is".to_owned())
            }
            Call::Read { fd, .. }
                if answer.is_ok()
                    && matches!(self.fds.kind(*fd), Some(Kind::Signals | Kind::Received)) =>
            {
                let bytes = answer.clone().map(Ret::bytes).unwrap_or_default();
                match SignalInfo::from_signalfd(&bytes) {
                    Some(info) => self.told.text(&Ok(Ret::SignalInfo(info))),
                    None => self.told.text(answer),
                }
            }
            // How large a part is depends on what the kernel counts besides.
            Call::Send { data, .. } if matches!(answer, Ok(Ret::Size(sent)) if *sent < data.len()) => {
                "a part of it".to_owned()
            }
            _ => self.told.text(answer),
        }
    }

    fn pid(&self, symbol: Pid) -> Pid {
        match symbol.as_raw() {
            PARENT => Pid::from_raw(self.first + self.parent as i32),
            CHILD => Pid::from_raw(self.child.unwrap_or(self.first + NOBODY)),
            // None of the program's: it stays what it is.
            outside if outside < 0 => symbol,
            nth => Pid::from_raw(self.first + nth),
        }
    }

    fn at(&self, dir: At) -> At {
        match dir {
            At::Cwd => At::Cwd,
            At::Fd(symbol) => {
                let suits = |kind| matches!(kind, Kind::Directory | Kind::Reference);
                At::Fd(self.fds.number(symbol, suits))
            }
        }
    }

    /// The call with the numbers that its symbols stand for.
    fn resolve(&self, symbolic: &Call) -> Call {
        let mut call = symbolic.clone();
        let number = |symbol: RawFd, suits: fn(Kind) -> bool| self.fds.number(symbol, suits);
        match &mut call {
            Call::Wait {
                target: WaitFor::Pid(pid),
                ..
            }
            | Call::GetSid { pid: Some(pid) }
            | Call::GetPgid { pid: Some(pid) }
            | Call::PidfdOpen { pid }
            | Call::Kill {
                target: KillTarget::Process(pid) | KillTarget::Group(pid),
                ..
            } => *pid = self.pid(*pid),
            Call::PidfdSendSignal { pidfd, .. } => {
                *pidfd = number(*pidfd, |kind| kind == Kind::Process);
            }
            Call::Open { dir, .. }
            | Call::Stat { dir, .. }
            | Call::Rename { dir, .. }
            | Call::Link { dir, .. }
            | Call::Unlink { dir, .. }
            | Call::Mkdir { dir, .. } => *dir = self.at(*dir),
            Call::Read { fd, .. } => {
                *fd = number(*fd, |kind| {
                    matches!(
                        kind,
                        Kind::File { reads: true, .. } | Kind::PipeOut | Kind::Signals
                    )
                });
            }
            Call::Write { fd, .. } => {
                *fd = number(*fd, |kind| {
                    matches!(kind, Kind::File { writes: true, .. } | Kind::PipeIn)
                });
            }
            Call::Ftruncate { fd, .. } => {
                let exactly = *fd >= EXACT;
                *fd = number(*fd, |kind| matches!(kind, Kind::File { writes: true, .. }));
                // Another thing in every version of Linux.
                if !exactly && self.fds.kind(*fd) == Some(Kind::Process) {
                    *fd = CLOSED;
                }
            }
            Call::Flock { fd, .. }
            | Call::Fchown { fd, .. }
            | Call::Fchmod { fd, .. }
            | Call::Fsync { fd } => {
                let exactly = *fd >= EXACT;
                *fd = number(*fd, |kind| {
                    matches!(kind, Kind::File { .. } | Kind::Directory)
                });
                // The real one is everybody's; and what becomes of a pidfd is
                // another thing in every version of Linux.
                if !exactly && self.fds.kind(*fd).is_some_and(Kind::is_not_ours) {
                    *fd = CLOSED;
                }
            }
            Call::Bind { fd, .. } | Call::Connect { fd, .. } => {
                *fd = number(*fd, |kind| matches!(kind, Kind::Socket(_, Stage::Fresh)));
            }
            Call::Listen { fd, .. } => {
                *fd = number(*fd, |kind| {
                    kind == Kind::Socket(SocketKind::Stream, Stage::Bound)
                });
            }
            Call::Accept { fd } => {
                *fd = number(*fd, |kind| {
                    matches!(kind, Kind::Socket(_, Stage::Listening))
                });
            }
            Call::GetPeer { fd } | Call::EndSending { fd } => {
                *fd = number(*fd, |kind| matches!(kind, Kind::Socket(..)))
            }
            Call::Send { fd, fds, to, .. } => {
                *fd = match to {
                    None => number(*fd, |kind| {
                        matches!(kind, Kind::Socket(_, Stage::Connected))
                    }),
                    Some(_) => number(*fd, |kind| {
                        matches!(kind, Kind::Socket(SocketKind::Datagram, _))
                    }),
                };
                for sent in fds {
                    *sent = number(*sent, |kind| {
                        matches!(kind, Kind::File { .. } | Kind::PipeIn | Kind::PipeOut)
                    });
                    // Whoever receives it does not know what it is.
                    if self.fds.kind(*sent).is_some_and(Kind::is_not_ours) {
                        *sent = CLOSED;
                    }
                }
            }
            Call::Receive { fd, .. } => {
                *fd = number(*fd, |kind| {
                    matches!(
                        kind,
                        Kind::Socket(_, Stage::Connected)
                            | Kind::Socket(SocketKind::Datagram, Stage::Bound)
                    )
                });
            }
            Call::Poll { fds, .. } => {
                for PollFd { fd, .. } in fds {
                    *fd = number(*fd, |kind| !matches!(kind, Kind::Null));
                }
            }
            Call::Close { fd } | Call::SetCloseOnExec { fd, .. } | Call::Fstat { fd } => {
                *fd = number(*fd, |kind| kind != Kind::Null);
            }
            Call::Dup2 { from, .. } => *from = number(*from, |kind| kind != Kind::Null),
            _ => {}
        }
        call
    }
}
