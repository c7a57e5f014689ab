//! A simulated machine that is driven from outside, step by step: programs are
//! started and signals sent while it runs.
//!
//! [`Simulation`](super::Simulation) starts everything at once and is explored;
//! this one carries out what a test does to its programs while they run. It
//! decides nothing: whoever drives it says who takes the next step, when time
//! passes, and which call fails.

use std::collections::BTreeMap;
use std::fmt;
use std::os::fd::RawFd;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::handle::Given;
use super::kernel::{Machine, Move, Refusal, Step};
use super::scene::{Names, Scene, Start};
use super::shown::Shown;
use super::thread::{Halt, Program, Stacks, Thread};
use crate::explore::TaskName;
use crate::sys::call::{Call, Ret};
use crate::sys::records::Ended;
use crate::sys::{Errno, Pid, Result, Signal};

/// A machine that runs.
pub struct Live {
    machine: Machine,
    names: Arc<Names>,
    tasks: BTreeMap<TaskName, Task>,
    stacks: Stacks,
    /// How many programs were started.
    started: u16,
    trouble: Option<String>,
}

/// A process with its program, and the call that it is about to make or is in.
struct Task {
    thread: Thread,
    call: Call,
    /// How many calls it has made.
    calls: u64,
}

/// What a step has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// A call has returned.
    Returned(Call, Result<Ret>),
    /// A call waits, or the process was stopped.
    Waits,
    /// The process has ended, or is about to.
    Over,
}

/// As events are shown: the call, and what it gave.
impl fmt::Display for Stepped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stepped::Returned(call, answer) => write!(f, "{call}{}", Shown(answer)),
            Stepped::Waits => f.write_str("waits"),
            Stepped::Over => f.write_str("ends"),
        }
    }
}

impl Live {
    /// The machine of a scene, with nothing running on it.
    pub fn new(scene: &Scene) -> Live {
        Live {
            machine: scene.machine().clone(),
            names: Arc::clone(scene.names()),
            tasks: BTreeMap::new(),
            stacks: Stacks::default(),
            started: 0,
            trouble: None,
        }
    }

    /// Starts a program from the machine's one terminal, as a job in the
    /// foreground, or with other streams of `start` all the same.
    ///
    /// # Panics
    /// If a path of `start` is not there, or no PID is free.
    pub fn start(&mut self, program: Program, start: &Start) -> TaskName {
        let task = self.spawn(start);
        self.begin(task, program, start);
        task
    }

    /// Starts a program as a service manager does: in a session of its own,
    /// with descriptors 1 and 2 on pipes, which [`Live::read`] reads. Gives
    /// their other ends.
    ///
    /// # Errors
    /// EMFILE: too many were started.
    ///
    /// # Panics
    /// As [`Live::start`].
    pub fn start_apart(
        &mut self,
        program: Program,
        start: &Start,
    ) -> Result<(TaskName, [RawFd; 2])> {
        let task = self.spawn(start);
        self.machine.set_apart(task);
        let mut pipe = |fd| {
            self.machine
                .pipe_to_starter(task, fd)
                .map_err(Refusal::errno)
        };
        let ends = [pipe(1)?, pipe(2)?];
        self.begin(task, program, start);
        Ok((task, ends))
    }

    fn spawn(&mut self, start: &Start) -> TaskName {
        let ordinal = self.started;
        self.started += 1;
        Scene::start(&mut self.machine, ordinal, start)
    }

    fn begin(&mut self, task: TaskName, program: Program, start: &Start) {
        let given = Rc::new(Given {
            args: start.args.clone(),
            env: start.env.clone(),
        });
        let names = Arc::clone(&self.names);
        let thread = Thread::new(task, program, given, names, &mut self.stacks);
        self.insert(task, thread);
    }

    /// Lets a program that has not begun run to its first call.
    fn insert(&mut self, name: TaskName, thread: Thread) {
        let task = Task {
            thread,
            call: Call::GetPid,
            calls: 0,
        };
        self.tasks.insert(name, task);
        self.resume(name, Err(Errno::ENOSYS));
    }

    fn resume(&mut self, name: TaskName, answer: Result<Ret>) {
        let Some(task) = self.tasks.get_mut(&name) else {
            return;
        };
        let trouble = match task.thread.run(answer, &mut self.stacks) {
            Halt::Call(call) => {
                self.machine.issue(name, &call);
                task.call = call;
                task.calls += 1;
                return;
            }
            Halt::Panicked(message) => message,
            Halt::Astray(astray) => astray.to_string(),
        };
        self.trouble
            .get_or_insert(format!("process {name}: {trouble}"));
        self.end(name, Signal::ABRT);
    }

    /// What went wrong with a program that is no outcome of the machine: it
    /// panicked, or does not repeat itself.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The processes whose program has not ended, in the order of their names.
    pub fn tasks(&self) -> impl Iterator<Item = TaskName> + '_ {
        self.tasks.keys().copied()
    }

    /// The call that a process is about to make or is in, and its number, from
    /// 1; `None` if it runs no program any more.
    pub fn call(&self, task: TaskName) -> Option<(&Call, u64)> {
        let task = self.tasks.get(&task)?;
        Some((&task.call, task.calls))
    }

    /// What a process does next; `None` while it can do nothing.
    pub fn next_move(&self, task: TaskName) -> Option<Move> {
        let call = &self.tasks.get(&task)?.call;
        self.machine.next_move(task, call)
    }

    /// Whether a process runs and is about to make, or is in, a call that may
    /// wait.
    pub fn is_at_a_wait(&self, task: TaskName) -> bool {
        self.tasks.contains_key(&task) && self.machine.stands_before_a_wait(task)
    }

    /// Whether a process runs and waits in its call, or would if it made it:
    /// nothing but a signal or time ends it as things are.
    pub fn waits(&self, task: TaskName) -> bool {
        let found = self.tasks.get(&task);
        found.is_some_and(|found| self.machine.waits(task, &found.call))
    }

    /// When the wait that a process is in ends by itself.
    pub fn deadline(&self, task: TaskName) -> Option<Duration> {
        self.tasks.get(&task)?;
        self.machine.deadline(task)
    }

    /// Moves the clock forward.
    pub fn advance(&mut self, to: Duration) {
        self.machine.advance(to);
    }

    /// Lets the time of a call that waits count from now on.
    pub fn issue_again(&mut self, task: TaskName) {
        if let Some(found) = self.tasks.get(&task) {
            let call = found.call.clone();
            self.machine.issue(task, &call);
        }
    }

    /// Lets a process take its next step; what it reads or writes is at most
    /// `most` bytes.
    ///
    /// # Panics
    /// If it has none.
    pub fn step(&mut self, name: TaskName, most: usize) -> Stepped {
        let step = self.next_move(name).expect("a process that can go on");
        let call = self.tasks[&name].call.clone();
        match self.machine.step(name, &cut(&call, most), step) {
            Step::Returned(answer) => {
                let answer = answer.map_err(Refusal::errno);
                self.give(name, call.clone(), answer.clone());
                Stepped::Returned(call, answer)
            }
            Step::Forked(child) => {
                let thread = self.tasks[&name].thread.fork(child, &mut self.stacks);
                let pid = self.machine.process(child).pid;
                self.insert(child, thread);
                let answer = Ok(Ret::Pid(Pid::from_raw(pid)));
                self.give(name, call.clone(), answer.clone());
                Stepped::Returned(call, answer)
            }
            Step::Waits => Stepped::Waits,
            Step::Over => {
                self.bury(name);
                Stepped::Over
            }
        }
    }

    /// Has the call that a process is about to make fail, without carrying it
    /// out.
    pub fn fail(&mut self, name: TaskName, errno: Errno) {
        let Some(task) = self.tasks.get(&name) else {
            return;
        };
        let call = task.call.clone();
        self.machine.leave_call(name);
        self.give(name, call, Err(errno));
    }

    /// Kills a process where it is (SIGKILL).
    pub fn kill(&mut self, name: TaskName) {
        self.end(name, Signal::KILL);
    }

    fn end(&mut self, name: TaskName, signal: Signal) {
        self.machine.end_now(name, Ended::Killed(signal));
        self.bury(name);
    }

    fn give(&mut self, name: TaskName, call: Call, answer: Result<Ret>) {
        if let Some(task) = self.tasks.get_mut(&name) {
            task.thread.note(call, answer.clone());
        }
        self.resume(name, answer);
    }

    fn bury(&mut self, name: TaskName) {
        if let Some(task) = self.tasks.get_mut(&name) {
            task.thread.end(&mut self.stacks);
        }
        if !self.machine.is_listed(name) {
            self.tasks.remove(&name);
        }
    }

    /// Makes a call as root from outside: as the shell or the service manager
    /// that has started the programs. A call that would wait gives what there
    /// is, or EAGAIN.
    ///
    /// # Errors
    /// The errno of the call.
    ///
    /// # Panics
    /// For [`Call::Fork`] and [`Call::Exit`]: the starter runs no program.
    pub fn outside(&mut self, call: &Call) -> Result<Ret> {
        match self.machine.step(Machine::STARTER, call, Move::Goes) {
            Step::Returned(answer) => answer.map_err(Refusal::errno),
            Step::Waits => Err(Errno::EAGAIN),
            Step::Forked(_) | Step::Over => panic!("the starter makes the call {call}"),
        }
    }

    /// What is in a pipe of [`Live::start_apart`]; empties it.
    pub fn read(&mut self, end: RawFd) -> Vec<u8> {
        let call = Call::Read {
            fd: end,
            max: 1 << 20,
        };
        self.outside(&call).map_or(Vec::new(), Ret::bytes)
    }

    /// Makes a symbolic link in a directory that is there, in place of what
    /// has that name.
    pub fn symlink(&mut self, path: &Path, target: &Path, owner: (u32, u32)) {
        self.machine.make_symlink(path, target, owner);
    }

    /// Closes the terminal's window.
    pub fn hang_up(&mut self) {
        self.machine.hang_up();
    }

    /// The machine as it is now.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }
}

/// The call with at most so many bytes.
fn cut(call: &Call, most: usize) -> Call {
    match call {
        Call::Write { fd, data } => Call::Write {
            fd: *fd,
            data: data[..data.len().min(most)].to_vec(),
        },
        Call::Read { fd, max } => Call::Read {
            fd: *fd,
            max: (*max).min(most),
        },
        call => call.clone(),
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        for task in self.tasks.values_mut() {
            task.thread.end(&mut self.stacks);
        }
    }
}
