//! Blocks of commands.

use std::fs;

use daemonlab_harness::expect::like;
use regex::Regex;

use super::page::{Block, Page};
use super::scratch::Scratch;

/// A command of a block.
struct Command {
    /// As it is written, prompts included.
    written: String,
    /// As the shell gets it.
    text: String,
    /// What it prints.
    expected: String,
}

/// Runs the commands of a block and compares what they print.
pub fn run(scratch: &Scratch, page: &Page, block: &Block) -> Result<(), String> {
    let commands = commands(&block.text)?;
    let mut mistakes = Vec::new();
    let mut status = 0;
    let mut shown = String::new();
    for (i, command) in commands.iter().enumerate() {
        let (ended, actual) = scratch.sh(&command.text, status)?;
        status = ended;
        let asked = commands
            .get(i + 1)
            .is_some_and(|next| next.text == "echo $?");
        if status != 0 && !asked {
            mistakes.push(format!(
                "`{}` ended with {status}, and no `$ echo $?` comes after it:\n{actual}",
                command.text
            ));
        }
        let same = like(&same_everywhere(&actual), &same_everywhere(&command.expected))
            // No output is no line, and not an empty one.
            && actual.is_empty() == command.expected.is_empty();
        if !same {
            mistakes.push(format!(
                "`{}` prints\n{actual}and the book says\n{}",
                command.text, command.expected
            ));
        }
        shown += &command.written;
        shown += if same { &command.expected } else { &actual };
    }
    if std::env::var_os("DAEMONLAB_BLESS").is_some() && shown != block.text {
        let text = fs::read_to_string(&page.path).map_err(|error| error.to_string())?;
        fs::write(&page.path, text.replacen(&block.text, &shown, 1))
            .map_err(|error| error.to_string())?;
    }
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(mistakes.join("\n")),
    }
}

/// Text without what is another one each time: times, PIDs, the number of jobs.
fn same_everywhere(text: &str) -> String {
    let differs = [
        (r" *\b[0-9]+\.[0-9]{3}s\b", " 0.000s"),
        (r"\bafter [0-9]+\.[0-9] s\b", "after 0.0 s"),
        (r"\b[0-9]+\.[0-9]{3} s\b", "0.000 s"),
        (r"(?m)^ *[0-9]+\.[0-9]{6}  ", "  0.000000  "),
        (r"\bPID [0-9]+", "PID 0"),
        (r"\bon [0-9]+ jobs?\b", "on 1 job"),
    ];
    differs
        .iter()
        .fold(text.to_owned(), |text, (pattern, plain)| {
            let pattern = Regex::new(pattern).expect("it is a pattern");
            pattern.replace_all(&text, *plain).into_owned()
        })
}

fn commands(text: &str) -> Result<Vec<Command>, String> {
    let mut commands: Vec<Command> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push(Command {
                written: line.to_owned(),
                text: command.trim_end().to_owned(),
                expected: String::new(),
            }),
            (None, None) => return Err("it does not begin with a command: `$ `".to_owned()),
            (None, Some(last)) => match line.strip_prefix("> ") {
                Some(more) if last.expected.is_empty() => {
                    last.written += line;
                    last.text += "\n";
                    last.text += more.trim_end();
                }
                _ => last.expected += line,
            },
        }
    }
    match commands.is_empty() {
        true => Err("it has no command".to_owned()),
        false => Ok(commands),
    }
}
