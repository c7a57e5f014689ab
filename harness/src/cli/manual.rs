//! `daemonlab schema`, `completions` and `man`: what is made of the
//! definitions of the format and of the command line.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Args;
use super::chosen::Halt;
use super::exit_status::ExitStatus;
use crate::report::outlet::Outlet;
use crate::scenario;

/// Prints the JSON Schema of scenario files.
pub(super) fn schema() -> Result<ExitStatus, Halt> {
    print(format!("{:#}\n", scenario::schema()).as_bytes())
}

/// Prints completions for a shell.
pub(super) fn completions(shell: Shell) -> Result<ExitStatus, Halt> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "daemonlab", &mut text);
    print(&text)
}

/// Prints the man page, with a section for each subcommand.
pub(super) fn man() -> Result<ExitStatus, Halt> {
    let mut text = Vec::new();
    write_man(&mut text).map_err(|error| unwritable(&error))?;
    print(&text)
}

fn write_man(to: &mut Vec<u8>) -> io::Result<()> {
    let mut command = Args::command();
    command.build();
    let man = Man::new(command.clone());
    man.render_title(to)?;
    man.render_name_section(to)?;
    man.render_synopsis_section(to)?;
    man.render_description_section(to)?;
    man.render_options_section(to)?;
    for sub in command.get_subcommands() {
        let mut section = Vec::new();
        let man = Man::new(sub.clone());
        man.render_synopsis_section(&mut section)?;
        man.render_description_section(&mut section)?;
        man.render_options_section(&mut section)?;
        // One page for all: what would be sections of its own are parts here.
        let section = String::from_utf8_lossy(&section).replace("\n.SH ", "\n.SS ");
        writeln!(to, ".SH {}\n{section}", sub.get_name().to_uppercase())?;
    }
    man.render_extra_section(to)
}

fn print(text: &[u8]) -> Result<ExitStatus, Halt> {
    Outlet::new(io::stdout().lock())
        .write_all(text)
        .map_err(|error| unwritable(&error))?;
    Ok(ExitStatus::Passed)
}

fn unwritable(error: &io::Error) -> Halt {
    Halt::new(
        ExitStatus::Internal,
        format!("cannot write to stdout: {error}"),
    )
}
