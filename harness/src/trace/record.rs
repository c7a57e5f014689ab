//! Recording one start of a program.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::world::event::{Event, What};
use crate::world::facts::LaunchFacts;
use crate::world::spec::LaunchSpec;
use crate::world::{World, WorldError};

use super::told::{Begun, Counts, Finished, Happening, Over, Running, Sender};

/// How long somebody who stops it waits at most.
const TICK: Duration = Duration::from_millis(100);

/// When a recording is over, unless every process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long nothing happens once the launcher has ended.
    pub settle: Duration,
    /// How long it takes at most.
    pub most: Duration,
}

/// What a recording says as it goes.
#[derive(Debug)]
pub enum Tells<'a> {
    /// It begins.
    Begun(&'a Begun),
    /// Something has happened.
    Happened(&'a Happening),
}

/// Starts a program in a world, passes on what happens, ends the world, and
/// says how it was. It is over before its time once it `is_stopped`.
///
/// # Errors
/// If the program cannot be started, or the world is gone.
pub fn record(
    mut world: Box<dyn World + '_>,
    spec: &LaunchSpec,
    limits: Limits,
    is_stopped: impl Fn() -> bool,
    mut tell: impl FnMut(Tells<'_>),
) -> Result<Finished, WorldError> {
    let at = world.now();
    let command = spec.command.clone();
    tell(Tells::Begun(&Begun { command, at }));
    world.launch(spec)?;
    let mut watched = Watched::new(&spec.id);
    let mut quiet_since = at;
    let over = loop {
        let now = world.now();
        if is_stopped() {
            break Over::Stopped;
        }
        if watched.nobody_is_left() {
            break Over::AllEnded;
        }
        if watched.launcher_ended && now >= quiet_since + limits.settle {
            break Over::Settled;
        }
        if now >= at + limits.most {
            break Over::TimeIsUp;
        }
        let until = match watched.launcher_ended {
            true => (quiet_since + limits.settle).min(at + limits.most),
            false => at + limits.most,
        };
        let events = world.wait(TICK.min(until - now))?;
        if let Some(last) = events.last() {
            quiet_since = quiet_since.max(last.at);
        }
        watched.tell(&mut *world, events, &mut tell)?;
    };
    let facts = world.launch_facts(&spec.id)?;
    let (running, more_running) = match over {
        Over::AllEnded => (Vec::new(), 0),
        _ => world.remaining()?,
    };
    let seconds = world.now().saturating_sub(at).as_secs_f64();
    let rest = world.finish()?;
    watched.pass_on(rest, Some(&facts), &mut tell);
    let running = running.into_iter().map(|process| Running {
        pid: process.pid,
        role: watched.known.get(&process.pid).map(|sender| sender.role),
        name: process.name,
    });
    Ok(Finished {
        over,
        launcher: facts.end,
        launcher_seconds: facts.duration.as_secs_f64(),
        running: running.collect(),
        more_running,
        calls: watched.counts.calls,
        signals: watched.counts.signals,
        processes: watched.counts.processes,
        lost: watched.counts.lost,
        seconds,
    })
}

/// What is known of a launch by its events.
struct Watched {
    id: String,
    /// Its processes that live, by their events.
    living: BTreeSet<i32>,
    begun: bool,
    launcher: i32,
    launcher_ended: bool,
    known: BTreeMap<i32, Sender>,
    counts: Counts,
    /// How much of stdout and stderr was passed on, in bytes.
    passed: [usize; 2],
}

impl Watched {
    fn new(id: &str) -> Watched {
        Watched {
            id: id.to_owned(),
            living: BTreeSet::new(),
            begun: false,
            launcher: 0,
            launcher_ended: false,
            known: BTreeMap::new(),
            counts: Counts::default(),
            passed: [0; 2],
        }
    }

    /// Whether its events tell that all have ended. Lost ones tell nothing.
    fn nobody_is_left(&self) -> bool {
        self.begun && self.living.is_empty() && self.counts.lost == 0
    }

    fn tell(
        &mut self,
        world: &mut dyn World,
        events: Vec<Event>,
        tell: &mut impl FnMut(Tells<'_>),
    ) -> Result<(), WorldError> {
        let wrote = |event: &Event| matches!(event.what, What::Output { .. });
        let facts = match events.iter().any(wrote) {
            true => Some(world.launch_facts(&self.id)?),
            false => None,
        };
        self.pass_on(events, facts.as_ref(), tell);
        Ok(())
    }

    fn pass_on(
        &mut self,
        events: Vec<Event>,
        facts: Option<&LaunchFacts>,
        tell: &mut impl FnMut(Tells<'_>),
    ) {
        for event in events {
            self.note(&event.what);
            let text = self.text(&event.what, facts);
            let sender = match &event.what {
                What::Signal { from_pid, .. } => self.known.get(from_pid).cloned(),
                _ => None,
            };
            tell(Tells::Happened(&Happening {
                event,
                text,
                sender,
            }));
        }
    }

    fn note(&mut self, what: &What) {
        self.counts.add(what);
        match what {
            What::Launched { pid, .. } => {
                self.launcher = *pid;
                self.begun = true;
                self.living.insert(*pid);
            }
            What::Forked {
                new, thread: false, ..
            } => {
                self.living.insert(new.pid);
            }
            What::Exited { by, .. } => {
                self.living.remove(&by.pid);
                self.launcher_ended |= by.pid == self.launcher;
            }
            What::Ended { pid, .. } => self.launcher_ended |= *pid == self.launcher,
            _ => {}
        }
        let new = match what {
            What::Forked { new, .. } => Some(new),
            _ => None,
        };
        for actor in what.actor().into_iter().chain(new) {
            // A thread's signals come from its process.
            if actor.tid == actor.pid || !self.known.contains_key(&actor.pid) {
                let sender = Sender {
                    task: actor.task.clone(),
                    role: actor.role,
                };
                self.known.insert(actor.pid, sender);
            }
        }
    }

    /// What was written. What is kept begins with the first bytes, so that
    /// counting tells which are these, unless some were no text.
    fn text(&mut self, what: &What, facts: Option<&LaunchFacts>) -> Option<String> {
        let What::Output { stderr, bytes, .. } = what else {
            return None;
        };
        let passed = &mut self.passed[usize::from(*stderr)];
        let from = *passed;
        *passed += bytes;
        let facts = facts?;
        let kept = if *stderr {
            &facts.stderr
        } else {
            &facts.stdout
        };
        if kept.head.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        kept.head.get(from..from + bytes).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::facts::Captured;

    fn written(head: &str, pieces: &[usize]) -> Vec<Option<String>> {
        let mut watched = Watched::new("a");
        let facts = LaunchFacts {
            stdout: Captured {
                head: head.to_owned(),
                ..Captured::default()
            },
            ..LaunchFacts::default()
        };
        let texts = pieces.iter().map(|bytes| {
            let what = What::Output {
                id: "a".to_owned(),
                stderr: false,
                bytes: *bytes,
            };
            watched.text(&what, Some(&facts))
        });
        texts.collect()
    }

    #[test]
    fn output_is_told_piece_by_piece() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(written("onetwo", &[3, 3]), [some("one"), some("two")]);
        // Beyond what is kept, and in the middle of a character.
        assert_eq!(written("one", &[3, 3]), [some("one"), None]);
        assert_eq!(written("ä", &[1, 1]), [None, None]);
        assert_eq!(written("\u{fffd}b", &[1, 1]), [None, None]);
    }
}
