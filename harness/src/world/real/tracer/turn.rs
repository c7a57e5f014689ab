//! The tracer: turns what the kernel says into stops, asks the deciders, and
//! carries out what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::yield_now;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::call::TracedCall;
use super::decider::{Act, Decider, Decision, Point, Stop, Who};
use super::family::Family;
use super::faults::Faults;
use super::recorder::{InCall, Recorder, Recording};
use super::rules::Rules;
use super::steer::{Rest, Steer, rest_of};
use super::stop::{Reason, next_stop, take_end};
use super::time::{Clock, Due, Entry, hide, numbers, stands, switches, used};
use super::tracee::{RawCall, RawSignal, Running, Stopped};
use super::visible;
use crate::world::event::{End, What};
use crate::world::real::proc::status::Status;
use crate::world::steered::{Idle, Standing};

/// How many stops are taken in a row before init looks at anything else.
const BURST: usize = 256;

/// How long a task whose turn it is not waits at most until it is looked at
/// again: the call of the other may have fallen asleep, which nobody tells.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// How long the next stop is waited for after one, before init sleeps: a
/// program that makes a call makes another soon, and to be woken takes longer
/// than that.
const EAGER: Duration = Duration::from_micros(30);

/// What is traced in one world.
#[derive(Debug, Default)]
pub struct Tracer {
    tasks: BTreeMap<i32, Task>,
    family: Family,
    /// New threads whose makers have not told of them yet: which of the two
    /// stops arrives first is chance.
    unnamed: BTreeMap<i32, Stopped>,
    faults: Faults,
    steer: Steer,
    /// The clock, where time is virtual.
    clock: Option<Clock>,
    others: Vec<Box<dyn Decider>>,
    recorder: Recorder,
    /// Held tasks, in the order of their stops.
    held: Vec<i32>,
    told: Vec<(Duration, What)>,
    ended: Vec<(i32, End)>,
    /// Processes whose end was told, but which their parents may not have
    /// reaped; who inherits one has nothing to tell.
    told_ends: BTreeSet<i32>,
    /// Whether there may be stops that were not taken.
    more: bool,
    /// When the last stop was.
    last: Duration,
    /// Whether some task waits only for its turn.
    turns: bool,
}

/// A traced thread.
#[derive(Debug)]
struct Task {
    who: Who,
    state: State,
    /// The call that it is in, if its end is waited for.
    call: Option<InCall>,
    /// The call that a signal has interrupted and the kernel makes again.
    again: Option<InCall>,
    /// Whether it is not made again once a handler has run.
    ends_by_handler: bool,
    /// Whether job control has stopped it.
    job_stopped: bool,
}

impl Task {
    fn runs(&self) -> bool {
        matches!(self.state, State::Running(_))
    }
}

#[derive(Debug)]
enum State {
    Running(Running),
    /// Stopped by a signal, until SIGCONT.
    JobControl(Running),
    Held(Held),
    /// While its stop is looked at.
    Between,
}

/// A stop that some decider holds.
#[derive(Debug)]
struct Held {
    /// The thread, unless it has ended.
    stopped: Option<Stopped>,
    at: Halt,
    /// Which deciders hold it, in their order.
    by: Vec<bool>,
    act: Act,
}

/// A [`Point`] that lasts.
#[derive(Debug)]
enum Halt {
    Born,
    Call(TracedCall),
    Signal(RawSignal),
    Exiting,
    Ended(End),
    /// After a call: no decider is asked.
    Over,
}

impl Halt {
    /// What deciders are asked about, if they are.
    fn point(&self) -> Option<Point<'_>> {
        Some(match self {
            Halt::Born => Point::Born,
            Halt::Call(call) => Point::Call(call),
            Halt::Signal(signal) => Point::Signal(signal),
            Halt::Exiting => Point::Exiting,
            Halt::Ended(end) => Point::Ended(*end),
            Halt::Over => return None,
        })
    }
}

impl Tracer {
    /// Adds a decider, which is asked after those that are there.
    pub fn add(&mut self, decider: Box<dyn Decider>) {
        self.others.push(decider);
    }

    /// Traces a launcher from now on: the child that waits to be told that it
    /// may set its filter, in a session that was made in `session`. Its calls
    /// count from its exec on.
    ///
    /// # Errors
    /// EPERM where the kernel does not allow it.
    pub fn seize(
        &mut self,
        pid: i32,
        session: i32,
        launch: &str,
        rules: Rules,
        recording: Recording,
    ) -> Result<(), Errno> {
        let running = Running::seize(pid)?;
        let who = self.family.launcher(pid, session, launch);
        self.faults.add(launch, rules);
        self.recorder.add(launch, recording);
        self.insert(who, State::Running(running));
        Ok(())
    }

    /// Makes time virtual, for what is traced from now on.
    pub fn keep_time(&mut self, clock: Clock) {
        self.clock = Some(clock);
    }

    /// The time, where it is virtual.
    pub fn time(&self) -> Option<Duration> {
        self.clock.as_ref().map(Clock::now)
    }

    /// The calls that must stop beside what a launch asks for.
    pub fn besides(&self) -> BTreeSet<i64> {
        self.clock.as_ref().map(|_| numbers()).unwrap_or_default()
    }

    /// How often everybody who waits has been on a processor; nothing, while
    /// somebody runs, or waits for real time.
    pub fn quiet(&self) -> Option<u64> {
        let clock = self.clock.as_ref()?;
        if self.more || self.turns || !self.unnamed.is_empty() || clock.ends_any() {
            return None;
        }
        let mut sum = 0;
        for (tid, task) in &self.tasks {
            match &task.state {
                State::Held(_) | State::JobControl(_) if stands(*tid) => continue,
                State::Held(_) | State::JobControl(_) => return None,
                State::Between => return None,
                State::Running(_) => {}
            }
            match rest_of(*tid) {
                Rest::Runs => return None,
                Rest::WaitsForTime if !clock.knows(*tid) => return None,
                Rest::WaitsForTime | Rest::Waits => sum += switches(*tid)?,
            }
        }
        Some(sum)
    }

    /// Lets time jump to what comes next, or to what `other` says if that is
    /// earlier, and wakes whose time has come. For when it is quiet.
    pub fn jump(&mut self, other: Option<Duration>) {
        let tasks = &self.tasks;
        let runs = |tid: i32| tasks.get(&tid).is_some_and(Task::runs);
        if let Some(due) = self
            .clock
            .as_mut()
            .and_then(|clock| clock.jump(other, runs))
        {
            self.wake(due);
        }
    }

    /// Somebody has run for so long that this much of time is over.
    pub fn pass_time(&mut self, real: Duration) {
        if let Some(clock) = self.clock.as_mut().filter(|_| !real.is_zero()) {
            clock.pass(real);
        }
    }

    /// How long its processes have been on a processor, all together.
    pub fn used(&self) -> Duration {
        let processes: BTreeSet<i32> = self.tasks.values().map(|task| task.who.pid).collect();
        processes.into_iter().filter_map(used).sum()
    }

    /// Wakes whose time has come though somebody runs.
    fn wake_overdue(&mut self) {
        loop {
            let tasks = &self.tasks;
            let runs = |tid: i32| tasks.get(&tid).is_some_and(Task::runs);
            let Some(due) = self.clock.as_mut().and_then(|clock| clock.overdue(runs)) else {
                return;
            };
            self.wake(due);
        }
    }

    fn wake(&self, due: Due) {
        match due {
            Due::Wait(tid) => {
                if let Some(State::Running(running)) = self.tasks.get(&tid).map(|task| &task.state)
                {
                    let _ = running.interrupt();
                }
            }
            Due::Alarm(pid) => {
                let _ = kill(Pid::from_raw(pid), Signal::SIGALRM);
            }
            Due::Other => {}
        }
    }

    /// The faults' counts.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The decider that lets go only what was chosen.
    pub fn steer(&mut self) -> &mut Steer {
        &mut self.steer
    }

    /// Every task, if none of them runs; nothing, while one does.
    pub fn standing(&self) -> Option<Standing> {
        if self.more || !self.unnamed.is_empty() {
            return None;
        }
        // Who was seen asleep may have been woken by one who was looked at
        // later, and has fallen asleep since.
        self.at_rest()?;
        let idle = self.at_rest()?;
        let tasks = self.tasks.keys();
        Some(Standing {
            tasks: tasks
                .filter_map(|tid| self.steer.of(*tid).cloned())
                .collect(),
            idle,
        })
    }

    /// For how long nobody goes on; nothing, while one does.
    fn at_rest(&self) -> Option<Idle> {
        // A fault may let somebody go by then.
        let mut idle = match self.deadline() {
            Some(_) => Idle::ForNow,
            None => Idle::default(),
        };
        let timed = |tid| self.clock.as_ref().is_some_and(|clock| clock.knows(tid));
        for (tid, task) in &self.tasks {
            let rest = match &task.state {
                State::Held(_) | State::JobControl(_) => Rest::Waits,
                State::Running(_) | State::Between => rest_of(*tid),
            };
            match rest {
                Rest::Runs => return None,
                Rest::WaitsForTime => idle = Idle::ForNow,
                Rest::Waits if timed(*tid) => idle = Idle::ForNow,
                Rest::Waits => {}
            }
        }
        Some(idle)
    }

    /// When it wants its turn, if nothing happens before.
    pub fn deadline(&self) -> Option<Duration> {
        if self.more {
            return Some(Duration::ZERO);
        }
        let others = self.others.iter().filter_map(|decider| decider.deadline());
        let turn = self.turns.then(|| self.last + LOOK_AGAIN);
        others.chain(self.faults.deadline()).chain(turn).min()
    }

    /// Tells the calls that are not over, now that they never will be: the
    /// world ends.
    pub fn cut_short(&mut self, now: Duration) {
        let all: Vec<i32> = self.tasks.keys().copied().collect();
        for tid in all {
            let who = self.who(tid);
            let task = self.tasks.get_mut(&tid);
            let call = task.and_then(|task| task.call.take().or(task.again.take()));
            let what = call.and_then(|call| self.recorder.never_over(&who, &call));
            self.told.extend(what.map(|what| (now, what)));
        }
    }

    /// Takes what there is to tell.
    pub fn tell(&mut self) -> Vec<(Duration, What)> {
        std::mem::take(&mut self.told)
    }

    /// Takes the processes that have ended.
    pub fn ended(&mut self) -> Vec<(i32, End)> {
        std::mem::take(&mut self.ended)
    }

    /// Whether the end of this process was told while it was traced. Asked
    /// once, by who has inherited it.
    pub fn was_told(&mut self, pid: i32) -> bool {
        self.told_ends.remove(&pid)
    }

    /// Whether it wants its turn: something is traced, or there may be more.
    pub fn is_busy(&self) -> bool {
        self.more || !self.tasks.is_empty() || !self.unnamed.is_empty()
    }

    /// Whether there may be stops that were not taken.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// Every thread that it traces.
    pub fn threads(&self) -> impl Iterator<Item = i32> {
        self.tasks.keys().copied()
    }

    /// Forgets a process that never came to run its program.
    pub fn forget(&mut self, pid: i32) {
        self.tasks.remove(&pid);
        self.family.forget(pid);
    }

    /// Whether it traces this thread, or holds its end.
    pub fn knows(&self, tid: i32) -> bool {
        self.tasks.contains_key(&tid)
    }

    /// Whether job control has stopped this thread. `/proc` shows one that is
    /// traced as if its tracer had.
    pub fn is_job_stopped(&self, tid: i32) -> bool {
        self.tasks.get(&tid).is_some_and(|task| task.job_stopped)
    }

    /// Whether the end of this thread is held.
    pub fn holds_end(&self, tid: i32) -> bool {
        matches!(
            self.tasks.get(&tid),
            Some(Task {
                state: State::Held(Held {
                    at: Halt::Ended(_),
                    ..
                }),
                ..
            })
        )
    }

    /// Takes the stops that there are, and lets go what is held no more.
    pub fn turn(&mut self, now: Duration) {
        self.more = true;
        // Each stop at its own moment, so that a timeline tells them apart.
        let began = Instant::now();
        let real = self.clock.is_none();
        let passed = |began: Instant| match real {
            true => began.elapsed(),
            false => Duration::ZERO,
        };
        let (mut taken, mut eager) = (0, Duration::ZERO);
        while taken < BURST {
            match next_stop() {
                Some((tid, reason)) => {
                    taken += 1;
                    self.stopped(now + passed(began), tid, reason);
                    eager = passed(began) + EAGER;
                }
                None if real && began.elapsed() < eager && self.another_may_come() => yield_now(),
                None => {
                    self.more = false;
                    break;
                }
            }
        }
        self.release(now + passed(began));
        self.wake_overdue();
    }

    /// Whether somebody was let go, and nobody waits to be.
    fn another_may_come(&self) -> bool {
        let runs = |task: &Task| matches!(task.state, State::Running(_));
        self.held.is_empty() && self.tasks.values().any(runs)
    }

    /// `now`, or just after the last stop: no two are at one moment, so that
    /// times tell which of two was first.
    fn moment(&mut self, now: Duration) -> Duration {
        self.last = now.max(self.last + Duration::from_nanos(1));
        self.last
    }

    fn stopped(&mut self, now: Duration, tid: i32, reason: Reason) {
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

    /// A signal whose handler runs ends a timed wait that it has interrupted.
    fn interrupted(&mut self, now: Duration, tid: i32, signal: i32) {
        let clock = self.clock.as_mut();
        if !clock.is_some_and(|clock| clock.interrupts(tid, signal)) {
            return;
        }
        let task = self.tasks.get_mut(&tid);
        if let Some(call) = task.and_then(|task| task.again.take()) {
            let who = self.who(tid);
            self.over(now, &who, &call, Err(libc::EINTR));
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

    fn insert(&mut self, who: Who, state: State) {
        self.told_ends.remove(&who.tid);
        let tid = who.tid;
        let task = Task {
            who,
            state,
            call: None,
            again: None,
            ends_by_handler: false,
            job_stopped: false,
        };
        self.tasks.insert(tid, task);
    }

    fn runs(&mut self, tid: i32, running: Running) {
        if let Some(task) = self.tasks.get_mut(&tid) {
            task.state = State::Running(running);
        }
    }

    /// Lets it go on as it was going: through its call, if its end matters.
    fn go_on(&mut self, tid: i32, stopped: Stopped) {
        let in_call = self.tasks.get(&tid).is_some_and(|task| task.call.is_some());
        let running = match in_call {
            true => stopped.go_through_call(),
            false => stopped.go_on(None),
        };
        self.runs(tid, running);
    }

    fn forked(&mut self, now: Duration, tid: i32, stopped: Stopped) {
        let made = stopped.event_message().map(|tid| tid as i32);
        let parent = self.tasks[&tid].who.clone();
        if let Ok(new) = made {
            let process = Status::read(new).map_or(new, |status| status.process);
            let who = match process == new {
                true => self.family.child(parent.pid, new),
                false => self.family.thread(process, new),
            };
            if let Some(who) = who {
                if let Some(what) = self.recorder.forked(&parent, &who) {
                    self.told.push((now, what));
                }
                self.insert(who, State::Running(Running::attached(new)));
                if let Some(child) = self.unnamed.remove(&new) {
                    self.halt(now, new, Some(child), Halt::Born);
                }
            }
        }
        self.go_on(tid, stopped);
    }

    /// From an exec on, the thread that made it has its process's id, and
    /// there are no others (`ptrace(2)`, "execve(2) under ptrace").
    fn executed(&mut self, now: Duration, tid: i32, stopped: Stopped) {
        let former = stopped.event_message().map_or(tid, |former| former as i32);
        let moved = match former == tid {
            true => None,
            false => self.tasks.remove(&former).and_then(|task| task.call),
        };
        let Some(task) = self.tasks.get_mut(&tid) else {
            let _ = stopped.go_on(None);
            return;
        };
        task.call = moved.or(task.call.take());
        task.again = None;
        let who = task.who.clone();
        if let Some(process) = self.family.get_mut(who.pid) {
            process.begun = true;
        }
        if let Some(what) = self.recorder.executed(&who) {
            self.told.push((now, what));
        }
        if self.clock.is_some()
            && let Ok(stack) = stopped.stack_pointer()
        {
            hide(tid, stack);
        }
        self.go_on(tid, stopped);
    }

    fn call(&mut self, now: Duration, tid: i32, mut stopped: Stopped) {
        let Ok(raw) = stopped.call() else {
            return self.go_on(tid, stopped);
        };
        let Some(task) = self.tasks.get_mut(&tid) else {
            let _ = stopped.go_on(None);
            return;
        };
        task.call = None;
        if let Some(mut call) = task.again.take_if(|again| is_again(&again.call.raw, &raw)) {
            if let Some(clock) = &mut self.clock
                && let Entry::Waits(restore) = clock.enter(&task.who, &mut stopped, &raw, true)
            {
                call.restore = restore;
            }
            task.call = Some(call);
            return self.go_on(tid, stopped);
        }
        let begun = self
            .family
            .get(task.who.pid)
            .is_some_and(|process| process.begun);
        let call = TracedCall::new(tid, raw);
        if !begun || call.makes_thread() {
            return self.go_on(tid, stopped);
        }
        if raw.number == libc::SYS_ptrace {
            let who = self.who(tid);
            if let Some(what) = visible::wants_ptrace(&who, &raw) {
                self.told.push((now, what));
            }
        }
        self.halt(now, tid, Some(stopped), Halt::Call(call));
    }

    fn call_over(&mut self, now: Duration, tid: i32, mut stopped: Stopped) {
        let task = self.tasks.get_mut(&tid);
        let over = task.and_then(|task| task.call.take());
        if let (Some(call), Ok(result)) = (over, stopped.result()) {
            if let Some((index, value)) = call.restore {
                let _ = stopped.set_argument(index, value);
            }
            let result = match &mut self.clock {
                Some(clock) => clock.leave(tid, &mut stopped, result),
                None => result,
            };
            if restarts(result) {
                if let Some(task) = self.tasks.get_mut(&tid) {
                    task.again = Some(call);
                    task.ends_by_handler = ends_by_handler(result);
                }
            } else {
                let pid = self.tasks[&tid].who.pid;
                if call.call.raw.number == libc::SYS_setsid
                    && let (Ok(session), Some(process)) = (result, self.family.get_mut(pid))
                {
                    process.session = session as i32;
                }
                let who = self.who(tid);
                self.over(now, &who, &call, result);
            }
        }
        self.go_on(tid, stopped);
    }

    fn who(&mut self, tid: i32) -> Who {
        let mut who = self.tasks[&tid].who.clone();
        who.role = self.family.role(who.pid);
        who
    }

    /// A stop that deciders may hold.
    fn halt(&mut self, now: Duration, tid: i32, stopped: Option<Stopped>, at: Halt) {
        let who = self.who(tid);
        let mut told = Vec::new();
        let mut by = Vec::new();
        let mut act = Act::Pass;
        if let Some(point) = at.point() {
            let stop = Stop {
                who: &who,
                at: point,
            };
            let own: [&mut dyn Decider; 2] = [&mut self.faults, &mut self.steer];
            let others = self.others.iter_mut().map(|other| &mut **other as _);
            for decider in own.into_iter().chain(others) {
                match decider.arrive(now, &stop, &mut told) {
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
                    && rest_of(*other) == Rest::Runs
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
                if *holds && let Decision::Go(says) = decider.again(now, &stop, &mut told) {
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

    fn carry_out(
        &mut self,
        now: Duration,
        who: &Who,
        mut stopped: Stopped,
        call: TracedCall,
        act: Act,
    ) {
        let number = call.raw.number;
        if act == Act::TakeBack {
            let _ = stopped.take_back_call(number);
            return self.runs(who.tid, stopped.go_on(None));
        }
        if act == Act::Kill {
            // It is not made any more.
            return self.runs(who.tid, stopped.go_on(None));
        }
        let mut in_call = self.recorder.begin(now, who, call);
        match act {
            Act::Pass | Act::Kill | Act::TakeBack => {}
            Act::Fail(_) | Act::Return(_) => {
                let result = match act {
                    Act::Fail(errno) => Err(errno),
                    Act::Return(value) => Ok(value),
                    _ => return,
                };
                in_call.injected = true;
                let raw = result.unwrap_or_else(|errno| -i64::from(errno));
                if stopped.skip_call(raw).is_ok() {
                    self.over(now, who, &in_call, result);
                }
                return self.runs(who.tid, stopped.go_on(None));
            }
            Act::Short(most) => {
                if let Some(index) = visible::count_argument(number) {
                    let asked = in_call.call.raw.args[index];
                    if stopped.set_argument(index, asked.min(most)).is_ok() {
                        in_call.restore = Some((index, asked));
                        in_call.injected = true;
                    }
                }
            }
            Act::Signal(signal) => {
                // SAFETY: numbers only. nix has no number for real-time signals.
                let _ = unsafe { libc::syscall(libc::SYS_tgkill, who.pid, who.tid, signal) };
            }
        }
        let mut timed = false;
        if act == Act::Pass
            && let Some(clock) = &mut self.clock
        {
            match clock.enter(who, &mut stopped, &in_call.call.raw, false) {
                Entry::Pass => {}
                Entry::Answer(result) => {
                    let raw = result.unwrap_or_else(|errno| -i64::from(errno));
                    if stopped.skip_call(raw).is_ok() {
                        self.over(now, who, &in_call, result);
                    }
                    return self.runs(who.tid, stopped.go_on(None));
                }
                Entry::Waits(restore) => {
                    in_call.restore = restore;
                    timed = true;
                }
            }
        }
        if visible::never_returns(number) {
            if let Some(what) = self.recorder.never_over(who, &in_call) {
                self.told.push((now, what));
            }
            return self.runs(who.tid, stopped.go_on(None));
        }
        let wanted = timed
            || in_call.index.is_some()
            || in_call.restore.is_some()
            || number == libc::SYS_setsid
            || visible::may_wait(number)
            || self.faults.waits_for_over(who, &in_call.call)
            || self
                .others
                .iter()
                .any(|other| other.waits_for_over(who, &in_call.call));
        if let Some(task) = self.tasks.get_mut(&who.tid) {
            task.call = wanted.then_some(in_call);
        }
        self.go_on(who.tid, stopped);
    }

    /// A signal is delivered. If a handler runs, the call that it has
    /// interrupted fails, unless the kernel makes it again all the same: whoever
    /// makes it once more makes another.
    fn interrupt(&mut self, now: Duration, who: &Who, signal: i32) {
        let is_caught = || {
            let status = Status::read(who.tid);
            status.is_some_and(|status| status.caught & 1 << (signal - 1) != 0)
        };
        let task = self.tasks.get_mut(&who.tid);
        let call = task
            .filter(|task| task.again.is_some() && task.ends_by_handler && is_caught())
            .and_then(|task| task.again.take());
        if let Some(call) = call {
            self.over(now, who, &call, Err(libc::EINTR));
        }
    }

    /// A call is over.
    fn over(&mut self, now: Duration, who: &Who, call: &InCall, result: Result<i64, i32>) {
        self.faults.over(who, &call.call, result);
        for other in &mut self.others {
            other.over(who, &call.call, result);
        }
        if let Some(what) = self.recorder.over(who, call, result) {
            self.told.push((now, what));
        }
    }

    /// A thread is gone; so is its process, if it was the last.
    fn finish(&mut self, now: Duration, who: &Who, end: End) {
        take_end(who.tid);
        self.faults.gone(who.tid);
        if let Some(clock) = &mut self.clock {
            clock.gone(who.tid);
        }
        self.tasks.remove(&who.tid);
        if who.tid != who.pid {
            return;
        }
        if let Some(what) = self.recorder.exited(who, end) {
            self.told.push((now, what));
        }
        self.family.forget(who.pid);
        self.told_ends.insert(who.pid);
        self.ended.push((who.pid, end));
    }
}

fn first_act(first: Act, second: Act) -> Act {
    match first {
        Act::Pass => second,
        _ => first,
    }
}

/// Whether the kernel makes the call again by itself: the errnos of
/// `linux/errno.h` that no program sees, ERESTARTSYS, ERESTARTNOINTR,
/// ERESTARTNOHAND and ERESTART_RESTARTBLOCK.
fn restarts(result: Result<i64, i32>) -> bool {
    matches!(result, Err(512..=514 | 516))
}

/// Whether a handler ends it whatever its flags say: ERESTARTNOHAND and
/// ERESTART_RESTARTBLOCK (`signal(7)`, "Interruption of system calls").
fn ends_by_handler(result: Result<i64, i32>) -> bool {
    matches!(result, Err(514 | 516))
}

/// Whether `now` is the interrupted call made again.
fn is_again(interrupted: &RawCall, now: &RawCall) -> bool {
    interrupted == now || now.number == libc::SYS_restart_syscall
}
