//! `daemonlab list`: the cases that `run` would run.

use std::io::Write;

use serde::Serialize;

use crate::report::outlet::Outlet;
use crate::run::event::CaseName;
use crate::run::plan::name_of;
use crate::scenario::Case;

use super::args::ListArgs;
use super::chosen::{Halt, choose};
use super::exit_status::ExitStatus;

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    case: CaseName,
    tags: Vec<String>,
    requires: Vec<&'static str>,
}

/// Writes the id of each chosen case, or an object about it, to stdout.
///
/// # Errors
/// As [`choose`], and 70 if stdout cannot be written to.
pub fn list(args: &ListArgs) -> Result<ExitStatus, Halt> {
    let chosen = choose(&args.choice)?;
    let mut out = Outlet::new(std::io::stdout().lock());
    for case in &chosen.cases {
        let line = if args.json {
            json(case)
        } else {
            case.id.clone()
        };
        writeln!(out, "{line}").map_err(|error| {
            Halt::new(
                ExitStatus::Internal,
                format!("cannot write to stdout: {error}"),
            )
        })?;
    }
    Ok(ExitStatus::Passed)
}

fn json(case: &Case) -> String {
    let line = Line {
        case: name_of(case),
        tags: case.tags.clone(),
        requires: case
            .requires
            .iter()
            .map(|capability| capability.name())
            .collect(),
    };
    serde_json::to_string(&line).expect("text, numbers and lists are always JSON")
}
