//! `daemonlab list`: the cases that `run` would run.

use std::io::Write;

use serde::Serialize;

use crate::case::planned::{CaseName, name_of};
use crate::report::outlet::Outlet;
use crate::run::planner::worlds_of;
use crate::scenario::Case;
use crate::world::WorldKind;

use super::args::{Format, ListArgs};
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
    let cases = in_worlds(&chosen.cases, args.world.worlds());
    let mut out = Outlet::new(std::io::stdout().lock());
    let lines: Vec<String> = match args.format {
        Format::Ids => cases.iter().map(|(_, case)| case.id.clone()).collect(),
        Format::Table => table(&cases),
        Format::Json => cases.iter().map(json).collect(),
    };
    for line in lines {
        writeln!(out, "{line}").map_err(|error| {
            Halt::new(
                ExitStatus::Internal,
                format!("cannot write to stdout: {error}"),
            )
        })?;
    }
    Ok(ExitStatus::Passed)
}

/// Each case once for each world, by the name that it has there.
fn in_worlds(cases: &[Case], worlds: &[WorldKind]) -> Vec<(WorldKind, Case)> {
    let named = |case: &Case, world: WorldKind| Case {
        id: world.name_of(&case.id),
        ..case.clone()
    };
    let each = cases.iter().flat_map(|case| {
        let worlds = worlds_of(case, worlds).iter();
        worlds.map(move |world| (*world, named(case, *world)))
    });
    each.collect()
}

fn json((world, case): &(WorldKind, Case)) -> String {
    let line = Line {
        case: CaseName {
            world: *world,
            ..name_of(case)
        },
        tags: case.tags.clone(),
        requires: case
            .requires
            .iter()
            .map(|capability| capability.name())
            .collect(),
    };
    serde_json::to_string(&line).expect("text, numbers and lists are always JSON")
}

/// Columns of equal width, with a line that names them.
fn table(cases: &[(WorldKind, Case)]) -> Vec<String> {
    let mut rows = vec![["ID", "REQUIRES", "TAGS", "WHERE"].map(str::to_owned)];
    rows.extend(cases.iter().map(|(_, case)| {
        let requires: Vec<&str> = case.requires.iter().map(|c| c.name()).collect();
        let name = name_of(case);
        [
            case.id.clone(),
            requires.join(","),
            case.tags.join(","),
            format!("{}:{}", name.file.display(), name.line),
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..3).filter_map(width).collect();
    rows.iter()
        .map(|[id, requires, tags, place]| {
            let (a, b, c) = (widths[0], widths[1], widths[2]);
            format!("{id:a$}  {requires:b$}  {tags:c$}  {place}")
        })
        .collect()
}
