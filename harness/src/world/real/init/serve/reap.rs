//! What has stopped or ended, and what was written before.

use nix::sys::signal::{Signal, kill};

use super::Init;
use crate::world::event::{End, What};
use crate::world::real::init::launch::Launch;
use crate::world::real::proc::pids;
use crate::world::real::tracer::stop::{self, Next};

/// How many ends are taken note of in one turn, so that processes that end
/// faster than they are reaped keep init from nothing else.
const ENDS: usize = 1024;

/// The same for rounds of stops.
const STOPS: usize = 8;

impl Init {
    /// Looks at what has stopped, and reaps what has ended. Its last words are
    /// read first, so that whoever sees the end sees them as well.
    pub(in crate::world::real::init) fn reap(&mut self) {
        // There is one for all of them (signal(7), "Queueing and delivery semantics
        // for standard signals").
        let _ = self.signals.read_signal();
        let mut stops = 0;
        for _ in 0..ENDS {
            self.trace();
            let (pid, end) = match self.next() {
                None => return,
                // It has come in between.
                Some((_, Next::Stopped(_))) if stops < STOPS => {
                    stops += 1;
                    continue;
                }
                Some((_, Next::Stopped(_))) => break,
                Some((pid, Next::Ended(end))) => (pid, end),
            };
            self.drain_all();
            if self.tracer.knows(pid) {
                self.tracer.end(self.time(), pid, end);
                self.tell();
            } else if !stop::take_end(pid) {
                return;
            } else if !self.tracer.was_told(pid) {
                self.ended(pid, end);
            }
        }
        // There may be more: the next turn begins with this signal. That it is
        // blocked keeps it from being ignored.
        let _ = kill(nix::unistd::getpid(), Signal::SIGCHLD);
    }

    /// Whether something has stopped or ended that was not looked at.
    pub(super) fn has_next(&self) -> bool {
        self.next().is_some()
    }

    /// What there is next of any process.
    fn next(&self) -> Option<(i32, Next)> {
        let (pid, next) = stop::peek()?;
        if !self.tracer.holds_end(pid) {
            return Some((pid, next));
        }
        // The kernel shows that one again and again; others may be behind it.
        let free = |pid: &i32| !self.tracer.holds_end(*pid);
        let ended = |pid: i32| Some((pid, Next::Ended(stop::has_ended(pid)?)));
        let besides = match self.launches.values().all(Launch::is_all_traced) {
            true => Vec::new(),
            false => pids(),
        };
        besides
            .into_iter()
            .chain(self.tracer.threads())
            .filter(free)
            .find_map(ended)
    }

    fn ended(&mut self, pid: i32, end: End) {
        let at = self.time();
        let mut shell = self.hidden.remove(&pid);
        for launch in self.launches.values_mut() {
            shell |= launch.ended(pid, end, at);
        }
        if !shell {
            self.events.add(at, What::Ended { pid, end });
        }
    }

    /// Looks at what has stopped, and lets go what is held no more.
    pub(in crate::world::real::init) fn trace(&mut self) {
        self.tracer.turn(self.time());
        self.tell();
    }

    pub(super) fn tell(&mut self) {
        for (at, what) in self.tracer.tell() {
            self.events.add(at, what);
        }
        let ended = self.tracer.ended();
        if !ended.is_empty() {
            self.drain_all();
        }
        for (pid, end) in ended {
            self.ended(pid, end);
        }
    }

    pub(super) fn drain(&mut self, id: &str) {
        let at = self.time();
        let Some(launch) = self.launches.get_mut(id) else {
            return;
        };
        for (stderr, stream) in [(false, &mut launch.stdout), (true, &mut launch.stderr)] {
            let bytes = stream.drain();
            if bytes > 0 {
                let id = id.to_owned();
                self.events.add(at, What::Output { id, stderr, bytes });
            }
        }
    }

    /// Reads what every launch has written so far.
    pub(in crate::world::real::init) fn drain_all(&mut self) {
        let ids: Vec<String> = self.launches.keys().cloned().collect();
        ids.iter().for_each(|id| self.drain(id));
    }
}
