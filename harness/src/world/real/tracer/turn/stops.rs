//! What has stopped, is held, and let go.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Tracer;
use super::task::{Halt, Held, State, first_act};
use crate::world::event::End;
use crate::world::real::tracer::decider::{Act, Decider, Decision, Stop};
use crate::world::real::tracer::steer::Rest;
use crate::world::real::tracer::stop::Reason;
use crate::world::real::tracer::tracee::{Running, Stopped};

impl Tracer {
    pub(super) fn stopped(&mut self, now: Duration, tid: i32, reason: Reason) {
        let now = self.moment(now);
        let Some(task) = self.tasks.get_mut(&tid) else {
            let stopped = Running::attached(tid).stopped();
            match reason {
                // A new thread; its maker will tell whose it is.
                Reason::Trap => {
                    self.unnamed.insert(tid, stopped);
                }
                _ => {
                    let _ = stopped.go_on(None);
                }
            }
            return;
        };
        let stopped = match std::mem::replace(&mut task.state, State::Between) {
            State::Running(running) | State::JobControl(running) => running.stopped(),
            // It was killed while it was held, and is about to end.
            State::Held(_) | State::Between => {
                self.forget_hold(tid);
                Running::attached(tid).stopped()
            }
        };
        if let Some(task) = self.tasks.get_mut(&tid) {
            task.job_stopped = matches!(reason, Reason::JobControl(_));
        }
        match reason {
            Reason::Call => self.call(now, tid, stopped),
            Reason::CallOver => {
                let held = Held {
                    stopped: Some(stopped),
                    at: Halt::Over,
                    by: Vec::new(),
                    act: Act::Pass,
                };
                self.hold_or_go(now, tid, held);
            }
            Reason::Forked => self.forked(now, tid, stopped),
            Reason::Executed => self.executed(now, tid, stopped),
            Reason::Exiting => self.halt(now, tid, Some(stopped), Halt::Exiting),
            Reason::Signal => match stopped.signal() {
                Ok(signal) => {
                    self.interrupted(now, tid, signal.signal);
                    self.halt(now, tid, Some(stopped), Halt::Signal(signal));
                }
                Err(_) => self.go_on(tid, stopped),
            },
            Reason::JobControl(_) => {
                let running = stopped.stay_stopped();
                if let Some(task) = self.tasks.get_mut(&tid) {
                    task.state = State::JobControl(running);
                }
            }
            Reason::Trap => self.go_on(tid, stopped),
        }
    }

    /// The end of a thread, which was seen and not taken yet.
    pub fn end(&mut self, now: Duration, tid: i32, end: End) {
        let now = self.moment(now);
        if let Some(task) = self.tasks.get_mut(&tid) {
            task.state = State::Between;
            self.forget_hold(tid);
            self.halt(now, tid, None, Halt::Ended(end));
        }
    }

    /// A stop that deciders may hold.
    pub(super) fn halt(&mut self, now: Duration, tid: i32, stopped: Option<Stopped>, at: Halt) {
        let who = self.who(tid);
        let mut told = Vec::new();
        let mut by = Vec::new();
        let mut act = Act::Pass;
        let time = self.time().unwrap_or(now);
        if let Some(point) = at.point() {
            let stop = Stop {
                who: &who,
                at: point,
            };
            let own: [&mut dyn Decider; 2] = [&mut self.faults, &mut self.steer];
            let others = self.others.iter_mut().map(|other| &mut **other as _);
            for decider in own.into_iter().chain(others) {
                match decider.arrive(time, &stop, &mut told) {
                    Decision::Hold => by.push(true),
                    Decision::Go(says) => {
                        by.push(false);
                        act = first_act(act, says);
                    }
                }
            }
        }
        self.told.extend(told.into_iter().map(|what| (now, what)));
        let held = Held {
            stopped,
            at,
            by,
            act,
        };
        self.hold_or_go(now, tid, held);
    }

    fn hold_or_go(&mut self, now: Duration, tid: i32, held: Held) {
        if !held.by.contains(&true) {
            if !self.awaits_its_turn(tid, &held.at) {
                return self.proceed(now, tid, held);
            }
            self.turns = true;
        }
        if let Some(task) = self.tasks.get_mut(&tid) {
            task.state = State::Held(held);
            if !self.held.contains(&tid) {
                self.held.push(tid);
            }
        }
    }

    /// Whether a call of another task of the launch is being carried out, so
    /// that what this one does now would have no place before or after it. What
    /// sleeps in its call waits for others, and nobody waits for it.
    fn awaits_its_turn(&self, tid: i32, at: &Halt) -> bool {
        let (Halt::Call(_) | Halt::Over, Some(own)) = (at, self.tasks.get(&tid)) else {
            return false;
        };
        let launch = &own.who.launch;
        self.recorder.in_turn(launch)
            && self.tasks.iter().any(|(other, task)| {
                let told = task.call.as_ref().is_some_and(|call| call.index.is_some());
                *other != tid
                    && told
                    && task.who.launch == *launch
                    && matches!(task.state, State::Running(_))
                    && task.looks.rest_of(*other) == Rest::Runs
            })
    }

    /// It was killed while it was held.
    fn forget_hold(&mut self, tid: i32) {
        self.held.retain(|held| *held != tid);
        self.faults.gone(tid);
        self.steer.gone(tid);
        self.others.iter_mut().for_each(|other| other.gone(tid));
    }

    /// Lets go what nobody holds any more.
    pub fn release(&mut self, now: Duration) {
        self.turns = false;
        for tid in std::mem::take(&mut self.held) {
            let now = self.moment(now);
            let time = self.time().unwrap_or(now);
            let Some(task) = self.tasks.get_mut(&tid) else {
                continue;
            };
            let mut held = match std::mem::replace(&mut task.state, State::Between) {
                State::Held(held) => held,
                other => {
                    task.state = other;
                    continue;
                }
            };
            let who = self.who(tid);
            let mut told = Vec::new();
            let Some(at) = held.at.point() else {
                self.hold_or_go(now, tid, held);
                continue;
            };
            let stop = Stop { who: &who, at };
            let own: [&mut dyn Decider; 2] = [&mut self.faults, &mut self.steer];
            let others = self.others.iter_mut().map(|other| &mut **other as _);
            for (decider, holds) in own.into_iter().chain(others).zip(&mut held.by) {
                if *holds && let Decision::Go(says) = decider.again(time, &stop, &mut told) {
                    *holds = false;
                    held.act = first_act(held.act, says);
                }
            }
            self.told.extend(told.into_iter().map(|what| (now, what)));
            self.hold_or_go(now, tid, held);
        }
    }

    /// Carries out what the deciders have said.
    fn proceed(&mut self, now: Duration, tid: i32, held: Held) {
        let Held {
            stopped, at, act, ..
        } = held;
        let who = self.who(tid);
        if act == Act::Kill {
            let _ = kill(Pid::from_raw(who.pid), Signal::SIGKILL);
        }
        match (at, stopped) {
            (Halt::Ended(end), _) => self.finish(now, &who, end),
            (Halt::Call(call), Some(stopped)) => self.carry_out(now, &who, stopped, call, act),
            (Halt::Signal(signal), Some(stopped)) => {
                if let Some(what) = self.recorder.signal(&who, &signal) {
                    self.told.push((now, what));
                }
                self.interrupt(now, &who, signal.signal);
                self.runs(tid, stopped.go_on(Some(signal.signal)));
            }
            (Halt::Exiting, Some(stopped)) => {
                let task = self.tasks.get_mut(&tid);
                if let Some(call) = task.and_then(|task| task.call.take().or(task.again.take()))
                    && let Some(what) = self.recorder.never_over(&who, &call)
                {
                    self.told.push((now, what));
                }
                self.runs(tid, stopped.go_on(None));
            }
            (Halt::Born, Some(stopped)) => self.runs(tid, stopped.go_on(None)),
            (Halt::Over, Some(stopped)) => self.call_over(now, tid, stopped),
            (_, None) => {}
        }
    }
}
