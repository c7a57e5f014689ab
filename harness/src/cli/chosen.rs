//! From paths and filters to cases, for `run` and `list`.

use std::io::{self, Write};
use std::path::PathBuf;

use annotate_snippets::Renderer;

use crate::run::select::{self, Filter, SelectError};
use crate::scenario::{Case, Diagnostics};

use super::args::{Choice, DEFAULT_PATH};
use super::exit_status::ExitStatus;

/// Why a command does not go on: what is said on stderr, and the exit status.
#[derive(Debug)]
pub struct Halt {
    /// The exit status.
    pub status: ExitStatus,
    /// What is said, maybe with ANSI colours.
    pub message: String,
}

impl Halt {
    /// A halt with `error: ` before the message.
    pub fn new(status: ExitStatus, message: impl std::fmt::Display) -> Halt {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        Halt {
            status,
            message: format!("{red}error{red:#}: {message}"),
        }
    }

    /// Says it.
    ///
    /// # Errors
    /// If stderr is closed.
    pub fn print(&self) -> io::Result<()> {
        writeln!(anstream::stderr(), "{}", self.message)
    }
}

impl From<&Diagnostics> for Halt {
    fn from(diagnostics: &Diagnostics) -> Halt {
        Halt {
            status: ExitStatus::InvalidFile,
            message: diagnostics.render(&Renderer::styled()),
        }
    }
}

impl From<SelectError> for Halt {
    fn from(error: SelectError) -> Halt {
        match error {
            SelectError::Unreadable(..) => Halt::new(ExitStatus::Usage, error),
            SelectError::Invalid(files) => {
                let messages: Vec<String> =
                    files.iter().map(|file| Halt::from(file).message).collect();
                Halt {
                    status: ExitStatus::InvalidFile,
                    message: messages.join("\n\n"),
                }
            }
        }
    }
}

/// The cases that were chosen, out of those that there are.
#[derive(Debug)]
pub struct Chosen {
    /// The chosen ones, in the order of their ids and within a file of its rows.
    pub cases: Vec<Case>,
    /// How many were selected before a partition took its part of them.
    pub selected: usize,
    /// The ids of all cases of the files that were read.
    pub ids: Vec<String>,
}

/// Reads the files and picks the cases that are meant.
///
/// # Errors
/// Exit status 2 for a path that is not there, 3 for files that are not valid,
/// 4 if no case is meant.
pub fn choose(choice: &Choice) -> Result<Chosen, Halt> {
    let paths = if choice.paths.is_empty() {
        vec![PathBuf::from(DEFAULT_PATH)]
    } else {
        choice.paths.clone()
    };
    if choice.paths.is_empty() && !paths[0].exists() {
        return Err(Halt::new(
            ExitStatus::Usage,
            format!(
                "there is no folder `{DEFAULT_PATH}` here\n  = help: name scenario files or folders: `daemonlab run path/to/scenarios`"
            ),
        ));
    }
    let files = select::find(&paths)?;
    let shown: Vec<String> = paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    let shown = shown.join(", ");
    if files.is_empty() {
        return Err(Halt::new(
            ExitStatus::NothingSelected,
            format!(
                "there is no scenario file in {shown}\n  = help: scenario files end in `.yaml` or `.yml`"
            ),
        ));
    }
    let scenarios = select::load(&files)?;
    let all: Vec<Case> = scenarios
        .into_iter()
        .flat_map(|scenario| scenario.cases)
        .collect();
    let ids: Vec<String> = all.iter().map(|case| case.id.clone()).collect();
    let filter = Filter {
        substrings: choice.filter.clone(),
        exact: choice.exact.clone(),
        skip: choice.skip.clone(),
        tags: choice.tag.clone(),
    };
    let selected: Vec<Case> = all
        .into_iter()
        .filter(|case| filter.lets_through(case))
        .collect();
    let count = selected.len();
    let cases: Vec<Case> = selected
        .into_iter()
        .enumerate()
        .filter(|(index, case)| {
            choice
                .partition
                .is_none_or(|part| part.has(*index, &case.id))
        })
        .map(|(_, case)| case)
        .collect();
    if cases.is_empty() {
        return Err(Halt::new(
            ExitStatus::NothingSelected,
            nothing(choice, &ids, &shown),
        ));
    }
    Ok(Chosen {
        cases,
        selected: count,
        ids,
    })
}

fn nothing(choice: &Choice, ids: &[String], paths: &str) -> String {
    let count = ids.len();
    let mut message = format!("none of the {count} cases in {paths} was selected");
    let nearest = choice.exact.iter().find_map(|exact| {
        let near = ids.iter().map(|id| (strsim::jaro_winkler(exact, id), id));
        near.max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(score, _)| *score > 0.8)
    });
    match nearest {
        Some((_, id)) => message += &format!("\n  = help: did you mean `--exact '{id}'`?"),
        None => {
            message += "\n  = help: `daemonlab list` shows the cases and takes the same filters"
        }
    }
    message
}
