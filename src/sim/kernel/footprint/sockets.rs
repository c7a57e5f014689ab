//! Sockets.

use super::{Key, Trace};
use crate::explore::Digest;
use crate::sim::kernel::ids::SocketId;
use crate::sim::kernel::resolve::Final;
use crate::sys::call::Call;
use crate::sys::records::{At, UnixAddr};

impl Trace<'_> {
    /// A socket with whatever hangs on it.
    pub(super) fn touches_socket(&mut self, id: SocketId) {
        self.out.write(Key::Socket(id));
        let socket = &self.machine.sockets[&id];
        if socket.carries() {
            return self.unknown();
        }
        for other in socket.related() {
            self.out.write(Key::Socket(other));
            if self.machine.sockets[&other].carries() {
                return self.unknown();
            }
        }
    }

    pub(super) fn goes_for_sockets(&mut self, call: &Call) {
        let (machine, task) = (self.machine, self.task);
        match call {
            Call::Listen { fd, .. }
            | Call::Accept { fd }
            | Call::EndSending { fd }
            | Call::Receive { fd, .. } => {
                if let Ok(id) = machine.socket_of(task, *fd) {
                    self.touches_socket(id);
                }
            }
            Call::Bind { fd, address } => {
                if let Ok(id) = machine.socket_of(task, *fd) {
                    self.touches_socket(id);
                }
                match address {
                    UnixAddr::Path(path) => {
                        self.changes_name(At::Cwd, path, Final::Keep);
                    }
                    UnixAddr::Abstract(name) => {
                        self.out.write(Key::Abstract(Digest::of(name)));
                    }
                }
            }
            Call::Connect { fd, address } => {
                if let Ok(id) = machine.socket_of(task, *fd) {
                    self.touches_socket(id);
                    self.addresses(id, address);
                }
            }
            Call::Send { fd, fds, to, .. } => {
                if let Ok(id) = machine.socket_of(task, *fd) {
                    self.touches_socket(id);
                    if let Some(address) = to {
                        self.addresses(id, address);
                    }
                }
                if !fds.is_empty() {
                    self.unknown();
                }
            }
            // Nothing but the process's own.
            _ => {}
        }
    }

    pub(super) fn addresses(&mut self, id: SocketId, address: &UnixAddr) {
        match address {
            UnixAddr::Path(path) => {
                self.looks_up(At::Cwd, path, Final::Follow);
            }
            UnixAddr::Abstract(name) => {
                self.out.read(Key::Abstract(Digest::of(name)));
            }
        }
        let kind = self.machine.sockets[&id].kind;
        if let Ok(other) = self.machine.addressed(self.task, address, kind) {
            self.touches_socket(other);
        }
    }
}
