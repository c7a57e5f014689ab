//! One connection: an answer, and a good-bye that does not take it back.

use std::os::fd::RawFd;
use std::time::Duration;

use daemonlab::sys::{Errno, Fd};

use super::net::Net;

/// For how long a client that has its answer is still listened to.
const PARTING: Duration = Duration::from_secs(1);

/// How many bytes of what means nothing are read at a time.
const WORDS: usize = 4096;

/// A client that is connected. Times are those of [`Clock::now`].
///
/// [`Clock::now`]: daemonlab::sys::Clock::now
pub struct Guest<S: Net> {
    sys: S,
    stream: Fd<S>,
    state: State,
    /// The client sends no more.
    silent: bool,
}

enum State {
    /// The answer is due then.
    Waiting(Duration),
    /// It has its answer. Closing on words that nobody has read would reset
    /// the connection, which can take the answer away again: they are read
    /// until the client closes too, or until then.
    Parting(Duration),
}

impl<S: Net> Guest<S> {
    /// Welcomes a client that is to have its answer at `due`.
    pub fn new(sys: &S, stream: Fd<S>, due: Duration) -> Guest<S> {
        Guest {
            sys: sys.clone(),
            stream,
            state: State::Waiting(due),
            silent: false,
        }
    }

    /// The connection.
    pub fn fd(&self) -> RawFd {
        self.stream.raw()
    }

    /// Whether it may still say something, or close.
    pub fn may_speak(&self) -> bool {
        !self.silent
    }

    /// When something is to be done, whatever the client does.
    pub fn due(&self) -> Duration {
        match self.state {
            State::Waiting(due) | State::Parting(due) => due,
        }
    }

    /// Does what can be done now, and says whether the client is still there.
    pub fn attend(&mut self, answer: &str, now: Duration) -> bool {
        if self.listen().is_err() {
            return false;
        }
        match self.state {
            State::Waiting(due) if now < due => true,
            State::Waiting(_) => {
                self.state = State::Parting(now.saturating_add(PARTING));
                // A few bytes always fit into a fresh connection.
                let fd = self.stream.raw();
                let said = self.sys.send(fd, answer.as_bytes(), &[], None);
                let said = said == Ok(answer.len()) && self.sys.end_sending(fd).is_ok();
                said && !self.silent
            }
            State::Parting(until) => !self.silent && now < until,
        }
    }

    /// Reads what the client says, which means nothing. One that only closes
    /// its sending side still gets its answer.
    fn listen(&mut self) -> Result<(), Errno> {
        while !self.silent {
            match self.sys.receive(self.stream.raw(), WORDS, 0) {
                Ok(words) if words.data.is_empty() => self.silent = true,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(()),
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::os::fd::IntoRawFd;

    use daemonlab::sys::Clock;
    use daemonlab::sys::linux::Linux;

    use super::*;

    /// A guest that is to have its answer in a second, and its client.
    fn guest() -> (Guest<Linux>, TcpStream, Duration) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let now = Linux.now().unwrap();
        (
            Guest::new(
                &Linux,
                Fd::from_raw(&Linux, stream.into_raw_fd()),
                now + Duration::from_secs(1),
            ),
            client,
            now,
        )
    }

    #[test]
    fn the_answer_comes_when_it_is_due_and_is_followed_by_the_end() {
        let (mut guest, mut client, now) = guest();
        assert!(guest.attend("hi\n", now));
        client.set_nonblocking(true).unwrap();
        let nothing = client.read(&mut [0]).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        client.set_nonblocking(false).unwrap();
        assert!(guest.attend("hi\n", guest.due()));
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "hi\n");
    }

    #[test]
    fn who_has_its_answer_is_listened_to_until_it_closes() {
        let (mut guest, mut client, _) = guest();
        let now = guest.due();
        assert!(guest.attend("hi\n", now));
        client.write_all(&[b'x'; 10_000]).unwrap();
        assert!(guest.attend("hi\n", now));
        drop(client);
        assert!(!guest.attend("hi\n", now));
    }

    #[test]
    fn who_never_closes_is_not_listened_to_for_ever() {
        let (mut guest, _client, _) = guest();
        assert!(guest.attend("hi\n", guest.due()));
        assert!(!guest.attend("hi\n", guest.due()));
    }

    #[test]
    fn who_speaks_no_more_still_gets_its_answer() {
        let (mut guest, mut client, now) = guest();
        client.shutdown(Shutdown::Write).unwrap();
        // The end may still be on its way.
        while guest.may_speak() {
            assert!(guest.attend("hi\n", now));
        }
        assert!(!guest.attend("hi\n", guest.due()));
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "hi\n");
    }
}
