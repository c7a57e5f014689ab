//! Prints one table: what daemonlab does beside what its peers do.
//! `bench DAEMONLAB PINGORA [ROUNDS]`; `run.sh` builds both and calls it.
//!
//! - `rounds`: subjects in turns, and their medians;
//! - `sandbox`: a sandbox made and ended;
//! - `scenario`: complete scenarios, one and a thousand;
//! - `daemon`: a daemon started, from the exec of its launcher;
//! - `table`: the lines, each with the peer and the target that it is held to.

mod daemon;
mod rounds;
mod sandbox;
mod scenario;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use daemonlab_harness::world::real::helper_main;

fn main() -> ExitCode {
    // Sandboxes are made by this executable under another name.
    if let Some(status) = helper_main() {
        return status;
    }
    let mut arguments = std::env::args_os().skip(1);
    let (Some(daemonlab), Some(pingora)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: bench DAEMONLAB PINGORA [ROUNDS]");
        return ExitCode::from(2);
    };
    let daemonlab = PathBuf::from(daemonlab)
        .canonicalize()
        .unwrap_or_else(|error| panic!("daemonlab: {error}"));
    let pingora = PathBuf::from(pingora).canonicalize().ok();
    let count = arguments.next().map_or(200, |count| {
        count.to_string_lossy().parse().expect("ROUNDS is a number")
    });
    let mut table = table::Table::default();
    sandbox::measure(&daemonlab, count, &mut table);
    daemon::measure(pingora.as_deref(), count, &mut table);
    scenario::thousand(&daemonlab, &mut table);
    table.print();
    ExitCode::SUCCESS
}
