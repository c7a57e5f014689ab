//! A world in which nothing goes on by itself.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use daemonlab::sys::Signal;

use super::link::{Link, Offered, dropped};
use super::rested::{Left, Rested};
use super::spin::Habits;
use crate::case::maker::WorldMaker;
use crate::delegate_world;
use crate::world::common::{Common, ENDS, Seen};
use crate::world::event::{CallResult, Event, What};
use crate::world::facts::LaunchFacts;
use crate::world::real::{Host, bound};
use crate::world::sim::Grain;
use crate::world::spec::{LaunchSpec, Order, SandboxSpec, Trace};
use crate::world::steered::{Ahead, Idle, LetGo, Standing, StandingTask, Steering, Where};
use crate::world::{World, WorldError, WorldKind};

/// How long a task may sleep at once, in real time.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// For how long a server may compute after a conversation.
const SETTLED: Duration = Duration::from_secs(2);

/// How long nobody goes on where there is nothing but busy waits: first so
/// long, then twice as long each time, and this at most.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Makes such worlds.
#[derive(Debug)]
pub struct SteeredMaker {
    pub(super) host: Host,
    pub(super) link: Link,
    pub(super) grain: Grain,
    /// The processor that all of it stays on, if on one.
    pub(super) processor: Option<usize>,
    /// What the last world has left.
    pub(super) left: Left,
}

impl WorldMaker for SteeredMaker {
    fn make(
        &mut self,
        _: WorldKind,
        spec: &SandboxSpec,
        _: &str,
    ) -> Result<Box<dyn World + '_>, WorldError> {
        let world = self.host.world_on(self.processor, &bound(spec))?;
        Ok(Box::new(Steered {
            world: Rested::new(world, &mut self.left),
            link: &mut self.link,
            grain: self.grain,
            common: Common::default(),
            passed: Duration::ZERO,
            meanwhile: Vec::new(),
            launches: BTreeMap::new(),
            habits: Habits::default(),
            alone: 0,
        }))
    }
}

/// A sandbox whose order is chosen at the other end of the link. Its time
/// passes only while nobody can be let go, so that an execution takes as long
/// as the programs wait, and not as long as it takes to choose. Virtual time
/// does so by itself; real time is counted.
struct Steered<'a> {
    world: Rested<'a>,
    link: &'a mut Link,
    grain: Grain,
    common: Common,
    /// The time, where it is real.
    passed: Duration,
    /// What has happened in a conversation, and was not asked for yet.
    meanwhile: Vec<Event>,
    /// When each launch was started, and when its end was seen.
    launches: BTreeMap<String, (Duration, Option<Duration>)>,
    habits: Habits,
    /// For how many steps there was nothing but busy waits.
    alone: u32,
}

impl Steered<'_> {
    /// What stands now, and what has happened meanwhile.
    fn stand(&mut self) -> Result<(Vec<Event>, Option<Standing>), WorldError> {
        if self.link.dropped {
            return Err(dropped());
        }
        self.world.stand()
    }

    /// Lets the one go who is chosen.
    fn choose(&mut self, mut tasks: Vec<StandingTask>) -> Result<Vec<Event>, WorldError> {
        let mut before = Vec::new();
        // The other world knows nothing of busy waits.
        if self.grain == Grain::Calls {
            before = self.spin(&mut tasks)?;
        }
        let sleepers: Vec<String> = tasks
            .iter()
            .filter(|task| task.next.sleeps && task.place == Where::Stands)
            .map(|task| task.by.task.clone())
            .collect();
        let all = tasks.clone();
        let offered: Vec<Offered> = tasks.into_iter().map(|task| self.offered(task)).collect();
        let own =
            |offered: &&Offered| offered.common.is_none() && offered.task.place == Where::Stands;
        let (task, how) = match offered.iter().find(own) {
            Some(offered) if self.grain == Grain::Common => {
                (offered.task.by.task.clone(), LetGo::Pass)
            }
            _ => self.link.ask(offered)?,
        };
        if how != LetGo::TimeOut {
            self.note_made(&task, &all);
        }
        let sleeps = how == LetGo::Pass && sleepers.contains(&task);
        let (mut events, standing) = self.world.let_go(&task, how)?;
        let made = all.into_iter().find(|known| known.by.task == task);
        let made = made.map(|known| known.next).unwrap_or_default();
        if sleeps {
            let slept = self.wake(&task, standing, &mut events)?;
            // Not as long as it took: that is another each time.
            self.passed += made.lasts.unwrap_or(slept);
        }
        let shown = &made.shown;
        self.link.did = did(&task, shown, how, &events).unwrap_or_else(|| format!("{shown} …"));
        self.habits.note(&task, &made, &self.link.did);
        before.append(&mut events);
        Ok(before)
    }

    /// Holds busy waits back. If there is nothing else, time passes: they may
    /// wait for that. Gives what has happened meanwhile.
    fn spin(&mut self, tasks: &mut Vec<StandingTask>) -> Result<Vec<Event>, WorldError> {
        if !self.habits.hold_back(tasks) {
            self.alone = 0;
            return Ok(Vec::new());
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.alone.min(16));
        let pause = pause.min(LONGEST_PAUSE);
        self.alone += 1;
        if !self.world.has_virtual_time() {
            thread::sleep(pause);
            self.passed += pause;
            return Ok(Vec::new());
        }
        let (events, standing) = self.world.pass(pause)?;
        if let Some(standing) = standing {
            // Somebody's time may have come.
            *tasks = standing.tasks;
            self.habits.hold_back(tasks);
        }
        Ok(events)
    }

    /// A task, with what it has ahead in the words of both worlds.
    fn offered(&self, task: StandingTask) -> Offered {
        let words = match task.next.name.as_str() {
            "end" => Some(ENDS.to_owned()),
            _ => task.by.task.parse().ok().and_then(|name| {
                let call = seen(&task.next);
                self.common.words(name, &call)
            }),
        };
        Offered {
            task,
            common: words,
        }
    }

    fn note_made(&mut self, task: &str, all: &[StandingTask]) {
        let Some(standing) = all.iter().find(|known| known.by.task == task) else {
            return;
        };
        let call = seen(&standing.next);
        if let Ok(name) = task.parse()
            && self.common.words(name, &call).is_some()
        {
            self.common.made(name, &call);
        }
    }

    /// Waits until a sleeper has slept, and gives how long that took: nobody
    /// goes on meanwhile.
    fn wake(
        &mut self,
        task: &str,
        mut standing: Option<Standing>,
        events: &mut Vec<Event>,
    ) -> Result<Duration, WorldError> {
        let began = Instant::now();
        while began.elapsed() < LONGEST_SLEEP {
            let sleeps = standing.as_ref().is_none_or(|standing| {
                standing.tasks.iter().any(|known| {
                    known.by.task == task && known.place == Where::Waits && known.next.sleeps
                })
            });
            if !sleeps {
                break;
            }
            events.extend(self.world.wait(Duration::from_millis(20))?);
            let (more, now) = self.world.stand()?;
            events.extend(more);
            standing = now;
        }
        Ok(began.elapsed())
    }

    /// Lets everybody go who stands, one after the other, until nobody does.
    fn settle(&mut self) -> Result<(), WorldError> {
        loop {
            let (events, standing) = self.stand()?;
            self.meanwhile.extend(events);
            let Some(standing) = standing.filter(anybody_stands) else {
                return Ok(());
            };
            let events = self.choose(standing.tasks)?;
            self.meanwhile.extend(events);
        }
    }
}

/// What a task has ahead, as either world shows it.
fn seen(ahead: &Ahead) -> Seen<'_> {
    Seen {
        name: &ahead.name,
        shown: &ahead.shown,
        in_table: ahead.in_table,
        object: ahead.object.as_deref(),
    }
}

fn anybody_stands(standing: &Standing) -> bool {
    standing
        .tasks
        .iter()
        .any(|task| task.place == Where::Stands)
}

/// What a task has done that was let go: the first of its calls that is over.
fn did(task: &str, shown: &str, how: LetGo, events: &[Event]) -> Option<String> {
    if how == LetGo::Kill {
        return Some("killed by SIGKILL".to_owned());
    }
    events.iter().find_map(|event| match &event.what {
        What::Call { by, call } if by.task == task => Some(match call.result {
            CallResult::Never => shown.to_owned(),
            _ => format!("{shown} = {}", call.answer),
        }),
        What::Signal { to, signal, .. } if to.task == task => {
            Some(format!("gets {}", signal_name(*signal)))
        }
        What::Exited { by, end } if by.task == task => Some(match end {
            crate::world::event::End::Exit(status) => {
                format!("is waitable: exited with {status}")
            }
            crate::world::event::End::Signal(signal) => {
                format!("is waitable: killed by {}", signal_name(*signal))
            }
        }),
        _ => None,
    })
}

fn signal_name(number: i32) -> String {
    Signal::new(number).map_or_else(|| format!("signal {number}"), |signal| signal.to_string())
}

impl World for Steered<'_> {
    delegate_world!(
        world: processes, remaining, file, sockets, signal, hang_up, write_file,
    );

    fn launch(&mut self, launch: &LaunchSpec) -> Result<i32, WorldError> {
        let pid = self.world.launch(&LaunchSpec {
            trace: Trace::Ordered,
            order: Order::Steered,
            ..launch.clone()
        })?;
        self.launches.insert(launch.id.clone(), (self.now(), None));
        Ok(pid)
    }

    /// How long it runs is told in the world's time as well: how long it takes
    /// to choose is no matter of the program.
    fn launch_facts(&mut self, id: &str) -> Result<LaunchFacts, WorldError> {
        let mut facts = self.world.launch_facts(id)?;
        if self.world.has_virtual_time() {
            return Ok(facts);
        }
        if let Some((started, ended)) = self.launches.get_mut(id) {
            if facts.end.is_some() {
                ended.get_or_insert(self.passed);
            }
            facts.duration = ended.unwrap_or(self.passed).saturating_sub(*started);
        }
        Ok(facts)
    }

    /// A conversation is one step: whoever stands is let go first, and the
    /// server then answers as it likes, until everybody waits again.
    fn connect(
        &mut self,
        address: &str,
        data: &[u8],
        enough: usize,
        within: Duration,
    ) -> Result<Vec<u8>, WorldError> {
        self.settle()?;
        self.world.steer(Steering::Open)?;
        let began = Instant::now();
        let came = self.world.connect(address, data, enough, within);
        loop {
            self.world.look_anew();
            let (events, standing) = self.world.stand()?;
            self.meanwhile.extend(events);
            if standing.is_some() || began.elapsed() > SETTLED {
                break;
            }
        }
        self.passed += began.elapsed();
        self.world.steer(Steering::Held)?;
        came
    }

    fn wait(&mut self, at_most: Duration) -> Result<Vec<Event>, WorldError> {
        if at_most.is_zero() {
            self.world.look_anew();
        }
        let (mut events, standing) = self.stand()?;
        events.splice(0..0, self.meanwhile.drain(..));
        if !events.is_empty() || at_most.is_zero() {
            return Ok(events);
        }
        match standing {
            Some(standing) if anybody_stands(&standing) => self.choose(standing.tasks),
            Some(_) if self.world.has_virtual_time() => {
                self.world.pass(at_most).map(|(events, _)| events)
            }
            Some(Standing {
                idle: Idle::Forever,
                ..
            }) => {
                self.passed += at_most;
                Ok(Vec::new())
            }
            _ => {
                let began = Instant::now();
                let events = self.world.wait(at_most)?;
                self.passed += began.elapsed();
                Ok(events)
            }
        }
    }

    /// Whatever changes a fact is a step, or time that passes, and a wait
    /// returns then.
    fn tick(&self) -> Duration {
        match self.world.has_virtual_time() {
            true => Duration::MAX,
            false => self.world.tick(),
        }
    }

    fn now(&self) -> Duration {
        match self.world.has_virtual_time() {
            true => self.world.now(),
            false => self.passed,
        }
    }

    fn finish(self: Box<Self>) -> Result<Vec<Event>, WorldError> {
        let mut events = self.meanwhile;
        events.extend(Box::new(self.world).finish()?);
        Ok(events)
    }
}
