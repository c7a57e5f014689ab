//! What programs write, bounded: the head and the tail of each stream.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::world::facts::Captured;

/// How many bytes are kept of the beginning of a stream.
pub const HEAD: usize = 64 * 1024;

/// How many bytes are kept of its end.
pub const TAIL: usize = 64 * 1024;

/// How much is read at a time, so that one stream that never ends does not
/// keep init from everything else. It is what a pipe holds, so that all that
/// was written before a moment is read then.
const READ: usize = 1 << 20;

/// The kept bytes of a stream.
#[derive(Debug, Default)]
pub struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    omitted: u64,
}

impl Capture {
    /// Adds what was written next.
    pub fn add(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
        self.head.extend(head);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..excess);
        self.omitted += excess as u64;
    }

    /// It as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> Captured {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        if self.omitted > 0 {
            return Captured {
                head: String::from_utf8_lossy(&self.head).into_owned(),
                tail: String::from_utf8_lossy(&tail).into_owned(),
                omitted: self.omitted,
            };
        }
        // Nothing is missing in between, so that a character may lie across.
        let whole = [&self.head[..], &tail].concat();
        Captured {
            head: String::from_utf8_lossy(&whole).into_owned(),
            ..Captured::default()
        }
    }
}

/// A stream that a program writes to and init reads from.
#[derive(Debug, Default)]
pub struct Stream {
    from: Option<File>,
    capture: Capture,
}

impl Stream {
    /// Reads from this pipe or terminal from now on.
    pub fn new(from: OwnedFd) -> Result<Stream, Errno> {
        fcntl(&from, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Stream {
            from: Some(from.into()),
            capture: Capture::default(),
        })
    }

    /// What to wait for, as long as something can come.
    pub fn source(&self) -> Option<BorrowedFd<'_>> {
        self.from.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there without waiting, and gives how many bytes that were.
    pub fn drain(&mut self) -> usize {
        let mut total = 0;
        // Most of the time there is nothing, and to clear a large buffer takes longer
        // than to see that.
        let mut few = [0; 1024];
        let mut many = Vec::new();
        let mut buffer = &mut few[..];
        while let Some(from) = &mut self.from {
            match from.read(buffer) {
                Ok(0) => self.from = None,
                Ok(n) => {
                    self.capture.add(&buffer[..n]);
                    total += n;
                    if n == buffer.len() {
                        many.resize(64 * 1024, 0);
                        buffer = &mut many;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // EIO: the terminal was hung up (`tty_ioctl(4)`).
                Err(_) => self.from = None,
            }
            if total >= READ {
                break;
            }
        }
        total
    }

    /// Reads no more; what comes meets a closed pipe or terminal.
    pub fn close(&mut self) {
        self.from = None;
    }

    /// What was read so far.
    pub fn text(&self) -> Captured {
        self.capture.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_character_between_head_and_tail_stays_whole() {
        let mut capture = Capture::default();
        capture.add(&vec![b'x'; HEAD - 1]);
        capture.add("ä!".as_bytes());
        let text = capture.text();
        assert!(text.head.ends_with("xä!") && text.omitted == 0 && text.tail.is_empty());
    }

    #[test]
    fn the_middle_is_left_out_and_counted() {
        let mut capture = Capture::default();
        capture.add(&vec![b'a'; HEAD]);
        capture.add(&[b'b'; 10]);
        capture.add(&vec![b'c'; TAIL]);
        let text = capture.text();
        assert_eq!(
            (text.head.len(), text.tail.len(), text.omitted),
            (HEAD, TAIL, 10)
        );
        assert!(text.tail.bytes().all(|byte| byte == b'c'));
    }

    proptest! {
        #[test]
        fn however_it_is_cut_head_and_tail_are_the_same(
            sizes in proptest::collection::vec(0..60_000usize, 0..8),
        ) {
            let all: Vec<u8> = (0..sizes.iter().sum()).map(|i: usize| b'a' + (i % 23) as u8).collect();
            let mut capture = Capture::default();
            let mut rest = &all[..];
            for size in sizes {
                let (piece, after) = rest.split_at(size);
                capture.add(piece);
                rest = after;
            }
            let text = capture.text();
            let whole = text.head.len() + text.tail.len() + text.omitted as usize;
            prop_assert_eq!(whole, all.len());
            prop_assert!(all.starts_with(text.head.as_bytes()));
            prop_assert!(all.ends_with(text.tail.as_bytes()));
        }
    }
}
