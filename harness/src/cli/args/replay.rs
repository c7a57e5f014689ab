//! What `replay` takes.

use std::num::NonZeroU32;
use std::path::PathBuf;

use super::world::Where;
use crate::cli::exit_status;

pub(super) fn replay_help() -> String {
    format!(
        "\
The schedule says which scenario, case and target it is about. It is followed by names: which
process, which of its visible calls. A program that has changed a little is still followed; what
was adapted is said, and where it cannot be followed, which call was expected and which came.

Examples:
  daemonlab replay target/daemonlab/ready.yaml.schedule
  daemonlab replay --times 100 target/daemonlab/ready.yaml.schedule
  daemonlab replay --target ./my-server-fixed ready.yaml.schedule
  daemonlab replay --world sim target/daemonlab/ready.yaml.common.schedule

A schedule that was found for a program of both worlds is also written to a file of its own, in words
that are the same in both: that one can be run again in the other world. It is followed step by step
there. Where the worlds differ, it is said which call was expected and which came, and it is then
followed as far as it makes sense.

Exit status 1 says that it was reproduced, at least once; 0, that it never was.

{}",
        exit_status::TABLE
    )
}

/// Run a schedule again.
#[derive(Clone, Debug, clap::Args)]
pub struct ReplayArgs {
    /// The schedule
    #[arg(value_name = "FILE")]
    pub schedule: PathBuf,

    /// How many times
    #[arg(long, value_name = "N", default_value = "1", env = "DAEMONLAB_TIMES")]
    pub times: NonZeroU32,

    /// Where: a schedule in words of both worlds can be run in each [default: where it was found]
    #[arg(long, value_name = "WORLD", value_enum, env = "DAEMONLAB_WORLD")]
    pub world: Option<Where>,

    /// Another program than the one that the schedule names
    #[arg(short, long, value_name = "PROGRAM", env = "DAEMONLAB_TARGET")]
    pub target: Option<String>,
}
