//! Frames: a message, raw bytes beside it, and descriptors. Both ends are the
//! same executable, so that messages need no names in them.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest message and the most bytes beside it: 64 MiB. What says more is
/// not one of ours.
const MOST: u32 = 64 << 20;

/// The lengths of the message and of the bytes beside it.
const HEADER: usize = 8;

/// The most descriptors in one frame.
const FDS: usize = 4;

/// One end of a conversation.
#[derive(Debug)]
pub struct Channel {
    socket: UnixStream,
}

/// What came in one piece.
#[derive(Debug)]
pub struct Frame<T> {
    /// The message.
    pub message: T,
    /// Raw bytes that belong to it.
    pub bytes: Vec<u8>,
    /// Descriptors that belong to it, close-on-exec.
    pub fds: Vec<OwnedFd>,
}

impl Channel {
    /// Both ends of a new conversation, close-on-exec.
    pub fn pair() -> io::Result<(Channel, Channel)> {
        let (a, b) = UnixStream::pair()?;
        Ok((a.into(), b.into()))
    }

    /// Sends a message alone.
    pub fn send<T: Serialize>(&self, message: &T) -> io::Result<()> {
        self.send_with(message, &[], &[])
    }

    /// Sends a message with bytes and descriptors, which stay the caller's.
    pub fn send_with<T: Serialize>(
        &self,
        message: &T,
        bytes: &[u8],
        fds: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        // Its length is known afterwards.
        let mut frame = postcard::to_extend(message, vec![0; HEADER]).map_err(io::Error::other)?;
        let length = |length: usize| u32::try_from(length).ok().filter(|n| *n <= MOST);
        let (Some(first), Some(second)) = (length(frame.len() - HEADER), length(bytes.len()))
        else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the message is longer than 64 MiB",
            ));
        };
        frame[..4].copy_from_slice(&first.to_le_bytes());
        frame[4..HEADER].copy_from_slice(&second.to_le_bytes());
        frame.extend(bytes);
        let raw: Vec<RawFd> = fds.iter().map(|fd| fd.as_raw_fd()).collect();
        let control = [ControlMessage::ScmRights(&raw)];
        let control = if raw.is_empty() {
            &control[..0]
        } else {
            &control[..]
        };
        let sent = loop {
            // MSG_NOSIGNAL: a peer that is gone is an error, not a SIGPIPE.
            let flags = MsgFlags::MSG_NOSIGNAL;
            match sendmsg::<()>(
                self.socket.as_raw_fd(),
                &[IoSlice::new(&frame)],
                control,
                flags,
                None,
            ) {
                Err(nix::errno::Errno::EINTR) => {}
                other => break other?,
            }
        };
        // The descriptors went with the first byte; the rest may follow alone.
        send_all(&self.socket, &frame[sent..])
    }

    /// Whether something has come, or the peer is gone.
    pub fn has_come(&self) -> bool {
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1))
    }

    /// Waits for the next frame; `None` once the peer is gone.
    ///
    /// # Errors
    /// What came is no frame, or the socket's own error.
    pub fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<Frame<T>>> {
        let mut header = [0; HEADER];
        let mut fds = Vec::new();
        let mut have = 0;
        while have < header.len() {
            match receive_some(&self.socket, &mut header[have..], &mut fds)? {
                0 if have == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => have += n,
            }
        }
        let [a, b, c, d, e, f, g, h] = header;
        let lengths = [[a, b, c, d], [e, f, g, h]].map(u32::from_le_bytes);
        if lengths.iter().any(|length| *length > MOST) {
            return Err(not_ours("it would be longer than 64 MiB"));
        }
        let mut message = vec![0; lengths[0] as usize];
        let mut bytes = vec![0; lengths[1] as usize];
        (&self.socket).read_exact(&mut message)?;
        (&self.socket).read_exact(&mut bytes)?;
        Ok(Some(Frame {
            message: postcard::from_bytes(&message).map_err(not_ours)?,
            bytes,
            fds,
        }))
    }

    /// The same, but gives up with [`io::ErrorKind::TimedOut`] if nothing has
    /// come `within`.
    pub fn receive_within<T: DeserializeOwned>(
        &self,
        within: Duration,
    ) -> io::Result<Option<Frame<T>>> {
        let timeout = PollTimeout::try_from(within).unwrap_or(PollTimeout::MAX);
        loop {
            let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout) {
                Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                Ok(_) => return self.receive(),
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

fn not_ours(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn send_all(mut socket: &UnixStream, mut rest: &[u8]) -> io::Result<()> {
    while !rest.is_empty() {
        let flags = MsgFlags::MSG_NOSIGNAL;
        match nix::sys::socket::send(socket.as_raw_fd(), rest, flags) {
            Ok(n) => rest = &rest[n..],
            Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    socket.flush()
}

fn receive_some(socket: &UnixStream, into: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut space = nix::cmsg_space!([RawFd; FDS]);
    let mut slices = [IoSliceMut::new(into)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let received = loop {
        match recvmsg::<()>(socket.as_raw_fd(), &mut slices, Some(&mut space), flags) {
            Err(nix::errno::Errno::EINTR) => {}
            // The peer has ended without reading all that it was sent.
            Err(nix::errno::Errno::ECONNRESET) => return Ok(0),
            other => break other?,
        }
    };
    for message in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = message {
            for number in numbers {
                // SAFETY: the kernel has just put this descriptor in our table.
                fds.push(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
    }
    Ok(received.bytes)
}

impl From<UnixStream> for Channel {
    fn from(socket: UnixStream) -> Channel {
        Channel { socket }
    }
}

impl From<OwnedFd> for Channel {
    fn from(fd: OwnedFd) -> Channel {
        Channel { socket: fd.into() }
    }
}

impl From<Channel> for OwnedFd {
    fn from(channel: Channel) -> OwnedFd {
        channel.socket.into()
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_arrives_whole_with_its_descriptors() {
        let (a, b) = Channel::pair().unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        let bytes = vec![7; 300_000];
        std::thread::scope(|scope| {
            scope.spawn(|| {
                a.send(&1).unwrap();
                a.send_with(&"two", &bytes, &[writer.as_fd()]).unwrap();
                a.send(&3).unwrap();
            });
            assert_eq!(b.receive::<i32>().unwrap().unwrap().message, 1);
            let two = b.receive::<String>().unwrap().unwrap();
            assert_eq!((two.message.as_str(), &two.bytes), ("two", &bytes));
            let mut sent: std::fs::File = two.fds.into_iter().next().unwrap().into();
            sent.write_all(b"x").unwrap();
            assert!(b.receive::<i32>().unwrap().unwrap().fds.is_empty());
        });
        let mut byte = [0];
        reader.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"x");
        drop(a);
        assert!(b.receive::<i32>().unwrap().is_none());
    }

    #[test]
    fn a_peer_that_ends_without_reading_is_gone() {
        let (a, b) = Channel::pair().unwrap();
        a.send(&1).unwrap();
        drop(b);
        assert!(a.receive::<i32>().unwrap().is_none());
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        let (a, b) = UnixStream::pair().unwrap();
        (&a).write_all(&[0xff; 8]).unwrap();
        assert_eq!(
            Channel::from(b).receive::<i32>().unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }
}
