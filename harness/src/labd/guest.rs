//! One connection: an answer, and a good-bye that does not take it back.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// For how long a client that has its answer is still listened to.
const PARTING: Duration = Duration::from_secs(1);

/// A client that is connected.
pub struct Guest {
    stream: TcpStream,
    state: State,
    /// The client sends no more.
    silent: bool,
}

enum State {
    /// The answer is due then.
    Waiting(Instant),
    /// It has its answer. Closing on words that nobody has read would reset
    /// the connection, which can take the answer away again: they are read
    /// until the client closes too, or until then.
    Parting(Instant),
}

impl Guest {
    /// Welcomes a client that is to have its answer at `due`.
    pub fn new(stream: TcpStream, due: Instant) -> Guest {
        Guest {
            stream,
            state: State::Waiting(due),
            silent: false,
        }
    }

    /// Whether it may still say something, or close.
    pub fn may_speak(&self) -> bool {
        !self.silent
    }

    /// When something is to be done, whatever the client does.
    pub fn due(&self) -> Instant {
        match self.state {
            State::Waiting(due) | State::Parting(due) => due,
        }
    }

    /// Does what can be done now, and says whether the client is still there.
    pub fn attend(&mut self, answer: &str, now: Instant) -> bool {
        if self.listen().is_err() {
            return false;
        }
        match self.state {
            State::Waiting(due) if now < due => true,
            State::Waiting(_) => {
                self.state = State::Parting(now + PARTING);
                // A few bytes always fit into a fresh connection.
                let said = self.stream.write_all(answer.as_bytes());
                let said = said.and_then(|()| self.stream.shutdown(Shutdown::Write));
                said.is_ok() && !self.silent
            }
            State::Parting(until) => !self.silent && now < until,
        }
    }

    /// Reads what the client says, which means nothing. One that only closes
    /// its sending side still gets its answer.
    fn listen(&mut self) -> std::io::Result<()> {
        let mut words = [0; 4096];
        while !self.silent {
            match self.stream.read(&mut words) {
                Ok(0) => self.silent = true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl AsFd for Guest {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A guest that is to have its answer in a second, and its client.
    fn guest() -> (Guest, TcpStream, Instant) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let now = Instant::now();
        (
            Guest::new(stream, now + Duration::from_secs(1)),
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
