//! Which changed starts are the same start, by rule.
//!
//! - A **question** changes nothing, and is no step: also signal 0, with which
//!   "no signal is sent, but existence and permission checks are still
//!   performed" (kill(2)).
//! - A **close that nothing but closes and the exit follow** can be left out:
//!   the exit closes the descriptor in the same moment (_exit(2)). Then it can
//!   also be late.
//! - A **step right before the exit** can be left out or be late, which is the
//!   same: only the first is tried.
//! - **Two steps that commute** can change places. They do, if what each writes
//!   the other neither reads nor writes (Mazurkiewicz's independence, by
//!   [`Footprint`]), and at most one of them touches what others see: so no
//!   other process can tell which came first, except by looking at this one in
//!   the instant between two adjacent calls.
//!
//! What others see are names, streams and locks, with these exceptions:
//! - **A file in the making** is nobody's to read. Another start that finds the
//!   PID file under its first name, `.NAME.starting`, asks who has it locked and
//!   for nothing else.
//! - **The pipe of a start** has one reader, the launcher, and is written to by
//!   the others alone. So when the launcher closes the end that is written to,
//!   or the intermediate the end that is read, each having the other end still,
//!   then nobody else notices (pipe(7)).
//! - **A socket that was handed to an heir** stays open when this one closes it
//!   (close(2), unix(7)): the heir serves on it.
//! - **Who accepts** takes a connection that the kernel has made already, or finds
//!   none; the client is not told (accept(2)).
//! - **A standard stream** that the daemon replaces is its launcher's still, who
//!   waits for it.
//! - **A new descriptor's number** is nobody's business beyond 2, since whoever
//!   opens it goes on with the number that it got.
//!
//! What the table does not know is taken to conflict, and is tried.

use std::path::PathBuf;

use daemonlab::sys::call::Call;
use daemonlab::sys::records::At;

use super::object::Object;

/// A call of the census.
pub struct Seen {
    /// `ROLE.CALL.N`; none for a question.
    pub step: Option<String>,
    /// The call.
    pub call: Call,
    /// What it is about.
    pub object: Object,
}

/// Whether nothing is asked of the kernel but an answer.
pub fn is_question(call: &Call) -> bool {
    matches!(
        call,
        Call::Kill { signal: None, .. } | Call::PidfdSendSignal { signal: None, .. }
    )
}

/// The plan of a process's mutants: its lines are the change and step, then,
/// if it is the same start, why.
pub fn plan(calls: &[Seen]) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, seen) in calls.iter().enumerate() {
        let Some(step) = &seen.step else { continue };
        let behind = &calls[at + 1..];
        let last = behind.iter().all(|next| is_end(&next.call));
        let skip = (last && matches!(seen.call, Call::Close { .. }))
            .then_some("nothing but closes and the exit follow, which closes it");
        lines.push(line("skip", step, skip));
        let swap = match behind.first() {
            _ if matches!(seen.call, Call::Fork) => {
                Some("a fork cannot be late: what follows would run once")
            }
            None => Some("before the exit, late is never: the same as skip"),
            _ if skip.is_some() => skip,
            Some(next) if matches!(next.call, Call::Exit { .. }) => {
                Some("before the exit, late is never: the same as skip")
            }
            Some(next) if commute(seen, next, &handed(&calls[..at])) => {
                Some("it commutes with the next call")
            }
            Some(_) => None,
        };
        lines.push(line("swap", step, swap));
        // For whoever reads the verdict.
        let next = behind
            .first()
            .map_or("nothing".to_owned(), |next| next.call.to_string());
        let of = seen
            .object
            .target
            .as_deref()
            .map_or(String::new(), |target| {
                let locked = if seen.object.locked { ", locked" } else { "" };
                format!(" of {}{locked}", target.display())
            });
        lines.push(format!("# {step}: {}{of}, then {next}", seen.call));
    }
    lines
}

fn line(change: &str, step: &str, same: Option<&str>) -> String {
    match same {
        None => format!("{change}.{step}"),
        Some(why) => format!("{change}.{step} {why}"),
    }
}

fn is_end(call: &Call) -> bool {
    matches!(call, Call::Close { .. } | Call::Exit { .. })
}

/// The descriptors that were handed to another process.
fn handed(before: &[Seen]) -> Vec<i32> {
    let given = before.iter().filter_map(|seen| match &seen.call {
        Call::Send { fds, .. } => Some(fds.clone()),
        _ => None,
    });
    given.flatten().collect()
}

fn commute(one: &Seen, other: &Seen, handed: &[i32]) -> bool {
    let (Some(one), Some(other)) = (footprint(one, handed), footprint(other, handed)) else {
        return false;
    };
    let clash = |a: &Footprint, b: &Footprint| {
        let mut keys = b.reads.iter().chain(&b.writes);
        keys.any(|key| a.writes.contains(key))
    };
    let both_seen = one.is_seen && other.is_seen;
    !both_seen && !clash(&one, &other) && !clash(&other, &one)
}

/// What a call reads or writes.
#[derive(Clone, PartialEq, Eq)]
enum Key {
    /// A directory's entry.
    Name(PathBuf),
    /// A pipe or a socket.
    Stream(PathBuf),
    Locks,
    Session,
    Descriptor(i32),
    Content(i32),
    Mode(i32),
    Owner(i32),
    Mask,
    Action(i32),
    Directory,
    Umask,
    Uids,
    Gids,
    Groups,
    Capabilities,
    Subreaper,
    Clock,
    /// Which processes there are.
    Processes,
}

struct Footprint {
    reads: Vec<Key>,
    writes: Vec<Key>,
    /// Whether it touches what others see.
    is_seen: bool,
}

impl Footprint {
    fn of(reads: impl Into<Vec<Key>>, writes: impl Into<Vec<Key>>) -> Footprint {
        Footprint {
            reads: reads.into(),
            writes: writes.into(),
            is_seen: false,
        }
    }

    fn seen(self, is_seen: bool) -> Footprint {
        Footprint { is_seen, ..self }
    }
}

fn footprint(seen: &Seen, handed: &[i32]) -> Option<Footprint> {
    use Key::{
        Action, Capabilities, Clock, Content, Descriptor, Directory, Gids, Groups, Locks, Mask,
        Mode, Name, Owner, Processes, Session, Stream, Subreaper, Uids, Umask,
    };
    let object = &seen.object;
    let names: Vec<Key> = object.names.iter().cloned().map(Name).collect();
    let stream: Vec<Key> = object.target.iter().cloned().map(Stream).collect();
    let own_name: Vec<Key> = object.target.iter().cloned().map(Name).collect();
    // Who may, and where.
    let lookup = |dir: &At| {
        let place = match dir {
            At::Cwd => Directory,
            At::Fd(fd) => Descriptor(*fd),
        };
        vec![Uids, Gids, Groups, Capabilities, place]
    };
    let both = |one: Vec<Key>, other: &[Key]| [&one[..], other].concat();
    // The file is not to be seen by its name before all of it is right.
    let of_file = |fd: i32, what: Key| {
        let reads = both(vec![Descriptor(fd), Uids], &own_name);
        Footprint::of(reads, [what]).seen(!object.is_in_the_making())
    };
    let call = match &seen.call {
        Call::GetPid | Call::Pipe => Footprint::of([], []),
        Call::Now => Footprint::of([Clock], []),
        Call::GetResUid => Footprint::of([Uids], []),
        Call::GetResGid => Footprint::of([Gids], []),
        Call::GetGroups => Footprint::of([Groups], []),
        Call::GetCapabilities => Footprint::of([Capabilities], []),
        Call::PidfdOpen { .. } => Footprint::of([Processes], []),
        Call::SignalFd { .. } => Footprint::of([], []),
        Call::SetSid => Footprint::of([], [Session]).seen(true),
        Call::Close { fd } if object.is_stream() => {
            let is_last = !object.both_ends && !handed.contains(fd);
            Footprint::of([], both(stream, &[Descriptor(*fd)])).seen(is_last)
        }
        Call::Close { fd } if object.locked => {
            Footprint::of([], [Descriptor(*fd), Locks]).seen(true)
        }
        Call::Close { fd } => Footprint::of([], [Descriptor(*fd)]),
        Call::Dup2 { from, to } => Footprint::of([Descriptor(*from)], [Descriptor(*to)]),
        Call::SigMask { .. } => Footprint::of([], [Mask]),
        Call::SigAction { signal, .. } => Footprint::of([], [Action(signal.number())]),
        Call::Chdir { .. } => Footprint::of(both(lookup(&At::Cwd), &names), [Directory]),
        Call::Umask { .. } => Footprint::of([], [Umask]),
        Call::SetChildSubreaper { .. } => Footprint::of([], [Subreaper]),
        Call::SetGroups { .. } => Footprint::of([Capabilities], [Groups]),
        Call::SetResGid { .. } => Footprint::of([Capabilities], [Gids]),
        Call::SetResUid { .. } => Footprint::of([], [Uids, Capabilities]),
        Call::SetCapabilities { .. } => Footprint::of([], [Capabilities]),
        Call::Write { fd, .. } if object.is_stream() => {
            Footprint::of([Descriptor(*fd)], stream).seen(true)
        }
        Call::Send { fd, fds, .. } => {
            let given = fds.iter().copied().map(Descriptor);
            let reads: Vec<Key> = given.chain([Descriptor(*fd)]).collect();
            Footprint::of(reads, stream).seen(true)
        }
        Call::Listen { fd, .. } => Footprint::of([Descriptor(*fd)], stream).seen(true),
        Call::Read { fd, .. } => {
            let is_seen = object.is_stream();
            Footprint::of([Descriptor(*fd)], stream).seen(is_seen)
        }
        Call::Accept { fd, .. } => Footprint::of([Descriptor(*fd)], stream),
        Call::Wait { .. } => Footprint::of([], [Processes]).seen(true),
        Call::Write { fd, .. } => of_file(*fd, Content(*fd)),
        Call::Fchmod { fd, .. } => of_file(*fd, Mode(*fd)),
        Call::Fchown { fd, .. } => of_file(*fd, Owner(*fd)),
        Call::Fstat { fd } => {
            Footprint::of([Descriptor(*fd), Content(*fd), Mode(*fd), Owner(*fd)], [])
        }
        Call::Stat { dir, .. } => Footprint::of(both(lookup(dir), &names), []),
        Call::Open { dir, how, .. } if how.create => {
            Footprint::of(both(lookup(dir), &[Umask]), names).seen(true)
        }
        Call::Open { dir, .. } => Footprint::of(both(lookup(dir), &names), []),
        Call::Flock { fd, .. } => Footprint::of([Descriptor(*fd)], [Locks]).seen(true),
        Call::Rename { dir, .. } | Call::Link { dir, .. } | Call::Unlink { dir, .. } => {
            Footprint::of(lookup(dir), names).seen(true)
        }
        _ => return None,
    };
    Some(call)
}
