//! An execution as a timeline, the tasks side by side.

use std::fmt;

use super::TaskName;
use super::record::{Record, Step};
use super::schedule::WayKind;

/// Shows an execution, a step a row, a task a column. The margin marks what is
/// not the plain run: `>` a task that is left although it could go on, so that
/// this one goes; `!` a fault, `@` a timer, `~` a signal that comes now.
#[derive(Clone, Debug)]
pub struct Timeline<'a> {
    record: &'a Record,
    /// Tasks with what they are called.
    roles: Vec<(TaskName, String)>,
    width: usize,
}

impl<'a> Timeline<'a> {
    /// A timeline of at most `width` letters a line, or as many as it takes to
    /// give each task [`NARROWEST`](Self::NARROWEST) of them.
    pub fn new(record: &'a Record, width: usize) -> Self {
        Timeline {
            record,
            roles: Vec::new(),
            width,
        }
    }

    /// The narrowest column of a task, in letters.
    pub const NARROWEST: usize = 24;

    /// The same, with a task called by what it is as well: `0.1 daemon`.
    pub fn with_role(mut self, task: TaskName, role: impl Into<String>) -> Self {
        self.roles.push((task, role.into()));
        self
    }

    fn heading(&self, task: TaskName) -> String {
        match self.roles.iter().find(|(known, _)| *known == task) {
            Some((_, role)) => format!("{task} {role}"),
            None => task.to_string(),
        }
    }
}

const MARGIN: usize = 7;
const BETWEEN: &str = " | ";

impl fmt::Display for Timeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tasks: Vec<TaskName> = self.record.steps.iter().map(|step| step.task).collect();
        tasks.sort();
        tasks.dedup();
        let columns = tasks.len().max(1);
        let room = self
            .width
            .saturating_sub(MARGIN + BETWEEN.len() * (columns - 1));
        let column = (room / columns).max(Self::NARROWEST);
        let headings: Vec<String> = tasks.iter().map(|task| self.heading(*task)).collect();
        row(f, "", &headings, column)?;
        row(f, "", &vec!["-".repeat(column); tasks.len()], column)?;
        for (number, step) in self.record.steps.iter().enumerate() {
            let place = tasks.iter().position(|task| *task == step.task);
            for (line, text) in wrap(&text(step), column).into_iter().enumerate() {
                let margin = match line {
                    0 => format!("{:>4} {}", number + 1, mark(step)),
                    _ => String::new(),
                };
                let mut cells = vec![String::new(); tasks.len()];
                cells[place.expect("it is one of them")] = text;
                row(f, &margin, &cells, column)?;
            }
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, margin: &str, cells: &[String], column: usize) -> fmt::Result {
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| format!("{cell:<column$}"))
        .collect();
    let line = format!("{margin:<MARGIN$}{}", cells.join(BETWEEN));
    writeln!(f, "{}", line.trim_end())
}

fn text(step: &Step) -> String {
    match WayKind::of(step.way.kind) {
        Some(kind) => format!("{} [{kind} {}]", step.event, step.way.label),
        None => step.event.clone(),
    }
}

fn mark(step: &Step) -> char {
    match WayKind::of(step.way.kind) {
        Some(WayKind::Fault) => '!',
        Some(WayKind::Timer) => '@',
        Some(WayKind::Signal) => '~',
        None if step.preempts => '>',
        None => ' ',
    }
}

/// Breaks a text into lines of so many letters, between words where that is
/// possible; all but the first are indented.
fn wrap(text: &str, width: usize) -> Vec<String> {
    const INDENT: usize = 2;
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for mut word in text.split_whitespace() {
        loop {
            let space = usize::from(!line.trim_end().is_empty());
            let letters = word.chars().count();
            if used + space + letters <= width {
                line.push_str(&" ".repeat(space));
                line.push_str(word);
                used += space + letters;
                break;
            }
            if space == 0 {
                // It does not fit into any line.
                let cut = word.char_indices().nth(width - used);
                let (head, tail) = word.split_at(cut.map_or(word.len(), |(at, _)| at));
                line.push_str(head);
                word = tail;
            }
            lines.push(std::mem::replace(&mut line, " ".repeat(INDENT)));
            used = INDENT;
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::explore::record::Way;
    use crate::explore::{Kind, Lasting, Outcome, Verdict};

    fn step(task: &str, event: &str, kind: Kind, label: &str, preempts: bool) -> Step {
        let way = Way {
            kind,
            label: label.to_owned(),
        };
        Step {
            task: task.parse().unwrap(),
            index: 1,
            operation: String::new(),
            way: way.clone(),
            event: event.to_owned(),
            after: None,
            candidates: Vec::new(),
            candidate: 0,
            ways: vec![way],
            way_index: 0,
            preempts,
        }
    }

    #[test]
    fn two_tasks_stand_side_by_side() {
        let fault = Kind::Fault(Lasting::Possible);
        let record = Record {
            steps: vec![
                step("0", "pipe2() = [3, 4]", Kind::Normal, "", false),
                step("0", "fork() = 0.1", Kind::Normal, "", false),
                step("0.1", "setsid() = 2", Kind::Normal, "", true),
                step("0.1", "kill(0, SIGUSR1) = EPERM", fault, "EPERM", false),
                step(
                    "0",
                    "rt_sigtimedwait([SIGUSR1], 600s) = EAGAIN",
                    Kind::Timer,
                    "timeout",
                    false,
                ),
                step("0", "exit_group(1)", Kind::Normal, "", false),
            ],
            outcome: Outcome {
                verdict: Verdict::Held,
                state: 0,
            },
        };
        let timeline = Timeline::new(&record, 70).with_role("0.1".parse().unwrap(), "daemon");
        let shown = timeline.to_string();
        assert_eq!(
            shown.lines().collect::<Vec<_>>(),
            [
                "       0                              | 0.1 daemon",
                "       ------------------------------ | ------------------------------",
                "   1   pipe2() = [3, 4]               |",
                "   2   fork() = 0.1                   |",
                "   3 >                                | setsid() = 2",
                "   4 !                                | kill(0, SIGUSR1) = EPERM",
                "                                      |   [fault EPERM]",
                "   5 @ rt_sigtimedwait([SIGUSR1],     |",
                "         600s) = EAGAIN [timer        |",
                "         timeout]                     |",
                "   6   exit_group(1)                  |",
            ]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_in_wrapping(text in "[a-zé ]{0,80}", width in 4usize..30) {
            let lines = wrap(&text, width);
            for line in &lines {
                prop_assert!(line.chars().count() <= width, "{:?}", lines);
            }
            let letters = |text: &str| text.chars().filter(|letter| *letter != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
