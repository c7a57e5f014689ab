//! `daemonlab merge-junit`: the reports of several machines as one.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use quick_junit::Report;

use super::args::MergeArgs;
use super::chosen::Halt;
use super::exit_status::ExitStatus;
use crate::report::merge;
use crate::report::outlet::Outlet;

/// Reads the reports, and writes the one that they make.
///
/// # Errors
/// Exit status 2 for a file that cannot be read or written, 3 for one that is
/// no report and for reports that do not make a whole, 70 if stdout cannot be
/// written to.
pub(super) fn merge(args: &MergeArgs) -> Result<ExitStatus, Halt> {
    let read = |path: &std::path::PathBuf| -> Result<(String, Report), Halt> {
        Ok((path.display().to_string(), self::read(path)?))
    };
    let reports: Result<Vec<_>, Halt> = args.files.iter().map(read).collect();
    let merged =
        merge::merge(reports?).map_err(|error| Halt::new(ExitStatus::InvalidFile, error))?;
    let text = merged
        .to_string()
        .map_err(|error| Halt::new(ExitStatus::Internal, error))?;
    match &args.output {
        Some(path) => write(path, &text).map_err(|error| {
            let shown = path.display();
            Halt::new(
                ExitStatus::Usage,
                format!("cannot write to `{shown}`: {error}"),
            )
        })?,
        None => Outlet::new(io::stdout().lock())
            .write_all(text.as_bytes())
            .map_err(|error| {
                Halt::new(
                    ExitStatus::Internal,
                    format!("cannot write to stdout: {error}"),
                )
            })?,
    }
    Ok(ExitStatus::Passed)
}

fn read(path: &Path) -> Result<Report, Halt> {
    let shown = path.display();
    let file = File::open(path)
        .map_err(|error| Halt::new(ExitStatus::Usage, format!("cannot read `{shown}`: {error}")))?;
    Report::deserialize(BufReader::new(file)).map_err(|error| {
        Halt::new(
            ExitStatus::InvalidFile,
            format!(
                "`{shown}` is no JUnit report: {error}\n  = help: `daemonlab run --report-junit FILE` writes one"
            ),
        )
    })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), fs::create_dir_all)?;
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(text.as_bytes())?;
    file.flush()
}
