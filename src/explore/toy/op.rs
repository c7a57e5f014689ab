//! What operations touch, when they can go on, and what they do.

use std::borrow::Cow;

use super::{Key, Lie, Life, Toy};
use crate::explore::{Alternative, Footprint, Kind};

/// An operation of a [`Toy`]'s task. Registers, locks, pipes and tasks are
/// numbered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// Remembers the register's value.
    Get(usize),
    Set(usize, u8),
    /// Doubles the register and adds: does not commute with itself.
    Mix(usize, u8),
    Lock(usize),
    Unlock(usize),
    Send(usize, u8),
    /// Waits for something in the pipe and remembers it.
    Receive(usize),
    /// The same, with a timer that may fire at any time.
    ReceiveOrTimeOut(usize),
    /// Waits for its timer only.
    Sleep,
    /// Starts the task: before that it does not exist. Once.
    Start(usize),
    /// Ends another task, wherever it is.
    Kill(usize),
    /// Waits until another task has ended.
    AwaitEnd(usize),
    /// Something that nobody else can notice.
    Alone,
    /// Writes what nobody has told footprints of: it says it touches anything.
    Mystery(usize, u8),
    /// Asks for the register's value in a loop until it is not 0.
    Until(usize),
    /// May be struck: `EIO`, after which the task goes on without having done
    /// it, or a death, which ends the task.
    Faulty(Box<Op>),
}

use Op::*;

impl Toy {
    fn is_last(&self, task: usize) -> bool {
        self.state.at[task] + 1 == self.programs[task].len()
    }

    /// What every step of the task touches: whether it lives, which the last
    /// one changes.
    pub(super) fn life_only(&self, task: usize) -> Footprint<Key> {
        match self.is_last(task) {
            true => Footprint::none().writing([Key::Task(task)]),
            false => Footprint::none().reading([Key::Task(task)]),
        }
    }

    pub(super) fn footprint(&self, task: usize, op: &Op) -> Footprint<Key> {
        let own = self.life_only(task);
        match *op {
            Mix(register, _) if self.lie == Some(Lie::NoWrites) => {
                own.reading([Key::Register(register)])
            }
            Send(..) | Receive(_) if self.lie == Some(Lie::NoPipes) => own,
            Kill(_) if self.lie == Some(Lie::NoLives) => own,
            Get(register) | Until(register) => own.reading([Key::Register(register)]),
            Set(register, _) | Mix(register, _) => own.writing([Key::Register(register)]),
            Lock(lock) | Unlock(lock) => own.writing([Key::Lock(lock)]),
            Send(pipe, _) | Receive(pipe) | ReceiveOrTimeOut(pipe) => {
                own.writing([Key::Pipe(pipe)])
            }
            Sleep | Alone => own,
            Start(other) | Kill(other) => own.writing([Key::Task(other)]),
            AwaitEnd(other) => own.reading([Key::Task(other)]),
            Mystery(..) => Footprint::unknown(),
            Faulty(_) => unreachable!("a fault of a fault"),
        }
    }

    pub(super) fn alternatives(&self, op: &Op) -> Vec<Alternative<Key>> {
        let normal = match *op {
            Lock(lock) => self.state.locks[lock].is_none(),
            Receive(pipe) | ReceiveOrTimeOut(pipe) => !self.state.pipes[pipe].is_empty(),
            AwaitEnd(other) => !matches!(self.state.lives[other], Life::Alive | Life::Unborn),
            Sleep => false,
            _ => true,
        };
        let mut alternatives = Vec::new();
        if normal {
            alternatives.push(Alternative::NORMAL);
        }
        if matches!(op, ReceiveOrTimeOut(_) | Sleep) {
            alternatives.push(Alternative {
                kind: Kind::Timer,
                label: Cow::Borrowed("timeout"),
                footprint: None,
            });
        }
        alternatives
    }

    pub(super) fn carry_out(&mut self, task: usize, op: &Op, timed_out: bool) {
        let state = &mut self.state;
        let mut done = true;
        match *op {
            Get(register) => state.seen[task].push(state.registers[register]),
            Set(register, value) | Mystery(register, value) => state.registers[register] = value,
            Mix(register, value) => {
                let old = state.registers[register];
                state.registers[register] = old.wrapping_mul(2).wrapping_add(value);
            }
            Lock(lock) => state.locks[lock] = Some(task),
            Unlock(lock) => state.locks[lock] = None,
            Send(pipe, value) => state.pipes[pipe].push(value),
            ReceiveOrTimeOut(_) | Sleep if timed_out => state.seen[task].push(255),
            Receive(pipe) | ReceiveOrTimeOut(pipe) => {
                let value = state.pipes[pipe].remove(0);
                state.seen[task].push(value);
            }
            Start(other) => {
                if state.lives[other] == Life::Unborn {
                    state.lives[other] = Life::Alive;
                }
            }
            Kill(other) => {
                let killed = matches!(state.lives[other], Life::Alive | Life::Unborn);
                state.seen[task].push(killed.into());
                if killed {
                    state.lives[other] = Life::Killed;
                }
            }
            AwaitEnd(other) => state.seen[task].push((state.lives[other] == Life::Killed).into()),
            Until(register) => done = state.registers[register] != 0,
            Sleep | Alone => {}
            Faulty(_) => unreachable!("a fault of a fault"),
        }
        if done {
            self.pass(task);
        }
    }
}
