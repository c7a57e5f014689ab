//! Unix sockets: their names and connections (`unix(7)`). What goes through
//! them is in [`super::messages`].

use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::path::Path;

use super::Machine;
use super::descriptors::{OpenFile, What};
use super::ids::{FileId, SocketId};
use super::inode::{Node, Want};
use super::refusal::{Refusal, Result};
use super::resolve::Final;
use crate::explore::TaskName;
use crate::sys::Pid;
use crate::sys::records::{Access, At, Peer, SocketKind, UnixAddr};

/// A socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Socket {
    pub(super) kind: SocketKind,
    /// Its owner and group, at first who made it.
    pub(super) owner: (u32, u32),
    /// Its permission bits, which nobody looks at.
    pub(super) mode: u32,
    /// Whether it has a name.
    pub(super) bound: bool,
    pub(super) state: State,
    /// What has come and nobody has taken.
    pub(super) queue: VecDeque<Packet>,
    /// `SO_PEERCRED`.
    pub(super) peer: Option<Peer>,
    /// The other end was closed before it had read everything.
    pub(super) reset: bool,
    /// It sends no more: `SEND_SHUTDOWN`.
    pub(super) sends_no_more: bool,
    /// Nothing more comes: `RCV_SHUTDOWN`.
    pub(super) gets_no_more: bool,
    /// Whether it is open, or waits to be accepted.
    pub(super) open: bool,
}

/// How a socket stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum State {
    /// Neither listening nor connected.
    Idle,
    /// It accepts connections.
    Listening {
        backlog: u32,
        waiting: VecDeque<SocketId>,
    },
    /// It is connected to this one, or was until that was closed.
    Connected(SocketId),
}

/// What was sent in one piece.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Packet {
    pub data: Vec<u8>,
    pub fds: Vec<FileId>,
}

impl Socket {
    /// Whether a message with descriptors waits in it.
    pub(super) fn carries(&self) -> bool {
        self.queue.iter().any(|packet| !packet.fds.is_empty())
    }

    /// How many bytes wait in it.
    pub(super) fn buffered(&self) -> usize {
        self.queue.iter().map(|packet| packet.data.len()).sum()
    }

    /// The sockets that it is connected to, or that wait at it.
    pub(super) fn related(&self) -> Vec<SocketId> {
        match &self.state {
            State::Idle => Vec::new(),
            State::Listening { waiting, .. } => waiting.iter().copied().collect(),
            State::Connected(other) => vec![*other],
        }
    }
}

impl Machine {
    pub(super) fn socket(&mut self, task: TaskName, kind: SocketKind) -> Result<RawFd> {
        self.free_fd(task)?;
        let id = self.new_socket(task, kind);
        self.install_socket(task, id)
    }

    fn new_socket(&mut self, task: TaskName, kind: SocketKind) -> SocketId {
        let id = SocketId(self.new_id(task));
        let creds = &self.process(task).creds;
        let socket = Socket {
            kind,
            owner: (creds.uid.effective, creds.gid.effective),
            mode: 0o777,
            bound: false,
            state: State::Idle,
            queue: VecDeque::new(),
            peer: None,
            reset: false,
            sends_no_more: false,
            gets_no_more: false,
            open: true,
        };
        self.sockets.insert(id, socket);
        id
    }

    fn install_socket(&mut self, task: TaskName, id: SocketId) -> Result<RawFd> {
        let file = OpenFile {
            non_blocking: true,
            ..OpenFile::new(What::Socket(id), Access::ReadWrite)
        };
        self.install(task, file, true)
    }

    pub(super) fn socket_mut(&mut self, id: SocketId) -> &mut Socket {
        self.sockets.get_mut(&id).expect("a socket that is there")
    }

    /// # Errors
    /// EBADF, ENOTSOCK.
    pub(super) fn socket_of(&self, task: TaskName, fd: RawFd) -> Result<SocketId> {
        match self.real_file(task, fd)?.what {
            What::Socket(id) => Ok(id),
            _ => Err(Refusal::NotASocket),
        }
    }

    fn credentials_for_peer(&self, task: TaskName) -> Peer {
        let process = self.process(task);
        Peer {
            pid: Pid::from_raw(process.pid),
            uid: process.creds.uid.effective,
            gid: process.creds.gid.effective,
        }
    }

    pub(super) fn bind(&mut self, task: TaskName, fd: RawFd, address: &UnixAddr) -> Result<()> {
        // The wrapper makes the address before it asks the kernel.
        let address = checked(address)?;
        let id = self.socket_of(task, fd)?;
        match address {
            UnixAddr::Path(path) => {
                let place = match self.vacant(task, At::Cwd, path) {
                    Ok(place) if place.slash => return Err(Refusal::BindNameWithSlash),
                    Ok(place) => place,
                    Err(Refusal::NameTaken) => return Err(Refusal::BindNameTaken),
                    Err(refusal) => return Err(refusal),
                };
                // The name is made, and taken back, before the socket is looked
                // at (`unix_bind_bsd` in net/unix/af_unix.c).
                self.may_make(task, &place)?;
                self.unbound(id)?;
                self.make(task, &place, Node::Socket(id), 0o777)?;
            }
            UnixAddr::Abstract(name) => {
                self.unbound(id)?;
                let name = (self.sockets[&id].kind, name.clone());
                if self.abstract_names.contains_key(&name) {
                    return Err(Refusal::AbstractNameTaken);
                }
                self.abstract_names.insert(name, id);
            }
        }
        self.socket_mut(id).bound = true;
        Ok(())
    }

    fn unbound(&self, id: SocketId) -> Result<()> {
        match self.sockets[&id].bound {
            true => Err(Refusal::BoundAlready),
            false => Ok(()),
        }
    }

    pub(super) fn listen(&mut self, task: TaskName, fd: RawFd, backlog: u32) -> Result<()> {
        let id = self.socket_of(task, fd)?;
        let peer = self.credentials_for_peer(task);
        let socket = self.socket_mut(id);
        if socket.kind == SocketKind::Datagram {
            return Err(Refusal::ListenDatagram);
        }
        if !socket.bound {
            return Err(Refusal::ListenUnbound);
        }
        match &mut socket.state {
            State::Connected(_) => return Err(Refusal::ListenConnected),
            State::Listening { backlog: old, .. } => *old = backlog,
            State::Idle => {
                let waiting = VecDeque::new();
                socket.state = State::Listening { backlog, waiting };
            }
        }
        socket.peer = Some(peer);
        Ok(())
    }

    /// The open socket with this address.
    ///
    /// # Errors
    /// ECONNREFUSED where nobody has it, and those of path look-up.
    pub(super) fn addressed(
        &self,
        task: TaskName,
        address: &UnixAddr,
        kind: SocketKind,
    ) -> Result<SocketId> {
        let id = match address {
            UnixAddr::Path(path) => self.named(task, path)?,
            UnixAddr::Abstract(name) => {
                let name = (kind, name.clone());
                *self
                    .abstract_names
                    .get(&name)
                    .ok_or(Refusal::AbstractNameUnknown)?
            }
        };
        let socket = &self.sockets[&id];
        if !socket.open {
            return Err(Refusal::SocketClosed);
        }
        if socket.kind != kind {
            return Err(Refusal::SocketKindDiffers);
        }
        Ok(id)
    }

    fn named(&self, task: TaskName, path: &Path) -> Result<SocketId> {
        let ino = self.look_up(task, At::Cwd, path, Final::Follow)?;
        self.permit(&self.process(task).creds, ino, Want::WRITE)?;
        match self.inode(ino).node {
            Node::Socket(id) => Ok(id),
            _ => Err(Refusal::NameOfNoSocket),
        }
    }

    pub(super) fn connect(&mut self, task: TaskName, fd: RawFd, address: &UnixAddr) -> Result<()> {
        let address = checked(address)?;
        let id = self.socket_of(task, fd)?;
        let kind = self.sockets[&id].kind;
        let other = self.addressed(task, address, kind)?;
        if kind == SocketKind::Datagram {
            self.socket_mut(id).state = State::Connected(other);
            return Ok(());
        }
        let State::Listening { backlog, waiting } = &self.sockets[&other].state else {
            return Err(Refusal::NobodyListens);
        };
        if waiting.len() > *backlog as usize {
            return Err(Refusal::BacklogFull);
        }
        match self.sockets[&id].state {
            State::Idle => {}
            State::Connected(_) => return Err(Refusal::ConnectConnected),
            State::Listening { .. } => return Err(Refusal::ConnectListening),
        }
        let end = self.new_socket(task, kind);
        let me = self.credentials_for_peer(task);
        let listener = self.sockets[&other].peer;
        let accepted = self.socket_mut(end);
        accepted.state = State::Connected(id);
        accepted.peer = Some(me);
        accepted.bound = true;
        let socket = self.socket_mut(id);
        socket.state = State::Connected(end);
        socket.peer = listener;
        if let State::Listening { waiting, .. } = &mut self.socket_mut(other).state {
            waiting.push_back(end);
        }
        Ok(())
    }

    pub(super) fn accept(&mut self, task: TaskName, fd: RawFd) -> Result<RawFd> {
        self.real_file(task, fd)?;
        self.free_fd(task)?;
        let id = self.socket_of(task, fd)?;
        let socket = self.socket_mut(id);
        if socket.kind == SocketKind::Datagram {
            return Err(Refusal::AcceptDatagram);
        }
        let State::Listening { waiting, .. } = &mut socket.state else {
            return Err(Refusal::AcceptNotListening);
        };
        let end = waiting.pop_front().ok_or(Refusal::NobodyConnects)?;
        self.install_socket(task, end)
    }

    /// Whatever its state is (`unix_shutdown` in net/unix/af_unix.c).
    pub(super) fn end_sending(&mut self, task: TaskName, fd: RawFd) -> Result<()> {
        let id = self.socket_of(task, fd)?;
        let socket = self.socket_mut(id);
        socket.sends_no_more = true;
        if let (SocketKind::Stream, State::Connected(other)) = (socket.kind, &socket.state) {
            let other = *other;
            self.socket_mut(other).gets_no_more = true;
        }
        Ok(())
    }

    /// Of a socket without a peer, Linux says PID 0 and ids of -1.
    pub(super) fn peer(&self, task: TaskName, fd: RawFd) -> Result<Peer> {
        let id = self.socket_of(task, fd)?;
        Ok(self.sockets[&id].peer.unwrap_or(Peer {
            pid: Pid::from_raw(0),
            uid: u32::MAX,
            gid: u32::MAX,
        }))
    }

    /// The last descriptor is closed: its peer is hung up, what waits in it is
    /// dropped.
    pub(super) fn release_socket(&mut self, id: SocketId) {
        let socket = self.socket_mut(id);
        socket.open = false;
        let unread = !socket.queue.is_empty();
        let queue = std::mem::take(&mut socket.queue);
        let state = socket.state.clone();
        let kind = socket.kind;
        self.abstract_names.retain(|_, named| *named != id);
        for packet in queue {
            self.drop_flying(packet.fds);
        }
        match state {
            State::Idle => {}
            State::Listening { waiting, .. } => {
                for end in waiting {
                    if let State::Connected(client) = self.sockets[&end].state {
                        self.socket_mut(client).reset = true;
                    }
                    self.release_socket(end);
                }
            }
            State::Connected(other) if kind == SocketKind::Stream => {
                if unread {
                    self.socket_mut(other).reset = true;
                }
            }
            State::Connected(_) => {}
        }
    }

    /// Descriptors of a message that nobody will receive.
    pub(super) fn drop_flying(&mut self, fds: Vec<FileId>) {
        for id in fds {
            self.file_mut(id).in_flight -= 1;
            self.release_if_unused(id);
        }
    }
}

/// # Errors
/// EINVAL for an empty path, as the real backend has it, and ENAMETOOLONG for
/// what does not fit into a `sockaddr_un`.
pub(super) fn checked(address: &UnixAddr) -> Result<&UnixAddr> {
    let (length, room) = match address {
        UnixAddr::Path(path) => (path.as_os_str().len(), 108),
        UnixAddr::Abstract(name) => (name.len(), 107),
    };
    match address {
        UnixAddr::Path(_) if length == 0 => Err(Refusal::AddressEmpty),
        UnixAddr::Path(path) if path.as_os_str().as_encoded_bytes().contains(&0) => {
            Err(Refusal::AddressHasZeroByte)
        }
        _ if length > room => Err(Refusal::AddressTooLong),
        _ => Ok(address),
    }
}
