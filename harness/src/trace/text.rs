//! A trace for a person: a line an event, with the time since the start.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use daemonlab::sys::Signal;

use crate::world::event::{Actor, CallEvent, CallResult, End, What};
use crate::world::spec::Role;

use super::sink::Sink;
use super::told::{Begun, Finished, Happening, Over, Sender};

/// A call that takes at least so long is shown with its time.
const LONG: Duration = Duration::from_millis(1);

const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default();
const SIGNALS: Style = AnsiColor::Magenta.on_default().bold();
const LAUNCHER: Style = AnsiColor::Cyan.on_default();
const INTERMEDIATE: Style = AnsiColor::Yellow.on_default();
const DAEMON: Style = AnsiColor::Green.on_default();

/// Writes a trace as text with ANSI colours, for a stream that takes them out
/// where they are not wanted.
#[derive(Debug)]
pub struct Text<W> {
    to: W,
    zero: Duration,
}

impl<W: Write> Text<W> {
    /// A trace that goes to `to`.
    pub fn new(to: W) -> Text<W> {
        Text {
            to,
            zero: Duration::ZERO,
        }
    }

    fn line(&mut self, at: Duration, style: Style, who: [&str; 3], what: &str) -> io::Result<()> {
        let time = at.saturating_sub(self.zero).as_secs_f64();
        let [role, pid, task] = who;
        writeln!(
            self.to,
            "{DIM}{time:>10.6}{DIM:#}  {style}{role:<12} {pid:>5}  {task:<8}{style:#} {what}"
        )
    }

    fn by(&mut self, at: Duration, by: &Actor, what: &str) -> io::Result<()> {
        let tid = by.tid.to_string();
        self.line(at, style(by.role), [name(by.role), &tid, &by.task], what)
    }
}

impl<W: Write> Sink for Text<W> {
    fn begun(&mut self, begun: &Begun) -> io::Result<()> {
        self.zero = begun.at;
        writeln!(
            self.to,
            "{DIM}{:>10}  {:<12} {:>5}  {:<8} WHAT{DIM:#}",
            "SECONDS", "PROCESS", "PID", "TASK"
        )
    }

    fn happened(&mut self, happening: &Happening) -> io::Result<()> {
        let Happening {
            event,
            text,
            sender,
        } = happening;
        let at = event.at;
        match &event.what {
            // An exec and an end tell more.
            What::Launched { .. } | What::Ended { .. } => Ok(()),
            What::Output { stderr, bytes, .. } => {
                let stream = if *stderr { "stderr" } else { "stdout" };
                let what = match text {
                    Some(text) => format!("{text:?}"),
                    None => count(*bytes as u64, "byte"),
                };
                self.line(at, DIM, [stream, "", ""], &what)
            }
            What::Call { by, call } => self.by(at, by, &shown(at, call)),
            What::Signal {
                to,
                signal,
                code,
                from_pid,
                ..
            } => {
                let signal = signal_name(*signal);
                let from = from(sender.as_ref(), *code, *from_pid);
                self.by(at, to, &format!("{SIGNALS}gets {signal}{SIGNALS:#} {from}"))
            }
            What::Forked { by, new, thread } => {
                let kind = if *thread { "thread" } else { "process" };
                let what = format!("makes {kind} {} ({})", new.tid, new.task);
                self.by(at, by, &what)
            }
            What::Executed { by, path } => {
                let what = match path {
                    Some(path) => format!("runs {path:?}"),
                    None => "runs another program".to_owned(),
                };
                self.by(at, by, &what)
            }
            What::Exited { by, end } => {
                let style = if *end == End::Exit(0) {
                    Style::new()
                } else {
                    RED
                };
                self.by(at, by, &format!("{style}{}{style:#}", ended(*end)))
            }
            What::WantsPtrace { by, request } => {
                let what = format!(
                    "{RED}{request} fails: a process that is traced here can neither trace nor be traced{RED:#}"
                );
                self.by(at, by, &what)
            }
            What::UnseenCalls { by } => {
                let what = format!(
                    "{RED}makes calls by another machine's numbering, as a 32-bit program does: none of them is seen{RED:#}"
                );
                self.by(at, by, &what)
            }
            What::Fault {
                label,
                pid,
                role,
                call,
                done,
            } => {
                let pid = pid.to_string();
                let what = format!("{call}: {done} by {label}");
                self.line(at, style(*role), [name(*role), &pid, ""], &what)
            }
            What::Lost { events } => {
                let what = format!(
                    "{RED}{} lost: more happened than could be kept{RED:#}",
                    count(*events, "event")
                );
                self.line(at, DIM, ["", "", ""], &what)
            }
        }
    }

    fn finished(&mut self, finished: &Finished) -> io::Result<()> {
        let seconds = finished.launcher_seconds;
        match finished.launcher {
            Some(end) => writeln!(
                self.to,
                "\nthe launcher {} after {seconds:.3} s",
                ended(end)
            )?,
            None => writeln!(self.to, "\nthe launcher still ran after {seconds:.3} s")?,
        }
        let running: Vec<String> = finished
            .running
            .iter()
            .map(|process| match process.role {
                Some(role) => format!("{:?} ({}, {})", process.name, name(role), process.pid),
                None => format!("{:?} ({})", process.name, process.pid),
            })
            .collect();
        if !running.is_empty() {
            let more = match finished.more_running {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            writeln!(self.to, "still there: {}{more}", running.join(", "))?;
        }
        writeln!(self.to, "{}", summary(finished))?;
        self.to.flush()
    }
}

/// What was recorded, and why no more, in a line.
pub fn summary(finished: &Finished) -> String {
    let why = match finished.over {
        Over::AllEnded => "until every process had ended",
        Over::Settled => "until nothing happened any more",
        Over::TimeIsUp => "until its time was up",
        Over::Stopped => "until it was stopped",
    };
    let process = match finished.processes {
        1 => "1 process".to_owned(),
        n => format!("{n} processes"),
    };
    let lost = match finished.lost {
        0 => String::new(),
        lost => format!("; {} lost", count(lost, "event")),
    };
    format!(
        "{}, {}, {process} in {:.3} s, {why}{lost}",
        count(finished.calls, "call"),
        count(finished.signals, "signal"),
        finished.seconds
    )
}

fn shown(at: Duration, call: &CallEvent) -> String {
    let answer = match (&call.result, call.answer.as_str()) {
        (CallResult::Never, _) if call.name.starts_with("exit") => String::new(),
        (CallResult::Never, _) => " …".to_owned(),
        (_, "") => String::new(),
        (CallResult::Failed(_), answer) => format!(" = {RED}{answer}{RED:#}"),
        (CallResult::Returned(_), answer) => format!(" = {}", harmless(answer)),
    };
    let took = at.saturating_sub(call.began);
    let took = match took >= LONG && call.result != CallResult::Never {
        true => format!("  {DIM}({:.3} s){DIM:#}", took.as_secs_f64()),
        false => String::new(),
    };
    format!("{}{answer}{took}", harmless(&call.shown))
}

/// Where a signal comes from: `sigaction(2)`, `si_code`.
fn from(sender: Option<&Sender>, code: i32, pid: i32) -> String {
    let of_child = match code {
        libc::CLD_EXITED | libc::CLD_KILLED | libc::CLD_DUMPED => "at the end of",
        libc::CLD_STOPPED => "at the stop of",
        libc::CLD_CONTINUED => "at the continuation of",
        _ => "from",
    };
    match sender {
        Some(sender) => format!("{of_child} {} {pid} ({})", name(sender.role), sender.task),
        None if pid > 0 => format!("{of_child} process {pid}"),
        None if code > 0 => "from the kernel".to_owned(),
        None => "from outside".to_owned(),
    }
}

/// How a process has ended: `exited with 0`, `was killed by SIGTERM`.
pub(super) fn ended(end: End) -> String {
    match end {
        End::Exit(status) => format!("exited with {status}"),
        End::Signal(number) => format!("was killed by {}", signal_name(number)),
    }
}

/// Text of a traced program, which steers no terminal.
fn harmless(text: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

pub(super) fn signal_name(number: i32) -> String {
    Signal::new(number).map_or_else(|| format!("signal {number}"), |signal| signal.to_string())
}

pub(super) fn name(role: Role) -> &'static str {
    match role {
        Role::Launcher => "launcher",
        Role::Intermediate => "intermediate",
        Role::Daemon => "daemon",
        Role::Any => "any",
    }
}

fn style(role: Role) -> Style {
    match role {
        Role::Launcher => LAUNCHER,
        Role::Intermediate => INTERMEDIATE,
        Role::Daemon => DAEMON,
        Role::Any => Style::new(),
    }
}

fn count(n: u64, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn text() -> String {
        let mut bytes = Vec::new();
        let mut text = Text::new(anstream::StripStream::new(&mut bytes));
        text.begun(&sample::begun())
            .expect("a vector takes everything");
        for happening in sample::happenings() {
            text.happened(&happening)
                .expect("a vector takes everything");
        }
        text.finished(&sample::finished())
            .expect("a vector takes everything");
        String::from_utf8(bytes).expect("it is text")
    }

    #[test]
    fn a_start_reads_as_a_timeline() {
        insta::assert_snapshot!(text(), @r#"
   SECONDS  PROCESS        PID  TASK     WHAT
  0.001000  launcher         2  0        runs "/bin/a"
  0.001000  launcher         2  0        runs another program
  0.003000  launcher         2  0        makes process 3 (0.1)
  0.003000  launcher         2  0        fork() = 3  (0.001 s)
  0.004000  daemon           3  0.1      makes thread 4 (0.1/t1)
  0.005000  daemon           3  0.1      write(3, "3\n") = 2  (0.001 s)
  0.005000  daemon           3  0.1      kill(1, SIGUSR1) = EPERM
  0.008000  launcher         2  0        gets SIGUSR1 from daemon 3 (0.1)
  0.008000  daemon           4  0.1/t1   kill(2, SIGUSR1) = ok  (0.001 s)
  0.008000  stdout                       "a\n"
  0.008000  stderr                       7 bytes
  0.008000  daemon           3  0.1      PTRACE_TRACEME fails: a process that is traced here can neither trace nor be traced
  0.008000  daemon           3  0.1      makes calls by another machine's numbering, as a 32-bit program does: none of them is seen
  0.008000  daemon           3           kill: passed by f
  0.009000  launcher         2  0        pause() …
  0.009000  launcher         2  0        was killed by SIGUSR1
  0.010000  daemon           3  0.1      gets SIGCHLD at the end of process 77
  0.010000  daemon           3  0.1      gets SIGSEGV from the kernel
  0.011000  daemon           3  0.1      exited with 0
  0.011000                               5 events lost: more happened than could be kept

the launcher was killed by SIGUSR1 after 0.250 s
still there: "a" (daemon, 3), "b\n" (9) and 1 more
4 calls, 3 signals, 2 processes in 1.500 s, until nothing happened any more; 5 events lost
"#);
    }

    #[test]
    fn nothing_of_a_program_steers_the_terminal() {
        assert_eq!(harmless("a\x1b[2J\u{9b}ä\n"), "a\\u{1b}[2J\\u{9b}ä\\n");
    }
}
