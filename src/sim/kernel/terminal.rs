//! The one terminal of a machine: whose it is, and its hang-up.

use std::path::Path;

use super::Machine;
use super::descriptors::OpenFile;
use super::inode::{Device, Node};
use super::refusal::{Refusal, Result};
use crate::explore::TaskName;
use crate::sys::Signal;

/// The name of the terminal.
pub(super) const TERMINAL: &str = "/dev/pts/0";

/// The terminal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Terminal {
    /// The session that it controls.
    pub session: Option<i32>,
    /// The process group in the foreground.
    pub foreground: Option<i32>,
    /// Whether it has been hung up: its window was closed.
    pub hung_up: bool,
    /// What was written to it.
    pub output: Vec<u8>,
}

impl Terminal {
    pub(super) fn of(session: i32) -> Terminal {
        Terminal {
            session: Some(session),
            foreground: None,
            hung_up: false,
            output: Vec::new(),
        }
    }
}

impl Machine {
    /// The terminal.
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Puts a process group into the foreground, as a shell with job control
    /// does with what it starts.
    pub fn put_in_foreground(&mut self, group: i32) {
        self.terminal.foreground = Some(group);
    }

    /// The window is closed: the terminal is no one's any more, and the
    /// foreground group is hung up. (Linux tells the session's leader; a shell
    /// passes it on to its jobs. The starter is such a shell.) It is a pseudo-
    /// terminal, `pts(4)`: without its window it has no name any more.
    pub fn hang_up(&mut self) {
        self.terminal.hung_up = true;
        self.take_name_from_terminal();
        self.hang_up_foreground();
        self.free_terminal();
    }

    /// `devpts_pty_kill` in fs/devpts/inode.c.
    fn take_name_from_terminal(&mut self) {
        let path = Path::new(TERMINAL);
        let terminal = self
            .find(path)
            .filter(|ino| self.inode(*ino).node == Node::Device(Device::Terminal));
        let directory = path.parent().and_then(|folder| self.find(folder));
        if let (Some(ino), Some(directory), Some(name)) = (terminal, directory, path.file_name()) {
            self.entries_mut(directory).remove(name);
            self.inode_mut(ino).links = 0;
        }
    }

    fn hang_up_foreground(&mut self) {
        let Some(group) = self.terminal.foreground else {
            return;
        };
        for member in self.members(group) {
            self.send_from_kernel(member, Signal::HUP);
            self.send_from_kernel(member, Signal::CONT);
        }
    }

    fn free_terminal(&mut self) {
        let session = self.terminal.session.take();
        for process in self.processes.values_mut() {
            if Some(process.session) == session {
                process.terminal = false;
            }
        }
    }

    /// What the end of a session's leader does to its terminal.
    pub(super) fn leave_terminal(&mut self, task: TaskName) {
        let process = self.process(task);
        if process.terminal && process.session == process.pid {
            self.hang_up_foreground();
            self.free_terminal();
        }
    }

    /// # Errors
    /// ENXIO for `/dev/tty` without a controlling terminal, as after a hang-up.
    pub(super) fn may_open_device(&self, task: TaskName, device: Device) -> Result<()> {
        match device {
            Device::ControllingTerminal if !self.process(task).terminal => {
                Err(Refusal::NoControllingTerminal)
            }
            _ => Ok(()),
        }
    }

    /// A session's leader without a terminal that opens one for reading gets
    /// it, unless it says `O_NOCTTY` or another session has it
    /// (`tty_open_proc_set_tty`).
    pub(super) fn take_terminal(&mut self, task: TaskName, file: &OpenFile) {
        let process = self.process(task);
        let leads = process.session == process.pid && !process.terminal;
        if self.device(file) == Some(Device::Terminal)
            && file.reads()
            && leads
            && self.terminal.session.is_none()
            && !self.terminal.hung_up
        {
            let (session, group) = (process.session, process.group);
            self.terminal.session = Some(session);
            self.terminal.foreground = Some(group);
            self.process_mut(task).terminal = true;
        }
    }
}
