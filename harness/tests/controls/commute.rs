//! Which changed starts are the same start, by rule.
//!
//! - A **question** changes nothing, and is no step: also signal 0, with which
//!   "no signal is sent, but existence and permission checks are still
//!   performed" (kill(2)).
//! - A **close that nothing but closes and the exit follow** can be left out:
//!   the exit closes the descriptor in the same moment (_exit(2)).
//! - A **step right before the exit** can be left out or be late, which is the
//!   same: only the first is tried.
//! - **Two steps that commute** can change places. They do, if what each writes
//!   the other neither reads nor writes (Mazurkiewicz's independence, by the
//!   footprints below), and at most one of them touches what others see: so no
//!   other process can tell which came first, except by looking at this one in
//!   the instant between two adjacent calls.
//!
//! What the table does not know is taken to conflict, and is tried.

use daemonlab::sys::call::Call;
use daemonlab::sys::records::At;

/// A call of the census, and whether others notice that a descriptor which it
/// closes is closed: a pipe or a socket has another end, a lock is waited for.
pub struct Seen {
    /// `ROLE.CALL.N`; none for a question.
    pub step: Option<String>,
    /// The call.
    pub call: Call,
    /// For a close.
    pub noticed: bool,
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
            Some(next) if matches!(next.call, Call::Exit { .. }) => {
                Some("before the exit, late is never: the same as skip")
            }
            Some(next) if commute(seen, next) => Some("it commutes with the next call"),
            Some(_) => None,
        };
        lines.push(line("swap", step, swap));
        // For whoever reads the verdict.
        let next = behind
            .first()
            .map_or("nothing".to_owned(), |next| next.call.to_string());
        lines.push(format!("# {step}: {}, then {next}", seen.call));
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

fn commute(one: &Seen, other: &Seen) -> bool {
    let (Some(one), Some(other)) = (footprint(one), footprint(other)) else {
        return false;
    };
    let clash = |a: &Footprint, b: &Footprint| {
        let mut keys = b.reads.iter().chain(&b.writes);
        keys.any(|key| a.writes.contains(key))
    };
    !clash(&one, &other) && !clash(&other, &one)
}

/// What a call reads or writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// All that other processes see: names, pipes, sockets, locks.
    World,
    /// Which numbers are free.
    Numbers,
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
}

struct Footprint {
    reads: Vec<Key>,
    writes: Vec<Key>,
}

fn footprint(seen: &Seen) -> Option<Footprint> {
    use Key::{
        Action, Capabilities, Clock, Content, Descriptor, Directory, Gids, Groups, Mask, Mode,
        Numbers, Owner, Subreaper, Uids, Umask, World,
    };
    const RIGHTS: [Key; 4] = [Uids, Gids, Groups, Capabilities];
    let keys = |reads: &[Key], writes: &[Key]| {
        let (reads, writes) = (reads.to_vec(), writes.to_vec());
        Some(Footprint { reads, writes })
    };
    let place = |dir: &At| match dir {
        At::Cwd => Directory,
        At::Fd(fd) => Descriptor(*fd),
    };
    match &seen.call {
        Call::GetPid => keys(&[], &[]),
        Call::Now => keys(&[Clock], &[]),
        Call::GetResUid => keys(&[Uids], &[]),
        Call::GetResGid => keys(&[Gids], &[]),
        Call::GetGroups => keys(&[Groups], &[]),
        Call::GetCapabilities => keys(&[Capabilities], &[]),
        Call::Close { fd } if seen.noticed => keys(&[Numbers], &[Descriptor(*fd), World]),
        Call::Close { fd } => keys(&[Numbers], &[Descriptor(*fd)]),
        Call::Dup2 { from, to } => keys(&[Descriptor(*from), Numbers], &[Descriptor(*to)]),
        Call::SigMask { .. } => keys(&[], &[Mask]),
        Call::SigAction { signal, .. } => keys(&[], &[Action(signal.number())]),
        Call::Chdir { .. } => {
            let reads = [&RIGHTS[..], &[World]].concat();
            keys(&reads, &[Directory])
        }
        Call::Umask { .. } => keys(&[], &[Umask]),
        Call::SignalFd { .. } => keys(&[], &[Numbers]),
        Call::SetChildSubreaper { .. } => keys(&[], &[Subreaper]),
        Call::SetGroups { .. } => keys(&[Capabilities], &[Groups]),
        Call::SetResGid { .. } => keys(&[Capabilities], &[Gids]),
        Call::SetResUid { .. } => keys(&[], &[Uids, Capabilities]),
        Call::SetCapabilities { .. } => keys(&[], &[Capabilities]),
        // The file is not to be seen by its name before all of it is right.
        Call::Write { fd, .. } if !seen.noticed => keys(&[Descriptor(*fd), World], &[Content(*fd)]),
        Call::Fchmod { fd, .. } => keys(&[Descriptor(*fd), Uids, World], &[Mode(*fd)]),
        Call::Fchown { fd, .. } => keys(&[Descriptor(*fd), Uids, World], &[Owner(*fd)]),
        Call::Write { fd, .. } => keys(&[Descriptor(*fd)], &[World]),
        Call::Fstat { fd } => keys(&[Descriptor(*fd), Content(*fd), Mode(*fd), Owner(*fd)], &[]),
        Call::Stat { dir, .. } => {
            let reads = [&RIGHTS[..], &[World, place(dir)]].concat();
            keys(&reads, &[])
        }
        Call::Open { dir, how, .. } => {
            let mut reads = [&RIGHTS[..], &[place(dir)]].concat();
            if how.create {
                reads.push(Umask);
                keys(&reads, &[World, Numbers])
            } else {
                reads.push(World);
                keys(&reads, &[Numbers])
            }
        }
        Call::Flock { fd, .. } => keys(&[Descriptor(*fd)], &[World]),
        Call::Rename { dir, .. } | Call::Link { dir, .. } | Call::Unlink { dir, .. } => {
            let reads = [&RIGHTS[..], &[place(dir)]].concat();
            keys(&reads, &[World])
        }
        _ => None,
    }
}
