//! `daemonlab new`: scenarios to begin with.

use std::fs::{self, File};
use std::io::{self, Write};

use super::args::{NewArgs, Template};
use super::chosen::Halt;
use super::exit_status::ExitStatus;

const DETACH: &str = include_str!("../../templates/detach.yaml");
const LIFECYCLE: &str = include_str!("../../templates/lifecycle.yaml");
const FAULT: &str = include_str!("../../templates/fault.yaml");

/// Writes a scenario, and says how to run it.
///
/// # Errors
/// Exit status 2 if there is such a file, or it cannot be written.
pub(super) fn new(args: &NewArgs) -> Result<ExitStatus, Halt> {
    let name = args.name.trim_end_matches(".yaml");
    let well_formed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(well_formed) {
        return Err(Halt::new(
            ExitStatus::Usage,
            format!(
                "`{}` is no name for a scenario\n  = help: use letters, digits, `-` and `_`; `--dir` says where",
                args.name
            ),
        ));
    }
    let path = args.dir.join(format!("{name}.yaml"));
    let shown = path.display();
    let text = match args.template {
        Template::Detach => DETACH,
        Template::Lifecycle => LIFECYCLE,
        Template::Fault => FAULT,
    };
    let written = fs::create_dir_all(&args.dir)
        .and_then(|()| File::create_new(&path))
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Halt::new(
                ExitStatus::Usage,
                format!("there is `{shown}` already\n  = help: take another name"),
            ));
        }
        Err(error) => {
            return Err(Halt::new(
                ExitStatus::Usage,
                format!("cannot write `{shown}`: {error}"),
            ));
        }
    }
    // Whoever closed stdout has no use for the hint.
    let _ = writeln!(
        io::stdout(),
        "wrote `{shown}`; run it with: daemonlab run {shown}"
    );
    Ok(ExitStatus::Passed)
}
