//! What a process knows of its own descriptors, so that random calls mostly
//! get one that suits them.

use std::collections::BTreeMap;
use std::os::fd::RawFd;

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::records::{Access, SocketKind};

use crate::program::{ANY, EXACT, LITERAL};

/// What a descriptor is open on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    File { reads: bool, writes: bool },
    Directory,
    Reference,
    PipeOut,
    PipeIn,
    Socket(SocketKind, Stage),
    Process,
    Signals,
    Received,
}

impl Kind {
    /// Whether it is not the sandbox's own: the device is everybody's, and what
    /// a pidfd or a signalfd looks like is another thing in every version of
    /// Linux.
    pub fn is_not_ours(self) -> bool {
        matches!(self, Kind::Null | Kind::Process | Kind::Signals)
    }
}

/// How far a socket has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Fresh,
    Bound,
    Listening,
    Connected,
}

/// The descriptors of a process by their numbers.
#[derive(Clone, Debug)]
pub struct Descriptors(BTreeMap<RawFd, Kind>);

/// A number that is never open, being beyond the limit.
pub const CLOSED: RawFd = 90;

impl Descriptors {
    /// Those that a program starts with.
    pub fn new() -> Descriptors {
        Descriptors((0..3).map(|fd| (fd, Kind::Null)).collect())
    }

    pub fn kind(&self, fd: RawFd) -> Option<Kind> {
        self.0.get(&fd).copied()
    }

    /// The number that a symbolic descriptor stands for.
    pub fn number(&self, symbol: i32, suits: impl Fn(Kind) -> bool) -> RawFd {
        if symbol >= EXACT {
            return symbol - EXACT;
        }
        if symbol >= LITERAL {
            return symbol - LITERAL;
        }
        let all: Vec<RawFd> = self.0.keys().copied().collect();
        let suitable: Vec<RawFd> = self
            .0
            .iter()
            .filter(|(_, kind)| symbol < ANY && suits(**kind))
            .map(|(fd, _)| *fd)
            .collect();
        // The youngest first: programs mostly use what they have just opened.
        let from = if suitable.is_empty() { all } else { suitable };
        match from.len() {
            0 => CLOSED,
            count => from[count - 1 - (symbol % ANY) as usize % count],
        }
    }

    /// Notes what a call that has succeeded did.
    pub fn note(&mut self, call: &Call, answer: &Ret) {
        match (call, answer) {
            (Call::Open { path, how, .. }, Ret::Fd(fd)) => {
                let writes = matches!(how.access, Access::Write | Access::ReadWrite);
                let reads = matches!(how.access, Access::Read | Access::ReadWrite);
                let kind = match how.access {
                    _ if path.as_os_str() == "/dev/null" => Kind::Null,
                    Access::Path => Kind::Reference,
                    _ if how.directory => Kind::Directory,
                    _ => Kind::File { reads, writes },
                };
                self.0.insert(*fd, kind);
            }
            (Call::Pipe, Ret::Fds((read, write))) => {
                self.0.insert(*read, Kind::PipeOut);
                self.0.insert(*write, Kind::PipeIn);
            }
            (Call::Socket { kind }, Ret::Fd(fd)) => {
                self.0.insert(*fd, Kind::Socket(*kind, Stage::Fresh));
            }
            (Call::Bind { fd, .. }, _) => self.advance(*fd, Stage::Bound),
            (Call::Listen { fd, .. }, _) => self.advance(*fd, Stage::Listening),
            (Call::Connect { fd, .. }, _) => self.advance(*fd, Stage::Connected),
            (Call::Accept { .. }, Ret::Fd(fd)) => {
                let kind = Kind::Socket(SocketKind::Stream, Stage::Connected);
                self.0.insert(*fd, kind);
            }
            (Call::PidfdOpen { .. }, Ret::Fd(fd)) => {
                self.0.insert(*fd, Kind::Process);
            }
            (Call::SignalFd { .. }, Ret::Fd(fd)) => {
                self.0.insert(*fd, Kind::Signals);
            }
            (Call::Receive { .. }, Ret::Message(message)) => {
                let fds = message.fds.iter();
                self.0.extend(fds.map(|fd| (*fd, Kind::Received)));
            }
            (Call::Dup2 { from, to }, _) => {
                if let Some(kind) = self.kind(*from) {
                    self.0.insert(*to, kind);
                }
            }
            (Call::Close { fd }, _) => {
                self.0.remove(fd);
            }
            (Call::CloseRange { first, last }, _) => {
                self.0.retain(|fd, _| !(*first..=*last).contains(fd));
            }
            _ => {}
        }
    }

    fn advance(&mut self, fd: RawFd, to: Stage) {
        if let Some(Kind::Socket(_, stage)) = self.0.get_mut(&fd) {
            *stage = to;
        }
    }
}
