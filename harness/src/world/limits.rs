//! What a process may take: resource limits (`getrlimit(2)`).

use std::collections::BTreeMap;
use std::fmt;

use nix::sys::resource::{RLIM_INFINITY, Resource as Number};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! resources {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $row:literal, $number:ident;)*) => {
        /// A resource that the kernel limits for each process.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum Resource {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Resource {
            /// Every one, in the order of their names.
            pub const ALL: [Resource; 16] = [$(Resource::$name,)*];

            /// Its name: that of the field without `RLIMIT_`, in lower case.
            pub fn name(self) -> &'static str {
                match self {
                    $(Resource::$name => $text,)*
                }
            }

            /// How its row in `/proc/PID/limits` begins (`proc_pid_limits(5)`).
            fn row(self) -> &'static str {
                match self {
                    $(Resource::$name => $row,)*
                }
            }

            /// Its number.
            pub fn number(self) -> Number {
                match self {
                    $(Resource::$name => Number::$number,)*
                }
            }
        }
    };
}

resources! {
    /// The address space, in bytes.
    AddressSpace = "as", "Max address space", RLIMIT_AS;
    /// A core file, in bytes.
    Core = "core", "Max core file size", RLIMIT_CORE;
    /// Processor time, in seconds.
    Cpu = "cpu", "Max cpu time", RLIMIT_CPU;
    /// Memory that may be written, in bytes.
    Data = "data", "Max data size", RLIMIT_DATA;
    /// A file that is written, in bytes.
    FileSize = "fsize", "Max file size", RLIMIT_FSIZE;
    /// Locks; without effect.
    Locks = "locks", "Max file locks", RLIMIT_LOCKS;
    /// Memory that is locked, in bytes.
    LockedMemory = "memlock", "Max locked memory", RLIMIT_MEMLOCK;
    /// Message queues of its user, in bytes.
    MessageQueues = "msgqueue", "Max msgqueue size", RLIMIT_MSGQUEUE;
    /// 20 less the lowest nice value.
    Nice = "nice", "Max nice priority", RLIMIT_NICE;
    /// One more than the highest descriptor.
    Descriptors = "nofile", "Max open files", RLIMIT_NOFILE;
    /// Processes and threads of its user.
    Processes = "nproc", "Max processes", RLIMIT_NPROC;
    /// Resident memory, in bytes; without effect.
    Resident = "rss", "Max resident set", RLIMIT_RSS;
    /// The highest real-time priority.
    RealTimePriority = "rtprio", "Max realtime priority", RLIMIT_RTPRIO;
    /// Processor time without a blocking call under real-time scheduling, in microseconds.
    RealTime = "rttime", "Max realtime timeout", RLIMIT_RTTIME;
    /// Queued signals of its user.
    PendingSignals = "sigpending", "Max pending signals", RLIMIT_SIGPENDING;
    /// The main thread's stack, in bytes.
    Stack = "stack", "Max stack size", RLIMIT_STACK;
}

impl Resource {
    /// The resource of that name.
    pub fn from_name(name: &str) -> Option<Resource> {
        Resource::ALL
            .into_iter()
            .find(|resource| resource.name() == name)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The word for no limit.
pub const UNLIMITED: &str = "unlimited";

/// How much: a number in the resource's unit, or any, which is more than each number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// At most so much.
    At(u64),
    /// Any.
    Unlimited,
}

/// A bound as reports have it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Word(Word),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Unlimited,
}

/// For people as reports have it; between processes, where nothing tells a
/// number from a word, as the kernel does.
impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            _ if !to.is_human_readable() => self.raw().serialize(to),
            Bound::At(number) => Written::Number(*number).serialize(to),
            Bound::Unlimited => Written::Word(Word::Unlimited).serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Bound, D::Error> {
        if !from.is_human_readable() {
            return u64::deserialize(from).map(Bound::from_raw);
        }
        Ok(match Written::deserialize(from)? {
            Written::Number(number) => Bound::At(number),
            Written::Word(Word::Unlimited) => Bound::Unlimited,
        })
    }
}

impl Bound {
    /// What the kernel calls `raw`.
    pub fn from_raw(raw: u64) -> Bound {
        match raw {
            RLIM_INFINITY => Bound::Unlimited,
            number => Bound::At(number),
        }
    }

    /// What the kernel calls it.
    pub fn raw(self) -> u64 {
        match self {
            Bound::At(number) => number,
            Bound::Unlimited => RLIM_INFINITY,
        }
    }

    fn parse(text: &str) -> Option<Bound> {
        match text {
            UNLIMITED => Some(Bound::Unlimited),
            number => number.parse().ok().map(Bound::At),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::At(number) => write!(f, "{number}"),
            Bound::Unlimited => f.write_str(UNLIMITED),
        }
    }
}

/// A process's limit of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// What the kernel holds it to; it may raise that itself up to the hard one.
    pub soft: Bound,
    /// What it cannot raise itself.
    pub hard: Bound,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "soft {}, hard {}", self.soft, self.hard)
    }
}

/// What a launch asks of a limit. What it does not say stays as the world has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The soft limit. Not said, it is lowered to the hard one if need be.
    pub soft: Option<Bound>,
    /// The hard limit.
    pub hard: Option<Bound>,
}

impl Wanted {
    /// The limit that it makes of the world's.
    pub fn over(self, world: Limit) -> Limit {
        let hard = self.hard.unwrap_or(world.hard);
        Limit {
            soft: self.soft.unwrap_or(world.soft.min(hard)),
            hard,
        }
    }
}

/// Parses `/proc/PID/limits`. What has no row is not there.
pub fn parse(text: &str) -> BTreeMap<Resource, Limit> {
    let row = |resource: Resource| {
        let mut rows = text.lines();
        let rest = rows.find_map(|row| row.strip_prefix(resource.row())?.strip_prefix(' '))?;
        let mut bounds = rest.split_ascii_whitespace().map(Bound::parse);
        let (soft, hard) = (bounds.next()??, bounds.next()??);
        Some((resource, Limit { soft, hard }))
    };
    Resource::ALL.into_iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use nix::sys::resource::getrlimit;

    use super::*;

    #[test]
    fn this_process_has_the_limits_that_the_kernel_gives() {
        let text = std::fs::read_to_string("/proc/self/limits").unwrap();
        let limits = parse(&text);
        for resource in Resource::ALL {
            let (soft, hard) = getrlimit(resource.number()).unwrap();
            let limit = Limit {
                soft: Bound::from_raw(soft),
                hard: Bound::from_raw(hard),
            };
            assert_eq!(limits.get(&resource), Some(&limit), "{resource}");
        }
    }

    #[test]
    fn a_row_is_its_resources_alone() {
        let text = "Limit  Soft Limit  Hard Limit  Units\n\
            Max file size   7   unlimited   bytes\nMax file locks   1   x\nMax core file size\n";
        let limit = Limit {
            soft: Bound::At(7),
            hard: Bound::Unlimited,
        };
        assert_eq!(parse(text), [(Resource::FileSize, limit)].into());
        assert_eq!(parse(""), BTreeMap::new());
    }

    #[test]
    fn what_is_not_said_stays_below_the_hard_limit() {
        let world = Limit {
            soft: Bound::At(10),
            hard: Bound::Unlimited,
        };
        let over = |soft, hard| {
            let Limit { soft, hard } = Wanted { soft, hard }.over(world);
            (soft, hard)
        };
        let at = |number| Some(Bound::At(number));
        assert_eq!(over(None, None), (Bound::At(10), Bound::Unlimited));
        assert_eq!(over(at(3), None), (Bound::At(3), Bound::Unlimited));
        assert_eq!(over(None, at(4)), (Bound::At(4), Bound::At(4)));
        assert_eq!(over(None, at(20)), (Bound::At(10), Bound::At(20)));
        assert_eq!(over(at(9), at(8)), (Bound::At(9), Bound::At(8)));
    }

    #[test]
    fn a_bound_is_a_number_or_a_word_in_reports() {
        let limit = Limit {
            soft: Bound::At(7),
            hard: Bound::Unlimited,
        };
        let text = serde_json::to_string(&limit).unwrap();
        assert_eq!(text, r#"{"soft":7,"hard":"unlimited"}"#);
        assert_eq!(serde_json::from_str::<Limit>(&text).unwrap(), limit);
        assert!(Bound::At(u64::MAX - 1) < Bound::Unlimited);
    }
}
