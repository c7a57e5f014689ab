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
