//! How a failure and its evidence read as text.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::case::outcome::{Evidence, LaunchEvidence};
use crate::world::event::shown;
use crate::world::facts::ProcessFacts;

pub use crate::world::event::End;
pub use crate::world::event::shown::{Printable, end};

/// How many lines of one output are shown from its start, and as many from
/// its end.
const LINES: usize = 40;
/// How many characters of a line are shown from its start, and as many from
/// its end.
const LINE: usize = 500;
/// How many processes are shown, the first ones.
const PROCESSES: usize = 50;
/// How many events are shown, the last ones.
const EVENTS: usize = 30;

/// The evidence, a paragraph each: launches with what they wrote, processes,
/// logs, events, gaps. Control characters are escaped, so that what a daemon
/// writes cannot steer the reader's terminal.
pub fn evidence(evidence: &Evidence) -> String {
    let mut text = String::new();
    write_evidence(&mut text, evidence).expect("writing to a string does not fail");
    text
}

fn write_evidence(to: &mut String, evidence: &Evidence) -> fmt::Result {
    for launch in &evidence.launches {
        write_launch(to, launch)?;
    }
    match evidence.processes.as_slice() {
        [] => writeln!(to, "no process was left")?,
        processes => {
            writeln!(to, "processes that were left:")?;
            for process in processes.iter().take(PROCESSES) {
                writeln!(to, "  {}", self::process(process))?;
            }
            let left_out = processes.len().saturating_sub(PROCESSES);
            if left_out > 0 {
                writeln!(to, "  [... {left_out} more left out ...]")?;
            }
        }
    }
    for log in &evidence.logs {
        write_output(to, &format!("log {}", log.path.display()), &log.content)?;
    }
    if !evidence.events.is_empty() {
        writeln!(to, "events:")?;
        let left_out = evidence.events.len().saturating_sub(EVENTS);
        if left_out > 0 {
            writeln!(to, "  [... {left_out} earlier ones left out ...]")?;
        }
        for event in &evidence.events[left_out..] {
            writeln!(to, "  {}", shown::event(event))?;
        }
    }
    for gap in &evidence.gaps {
        writeln!(to, "not seen: {gap}")?;
    }
    Ok(())
}

fn write_launch(to: &mut String, launch: &LaunchEvidence) -> fmt::Result {
    let facts = &launch.facts;
    let end = match facts.end {
        None => "still running after".to_owned(),
        Some(end) => format!("{} after", shown::end(end)),
    };
    let seconds = facts.duration.as_secs_f64();
    writeln!(
        to,
        "launch `{}` (PID {}): {end} {seconds:.3}s",
        launch.id, facts.pid
    )?;
    write_output(to, "  stdout", &facts.stdout.text())?;
    write_output(to, "  stderr", &facts.stderr.text())?;
    for (label, times) in &facts.matched {
        let plural = if *times == 1 { "" } else { "s" };
        writeln!(to, "  fault `{label}`: matched {times} call{plural}")?;
    }
    Ok(())
}

fn write_output(to: &mut String, name: &str, output: &str) -> fmt::Result {
    if output.is_empty() {
        return writeln!(to, "{name}: empty");
    }
    writeln!(to, "{name}:")?;
    let indent = " ".repeat(name.len() - name.trim_start().len() + 2);
    let lines: Vec<&str> = output.lines().collect();
    let left_out = lines.len().saturating_sub(2 * LINES);
    for (i, line) in lines.iter().enumerate() {
        if left_out > 0 && i == LINES {
            writeln!(
                to,
                "{indent}[... {left_out} lines left out; --keep keeps them ...]"
            )?;
        }
        if i < LINES || i >= LINES + left_out {
            writeln!(to, "{indent}{}", Printable(&shortened(line)))?;
        }
    }
    Ok(())
}

/// A line's start and end, if it is long.
fn shortened(line: &str) -> Cow<'_, str> {
    let boundary = |(at, _): (usize, char)| at;
    let head = line.char_indices().nth(LINE).map_or(line.len(), boundary);
    let tail = line.char_indices().nth_back(LINE - 1).map_or(0, boundary);
    if tail <= head {
        return line.into();
    }
    let left_out = tail - head;
    format!(
        "{} [... {left_out} bytes left out ...] {}",
        &line[..head],
        &line[tail..]
    )
    .into()
}

fn process(process: &ProcessFacts) -> String {
    let command = match process.command.as_slice() {
        [] => format!("({})", process.name),
        command => command.join(" "),
    };
    let id = |id: Option<u32>| id.map_or("unmapped".to_owned(), |id| id.to_string());
    format!(
        "PID {}, parent {}, session {}, state {}, effective uid {} gid {}: {}",
        process.pid,
        process.parent,
        process.session,
        process.state,
        id(process.uid[1]),
        id(process.gid[1]),
        Printable(&shortened(&command))
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::case::outcome::LogEvidence;
    use crate::world::event::{Event, What};
    use crate::world::facts::{Captured, LaunchFacts};

    #[test]
    fn evidence_reads_from_the_launcher_to_the_daemon() {
        let seen = Evidence {
            launches: vec![LaunchEvidence {
                id: "demo".to_owned(),
                facts: LaunchFacts {
                    pid: 3,
                    end: Some(End::Exit(1)),
                    duration: Duration::from_millis(204),
                    stderr: Captured {
                        head: "cannot\n\x1b[31mred".to_owned(),
                        ..Captured::default()
                    },
                    matched: [("held".to_owned(), 1)].into(),
                    ..LaunchFacts::default()
                },
            }],
            processes: vec![ProcessFacts {
                pid: 5,
                parent: 1,
                session: 4,
                state: 'S',
                command: vec!["labd".to_owned(), "-d".to_owned()],
                uid: [Some(0), Some(1000), None, None],
                gid: [None; 4],
                ..ProcessFacts::default()
            }],
            logs: vec![LogEvidence {
                path: "/run/labd.log".into(),
                content: "started\n".to_owned(),
            }],
            events: vec![Event {
                at: Duration::from_millis(3),
                what: What::Ended {
                    pid: 3,
                    end: End::Signal(15),
                },
            }],
            gaps: vec!["sockets".to_owned()],
        };
        assert_eq!(
            evidence(&seen),
            "launch `demo` (PID 3): exited 1 after 0.204s\n  \
               stdout: empty\n  \
               stderr:\n    \
                 cannot\n    \
                 \\u{1b}[31mred\n  \
               fault `held`: matched 1 call\n\
             processes that were left:\n  \
               PID 5, parent 1, session 4, state S, effective uid 1000 gid unmapped: labd -d\n\
             log /run/labd.log:\n  \
               started\n\
             events:\n  \
               +0.003s PID 3 killed by SIGTERM\n\
             not seen: sockets\n"
        );
    }

    #[test]
    fn a_long_line_shows_its_head_and_its_tail() {
        let long = format!("{}{}{}", "ä".repeat(LINE), "x".repeat(7), "z".repeat(LINE));
        let shown = shortened(&long);
        assert!(shown.contains("ä [... 7 bytes left out ...] z"), "{shown}");
        let fits = "ä".repeat(2 * LINE);
        assert_eq!(shortened(&fits), fits);
        assert_eq!(shortened(""), "");
    }

    #[test]
    fn of_many_processes_the_first_are_shown() {
        let seen = Evidence {
            processes: vec![ProcessFacts::default(); PROCESSES + 3],
            ..Evidence::default()
        };
        let text = evidence(&seen);
        assert_eq!(text.matches("PID 0").count(), PROCESSES);
        assert!(text.contains("\n  [... 3 more left out ...]\n"), "{text}");
    }

    #[test]
    fn a_long_output_shows_its_head_and_its_tail() {
        let long: String = (0..100).map(|i| format!("line {i}\n")).collect();
        let mut text = String::new();
        write_output(&mut text, "log", &long).expect("strings take everything");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 2 * LINES + 1);
        assert_eq!(lines[1], "  line 0");
        assert_eq!(lines[LINES], "  line 39");
        assert!(
            lines[LINES + 1].contains("20 lines left out"),
            "{}",
            lines[LINES + 1]
        );
        assert_eq!(lines[LINES + 2], "  line 60");
        assert_eq!(lines.last(), Some(&"  line 99"));
    }
}
