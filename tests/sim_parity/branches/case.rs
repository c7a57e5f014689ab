//! One program, and the refusal that its last turn is to meet.

use daemonlab::sim::Scene;
use daemonlab::sim::kernel::Refusal;
use daemonlab::sys::call::Call;

use crate::program::{Program, Start, Turn};
use crate::real::proc;
use crate::scenery::{self, Protections, Range};

/// Where a case can be held against the real kernel.
#[derive(Clone, Copy)]
enum Where {
    /// Anywhere.
    Anywhere,
    /// Where there are several ids.
    ManyIds,
    /// Where there is one.
    OneId,
    /// On this version of Linux and newer ones.
    Since(u32, u32),
    /// Where the administrator has switched a protection on.
    Protected(&'static str, fn(Protections) -> u32),
    /// Nowhere, for this reason.
    Nowhere(&'static str),
}

/// Whether a case can be held against the real kernel.
pub enum Fit {
    /// It can.
    Well,
    /// It could, if this user were given more than he has, for this reason.
    Elsewhere(String),
    /// Whoever runs it, it cannot, for this reason.
    Never(String),
}

/// A program that ends with a refusal.
pub struct Case {
    /// The call, and under which condition it fails.
    pub name: &'static str,
    /// Why the last turn's call fails.
    pub refusal: Refusal,
    /// What is done.
    pub program: Program,
    place: Where,
    change: fn(Scene) -> Scene,
}

/// A case of one process.
pub fn alone(name: &'static str, refusal: Refusal, calls: impl IntoIterator<Item = Call>) -> Case {
    let turns = calls.into_iter().map(|call| Turn { process: 0, call });
    case(name, refusal, turns)
}

/// A case that both worlds can show.
pub fn case(name: &'static str, refusal: Refusal, turns: impl IntoIterator<Item = Turn>) -> Case {
    Case {
        name,
        refusal,
        program: Program::of(turns.into_iter().collect()),
        place: Where::Anywhere,
        change: |scene| scene,
    }
}

impl Case {
    /// It takes several users.
    pub fn with_many_ids(mut self) -> Case {
        self.place = Where::ManyIds;
        self
    }

    /// It takes a user namespace with a single id, where setgroups is denied.
    pub fn with_one_id(mut self) -> Case {
        self.place = Where::OneId;
        self
    }

    /// It takes a protection, named as in `/proc/sys/fs`.
    pub fn protected(mut self, name: &'static str, level: fn(Protections) -> u32) -> Case {
        self.place = Where::Protected(name, level);
        self
    }

    /// Before this version of Linux it is another thing.
    pub fn since(mut self, major: u32, minor: u32) -> Case {
        self.place = Where::Since(major, minor);
        self
    }

    /// The sandbox cannot show it.
    pub fn in_the_simulation_alone(mut self, why: &'static str) -> Case {
        self.place = Where::Nowhere(why);
        self
    }

    /// The simulated machine is another one.
    pub fn on(mut self, change: fn(Scene) -> Scene) -> Case {
        self.change = change;
        self
    }

    /// The program starts in another way.
    pub fn started(mut self, start: Start) -> Case {
        self.program.start = start;
        self
    }

    /// Which ids there are in the simulation.
    pub fn range(&self) -> Range {
        match self.place {
            Where::OneId => Range::Single,
            _ => Range::Many,
        }
    }

    /// The simulated machine: with every protection, whatever the real one has.
    pub fn scene(&self) -> Scene {
        let protections = Protections {
            hardlinks: 1,
            symlinks: 1,
            regular: 1,
            addressee_first: false,
        };
        (self.change)(scenery::scene(self.range(), protections))
    }

    /// Whether the real kernel can show it with these ids and protections.
    pub fn fits(&self, range: Range, protections: Protections) -> Fit {
        match self.place {
            Where::Anywhere => Fit::Well,
            Where::ManyIds if range == Range::Many => Fit::Well,
            Where::OneId if range == Range::Single => Fit::Well,
            Where::ManyIds => Fit::Elsewhere("it takes several ids".to_owned()),
            Where::OneId => Fit::Elsewhere("it takes a single id".to_owned()),
            Where::Protected(_, level) if level(protections) > 0 => match range {
                Range::Many => Fit::Well,
                Range::Single => Fit::Elsewhere("it takes several ids".to_owned()),
            },
            Where::Since(major, minor) if proc::version() >= (major, minor) => Fit::Well,
            Where::Since(major, minor) => Fit::Never(format!("it takes Linux {major}.{minor}")),
            Where::Protected(name, _) => Fit::Never(format!("/proc/sys/fs/{name} is 0 here")),
            Where::Nowhere(why) => Fit::Never(why.to_owned()),
        }
    }

    /// Whether it takes a single id.
    pub fn takes_one_id(&self) -> bool {
        matches!(self.place, Where::OneId)
    }
}
