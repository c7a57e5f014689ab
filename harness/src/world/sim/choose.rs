//! What a steered world offers to its pilot, at each grain.

use daemonlab::explore::TaskName;
use daemonlab::sim::kernel::Move;

use super::faults::Ruling;
use super::pilot::{Choice, Grain, InCommon};
use super::refusal;
use super::steering::Steering;
use super::visible::VisibleCall;
use super::world::SimWorld;
use crate::world::WorldError;
use crate::world::common::{Common, ENDS};

/// What a task is about, at the grain of both worlds.
enum Place {
    /// It does what belongs to its last step.
    GoesOn,
    /// It stands before what is a step.
    Stands(String),
    /// It waits, or is held, in what is a step.
    Waits(String),
    /// It is stopped, or held in what is no step.
    Still,
}

impl SimWorld {
    /// Who takes the next step as the pilot decides; `first` would go without
    /// one. `None` if only time can pass.
    pub(super) fn steered(
        &mut self,
        first: Option<TaskName>,
    ) -> Result<Option<TaskName>, WorldError> {
        let Some(mut steering) = self.steering.take_if(|steering| !steering.open) else {
            return Ok(first);
        };
        let chosen = match steering.grain {
            Grain::Calls => match first {
                Some(_) => self.ask(&mut steering, Grain::Calls).map(Some),
                None => Ok(None),
            },
            Grain::Common => self.choose_in_common(&mut steering),
        };
        self.steering = Some(steering);
        chosen
    }

    /// Before a conversation, which is one step at the grain of both worlds:
    /// whoever stands is let go first.
    pub(super) fn settle(&mut self) -> Result<(), WorldError> {
        if !self.is_in_common() {
            return Ok(());
        }
        while let Some(task) = self.steered(self.next())? {
            self.step(task);
        }
        self.open(true);
        Ok(())
    }

    /// After a conversation: it goes on until everybody waits again.
    pub(super) fn rest(&mut self) -> Result<(), WorldError> {
        if !self.is_in_common() {
            return Ok(());
        }
        let now = self.live.machine().clock();
        while self.next().is_some() {
            self.go_on(now)?;
        }
        self.open(false);
        let waiting = self
            .live
            .tasks()
            .filter(|task| self.live.is_at_a_wait(*task));
        let calls = waiting.filter_map(|task| Some((task, self.live.call(task)?.1)));
        let calls: Vec<_> = calls.collect();
        self.begun.extend(calls);
        Ok(())
    }

    /// Whether a process that stands before a wait was let into it.
    pub(super) fn has_begun(&self, task: TaskName) -> bool {
        let number = self.live.call(task).map(|(_, number)| number);
        !self.is_in_common() || number.is_some() && self.begun.get(&task).copied() == number
    }

    fn is_in_common(&self) -> bool {
        let steering = self.steering.as_ref();
        steering.is_some_and(|steering| steering.grain == Grain::Common)
    }

    fn open(&mut self, open: bool) {
        if let Some(steering) = &mut self.steering {
            steering.open = open;
        }
    }

    /// Asks until somebody takes a step of the kernel: to be let into a call
    /// that waits is none.
    fn choose_in_common(
        &mut self,
        steering: &mut Steering,
    ) -> Result<Option<TaskName>, WorldError> {
        loop {
            let tasks: Vec<TaskName> = self.live.tasks().collect();
            let on = |task: &&TaskName| matches!(self.place(**task, steering), Place::GoesOn);
            if let Some(task) = tasks.iter().find(on) {
                steering.belongs = true;
                return Ok(Some(*task));
            }
            let stands = |task: &TaskName| matches!(self.place(*task, steering), Place::Stands(_));
            if !tasks.iter().any(stands) {
                return Ok(None);
            }
            let task = self.ask(steering, Grain::Common)?;
            steering.belongs = false;
            let words = match self.place(task, steering) {
                Place::Stands(words) => words,
                _ => String::new(),
            };
            if let Some((_, number)) = self.live.call(task) {
                self.begun.insert(task, number);
            }
            self.note_made(task, steering);
            if self.can_go(task) {
                return Ok(Some(task));
            }
            steering.note(format!("{words} ..."));
        }
    }

    fn ask(&mut self, steering: &mut Steering, grain: Grain) -> Result<TaskName, WorldError> {
        let choices = self.live.tasks().filter_map(|task| match grain {
            Grain::Calls => Some(self.choice(task, &steering.common)),
            Grain::Common => self.common_choice(task, steering),
        });
        let choices = choices.collect();
        let done = std::mem::take(&mut steering.done);
        let chosen = steering.pilot.choose(choices, done);
        let task = chosen.ok_or_else(|| {
            refusal(
                "go on with the simulated programs",
                "they were given up",
                "",
            )
        })?;
        if grain == Grain::Calls && self.live.next_move(task) == Some(Move::Goes) {
            self.note_made(task, steering);
        }
        Ok(task)
    }

    fn note_made(&self, task: TaskName, steering: &mut Steering) {
        if let Some(call) = self.visible_call(task)
            && steering.common.words(task, &call.seen()).is_some()
        {
            steering.common.made(task, &call.seen());
        }
    }

    fn words(&self, task: TaskName, common: &Common) -> Option<String> {
        common.words(task, &self.visible_call(task)?.seen())
    }

    fn place(&self, task: TaskName, steering: &Steering) -> Place {
        match self.live.next_move(task) {
            Some(Move::Dies(_) | Move::Stops(_)) => return Place::GoesOn,
            Some(Move::Ends) => return Place::Stands(ENDS.to_owned()),
            Some(Move::Enters | Move::Goes) | None => {}
        }
        let Some((_, number)) = self.live.call(task) else {
            return Place::Still;
        };
        let goes = self.can_go(task);
        let has_begun = self.begun.get(&task) == Some(&number);
        // A fault holds it where it stands, or once it was let go.
        let may_begin = self.live.is_at_a_wait(task) || self.ruling(task) == Ruling::Held;
        match self.words(task, &steering.common) {
            None if goes => Place::GoesOn,
            None => Place::Still,
            Some(_) if has_begun && goes => Place::GoesOn,
            Some(words) if !has_begun && (goes || may_begin) => Place::Stands(words),
            Some(words) => Place::Waits(words),
        }
    }

    fn common_choice(&self, task: TaskName, steering: &Steering) -> Option<Choice> {
        let (operation, goes) = match self.place(task, steering) {
            Place::Stands(words) => (words, true),
            Place::Waits(words) => (words, false),
            Place::GoesOn | Place::Still => return None,
        };
        let common = match operation.as_str() {
            ENDS => InCommon::Ends,
            words => InCommon::Makes(words.to_owned()),
        };
        Some(Choice {
            task,
            operation,
            goes,
            common,
        })
    }

    fn choice(&self, task: TaskName, common: &Common) -> Choice {
        let next = self.live.next_move(task);
        let words = self.words(task, common);
        Choice {
            task,
            operation: self.operation(task),
            goes: self.can_go(task),
            common: match (next, words) {
                (Some(Move::Dies(_)), _) => InCommon::Dies,
                (Some(Move::Ends), _) => InCommon::Ends,
                (Some(Move::Stops(_)), _) | (_, None) => InCommon::Nothing,
                (Some(Move::Enters), Some(words)) => InCommon::Begins(words),
                (Some(Move::Goes) | None, Some(words)) => InCommon::Makes(words),
            },
        }
    }

    /// What a process does next, in words.
    pub(super) fn operation(&self, task: TaskName) -> String {
        let call = self.live.call(task).map(|(call, _)| call.to_string());
        let call = call.unwrap_or_default();
        match self.live.next_move(task) {
            Some(Move::Dies(signal)) => format!("die of {signal}"),
            Some(Move::Stops(signal)) => format!("stop by {signal}"),
            Some(Move::Ends) => ENDS.to_owned(),
            Some(Move::Enters) => format!("begin {call}"),
            Some(Move::Goes) | None => call,
        }
    }

    /// The call that a process is about to make or is in, if it is visible or
    /// its order with visible ones matters.
    fn visible_call(&self, task: TaskName) -> Option<VisibleCall> {
        let (call, _) = self.live.call(task)?;
        let machine = self.live.machine();
        let (_, process) = machine.processes().find(|(name, _)| *name == task)?;
        VisibleCall::of(machine, process, call)
    }
}
