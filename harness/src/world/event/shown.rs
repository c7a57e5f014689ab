//! An event as a line of text.

use std::fmt::{self, Write};

use super::{Actor, CallEvent, CallResult, End, Event, What};

/// The event with its time, as evidence shows it. Control characters are
/// escaped, so that what a daemon names cannot steer the reader's terminal.
pub fn event(event: &Event) -> String {
    format!("+{:.3}s {}", event.at.as_secs_f64(), what(&event.what))
}

/// What happened, without its time.
pub fn what(what: &What) -> String {
    match what {
        What::Launched { id, pid } => format!("launch `{id}` started as PID {pid}"),
        What::Ended { pid, end } => format!("PID {pid} {}", self::end(*end)),
        What::Output { id, stderr, bytes } => {
            let stream = if *stderr { "stderr" } else { "stdout" };
            format!("launch `{id}` wrote {bytes} bytes to {stream}")
        }
        What::Fault {
            label,
            pid,
            call,
            done,
            ..
        } => format!("fault `{label}`: {call} of PID {pid} {done}"),
        What::Call { by, .. } => format!("{}: {}", actor(by), deed(what)),
        What::Signal { to: by, .. }
        | What::Forked { by, .. }
        | What::Executed { by, .. }
        | What::Exited { by, .. }
        | What::WantsPtrace { by, .. }
        | What::UnseenCalls { by } => format!("{} {}", actor(by), deed(what)),
        What::Lost { events } => format!("{events} events more than could be kept"),
    }
}

/// What a traced task has done, or has met with, without who it is; nothing for
/// any other event.
pub fn deed(what: &What) -> String {
    match what {
        What::Call { call, .. } => self::call(call),
        What::Signal {
            signal, from_pid, ..
        } => {
            let from = match from_pid {
                0 => "the kernel".to_owned(),
                pid => format!("PID {pid}"),
            };
            format!("gets {} from {from}", signal_name(*signal))
        }
        What::Forked { new, thread, .. } => {
            let what = if *thread { "a thread" } else { "a process" };
            format!("has made {what}, task {} of PID {}", new.task, new.pid)
        }
        What::Executed { path, .. } => {
            let path = path.as_deref().unwrap_or("a program");
            format!("has executed {}", Printable(path))
        }
        What::Exited { end, .. } => self::end(*end),
        What::WantsPtrace { request, .. } => format!(
            "calls ptrace({request}): one tracer is there already, so that it gets EPERM; \
             run this program without faults and traces"
        ),
        What::UnseenCalls { .. } => "makes calls by the numbering of another machine, as a 32-bit \
             program does, and none of them is seen; build it for this one"
            .to_owned(),
        What::Launched { .. }
        | What::Ended { .. }
        | What::Output { .. }
        | What::Fault { .. }
        | What::Lost { .. } => String::new(),
    }
}

/// A call with what came of it.
pub fn call(call: &CallEvent) -> String {
    let answer = match call.result {
        CallResult::Never => String::new(),
        _ => format!(" = {}", call.answer),
    };
    let injected = if call.injected { " (injected)" } else { "" };
    let link = match (call.through_link, &call.object) {
        (false, _) => String::new(),
        (true, Some(to)) => format!(" (through a symbolic link, to {})", Printable(to)),
        (true, None) => " (through a symbolic link)".to_owned(),
    };
    format!("{}{answer}{injected}{link}", Printable(&call.shown))
}

/// A signal by its name, or its number if it has none.
pub fn signal_name(number: i32) -> String {
    daemonlab::sys::Signal::new(number)
        .map_or_else(|| format!("signal {number}"), |signal| signal.to_string())
}

/// Who it is about.
fn actor(by: &Actor) -> String {
    format!("task {} of PID {}", by.task, by.pid)
}

/// Text with its control characters escaped, tabs excepted.
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\t' => f.write_char(c),
            c if c.is_control() => write!(f, "{}", c.escape_default()),
            c => f.write_char(c),
        })
    }
}

/// How a process ended: `exited 0`, `killed by SIGTERM`.
pub fn end(end: End) -> String {
    match end {
        End::Exit(status) => format!("exited {status}"),
        End::Signal(number) => format!("killed by {}", signal_name(number)),
    }
}
