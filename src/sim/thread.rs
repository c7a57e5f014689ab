//! The coroutine on which a simulated process runs.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::Arc;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};

use super::handle::{Ask, Astray, Entry, Given, Side, Sys};
use super::panics;
use super::scene::Names;
use crate::explore::TaskName;
use crate::sys::Result;
use crate::sys::call::{Call, Ret};

/// A program: what a simulated process runs. What it returns is its exit
/// status.
pub type Program = Arc<dyn Fn(Sys) -> i32 + Send + Sync>;

/// How much stack a simulated process has; only what is used is ever paid for.
const STACK: usize = 1 << 20;

type Routine = Coroutine<Result<Ret>, Ask, i32, DefaultStack>;

/// A simulated process's program, where it stands, and what it has done.
pub(super) struct Thread {
    routine: Option<Routine>,
    pub side: Rc<Side>,
    /// Every call so far with its answer: what a fork replays.
    record: Rc<Vec<Rc<Entry>>>,
    program: Program,
    names: Arc<Names>,
}

/// What a program came to when it was let run.
#[derive(Debug)]
pub(super) enum Halt {
    /// It makes a call.
    Call(Call),
    /// It panicked, with this message.
    Panicked(String),
    /// It does not repeat itself.
    Astray(Astray),
}

/// Stacks to be used again.
#[derive(Default)]
pub(super) struct Stacks(Vec<DefaultStack>);

impl Stacks {
    fn take(&mut self) -> DefaultStack {
        self.0
            .pop()
            .unwrap_or_else(|| DefaultStack::new(STACK).expect("memory for a stack"))
    }
}

impl Thread {
    /// A program that has not begun.
    pub fn new(
        task: TaskName,
        program: Program,
        given: Rc<Given>,
        names: Arc<Names>,
        stacks: &mut Stacks,
    ) -> Thread {
        Thread::replaying(task, program, given, names, Rc::default(), stacks)
    }

    fn replaying(
        task: TaskName,
        program: Program,
        given: Rc<Given>,
        names: Arc<Names>,
        record: Rc<Vec<Rc<Entry>>>,
        stacks: &mut Stacks,
    ) -> Thread {
        let side = Rc::new(Side::new(
            task,
            Rc::clone(&record),
            given,
            Arc::clone(&names),
        ));
        let (run, inside) = (Arc::clone(&program), Rc::clone(&side));
        let routine = Coroutine::with_stack(stacks.take(), move |link, _| {
            inside.attach(link);
            run(Sys(inside))
        });
        Thread {
            routine: Some(routine),
            side,
            record,
            program,
            names,
        }
    }

    /// The child of a fork: the same program, to be run through the record,
    /// the fork included.
    pub fn fork(&self, child: TaskName, stacks: &mut Stacks) -> Thread {
        let mut record = Vec::clone(&self.record);
        let zero = Ret::Pid(crate::sys::Pid::from_raw(0));
        record.push(Rc::new((Call::Fork, Ok(zero))));
        Thread::replaying(
            child,
            Arc::clone(&self.program),
            Rc::clone(&self.side.given),
            Arc::clone(&self.names),
            Rc::new(record),
            stacks,
        )
    }

    /// Notes a call and its answer.
    pub fn note(&mut self, call: Call, answer: Result<Ret>) {
        let entry = Rc::new((call, answer));
        match Rc::get_mut(&mut self.record) {
            Some(record) => record.push(entry),
            // A replay holds it as its script.
            None => {
                let mut record = Vec::clone(&self.record);
                record.push(entry);
                self.record = Rc::new(record);
            }
        }
    }

    /// Lets the program run until it makes a call, `answer` being that of the
    /// one before; whatever it is, it is not seen by a program that begins.
    pub fn run(&mut self, answer: Result<Ret>, stacks: &mut Stacks) -> Halt {
        let Some(routine) = &mut self.routine else {
            panic!("the program of task {} has returned", self.side.task);
        };
        self.side.running.set(true);
        let result =
            panics::quietly(|| panic::catch_unwind(AssertUnwindSafe(|| routine.resume(answer))));
        self.side.running.set(false);
        match result {
            Ok(CoroutineResult::Yield(Ask::Call(call))) => Halt::Call(call),
            Ok(CoroutineResult::Yield(Ask::Astray(astray))) => Halt::Astray(astray),
            Ok(CoroutineResult::Return(status)) => {
                self.reclaim(stacks);
                match self.side.unreplayed() {
                    Some(astray) => Halt::Astray(astray),
                    None => Halt::Call(Call::Exit { status }),
                }
            }
            Err(payload) => {
                self.reclaim(stacks);
                Halt::Panicked(message(&*payload))
            }
        }
    }

    /// Ends the program wherever it is, so that its destructors run; their
    /// calls do nothing.
    pub fn end(&mut self, stacks: &mut Stacks) {
        self.side.over.set(true);
        if let Some(routine) = &mut self.routine {
            panics::quietly(|| routine.force_unwind());
            self.reclaim(stacks);
        }
    }

    fn reclaim(&mut self, stacks: &mut Stacks) {
        if let Some(routine) = self.routine.take() {
            stacks.0.push(routine.into_stack());
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // Before the coroutine unwinds, or its destructors would make calls.
        self.side.over.set(true);
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    let place = panics::last_place();
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a payload that is no text".to_owned());
    match place {
        Some(place) => format!("{text} ({place})"),
        None => text,
    }
}
