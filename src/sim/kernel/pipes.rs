//! Pipes (`pipe(7)`), page by page as Linux keeps them.
//!
//! A write of up to `PIPE_BUF` bytes takes at most one page and so never
//! mixes with another.

use std::collections::VecDeque;
use std::os::fd::RawFd;

use super::Machine;
use super::descriptors::{OpenFile, What};
use super::ids::{FileId, PipeId};
use super::refusal::{Refusal, Result};
use crate::explore::TaskName;
use crate::sys::records::{Access, SignalInfo};
use crate::sys::{Pid, Signal};

/// The size of a page, which is `PIPE_BUF` too.
const PAGE: usize = 4096;

/// A pipe.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pipe {
    pages: VecDeque<Vec<u8>>,
    pub(super) reader: FileId,
    pub(super) writer: FileId,
    /// Its owner and group, at first who made it.
    pub(super) owner: (u32, u32),
    /// Its permission bits, which nobody looks at.
    pub(super) mode: u32,
}

impl Machine {
    pub(super) fn pipe(&mut self, task: TaskName) -> Result<(RawFd, RawFd)> {
        if self.process(task).fds.len() + 2 > self.rules.most_fds {
            return Err(Refusal::PipeNeedsTwoFds);
        }
        let id = PipeId(self.new_id(task));
        let creds = &self.process(task).creds;
        let owner = (creds.uid.effective, creds.gid.effective);
        let [reader, writer] = [
            OpenFile::new(What::PipeOut(id), Access::Read),
            OpenFile::new(What::PipeIn(id), Access::Write),
        ];
        let read = self.install(task, reader, true)?;
        let write = self.install(task, writer, true)?;
        let fds = &self.process(task).fds;
        let pipe = Pipe {
            pages: VecDeque::new(),
            reader: fds[&read].file,
            writer: fds[&write].file,
            owner,
            mode: 0o600,
        };
        self.pipes.insert(id, pipe);
        Ok((read, write))
    }

    fn has_readers(&self, pipe: PipeId) -> bool {
        self.files[&self.pipes[&pipe].reader].is_open()
    }

    fn has_writers(&self, pipe: PipeId) -> bool {
        self.files[&self.pipes[&pipe].writer].is_open()
    }

    fn is_full(&self, pipe: PipeId) -> bool {
        self.pipes[&pipe].pages.len() >= self.rules.pipe_pages
    }

    pub(super) fn pipe_is_full(&self, pipe: PipeId) -> bool {
        self.is_full(pipe)
    }

    /// Whether a read of `max` bytes would leave nothing.
    pub(super) fn pipe_holds_at_most(&self, pipe: PipeId, max: usize) -> bool {
        let held: usize = self.pipes[&pipe].pages.iter().map(Vec::len).sum();
        held <= max
    }

    /// Whether a write of so many bytes may leave no room, or has none.
    pub(super) fn pipe_could_fill(&self, pipe: PipeId, bytes: usize) -> bool {
        self.pipes[&pipe].pages.len() + bytes / PAGE + 1 >= self.rules.pipe_pages
    }

    /// Readable, hung up.
    pub(super) fn poll_pipe_out(&self, pipe: PipeId) -> (bool, bool) {
        let readable = !self.pipes[&pipe].pages.is_empty();
        (readable, !self.has_writers(pipe))
    }

    /// Writable, error.
    pub(super) fn poll_pipe_in(&self, pipe: PipeId) -> (bool, bool) {
        (!self.is_full(pipe), !self.has_readers(pipe))
    }

    pub(super) fn pipe_can_be_read(&self, pipe: PipeId) -> bool {
        !self.pipes[&pipe].pages.is_empty() || !self.has_writers(pipe)
    }

    /// Whether a write would return, or at least write something, of which
    /// `before` bytes were written already. A pipe that is full, as poll(2) has
    /// it, may have room on its last page.
    pub(super) fn pipe_can_be_written(&self, pipe: PipeId, data: &[u8], before: usize) -> bool {
        let last = self.pipes[&pipe].pages.back();
        !self.is_full(pipe)
            || !self.has_readers(pipe)
            || (before == 0 && last.is_some_and(|last| odd_that_fit(last, data) > 0))
    }

    pub(super) fn read_pipe(&mut self, pipe: PipeId, max: usize) -> Vec<u8> {
        let pages = &mut self
            .pipes
            .get_mut(&pipe)
            .expect("a pipe that is there")
            .pages;
        let mut out = Vec::new();
        while let Some(page) = pages.front_mut() {
            let take = page.len().min(max - out.len());
            if take == 0 {
                break;
            }
            out.extend(page.drain(..take));
            if page.is_empty() {
                pages.pop_front();
            }
        }
        out
    }

    pub(super) fn write_pipe(
        &mut self,
        task: TaskName,
        pipe: PipeId,
        data: &[u8],
    ) -> Option<Result<usize>> {
        let before = self.process(task).wait.map_or(0, |wait| wait.written);
        if data.is_empty() {
            return Some(Ok(0));
        }
        let partly = |errno| match before {
            0 => Err(errno),
            written => Ok(written),
        };
        if !self.has_readers(pipe) {
            self.send_sigpipe(task);
            return Some(partly(Refusal::PipeWithoutReaders));
        }
        if !self.pipe_can_be_written(pipe, data, before) && self.interrupted(task) {
            return Some(partly(Refusal::WriteInterrupted));
        }
        let room = self.rules.pipe_pages;
        let pages = &mut self
            .pipes
            .get_mut(&pipe)
            .expect("a pipe that is there")
            .pages;
        let written = before + fill(pages, room, &data[before..], before > 0);
        if written == data.len() {
            return Some(Ok(written));
        }
        if let Some(wait) = &mut self.process_mut(task).wait {
            wait.written = written;
            wait.entered = true;
        }
        None
    }

    /// A write to what nobody can read from any more.
    pub(super) fn send_sigpipe(&mut self, task: TaskName) {
        let process = self.process(task);
        let info = SignalInfo {
            signal: Signal::PIPE,
            pid: Pid::from_raw(process.pid),
            uid: process.creds.uid.real,
        };
        self.send(task, info);
    }
}

/// `pipe_write` in fs/pipe.c: the odd bytes go to the last page if they fit
/// there as a whole, the rest to new pages. How many were written.
fn fill(pages: &mut VecDeque<Vec<u8>>, room: usize, data: &[u8], goes_on: bool) -> usize {
    let mut written = 0;
    if let Some(last) = pages.back_mut()
        && !goes_on
    {
        written = odd_that_fit(last, data);
        last.extend_from_slice(&data[..written]);
    }
    for part in data[written..].chunks(PAGE) {
        if pages.len() >= room {
            break;
        }
        pages.push_back(part.to_vec());
        written += part.len();
    }
    written
}

/// How many odd bytes of a write the last page takes.
fn odd_that_fit(last: &[u8], data: &[u8]) -> usize {
    let odd = data.len() % PAGE;
    if last.len() + odd <= PAGE { odd } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_writes_share_a_page_and_large_ones_take_their_own() {
        let mut pages = VecDeque::new();
        assert_eq!(fill(&mut pages, 2, b"ab", false), 2);
        assert_eq!(fill(&mut pages, 2, b"cd", false), 2);
        assert_eq!(pages.len(), 1);
        assert_eq!(fill(&mut pages, 2, &[0; PAGE - 3], false), PAGE - 3);
        assert_eq!(pages.len(), 2);
        assert_eq!(fill(&mut pages, 2, &[0; PAGE], false), 0);
    }
}
