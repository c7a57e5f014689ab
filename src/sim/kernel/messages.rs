//! What goes through sockets, and what `ppoll` sees of descriptors.

use std::os::fd::RawFd;

use super::Machine;
use super::contents::is_terminal;
use super::descriptors::What;
use super::ids::{FileId, SocketId};
use super::process::Life;
use super::refusal::{Refusal, Result};
use super::signals::both;
use super::sockets::{Packet, State, checked};
use crate::explore::TaskName;
use crate::sys::records::{Access, Message, PollEvents, PollFd, SocketKind, UnixAddr};

/// How much a socket buffers (`net.core.wmem_default`); the kernel's own
/// overhead for each message is not counted.
const BUFFER: usize = 212_992;

/// The most descriptors in one message (`SCM_MAX_FD`).
const MOST_FDS: usize = 253;

impl Machine {
    pub(super) fn send_message(
        &mut self,
        task: TaskName,
        fd: RawFd,
        data: &[u8],
        fds: &[RawFd],
        to: Option<&UnixAddr>,
    ) -> Result<usize> {
        let to = to.map(checked).transpose()?;
        let id = self.socket_of(task, fd)?;
        if fds.len() > MOST_FDS {
            return Err(Refusal::TooManyFdsSent);
        }
        let mut files = Vec::with_capacity(fds.len());
        for fd in fds {
            files.push(self.file_id(task, *fd)?);
        }
        match self.sockets[&id].kind {
            SocketKind::Stream => self.send_stream(id, data, files, to),
            SocketKind::Datagram => self.send_datagram(task, id, data, files, to),
        }
    }

    pub(super) fn write_socket(&mut self, task: TaskName, fd: RawFd, data: &[u8]) -> Result<usize> {
        let written = self.send_message(task, fd, data, &[], None);
        if let Err(Refusal::StreamPeerClosed | Refusal::StreamSendsNoMore) = written {
            self.send_sigpipe(task);
        }
        written
    }

    fn connected_to(&self, id: SocketId) -> Option<SocketId> {
        match self.sockets[&id].state {
            State::Connected(other) => Some(other),
            _ => None,
        }
    }

    fn send_stream(
        &mut self,
        id: SocketId,
        data: &[u8],
        files: Vec<FileId>,
        to: Option<&UnixAddr>,
    ) -> Result<usize> {
        let connected = self.connected_to(id);
        if to.is_some() {
            return Err(match connected {
                Some(_) => Refusal::AddressOnConnectedStream,
                None => Refusal::AddressOnStream,
            });
        }
        let other = connected.ok_or(Refusal::StreamNotConnected)?;
        let there = &self.sockets[&other];
        if self.sockets[&id].sends_no_more {
            return Err(Refusal::StreamSendsNoMore);
        }
        if !there.open {
            return Err(Refusal::StreamPeerClosed);
        }
        let room = BUFFER.saturating_sub(there.buffered());
        if room == 0 {
            return Err(Refusal::StreamFull);
        }
        let sent = data.len().min(room);
        if sent > 0 {
            self.enqueue(other, &data[..sent], files);
        }
        Ok(sent)
    }

    fn send_datagram(
        &mut self,
        task: TaskName,
        id: SocketId,
        data: &[u8],
        files: Vec<FileId>,
        to: Option<&UnixAddr>,
    ) -> Result<usize> {
        let connected = self.connected_to(id);
        let addressee = match (to, connected) {
            (None, None) => Err(Refusal::DatagramToNobody),
            (to, connected) => Ok((to, connected)),
        };
        if self.rules.addressee_first {
            addressee?;
        }
        if data.len() > BUFFER - 32 {
            return Err(Refusal::DatagramTooLarge);
        }
        if self.sockets[&id].sends_no_more {
            return Err(Refusal::DatagramSendsNoMore);
        }
        let other = match addressee? {
            (Some(to), _) => self.addressed(task, to, SocketKind::Datagram)?,
            (None, Some(other)) if self.sockets[&other].open => other,
            (None, _) => {
                self.socket_mut(id).state = State::Idle;
                return Err(Refusal::DatagramPeerClosed);
            }
        };
        let there = &self.sockets[&other];
        if matches!(there.state, State::Connected(back) if back != id) {
            return Err(Refusal::DatagramPeerTalksToAnother);
        }
        // Not of itself, and not of whoever listens to nobody else
        // (`unix_dgram_sendmsg` in net/unix/af_unix.c).
        let waits_its_turn = other != id && !matches!(there.state, State::Connected(_));
        if waits_its_turn && there.queue.len() > self.rules.waiting_datagrams {
            return Err(Refusal::DatagramQueueFull);
        }
        self.enqueue(other, data, files);
        Ok(data.len())
    }

    fn enqueue(&mut self, to: SocketId, data: &[u8], fds: Vec<FileId>) {
        for id in &fds {
            self.file_mut(*id).in_flight += 1;
        }
        let data = data.to_vec();
        self.socket_mut(to).queue.push_back(Packet { data, fds });
    }

    pub(super) fn receive(
        &mut self,
        task: TaskName,
        fd: RawFd,
        max_bytes: usize,
        max_fds: usize,
    ) -> Result<Message> {
        let id = self.socket_of(task, fd)?;
        let (data, fds) = match self.sockets[&id].kind {
            SocketKind::Stream => self.take_stream(id, max_bytes)?,
            SocketKind::Datagram => {
                let queue = &mut self.socket_mut(id).queue;
                let mut packet = queue.pop_front().ok_or(Refusal::NoDatagram)?;
                packet.data.truncate(max_bytes);
                (packet.data, packet.fds)
            }
        };
        let fds = self.unpack(task, fds, max_fds);
        Ok(Message { data, fds })
    }

    /// What is there, up to and with the first piece that carries descriptors.
    fn take_stream(&mut self, id: SocketId, max: usize) -> Result<(Vec<u8>, Vec<FileId>)> {
        let State::Connected(other) = self.sockets[&id].state else {
            return Err(Refusal::ReceiveUnconnected);
        };
        let closed = !self.sockets[&other].open;
        let socket = self.socket_mut(id);
        let closed = closed || socket.gets_no_more;
        if socket.queue.is_empty() {
            if std::mem::take(&mut socket.reset) {
                return Err(Refusal::StreamReset);
            }
            return match closed {
                true => Ok((Vec::new(), Vec::new())),
                false => Err(Refusal::StreamEmpty),
            };
        }
        let mut data = Vec::new();
        // Once at least: descriptors come with no bytes, too.
        while let Some(packet) = socket.queue.front_mut() {
            let take = packet.data.len().min(max - data.len());
            data.extend(packet.data.drain(..take));
            let fds = std::mem::take(&mut packet.fds);
            if packet.data.is_empty() {
                socket.queue.pop_front();
            }
            if !fds.is_empty() {
                return Ok((data, fds));
            }
            if data.len() == max {
                break;
            }
        }
        Ok((data, Vec::new()))
    }

    /// Installs what a message carried; what does not fit is closed.
    fn unpack(&mut self, task: TaskName, files: Vec<FileId>, most: usize) -> Vec<RawFd> {
        let mut fds = Vec::new();
        for id in files {
            if fds.len() < most
                && let Ok(fd) = self.free_fd(task)
            {
                self.put(task, fd, id, true);
                fds.push(fd);
            }
            self.file_mut(id).in_flight -= 1;
            self.release_if_unused(id);
        }
        fds
    }

    /// What `ppoll` says of one descriptor.
    pub(super) fn poll_one(&self, task: TaskName, poll: &PollFd) -> PollEvents {
        if poll.fd < 0 {
            return PollEvents::default();
        }
        let file = match self.file(task, poll.fd) {
            Ok(file) if file.access != Access::Path => file,
            _ => {
                return PollEvents {
                    invalid: true,
                    ..PollEvents::default()
                };
            }
        };
        let mut events = match file.what {
            What::PipeOut(pipe) => {
                let (readable, hung_up) = self.poll_pipe_out(pipe);
                PollEvents {
                    readable,
                    hung_up,
                    ..PollEvents::default()
                }
            }
            What::PipeIn(pipe) => {
                let (writable, error) = self.poll_pipe_in(pipe);
                PollEvents {
                    writable,
                    error,
                    ..PollEvents::default()
                }
            }
            What::Socket(id) => self.poll_socket(id),
            What::Process(target) => match self.processes.get(&target) {
                Some(process) => PollEvents {
                    readable: match process.life {
                        Life::Zombie(_) => true,
                        Life::Ending(_) => self.rules.ends_in_two_steps,
                        Life::Running | Life::Stopped => false,
                    },
                    ..PollEvents::default()
                },
                None => PollEvents {
                    readable: true,
                    hung_up: true,
                    ..PollEvents::default()
                },
            },
            What::Signals(set) => {
                let pending = self.process(task).signals.pending_set();
                PollEvents {
                    readable: !both(pending, set).is_empty(),
                    ..PollEvents::default()
                }
            }
            What::Inode(_) if self.device(file).is_some_and(is_terminal) => PollEvents {
                readable: self.terminal.hung_up,
                writable: true,
                hung_up: self.terminal.hung_up,
                error: self.terminal.hung_up,
                ..PollEvents::default()
            },
            What::Inode(_) => PollEvents {
                readable: true,
                writable: true,
                ..PollEvents::default()
            },
        };
        events.readable &= poll.read;
        events.writable &= poll.write;
        events
    }

    /// Whether `ppoll` says that it can be written to: three quarters of the
    /// buffer are free (`unix_writable` in net/unix/af_unix.c), or a datagram
    /// would not have to wait its turn.
    fn has_room(&self, id: SocketId) -> bool {
        let socket = &self.sockets[&id];
        let State::Connected(other) = socket.state else {
            return true;
        };
        let there = &self.sockets[&other];
        match socket.kind {
            SocketKind::Stream => 4 * there.buffered() <= BUFFER,
            SocketKind::Datagram => {
                matches!(there.state, State::Connected(back) if back == id)
                    || there.queue.len() <= self.rules.waiting_datagrams
            }
        }
    }

    fn poll_socket(&self, id: SocketId) -> PollEvents {
        let socket = &self.sockets[&id];
        let stream = socket.kind == SocketKind::Stream;
        let mut events = PollEvents {
            readable: !socket.queue.is_empty(),
            writable: self.has_room(id),
            ..PollEvents::default()
        };
        match &socket.state {
            State::Idle => events.hung_up = stream,
            State::Listening { waiting, .. } => {
                events.readable = !waiting.is_empty();
                events.writable = false;
            }
            State::Connected(other) if stream => {
                let there = &self.sockets[other];
                events.error = socket.reset;
                events.hung_up = !there.open || socket.sends_no_more && socket.gets_no_more;
                events.readable |= !there.open || socket.gets_no_more;
            }
            State::Connected(_) => {}
        }
        events
    }
}
