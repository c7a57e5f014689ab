//! The server itself: one thread, one wait for everything.

use std::os::fd::RawFd;
use std::time::Duration;

use daemonlab::sys::records::PollFd;
use daemonlab::sys::{Errno, System};

use super::guest::Guest;
use super::listen::Listening;
use super::log::Log;
use super::net::Net;
use super::stop::{Signals, Stop};
use super::takeover::Offer;

/// More wait in the backlog until one of them has gone.
const GUESTS_MAX: usize = 256;

/// A server that serves until it is told to stop.
pub struct Server<'a, S: Net> {
    /// The system that it runs on.
    pub sys: &'a S,
    /// Where it says what happens.
    pub log: &'a Log<S>,
    /// Where it listens; nowhere, once it is stopping.
    pub listening: Vec<Listening<S>>,
    /// How another may take over.
    pub offer: &'a mut Option<Offer<S>>,
    /// How it is told to stop.
    pub signals: &'a Signals<S>,
    /// What it says.
    pub answer: String,
    /// When, after a connection.
    pub answer_after: Duration,
    /// How long a stop waits for who is connected.
    pub grace: Duration,
    /// What happens when it has been told to stop.
    pub on_stop: &'a dyn Fn(Stop),
}

impl<S: Net> Server<'_, S> {
    /// Serves, until a signal has come and who was connected is served.
    pub fn serve(mut self) {
        let mut guests = Vec::new();
        let mut stop_at: Option<Duration> = None;
        loop {
            let now = time(self.sys);
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
                    stop_at = Some(now.saturating_add(self.grace));
                }
                _ => {}
            }
            if let Some(stop_at) = stop_at {
                if guests.is_empty() {
                    return;
                }
                if now >= stop_at {
                    let left = guests.len();
                    self.log
                        .warn(format_args!("{left} connections were not served in time"));
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
            self.log
                .warn("stopping for another instance, but none has taken over");
        }
        (self.on_stop)(stop);
    }

    fn attend_offer(&mut self) {
        if let Some(offer) = self.offer {
            offer.attend(&self.listening);
        }
    }

    fn accept(&self, guests: &mut Vec<Guest<S>>, now: Duration) {
        for listening in &self.listening {
            while guests.len() < GUESTS_MAX {
                match self.sys.accept(listening.socket.raw()) {
                    Ok(stream) => {
                        let due = now.saturating_add(self.answer_after);
                        guests.push(Guest::new(self.sys, stream, due));
                    }
                    Err(Errno::EAGAIN) => break,
                    Err(errno) => {
                        let address = listening.address;
                        self.log
                            .error(format_args!("cannot accept on {address}: {errno}"));
                        break;
                    }
                }
            }
        }
    }

    /// Until something has come, or `due`.
    fn wait(&self, guests: &[Guest<S>], due: Option<Duration>) {
        let mut wishes = vec![self.signals.fd()];
        if guests.len() < GUESTS_MAX {
            wishes.extend(self.listening.iter().map(|one| one.socket.raw()));
        }
        let speaking = guests.iter().filter(|guest| guest.may_speak());
        wishes.extend(speaking.map(Guest::fd));
        wishes.extend(self.offer.iter().flat_map(Offer::fds));
        wait(self.sys, self.log, &wishes, due);
    }
}

/// Waits until one of `fds` can be read from, or until `due`.
pub fn wait<S: System>(sys: &S, log: &Log<S>, fds: &[RawFd], due: Option<Duration>) {
    let wishes: Vec<PollFd> = fds.iter().map(|fd| readable(*fd)).collect();
    let left = due.map(|due| due.saturating_sub(time(sys)));
    match sys.poll(&wishes, left, None) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => log.error(format_args!("cannot wait: {errno}")),
    }
}

/// The time now. Linux always has it; a simulated fault may not.
pub fn time<S: System>(sys: &S) -> Duration {
    sys.now().unwrap_or_default()
}

fn readable(fd: RawFd) -> PollFd {
    PollFd {
        fd,
        read: true,
        write: false,
    }
}
