//! Who takes the next step, and what comes of it.

use std::time::Duration;

use daemonlab::explore::TaskName;
use daemonlab::sim::Stepped;
use daemonlab::sim::kernel::{Machine, Move};
use daemonlab::sys::Signal;
use daemonlab::sys::call::{Call, Ret};

use super::about;
use super::faults::Ruling;
use super::recorder::Ahead;
use super::refusal;
use super::world::SimWorld;
use crate::world::event::{End, Event, What};
use crate::world::{World, WorldError};

/// What a call gave.
type Answer = daemonlab::sys::Result<Ret>;

/// How many steps may be taken without any time passing. A start takes some
/// hundred; what takes more goes round in circles.
const MOST_STEPS: u32 = 100_000;

impl SimWorld {
    /// Takes a step, or lets time pass where nobody can go on without, up to
    /// `until`; whether it is not over before anything more can happen.
    ///
    /// # Errors
    /// A program that panicked, does not repeat itself, or goes round in
    /// circles.
    pub(super) fn go_on(&mut self, until: Duration) -> Result<bool, WorldError> {
        if let Some(trouble) = self.live.trouble() {
            return Err(refusal(
                "go on with the simulated programs",
                trouble,
                "a program must do the same whenever its calls are answered the same, and not panic",
            ));
        }
        let first = self.next();
        if let Some(task) = self.steered(first)? {
            self.without_time += 1;
            if self.without_time > MOST_STEPS {
                let call = self.live.call(task).map(|(call, _)| call.to_string());
                return Err(refusal(
                    "go on with the simulated programs",
                    format_args!(
                        "{MOST_STEPS} calls were made and no time has passed; the last one is {}",
                        call.unwrap_or_default()
                    ),
                    "look for a loop that does not wait",
                ));
            }
            self.step(task);
            return Ok(true);
        }
        let now = self.live.machine().clock();
        if now >= until {
            return Ok(false);
        }
        let to = self.next_moment().map_or(until, |moment| moment.min(until));
        self.live.advance(to);
        self.without_time = 0;
        self.release();
        Ok(true)
    }

    /// Whoever has made the last step, if it can go on, or else the first that
    /// can.
    pub(super) fn next(&self) -> Option<TaskName> {
        let last = self.last.filter(|last| self.can_go(*last));
        last.or_else(|| self.live.tasks().find(|task| self.can_go(*task)))
    }

    pub(super) fn can_go(&self, task: TaskName) -> bool {
        let next = self.live.next_move(task);
        match self.ruling(task) {
            Ruling::Free | Ruling::Short(_) => next.is_some(),
            Ruling::Held => is_beyond_faults(next),
            Ruling::Fails(_) | Ruling::Kills | Ruling::Signals(_) => self.live.call(task).is_some(),
        }
    }

    pub(super) fn ruling(&self, task: TaskName) -> Ruling {
        let launch = self.launch_of(task);
        launch.map_or(Ruling::Free, |launch| launch.faults.ruling(task))
    }

    /// When something happens by itself.
    fn next_moment(&self) -> Option<Duration> {
        let waits = self
            .live
            .tasks()
            .filter(|task| self.ruling(*task) != Ruling::Held)
            .filter_map(|task| self.live.deadline(task));
        let begin = self.begin;
        let holds = self.launches.values();
        let holds = holds.filter_map(|launch| Some(launch.faults.deadline()? + begin));
        waits.chain(holds).min()
    }

    pub(super) fn step(&mut self, task: TaskName) {
        self.last = Some(task);
        if self.steering.is_some() {
            let operation = self.operation(task);
            self.note(operation);
        }
        let before: Vec<(TaskName, i32, TaskName)> = self
            .live
            .machine()
            .processes()
            .map(|(name, process)| (name, process.pid, process.parent))
            .collect();
        let ahead = self.ahead(task);
        let reaped = match (self.ruling(task), self.live.next_move(task)) {
            (Ruling::Fails(errno), next) if !is_beyond_faults(next) => {
                let operation = self.operation(task);
                self.live.fail(task, errno);
                self.note_call(ahead, Some(&Err(errno)), true);
                self.note(format!("{operation} = {errno:?} (fault)"));
                self.carried_out(task);
                None
            }
            (Ruling::Kills, next) if !is_beyond_faults(next) => {
                self.carried_out(task);
                // Its call is not made any more.
                self.live.kill(task);
                self.note("killed by SIGKILL (fault)".to_owned());
                None
            }
            (Ruling::Signals(signal), next) if !is_beyond_faults(next) => {
                self.carried_out(task);
                let pid = self.live.machine().process(task).pid;
                // To itself, as init would: it is there, and root may.
                let _ = self.signal(pid, signal);
                None
            }
            (Ruling::Short(most), Some(Move::Goes)) => {
                self.carried_out(task);
                self.plain_step(task, most, ahead)
            }
            _ => self.plain_step(task, usize::MAX, ahead),
        };
        let ends = self.recorder.ends(self.live.machine());
        ends.into_iter().for_each(|what| self.tell(what));
        for (name, pid, parent) in before {
            self.note_end(name, pid, parent, reaped);
        }
        self.note_launchers_ends();
        self.arrive();
        self.release();
    }

    /// What is told of the call that a process is about to take a step in.
    fn ahead(&mut self, task: TaskName) -> Option<Ahead> {
        let now = self.now();
        let call = self.live.call(task).map(|(call, _)| call);
        let next = self.live.next_move(task);
        let waits = self.live.waits(task) && self.has_begun(task);
        let machine = self.live.machine();
        self.recorder.ahead(machine, now, task, call, next, waits)
    }

    fn note_call(&mut self, ahead: Option<Ahead>, answer: Option<&Answer>, injected: bool) {
        if let Some(ahead) = ahead {
            let machine = self.live.machine();
            let told = self.recorder.over(machine, ahead, answer, injected);
            told.into_iter().for_each(|what| self.tell(what));
        }
    }

    /// Takes the step that the kernel has, with at most so many bytes; gives
    /// the PID of a child that was reaped by it.
    fn plain_step(&mut self, task: TaskName, most: usize, ahead: Option<Ahead>) -> Option<i32> {
        let stepped = self.live.step(task, most);
        match &stepped {
            Stepped::Returned(_, answer) => {
                // SIGKILL comes before anybody sees what it gave.
                let is_killed = self.live.next_move(task) == Some(Move::Dies(Signal::KILL));
                let answer = Some(answer).filter(|_| !is_killed);
                self.note_call(ahead, answer, most < usize::MAX);
            }
            Stepped::Over => self.note_call(ahead, None, false),
            Stepped::Waits => {}
        }
        if self.steering.is_some() && matches!(stepped, Stepped::Returned(..)) {
            self.note(stepped.to_string());
        }
        let Stepped::Returned(call, answer) = stepped else {
            return None;
        };
        if matches!(call, Call::Write { .. }) {
            self.drain();
        }
        match answer {
            Ok(Ret::Waited(Some(waited))) => Some(waited.pid.as_raw()),
            _ => None,
        }
    }

    /// Notes what a step has done, for whoever steers.
    fn note(&mut self, done: String) {
        if let Some(steering) = &mut self.steering {
            steering.note(done);
        }
    }

    /// Tells of an end that was the world's to notice: nobody who was started
    /// has waited for it, and nobody will.
    fn note_end(&mut self, name: TaskName, pid: i32, parent: TaskName, reaped: Option<i32>) {
        let machine = self.live.machine();
        let gone = machine.processes().all(|(other, _)| other != name);
        if !gone {
            return;
        }
        let by_init = [Machine::INIT, Machine::STARTER].contains(&parent)
            || machine.ends().contains_key(&parent);
        let end = machine.ends().get(&name).copied().map(End::from);
        if let Some(launch) = self.launch_of_mut(name) {
            launch.faults.forget(name);
        }
        if let (Some(end), true) = (end, by_init && reaped != Some(pid)) {
            self.tell(What::Ended { pid, end });
        }
    }

    fn note_launchers_ends(&mut self) {
        let now = self.now();
        let ends = self.live.machine().ends();
        for launch in self.launches.values_mut() {
            if ends.contains_key(&launch.task) {
                launch.ended_at.get_or_insert(now);
            }
            for name in ends.keys().filter(|name| name.root() == launch.task) {
                launch.faults.ended(*name);
            }
        }
    }

    /// Lets every new call arrive at the faults of its launch.
    pub(super) fn arrive(&mut self) {
        let now = self.now();
        let mut told = Vec::new();
        let tasks: Vec<TaskName> = self.live.tasks().collect();
        for task in tasks {
            let root = task.root();
            let Some(launch) = self.launches.values_mut().find(|l| l.task == root) else {
                continue;
            };
            let Some(call) = self.live.call(task) else {
                continue;
            };
            let mut processes = self.live.machine().processes();
            if let Some((_, process)) = processes.find(|(name, _)| *name == task) {
                let about = || about::paths(self.live.machine(), process, call.0);
                told.extend(launch.faults.arrive(now, task, process, call, &about));
            }
        }
        for what in told {
            self.tell(what);
        }
    }

    fn carried_out(&mut self, task: TaskName) {
        let told = self
            .launch_of_mut(task)
            .and_then(|launch| launch.faults.carried_out(task));
        if let Some(what) = told {
            self.tell(what);
        }
    }

    fn release(&mut self) {
        let now = self.now();
        let mut told = Vec::new();
        let mut free = Vec::new();
        for launch in self.launches.values_mut() {
            free.extend(launch.faults.release(now, &mut told));
        }
        for task in free {
            // The call begins now, and so does the time that it waits.
            self.live.issue_again(task);
        }
        for what in told {
            self.tell(what);
        }
    }

    /// Takes in what was written.
    fn drain(&mut self) {
        let now = self.now();
        for (id, launch) in &mut self.launches {
            for (stderr, bytes) in launch.read(&mut self.live) {
                self.events.push(Event {
                    at: now,
                    what: What::Output {
                        id: id.clone(),
                        stderr,
                        bytes,
                    },
                });
            }
        }
    }

    pub(super) fn tell(&mut self, what: What) {
        let at = self.now();
        self.events.push(Event { at, what });
    }
}

/// A fault has no say in how a signal ends or stops a process, nor in its end.
fn is_beyond_faults(next: Option<Move>) -> bool {
    matches!(next, Some(Move::Dies(_) | Move::Stops(_) | Move::Ends))
}
