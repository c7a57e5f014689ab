//! What every process is about to do, and in which ways.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use super::{Simulation, TERMINAL, Task, Way};
use crate::explore::{Alternative, Digest, Footprint, Kind, Lasting, Pending, TaskName, Timers};
use crate::sim::faults;
use crate::sim::kernel::{Key, Machine, Move};
use crate::sys::Errno;
use crate::sys::call::Call;

impl Simulation {
    /// Fills in what [`Model::pending`](crate::explore::Model::pending) shows.
    pub(super) fn look(&mut self) {
        let mut count = 0;
        for (name, task) in &self.tasks {
            let step = self.machine.next_move(*name, &task.call);
            let machine = self.footprints.then_some(&self.machine);
            let watched_exit = self.is_watched_exit(*name, &task.call, step);
            let (pending, ways) = slot(&mut self.pending, &mut self.ways, &mut count, *name);
            if task.begins && step == Some(Move::Goes) {
                pending.code = task.code ^ BEGINS;
                pending.footprint.read(Key::Life(*name)).read(Key::Clock);
                pending.alternatives.push(Alternative::NORMAL);
                ways.push(Way::Begins);
                add_kill(machine, *name, task, pending, ways);
                continue;
            }
            pending.code = task.code ^ move_code(step);
            match machine {
                Some(machine) if !watched_exit => {
                    machine.footprint(*name, &task.call, step, &mut pending.footprint);
                }
                _ => pending.footprint.set_unknown(),
            }
            if let Some(step) = step {
                pending.alternatives.push(Alternative::NORMAL);
                ways.push(Way::Moves(step));
            }
            if !matches!(step, Some(Move::Ends)) {
                let waits = step.is_none() && self.machine.deadline(*name).is_some();
                if waits && task.faults.early {
                    add_early_timeout(pending, ways);
                }
                add_faults(machine, *name, task, step, pending, ways);
                if self.rare_errnos && step == Some(Move::Goes) {
                    add_rare_errnos(*name, task, pending, ways);
                }
            }
        }
        if self.setup.hang_up && !self.machine.terminal().hung_up {
            let (pending, ways) = slot(&mut self.pending, &mut self.ways, &mut count, TERMINAL);
            pending.footprint.set_unknown();
            pending.alternatives.push(Alternative::NORMAL);
            ways.push(Way::HangsUp);
        }
        self.pending.truncate(count);
        self.ways.truncate(count);
        self.set_timers();
    }

    /// The timers that may fire. Where time passes only when nobody can go on
    /// without, which is the explorer's to see to, they fire in order.
    pub(super) fn set_timers(&mut self) {
        let deadlines: Vec<Option<Duration>> = self
            .pending
            .iter()
            .zip(&self.ways)
            .map(|(pending, ways)| match ways.first() {
                Some(Way::Moves(_) | Way::Begins | Way::HangsUp) => None,
                _ => self.machine.deadline(pending.task),
            })
            .collect();
        let first = deadlines.iter().flatten().min().copied();
        for (place, deadline) in deadlines.iter().enumerate() {
            let fires = match self.setup.time {
                Timers::WhenIdle => deadline.is_some() && *deadline == first,
                Timers::AnyTime => deadline.is_some(),
            };
            if !fires {
                continue;
            }
            let mut footprint = self.pending[place].footprint.clone();
            footprint.write(Key::Clock);
            let timer = Alternative {
                kind: Kind::Timer,
                label: Cow::Borrowed("timeout"),
                footprint: Some(footprint),
            };
            self.pending[place].alternatives.insert(0, timer);
            self.ways[place].insert(0, Way::TimesOut);
        }
    }
}

fn slot<'a>(
    pending: &'a mut Vec<Pending<Key>>,
    ways: &'a mut Vec<Vec<Way>>,
    count: &mut usize,
    task: TaskName,
) -> (&'a mut Pending<Key>, &'a mut Vec<Way>) {
    let place = *count;
    *count += 1;
    if place == pending.len() {
        pending.push(Pending {
            task,
            code: 0,
            footprint: Footprint::none(),
            alternatives: Vec::new(),
        });
    }
    if place == ways.len() {
        ways.push(Vec::new());
    }
    let (slot, ways) = (&mut pending[place], &mut ways[place]);
    slot.task = task;
    slot.code = 0;
    slot.footprint.clear();
    slot.alternatives.clear();
    ways.clear();
    (slot, ways)
}

/// They come last, so that the others have the same places without them.
fn add_rare_errnos(name: TaskName, task: &Task, pending: &mut Pending<Key>, ways: &mut Vec<Way>) {
    let errnos = faults::rare(&task.call)
        .iter()
        .filter(|_| task.faults.errors);
    for (errno, lasting) in errnos {
        pending
            .alternatives
            .push(failing(name, task, *errno, *lasting));
        ways.push(Way::Fails(*errno));
    }
}

/// The alternative that a call fails.
fn failing(name: TaskName, task: &Task, errno: Errno, lasting: Lasting) -> Alternative<Key> {
    let closes = matches!(task.call, Call::Close { .. });
    Alternative {
        kind: Kind::Fault(lasting),
        label: Cow::Owned(format!("{errno:?}")),
        footprint: (!closes).then(|| only_lives(name)),
    }
}

/// Adds the faults that may strike; `machine` is asked for their footprints,
/// where these are wanted.
fn add_faults(
    machine: Option<&Machine>,
    name: TaskName,
    task: &Task,
    step: Option<Move>,
    pending: &mut Pending<Key>,
    ways: &mut Vec<Way>,
) {
    let goes = step == Some(Move::Goes);
    if goes && task.faults.errors {
        for (errno, lasting) in faults::of(&task.call) {
            pending
                .alternatives
                .push(failing(name, task, *errno, *lasting));
            ways.push(Way::Fails(*errno));
        }
    }
    if goes && task.faults.short && faults::short(&task.call).is_some() {
        pending.alternatives.push(Alternative {
            kind: Kind::Fault(Lasting::Possible),
            label: Cow::Borrowed("short"),
            footprint: None,
        });
        ways.push(Way::Short);
    }
    if !matches!(step, Some(Move::Dies(_))) {
        add_kill(machine, name, task, pending, ways);
    }
}

fn add_early_timeout(pending: &mut Pending<Key>, ways: &mut Vec<Way>) {
    let mut footprint = pending.footprint.clone();
    footprint.write(Key::Clock);
    pending.alternatives.push(Alternative {
        kind: Kind::Fault(Lasting::Never),
        label: Cow::Borrowed("early timeout"),
        footprint: Some(footprint),
    });
    ways.push(Way::TimesOut);
}

fn add_kill(
    machine: Option<&Machine>,
    name: TaskName,
    task: &Task,
    pending: &mut Pending<Key>,
    ways: &mut Vec<Way>,
) {
    if !task.faults.kill {
        return;
    }
    let footprint = machine.map(|machine| {
        let mut footprint = Footprint::none();
        machine.footprint_of_death(name, &mut footprint);
        footprint
    });
    pending.alternatives.push(Alternative {
        kind: Kind::Fault(Lasting::Never),
        label: Cow::Borrowed("SIGKILL"),
        footprint,
    });
    ways.push(Way::Killed);
}

/// A call that fails touches nothing but whoever makes it.
fn only_lives(task: TaskName) -> Footprint<Key> {
    let mut footprint = Footprint::none();
    footprint.read(Key::Life(task));
    footprint
}

/// A digest of the call, less the times, by which the rounds of a loop are
/// known: what is left of a time is different in each.
pub(super) fn code(call: &Call) -> u64 {
    let mut digest = Digest::new();
    match call {
        Call::Poll { fds, mask, .. } => (call.name(), fds, mask).hash(&mut digest),
        Call::SigTimedWait { set, .. } => (call.name(), set).hash(&mut digest),
        call => call.hash(&mut digest),
    }
    digest.finish()
}

/// Tells the start of a wait's time from the wait.
const BEGINS: u64 = 0x94d0_49bb_1331_11eb;

fn move_code(step: Option<Move>) -> u64 {
    match step {
        None | Some(Move::Goes) => 0,
        Some(Move::Enters) => 0x9e37_79b9_7f4a_7c15,
        Some(Move::Ends) => 0xbf58_476d_1ce4_e5b9,
        Some(Move::Dies(signal)) => Digest::of(("dies", signal)),
        Some(Move::Stops(signal)) => Digest::of(("stops", signal)),
    }
}
