//! The server itself: one thread, one wait for everything.

use std::io::ErrorKind;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use daemonlab::sys::System;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::guest::Guest;
use super::listen::Listening;
use super::stop::{Signals, Stop};
use super::takeover::Offer;

/// More wait in the backlog until one of them has gone.
const GUESTS_MAX: usize = 256;

/// A server that serves until it is told to stop.
pub struct Server<'a, S: System> {
    /// Where it listens; nowhere, once it is stopping.
    pub listening: Vec<Listening>,
    /// How another may take over.
    pub offer: &'a mut Option<Offer<S>>,
    /// How it is told to stop.
    pub signals: &'a Signals,
    /// What it says.
    pub answer: String,
    /// When, after a connection.
    pub answer_after: Duration,
    /// How long a stop waits for who is connected.
    pub grace: Duration,
    /// What happens when it has been told to stop.
    pub on_stop: &'a dyn Fn(Stop),
}

impl<S: System> Server<'_, S> {
    /// Serves, until a signal has come and who was connected is served.
    pub fn serve(mut self) {
        let mut guests = Vec::new();
        let mut stop_at = None;
        loop {
            let now = Instant::now();
            if self.offer.is_some() || !self.listening.is_empty() {
                self.attend_offer();
            }
            self.accept(&mut guests, now);
            guests.retain_mut(|guest| guest.attend(&self.answer, now));
            match self.signals.next() {
                Some(Stop::AtOnce) => {
                    (self.on_stop)(Stop::AtOnce);
                    return;
                }
                Some(stop) if stop_at.is_none() => {
                    self.told_to(stop);
                    // Who is in the backlog has been accepted, or is another's.
                    self.accept(&mut guests, now);
                    self.listening.clear();
                    stop_at = Some(now + self.grace);
                }
                _ => {}
            }
            if let Some(stop_at) = stop_at {
                if guests.is_empty() {
                    return;
                }
                if now >= stop_at {
                    log::warn!("{} connections were not served in time", guests.len());
                    return;
                }
            }
            let due = guests.iter().map(Guest::due).chain(stop_at).min();
            self.wait(&guests, due);
        }
    }

    fn told_to(&self, stop: Stop) {
        let taken = self.offer.as_ref().is_some_and(Offer::is_taken);
        if stop == Stop::Replaced && !taken {
            log::warn!("stopping for another instance, but none has taken over");
        }
        (self.on_stop)(stop);
    }

    fn attend_offer(&mut self) {
        if let Some(offer) = self.offer {
            offer.attend(&self.listening);
        }
    }

    fn accept(&self, guests: &mut Vec<Guest>, now: Instant) {
        for listening in &self.listening {
            while guests.len() < GUESTS_MAX {
                let accepted = listening.socket.accept().and_then(|(stream, _)| {
                    stream.set_nonblocking(true)?;
                    Ok(stream)
                });
                match accepted {
                    Ok(stream) => guests.push(Guest::new(stream, now + self.answer_after)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => {
                        log::error!("cannot accept on {}: {error}", listening.address);
                        break;
                    }
                }
            }
        }
    }

    /// Until something has come, or `due`.
    fn wait(&self, guests: &[Guest], due: Option<Instant>) {
        let mut wishes = vec![self.signals.as_fd()];
        if guests.len() < GUESTS_MAX {
            wishes.extend(self.listening.iter().map(|one| one.socket.as_fd()));
        }
        let speaking = guests.iter().filter(|guest| guest.may_speak());
        wishes.extend(speaking.map(Guest::as_fd));
        let mut wishes: Vec<PollFd<'_>> = wishes.into_iter().map(readable).collect();
        if let Some(offer) = self.offer.as_ref() {
            // SAFETY: the offer owns them, and outlives the wait.
            let fds = offer.fds().map(|fd| unsafe { BorrowedFd::borrow_raw(fd) });
            wishes.extend(fds.map(readable));
        }
        match poll(&mut wishes, timeout(due)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => log::error!("cannot wait: {errno}"),
        }
    }
}

fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}

/// The time until `due`, in milliseconds: rounded up, so as not to wake before.
pub fn timeout(due: Option<Instant>) -> PollTimeout {
    let Some(due) = due else {
        return PollTimeout::NONE;
    };
    let left = due.saturating_duration_since(Instant::now());
    let milliseconds = left.as_nanos().div_ceil(1_000_000);
    PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX)
}
