//! What both worlds have in common of what a program does: the rule by which a
//! visible call of a real process and one of a simulated process are the same.
//!
//! The simulated program is the same source on other traits, so that its calls
//! are those of [`Call`]. The real one is that source compiled, with a C library
//! and a runtime, which make calls of their own. A call counts in both worlds if
//! it is visible, as [`visible`] has it, and the
//! table has it. Of those, these do not count:
//!
//! - **The runtime's start.** Rust's sets dispositions before `main`. So what only
//!   prepares a process (`rt_sigaction`, `rt_sigprocmask`, `getppid`) does not
//!   count in a launcher until it has made a visible call.
//! - **The C library's signals.** It keeps the numbers 32 and 33 to itself
//!   (`nptl(7)`); how they are met is asked for and set past it.
//! - **Sockets that nobody else has met.** `socket` alone is seen by nobody; nor is
//!   the close of one that was never bound, connected or used. The C library makes
//!   such for its name service (`nscd(8)`), while a look-up of a simulated user is
//!   no call at all.
//!
//! What remains is put in words that are the same in both worlds, a line a call.
//! Left out of them is what differs by nature:
//!
//! | in the words | stands for |
//! |---|---|
//! | `PID` | a process id: they are counted on their own in each world |
//! | `N` in data that is written | a number, such as a PID |
//! | `...` in data that is written | what comes after 200 letters |
//! | `7 bytes` | data that is no text: messages with PIDs in them |
//! | `for a time` | a wait's limit, which is less what has passed already |
//! | `bind(tcp)` | an internet address: the simulated kernel has a name for it; the program's twin says whether it can be had |
//! | `sendmsg`, `recvmsg`, `capset` | the call, whose arguments the tracer does not read |
//!
//! Of what comes of a call, [`answer`] leaves out numbers that differ by nature. One of them is how
//! many descriptors are ready: a process that ends closes its files and becomes a zombie while a
//! waiter on another processor looks at them, so that Linux itself gives now one, now the other.
//!
//! One call of the table may be several of Linux: `capset` also sets the ambient
//! capabilities by `prctl(2)`. The first counts, the others are not in the table.
//!
//! Steps are the same as well: a process stands before each such call, and once
//! it has ended before its parent is told ([`ENDS`]). A call that waits is one
//! step, its beginning; it returns as soon as it can. Everything else that a
//! process does belongs to the step before.

use std::collections::{BTreeMap, BTreeSet};

use daemonlab::explore::TaskName;
use daemonlab::sys::Signal;
use daemonlab::sys::call::Call;

use super::event::{CallEvent, CallResult, End, Event, What};
use super::real::tracer::visible;

/// The step of a process that has ended: its parent is told.
pub const ENDS: &str = "become waitable";

/// Calls that count although the tracer does not read their arguments.
const UNREAD: [&str; 4] = ["bind", "sendmsg", "recvmsg", "capset"];

/// What comes of a call that does not return.
const NEVER: &str = "does not return";

/// An internet address is bound.
const TCP: &str = "bind(tcp)";

/// The signals that the C library keeps to itself.
const RESERVED: [&str; 2] = ["SIG32,", "SIG33,"];

/// How many letters of what is written are looked at: the tracer reads no more.
const LONGEST: usize = 200;

/// A visible call, as a world shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// Its name in section 2 of the manual.
    pub name: &'a str,
    /// It with its arguments, in the form of [`Call`] where that has it.
    pub shown: &'a str,
    /// Whether the table has it.
    pub in_table: bool,
    /// What its descriptor refers to: a path, `pipe:[7]`, `socket:[9]`.
    pub object: Option<&'a str>,
}

impl<'a> Seen<'a> {
    /// The call of an event.
    pub fn of(event: &'a CallEvent) -> Seen<'a> {
        Seen {
            name: &event.name,
            shown: &event.shown,
            in_table: event.in_table,
            object: event.object.as_deref(),
        }
    }

    fn socket(&self) -> Option<&'a str> {
        self.object.filter(|object| object.starts_with("socket:"))
    }
}

/// What counts, and what has happened so far that decides it.
#[derive(Clone, Debug, Default)]
pub struct Common {
    /// Who has made a visible call.
    begun: BTreeSet<TaskName>,
    /// The sockets that others may know of.
    met: BTreeSet<String>,
}

impl Common {
    /// A call that a task is about to make, in the words of both worlds; `None`
    /// if it does not count.
    pub fn words(&self, task: TaskName, call: &Seen<'_>) -> Option<String> {
        let name = match call.in_table {
            true => call.shown.split('(').next().unwrap_or(call.name),
            false => call.name,
        };
        let counts = match name {
            "socket" => false,
            "close" => call.socket().is_none_or(|socket| self.met.contains(socket)),
            "rt_sigaction"
                if RESERVED
                    .iter()
                    .any(|signal| arguments(call).starts_with(signal)) =>
            {
                false
            }
            _ if visible::prepares(name) => {
                call.in_table && (task.parent().is_some() || self.begun.contains(&task))
            }
            _ => call.in_table && Call::NAMES.contains(&name) || UNREAD.contains(&name),
        };
        counts.then(|| in_words(name, call))
    }

    /// Notes that a call that counts is made.
    pub fn made(&mut self, task: TaskName, call: &Seen<'_>) {
        if !visible::prepares(call.name) {
            self.begun.insert(task);
        }
        self.met.extend(call.socket().map(str::to_owned));
    }
}

fn arguments<'a>(call: &Seen<'a>) -> &'a str {
    let inside = call.shown.split_once('(');
    inside
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or("")
}

fn in_words(name: &str, call: &Seen<'_>) -> String {
    let shown = call.shown;
    let arguments = arguments(call);
    match name {
        "bind" if !call.in_table || arguments.contains("\"@tcp/") => TCP.to_owned(),
        _ if UNREAD.contains(&name) && name != "bind" => name.to_owned(),
        "kill" | "pidfd_open" | "wait4" => format!("{name}({})", without_pid(arguments)),
        "write" => match arguments.split_once(", ") {
            Some((fd, data)) => format!("write({fd}, {})", without_numbers(data)),
            None => shown.to_owned(),
        },
        _ => without_limit(name, shown),
    }
}

/// A call of the table without the limit of a wait, which is less what has passed already: it is
/// not the same in two executions.
pub fn without_limit(name: &str, shown: &str) -> String {
    let inside = shown.split_once('(');
    match inside.and_then(|(_, rest)| rest.strip_suffix(')')) {
        Some(arguments) if matches!(name, "ppoll" | "rt_sigtimedwait") => {
            format!("{name}({})", without_time(arguments))
        }
        _ => shown.to_owned(),
    }
}

/// The first argument is a PID, or stands for any.
fn without_pid(arguments: &str) -> String {
    let (first, rest) = match arguments.split_once(", ") {
        Some((first, rest)) => (first, format!(", {rest}")),
        None => (arguments, String::new()),
    };
    let digits = first.trim_start_matches('-');
    let is_pid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match (is_pid, first.starts_with('-')) {
        (false, _) => arguments.to_owned(),
        (true, false) => format!("PID{rest}"),
        (true, true) => format!("-PID{rest}"),
    }
}

/// Text with each number as `N`; other data by its length alone.
fn without_numbers(data: &str) -> String {
    let text = data.trim_matches('"');
    if text.chars().count() > LONGEST {
        let begin: String = text.chars().take(LONGEST).collect();
        return format!("{} ...", without_numbers(&begin));
    }
    if text.contains("\\x") || text.contains("\\0") {
        return format!("{} bytes", escaped_length(text));
    }
    let mut plain = String::with_capacity(data.len());
    for letter in data.chars() {
        match letter.is_ascii_digit() {
            true if plain.ends_with('N') => {}
            true => plain.push('N'),
            false => plain.push(letter),
        }
    }
    plain
}

/// How many bytes it were before [`slice::escape_ascii`].
fn escaped_length(text: &str) -> usize {
    let mut length = 0;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        length += 1;
        if letter == '\\' && letters.next() == Some('x') {
            letters.nth(1);
        }
    }
    length
}

/// A wait's arguments with any limit as `for a time`.
fn without_time(arguments: &str) -> String {
    let parts = split(arguments);
    let is_time = |part: &str| {
        let digits = part.starts_with(|letter: char| letter.is_ascii_digit());
        digits && part.ends_with('s') && part != "0s"
    };
    let parts: Vec<&str> = parts
        .into_iter()
        .map(|part| if is_time(part) { "for a time" } else { part })
        .collect();
    parts.join(", ")
}

/// Splits at the commas that are in no brackets.
fn split(arguments: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0, 0);
    for (place, letter) in arguments.char_indices() {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&arguments[from..place]);
                from = place + 2;
            }
            _ => {}
        }
    }
    parts.push(arguments.get(from..).unwrap_or(""));
    parts
}

/// What came of a call, in words of both worlds: how it failed, or what of its
/// answer does not differ by nature.
pub fn answer(event: &CallEvent) -> String {
    let name = event.shown.split('(').next().unwrap_or(&event.name);
    match event.result {
        _ if name == "bind" && in_words(name, &Seen::of(event)) == TCP => "some answer".to_owned(),
        CallResult::Never => NEVER.to_owned(),
        CallResult::Failed(_) => event.answer.clone(),
        CallResult::Returned(value) => match name {
            "wait4" => match event.answer.split_once(' ') {
                Some((_, how)) => how.to_owned(),
                None => event.answer.clone(),
            },
            "rt_sigtimedwait" | "umask" => event.answer.clone(),
            "read" | "recvmsg" | "sendmsg" | "ppoll" if value == 0 => "0".to_owned(),
            "read" | "recvmsg" | "sendmsg" | "ppoll" => "some".to_owned(),
            _ => "ok".to_owned(),
        },
    }
}

/// What each task has done, in words of both worlds: its calls with what came of them, and how it
/// ended. Waits have their limits, which are the same where time is virtual. Left out is a call
/// that was under way when the world ended.
pub fn told(events: &[Event]) -> BTreeMap<TaskName, Vec<String>> {
    let mut common = Common::default();
    let mut told: BTreeMap<TaskName, Vec<String>> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    for event in events {
        let Some(task) = event.what.actor().and_then(|by| by.task.parse().ok()) else {
            continue;
        };
        let line = match &event.what {
            What::Call { call, .. } => {
                let seen = Seen::of(call);
                common.words(task, &seen).map(|words| {
                    common.made(task, &seen);
                    let words = match words == without_limit(&call.name, &call.shown) {
                        true => &call.shown,
                        false => &words,
                    };
                    format!("{words} = {}", answer(call))
                })
            }
            What::Exited { end, .. } => {
                ended.insert(task);
                Some(match end {
                    End::Exit(status) => format!("exited with status {status}"),
                    End::Signal(number) => match Signal::new(*number) {
                        Some(signal) => format!("was killed by {signal}"),
                        None => format!("was killed by signal {number}"),
                    },
                })
            }
            _ => None,
        };
        told.entry(task).or_default().extend(line);
    }
    for (_, lines) in told.iter_mut().filter(|(task, _)| !ended.contains(task)) {
        lines.pop_if(|line| line.ends_with(NEVER));
    }
    told
}

#[cfg(test)]
mod tests;
