//! What `new` takes.

use std::path::PathBuf;

use clap::ValueEnum;

use super::choice::DEFAULT_PATH;

pub(super) fn new_help() -> String {
    "\
Examples:
  daemonlab new first
          Write `scenarios/first.yaml`, and run it: daemonlab run scenarios/first.yaml
  daemonlab new stop --template lifecycle"
        .to_owned()
}

/// Write a scenario.
#[derive(Clone, Debug, clap::Args)]
pub struct NewArgs {
    /// What it is called: its file is `NAME.yaml`
    pub name: String,

    /// What it begins with
    #[arg(
        long,
        value_name = "TEMPLATE",
        value_enum,
        default_value_t,
        env = "DAEMONLAB_TEMPLATE"
    )]
    pub template: Template,

    /// The folder that it is written to, which is made if it is not there
    #[arg(long, value_name = "DIR", default_value = DEFAULT_PATH, env = "DAEMONLAB_DIR")]
    pub dir: PathBuf,
}

/// What a scenario begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// A daemon that detaches: PID file, session, terminal, descriptors
    #[default]
    Detach,
    /// Stopping a daemon by signals, a case a signal
    Lifecycle,
    /// A start-up that a fault makes fail
    Fault,
}
