//! The report for GitHub Actions: annotations on the lines that failed, and a
//! console in which no output of a daemon is a workflow command.
//!
//! Sources: docs.github.com, "Workflow commands for GitHub Actions"; for the
//! escaping `toolkit/packages/core/src/command.ts`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::Reporter;
use super::problem::problem;
use crate::run::event::{CaseReport, RunEvent};

/// How many annotations of a kind GitHub shows for a step.
const ANNOTATIONS: usize = 10;
/// How many bytes of an annotation are written. GitHub cuts after 4096.
const MESSAGE: usize = 4000;

/// Wraps another report that goes to the same stream: what that one writes is
/// between two lines that GitHub takes no commands between. The annotations
/// come after it.
#[derive(Debug)]
pub struct GitHub<R, W> {
    console: R,
    to: W,
    folder: PathBuf,
    token: String,
    failed: Vec<String>,
    left_out: usize,
}

impl<R: Reporter, W: Write> GitHub<R, W> {
    /// Annotations go to `to`, after what `console` writes there. `folder` is
    /// where the paths of scenario files start, seen from the repository.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new(console: R, to: W, folder: &Path) -> io::Result<GitHub<R, W>> {
        Ok(GitHub {
            console,
            to,
            folder: folder.to_owned(),
            token: token()?,
            failed: Vec::new(),
            left_out: 0,
        })
    }

    fn note(&mut self, report: &CaseReport) {
        let Some(problem) = problem(report) else {
            return;
        };
        if self.failed.len() == ANNOTATIONS {
            self.left_out += 1;
            return;
        }
        let file = self.folder.join(&report.case.file);
        let mut command = format!(
            "::error file={},line={}",
            property(&file.to_string_lossy()),
            problem.line
        );
        if let Some(column) = problem.column {
            command += &format!(",col={column}");
        }
        let title = format!("{}: {}", report.case.id, problem.title);
        command += &format!(
            ",title={}::{}",
            property(cut(&title, MESSAGE / 4)),
            data(cut(&problem.text, MESSAGE))
        );
        self.failed.push(command);
    }

    fn annotate(&mut self) -> io::Result<()> {
        if self.left_out > 0 {
            // One of the ten says how many there are besides.
            self.failed.truncate(ANNOTATIONS - 1);
            let rest = self.left_out + 1;
            self.failed.push(format!(
                "::error title={rest} more cases failed::{}",
                data(&format!(
                    "GitHub shows {ANNOTATIONS} annotations a step. {rest} more cases failed; the log and the summary have them all."
                ))
            ));
        }
        for command in &self.failed {
            writeln!(self.to, "{command}")?;
        }
        Ok(())
    }
}

impl<R: Reporter, W: Write> Reporter for GitHub<R, W> {
    fn event(&mut self, event: &RunEvent) -> io::Result<()> {
        if let RunEvent::RunStarted { .. } = event {
            writeln!(self.to, "::stop-commands::{}", self.token)?;
            self.to.flush()?;
        }
        if let RunEvent::CaseFinished(report) = event {
            self.note(report);
        }
        self.console.event(event)?;
        if let RunEvent::RunFinished { .. } = event {
            writeln!(self.to, "::{}::", self.token)?;
            self.annotate()?;
            self.to.flush()?;
        }
        Ok(())
    }
}

/// What ends the part without commands: nothing that a daemon could guess.
fn token() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The beginning of a text, of at most so many bytes, in whole characters.
fn cut(text: &str, bytes: usize) -> &str {
    let ends = text.char_indices().map(|(start, c)| start + c.len_utf8());
    let end = ends.take_while(|end| *end <= bytes).last().unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::case::outcome::Verdict;

    /// A console that repeats what a daemon wrote.
    struct Hostile<'a>(&'a std::cell::RefCell<Vec<u8>>);

    impl Reporter for Hostile<'_> {
        fn event(&mut self, event: &RunEvent) -> io::Result<()> {
            if let RunEvent::CaseFinished(_) = event {
                self.0.borrow_mut().extend(b"::warning::from a daemon\n");
            }
            Ok(())
        }
    }

    struct Shared<'a>(&'a std::cell::RefCell<Vec<u8>>);

    impl Write for Shared<'_> {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(data)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn github(events: &[RunEvent]) -> String {
        let to = std::cell::RefCell::new(Vec::new());
        let mut report = GitHub::new(Hostile(&to), Shared(&to), Path::new("sub"))
            .expect("there are random bytes");
        for event in events {
            report.event(event).expect("a vector takes everything");
        }
        String::from_utf8(to.into_inner()).expect("it is UTF-8")
    }

    /// What a runner takes as commands.
    fn commands(text: &str) -> Vec<&str> {
        let mut stopped: Option<String> = None;
        let mut found = Vec::new();
        for line in text.lines().map(str::trim_start) {
            match &stopped {
                Some(token) if line == format!("::{token}::") => stopped = None,
                Some(_) => {}
                None => match line.strip_prefix("::stop-commands::") {
                    Some(token) => stopped = Some(token.to_owned()),
                    None if line.starts_with("::") => found.push(line),
                    None => {}
                },
            }
        }
        assert_eq!(stopped, None, "commands are on again at the end");
        found
    }

    #[test]
    fn what_is_not_good_is_annotated_and_no_daemon_commands_anything() {
        let text = github(&sample::run());
        assert!(text.contains("::warning::from a daemon"), "it was tried");
        let commands = commands(&text);
        assert_eq!(commands.len(), 5, "{commands:#?}");
        assert_eq!(
            commands[0],
            "::error file=sub/a.yaml,line=11,col=22,\
             title=a.yaml%3A%3Afailed%3A process `daemon`%3A umask::\
             error: process `daemon`: umask%0A  --> a.yaml:11:22"
        );
    }

    #[test]
    fn the_tenth_of_more_annotations_stands_for_the_rest() {
        let failing: Vec<RunEvent> = sample::run()
            .into_iter()
            .filter(|event| {
                matches!(event, RunEvent::CaseFinished(report)
                    if matches!(report.verdict, Verdict::Failed { .. }))
            })
            .collect();
        let events = sample::run();
        let (first, last) = (&events[0], &events[events.len() - 1]);
        for (cases, annotations, more) in [
            (10, 10, None),
            (11, 10, Some("2 more")),
            (25, 10, Some("16 more")),
        ] {
            let mut run = vec![first.clone()];
            run.extend(std::iter::repeat_n(failing[0].clone(), cases));
            run.push(last.clone());
            let text = github(&run);
            let commands = commands(&text);
            assert_eq!(commands.len(), annotations, "{cases}");
            let said = commands[9].starts_with("::error title=");
            assert_eq!(said, more.is_some(), "{cases}");
            if let Some(more) = more {
                assert!(commands[9].contains(more), "{}", commands[9]);
            }
        }
    }

    #[test]
    fn two_runs_have_two_tokens() {
        let one = token().expect("there are random bytes");
        assert_eq!(one.len(), 32);
        assert_ne!(one, token().expect("there are random bytes"));
    }

    #[test]
    fn nothing_leaves_its_place() {
        assert_eq!(data("50%\r\n::error::x"), "50%25%0D%0A::error::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
        assert_eq!(cut("aé", 2), "a");
    }
}
