//! The time, and who waits until when.

use std::collections::BTreeMap;
use std::time::Duration;

use nix::errno::Errno;

use super::alarm::{self, Alarm};
use super::descriptor::Descriptors;
use super::posix::{self, Timers};
use super::read::{self, Bases};
use super::wait::{self, Change, Wait};
use crate::world::real::proc::status::Status;
use crate::world::real::tracer::decider::Who;
use crate::world::real::tracer::tracee::{RawCall, Stopped};
use crate::world::syscalls;

/// What each look at the clock moves it, so that who spins on it comes on.
const STEP: Duration = Duration::from_micros(1);

/// After so many looks without a jump, it is a spin, and each moves it more.
const SPIN: u32 = 1000;
const LONG_STEP: Duration = Duration::from_millis(1);

/// The clock of a world with virtual time.
#[derive(Debug)]
pub struct Clock {
    now: Duration,
    bases: Bases,
    /// By how much waits end late.
    slack: Duration,
    /// The looks at it since the last jump.
    looks: u32,
    /// How much a look moves it.
    step: Duration,
    /// Whether it has moved by itself since the last jump.
    moves: bool,
    waits: BTreeMap<i32, Waiting>,
    /// The waits that a signal has interrupted, and that go on if it has no
    /// handler.
    again: BTreeMap<i32, Wait>,
    alarms: BTreeMap<i32, Alarm>,
    descriptors: Descriptors,
    timers: Timers,
}

#[derive(Debug)]
struct Waiting {
    wait: Wait,
    number: i64,
    /// Whether it is being ended.
    over: bool,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It is none of this clock's.
    Pass,
    /// It gives this.
    Answer(Result<i64, i32>),
    /// It waits; the argument that was changed, and what it was.
    Waits(Option<(usize, u64)>),
}

/// What time has come for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The end of this thread's wait.
    Wait(i32),
    /// The alarm of this process.
    Alarm(i32),
    /// The timer of this name that is a descriptor.
    Descriptor(i64),
    /// This timer that sends a signal.
    Timer(posix::Id),
    /// What somebody else waits for.
    Other,
}

impl Clock {
    /// One that begins now, at zero, with waits that end so much late.
    pub fn new(slack: Duration) -> Clock {
        Clock {
            now: Duration::ZERO,
            bases: Bases::now(),
            slack,
            looks: 0,
            step: STEP,
            moves: false,
            waits: BTreeMap::new(),
            again: BTreeMap::new(),
            alarms: BTreeMap::new(),
            descriptors: Descriptors::default(),
            timers: Timers::default(),
        }
    }

    /// From now on looks do not move it, as long as they are no spin: time
    /// passes only as somebody chooses. It shows the same in each execution: for
    /// before anybody has looked.
    pub fn stand_still(&mut self) {
        self.step = Duration::ZERO;
        self.bases = Bases::FIXED;
    }

    /// The time since the world was made.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Whether this thread is in a wait of this clock's.
    pub fn knows(&self, tid: i32) -> bool {
        self.waits.contains_key(&tid)
    }

    /// When the wait of this thread ends by itself.
    pub fn until(&self, tid: i32) -> Option<Duration> {
        let waiting = self.waits.get(&tid).filter(|waiting| !waiting.over);
        waiting.map(|waiting| waiting.wait.until)
    }

    /// Lets time move to where the wait of this thread ends, at once.
    pub fn end(&mut self, tid: i32) -> Option<Due> {
        let until = self.until(tid)?;
        self.looks = 0;
        self.move_to(self.now.max(until));
        self.take(Due::Wait(tid));
        Some(Due::Wait(tid))
    }

    /// Whether a wait is being ended.
    pub fn ends_any(&self) -> bool {
        self.waits.values().any(|waiting| waiting.over)
    }

    fn look(&mut self) {
        self.looks = self.looks.saturating_add(1);
        self.now += match self.looks > SPIN {
            true => LONG_STEP,
            false => self.step,
        };
    }

    /// A call has stopped before it begins. `again`: a wait that goes on.
    pub fn enter(
        &mut self,
        who: &Who,
        stopped: &mut Stopped,
        call: &RawCall,
        again: bool,
    ) -> Entry {
        let tid = who.tid;
        let former = self.again.remove(&tid).filter(|_| again);
        if let Some(result) = read::answer(tid, call, &self.bases, self.now) {
            self.look();
            return Entry::Answer(result);
        }
        let mut alarm = self.alarms.remove(&who.pid);
        let answer = alarm::answer(tid, call, &mut alarm, self.now);
        self.alarms.extend(alarm.map(|alarm| (who.pid, alarm)));
        if let Some(result) = answer {
            return Entry::Answer(result);
        }
        let (bases, now) = (&self.bases, self.now);
        let answer = self.descriptors.answer(who, call, bases, now);
        if let Some(result) = answer.or_else(|| self.timers.answer(who, call, bases, now)) {
            return Entry::Answer(result);
        }
        if wait::is_refused(call) {
            return Entry::Answer(Err(Errno::ENOSYS as i32));
        }
        let Some(mut wait) = wait::of(tid, call, &self.bases, self.now) else {
            return Entry::Pass;
        };
        match former {
            Some(former) => wait.until = former.until,
            None if wait.looks => {
                self.look();
                return Entry::Pass;
            }
            None => {}
        }
        let restore = match wait.change {
            Change::Argument(index, value) => stopped
                .set_argument(index, value)
                .map(|()| Some((index, call.args[index]))),
            Change::Pause => match syscalls::number("pause") {
                Some(pause) => stopped.set_number(pause).map(|()| None),
                None => Err(Errno::ENOSYS),
            },
        };
        let Ok(restore) = restore else {
            return Entry::Pass;
        };
        let waiting = Waiting {
            wait,
            number: call.number,
            over: false,
        };
        self.waits.insert(tid, waiting);
        Entry::Waits(restore)
    }

    /// A call is over: what it gives to its caller, or to the kernel that makes
    /// it again.
    pub fn leave(
        &mut self,
        tid: i32,
        stopped: &mut Stopped,
        result: Result<i64, i32>,
    ) -> Result<i64, i32> {
        let Some(Waiting { wait, number, over }) = self.waits.remove(&tid) else {
            return result;
        };
        if wait.change == Change::Pause {
            let _ = stopped.set_number(number);
        }
        let interrupted = matches!(result, Err(libc::EINTR | 512..=514 | 516));
        if over && interrupted {
            let _ = stopped.set_result(wait.gives);
            wait.empty_sets(tid);
            wait.write_left(tid, self.now);
            return match wait.gives {
                0 => Ok(0),
                errno => Err(-errno as i32),
            };
        }
        wait.write_left(tid, self.now);
        match result {
            Err(512) if wait::goes_on(number) => result,
            Err(512..=514 | 516) => {
                self.again.insert(tid, wait);
                // With a handler it gives EINTR; without, it goes on. That is
                // what all of them do that have an end, whatever the kernel
                // says of those that have none (`signal(7)`).
                let _ = stopped.set_result(-NO_HANDLER);
                Err(NO_HANDLER as i32)
            }
            result => result,
        }
    }

    /// A signal is about to be delivered: whether it ends the wait that it has
    /// interrupted.
    pub fn interrupts(&mut self, tid: i32, signal: i32) -> bool {
        let Some(wait) = self.again.get(&tid) else {
            return false;
        };
        let caught = Status::read(tid).is_some_and(|s| s.caught >> (signal - 1) & 1 == 1);
        if caught {
            wait.write_rest(tid, self.now);
            self.again.remove(&tid);
        }
        caught
    }

    /// Somebody has run for so long that this much of time is over.
    pub fn pass(&mut self, real: Duration) {
        self.now = self.now.saturating_add(real);
        self.moves = true;
    }

    /// What time has come for while somebody runs: who spins on the clock, or
    /// computes for long, keeps nobody from waking.
    pub fn overdue(&mut self, runs: impl Fn(i32) -> bool) -> Option<Due> {
        if !self.moves && self.looks <= SPIN {
            return None;
        }
        self.late(runs)
    }

    /// What time has come for, the first of it.
    pub fn late(&mut self, runs: impl Fn(i32) -> bool) -> Option<Due> {
        let (at, due) = self.next_alive(runs)?;
        (at <= self.now).then(|| {
            self.take(due);
            due
        })
    }

    /// What comes next, of what can go on and still exists.
    fn next_alive(&mut self, runs: impl Fn(i32) -> bool) -> Option<(Duration, Due)> {
        self.descriptors.look();
        self.timers.look();
        loop {
            let (at, due) = self.next(&runs)?;
            let lives = match due {
                Due::Descriptor(name) => self.descriptors.lives(name),
                Due::Timer(id) => self.timers.lives(id),
                Due::Wait(_) | Due::Alarm(_) | Due::Other => true,
            };
            if lives {
                return Some((at, due));
            }
        }
    }

    /// What comes next, of what can go on.
    fn next(&self, runs: impl Fn(i32) -> bool) -> Option<(Duration, Due)> {
        let ready = |(tid, waiting): &(&i32, &Waiting)| !waiting.over && runs(**tid);
        let waits = self.waits.iter().filter(ready);
        let waits = waits.map(|(tid, waiting)| (waiting.wait.until, Due::Wait(*tid)));
        let alarms = self.alarms.iter();
        let alarms = alarms.map(|(pid, alarm)| (alarm.at, Due::Alarm(*pid)));
        let descriptor = self.descriptors.next();
        let descriptor = descriptor.map(|(at, name)| (at, Due::Descriptor(name)));
        let timer = self.timers.next().map(|(at, id)| (at, Due::Timer(id)));
        let timers = descriptor.into_iter().chain(timer);
        waits.chain(alarms).chain(timers).min_by_key(|(at, _)| *at)
    }

    /// Nothing runs: time jumps to what comes next, of what can go on, or of
    /// what others wait for.
    pub fn jump(&mut self, other: Option<Duration>, runs: impl Fn(i32) -> bool) -> Option<Due> {
        let next = self.next_alive(runs);
        let limit = other.unwrap_or(Duration::MAX);
        self.looks = 0;
        self.moves = false;
        match next {
            Some((at, due)) if at <= limit => {
                // Those that are late already are woken one after the other,
                // in the order of their deadlines, at the same moment.
                if at > self.now {
                    self.move_to(at.saturating_add(self.slack).min(limit));
                }
                self.take(due);
                Some(due)
            }
            _ => {
                self.move_to(self.now.max(other?));
                Some(Due::Other)
            }
        }
    }

    fn move_to(&mut self, now: Duration) {
        self.now = now;
        self.descriptors.count(now);
        self.timers.count(now);
    }

    fn take(&mut self, due: Due) {
        match due {
            Due::Wait(tid) => {
                if let Some(waiting) = self.waits.get_mut(&tid) {
                    waiting.over = true;
                }
            }
            Due::Alarm(pid) => {
                if let Some(alarm) = self.alarms.remove(&pid)
                    && !alarm.interval.is_zero()
                {
                    let mut next = alarm;
                    while next.at <= self.now {
                        next.at += next.interval;
                    }
                    self.alarms.insert(pid, next);
                }
            }
            Due::Descriptor(name) => self.descriptors.fire(name, self.now),
            Due::Timer(id) => self.timers.fire(id, self.now),
            Due::Other => {}
        }
    }

    /// A thread is gone.
    pub fn gone(&mut self, tid: i32) {
        self.waits.remove(&tid);
        self.again.remove(&tid);
        self.alarms.remove(&tid);
        self.timers.gone(tid);
    }
}

/// ERESTARTNOHAND of `linux/errno.h`.
const NO_HANDLER: i64 = 514;
