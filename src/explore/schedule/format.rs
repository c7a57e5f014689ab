//! The file of a schedule: text, a line an item.
//!
//! ```text
//! daemonlab schedule 1
//! about program tests/handshake.rs
//! breaks the launcher knows of the death
//!
//! 0 1 pipe2()
//! 0 2 fork()
//! 0.1 1 setsid()
//! 0.1 2 [fault EPERM] kill(0, SIGUSR1)
//! 0 3 [timer timeout] rt_sigtimedwait([SIGUSR1], 600s)
//! end 5
//! ```
//!
//! The grammar, with `LF` for the end of a line and `TEXT` for anything up to
//! it:
//!
//! ```text
//! file      = "daemonlab schedule 1" LF { about | breaks | blank } { step | blank } "end " number LF
//! about     = "about " key " " TEXT LF         key: no spaces
//! breaks    = "breaks " TEXT LF                at most once
//! step      = task " " number " " [ way ] TEXT LF
//! task      = "0" { "." number } [ "/t" number ]
//! way       = "[" ( "signal" | "timer" | "fault" ) " " LABEL "] "
//! blank     = LF | "#" TEXT LF
//! number    = a decimal number from 1 without leading zeros; after "end" also 0
//! ```
//!
//! The number after a task says which step of the task it is: the numbers of
//! each task count up from 1. The one after `end` says how many steps there
//! are, so that a file that was cut off is noticed. In `TEXT` and `LABEL` a
//! line feed, a carriage return and a backslash are written `\n`, `\r` and
//! `\\`; a `]` in a label, and a `[` at the beginning of an operation, have a
//! backslash before them. Reading is strict: whatever does not follow the
//! grammar is an error with its line. A later version of the format gets a new
//! number in the first line.

use std::fmt;
use std::str::FromStr;

use super::{PlannedStep, PlannedWay, Schedule, WayKind};
use crate::explore::TaskName;

const HEADER: &str = "daemonlab schedule 1";

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        for (key, value) in &self.about {
            writeln!(f, "about {key} {}", escape(value, ""))?;
        }
        if let Some(rule) = &self.breaks {
            writeln!(f, "breaks {}", escape(rule, ""))?;
        }
        writeln!(f)?;
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        writeln!(f, "end {}", self.steps.len())
    }
}

pub(super) fn write_step(step: &PlannedStep, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} {} ", step.task, step.index)?;
    if let Some(way) = &step.way {
        write!(f, "[{} {}] ", way.kind, escape(&way.label, "]"))?;
    }
    if step.operation.starts_with('[') {
        f.write_str("\\")?;
    }
    f.write_str(&escape(&step.operation, ""))
}

fn escape(text: &str, more: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\\' => escaped.push_str("\\\\"),
            letter => {
                if more.contains(letter) {
                    escaped.push('\\');
                }
                escaped.push(letter);
            }
        }
    }
    escaped
}

/// A text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASchedule {
    /// The line, from 1; one more than there are if something is missing at
    /// the end.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for NotASchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {} of the schedule: {}. Save the schedule again from a run that fails; to write \
             one by hand, follow the grammar in the documentation of the module \
             `explore::schedule::format`",
            self.line, self.why
        )
    }
}

impl std::error::Error for NotASchedule {}

impl FromStr for Schedule {
    type Err = NotASchedule;

    fn from_str(text: &str) -> Result<Schedule, NotASchedule> {
        let mut reader = Reader {
            schedule: Schedule::default(),
            end: false,
        };
        let mut count = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            count = number + 1;
            let result = match line.strip_suffix('\n') {
                None => Err("it has no line feed at its end: the file was cut off".to_owned()),
                Some(HEADER) if number == 0 => Ok(()),
                Some(line) if number == 0 => Err(format!("it is `{line}` and not `{HEADER}`")),
                Some(line) => reader.read(line),
            };
            result.map_err(|why| NotASchedule { line: count, why })?;
        }
        match reader.end {
            true => Ok(reader.schedule),
            false => Err(NotASchedule {
                line: count + 1,
                why: "it is missing, there should be a line `end` with the number of steps: the \
                      file was cut off"
                    .to_owned(),
            }),
        }
    }
}

struct Reader {
    schedule: Schedule,
    end: bool,
}

impl Reader {
    fn read(&mut self, line: &str) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if self.end {
            return Err(format!("`{line}` comes after the end"));
        }
        let (word, rest) = line
            .split_once(' ')
            .ok_or_else(|| format!("`{line}` has no space: neither a step nor `end`"))?;
        match word {
            "about" => self.about(rest),
            "breaks" => self.breaks(rest),
            "end" => self.end(rest),
            task => self.step(task, rest),
        }
    }

    fn before_the_steps(&self, word: &str) -> Result<(), String> {
        match self.schedule.steps.is_empty() {
            true => Ok(()),
            false => Err(format!("`{word}` comes after the first step")),
        }
    }

    fn about(&mut self, rest: &str) -> Result<(), String> {
        self.before_the_steps("about")?;
        let (key, value) = rest
            .split_once(' ')
            .filter(|(key, _)| !key.is_empty())
            .ok_or("`about` wants a key, a space and a value")?;
        self.schedule
            .about
            .push((key.to_owned(), unescape(value, "")?));
        Ok(())
    }

    fn breaks(&mut self, rest: &str) -> Result<(), String> {
        self.before_the_steps("breaks")?;
        match self.schedule.breaks.replace(unescape(rest, "")?) {
            None => Ok(()),
            Some(_) => Err("there is a second `breaks`".to_owned()),
        }
    }

    fn end(&mut self, rest: &str) -> Result<(), String> {
        let steps = self.schedule.steps.len();
        if rest != steps.to_string() {
            return Err(format!(
                "it ends after `{rest}` steps, but there are {steps}"
            ));
        }
        self.end = true;
        Ok(())
    }

    fn step(&mut self, task: &str, rest: &str) -> Result<(), String> {
        let task: TaskName = task.parse().map_err(|error| format!("{error}"))?;
        let (index, rest) = rest
            .split_once(' ')
            .ok_or("a step wants a task, a number and an operation")?;
        let steps = &self.schedule.steps;
        let due = 1 + steps.iter().filter(|step| step.task == task).count();
        if index != due.to_string() {
            return Err(format!(
                "`{index}` should be {due}, the number of the next step of {task}"
            ));
        }
        let (way, operation) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (way, operation) = read_way(rest)?;
                (Some(way), operation)
            }
            None => (None, rest),
        };
        let operation = match operation.strip_prefix("\\[") {
            Some(rest) => format!("[{}", unescape(rest, "")?),
            None if operation.starts_with('[') => {
                return Err(
                    "a step goes only one way; an operation that begins with `[` wants a \
                            backslash before it"
                        .to_owned(),
                );
            }
            None => unescape(operation, "")?,
        };
        self.schedule.steps.push(PlannedStep {
            task,
            index: u32::try_from(due).map_err(|_| "there are too many steps")?,
            way,
            operation,
        });
        Ok(())
    }
}

/// Reads a way from behind its bracket, and gives what follows.
fn read_way(text: &str) -> Result<(PlannedWay, &str), String> {
    let mut escaped = false;
    let end = text.find(|letter| {
        let ends = letter == ']' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    });
    let (inside, rest) = end
        .and_then(|end| Some((&text[..end], text[end..].strip_prefix("] ")?)))
        .ok_or("the way is not closed by `]` and a space")?;
    let (word, label) = inside
        .split_once(' ')
        .ok_or("a way wants a kind, a space and a label")?;
    let kind = WayKind::WORDS.iter().find(|(_, known)| *known == word);
    let (kind, _) = kind
        .ok_or_else(|| format!("`{word}` is no kind of way: it is `signal`, `timer` or `fault`"))?;
    let label = unescape(label, "]")?;
    Ok((PlannedWay { kind: *kind, label }, rest))
}

fn unescape(text: &str, more: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\r' => return Err("a carriage return is written `\\r`".to_owned()),
            '\\' => match letters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('\\') => '\\',
                Some(other) if more.contains(other) => other,
                Some(other) => return Err(format!("`\\{other}` stands for nothing")),
                None => return Err("a backslash at the end stands for nothing".to_owned()),
            },
            letter => letter,
        });
    }
    Ok(plain)
}

#[cfg(test)]
mod tests;
