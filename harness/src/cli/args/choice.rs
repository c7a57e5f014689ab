//! Which cases are meant: what `run` and `list` share.

use std::path::PathBuf;

use crate::run::partition::Partition;

/// Where scenarios are looked for if no path is given.
pub const DEFAULT_PATH: &str = "scenarios";

/// Which cases are meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Choice {
    /// Scenario files, and folders with such files [default: scenarios]
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,

    /// Only cases whose id has TEXT in it; several: any of them
    #[arg(
        short,
        long,
        value_name = "TEXT",
        env = "DAEMONLAB_FILTER",
        help_heading = "Which cases"
    )]
    pub filter: Vec<String>,

    /// Only the case with this id; several: any of them
    #[arg(
        long,
        value_name = "ID",
        env = "DAEMONLAB_EXACT",
        help_heading = "Which cases"
    )]
    pub exact: Vec<String>,

    /// No case whose id has TEXT in it
    #[arg(
        long,
        value_name = "TEXT",
        env = "DAEMONLAB_SKIP",
        help_heading = "Which cases"
    )]
    pub skip: Vec<String>,

    /// Only cases with this tag; several: any of them
    #[arg(
        long,
        value_name = "TAG",
        env = "DAEMONLAB_TAG",
        help_heading = "Which cases"
    )]
    pub tag: Vec<String>,

    /// Only a part of what is selected, for machines that share the work: `slice:1/3` takes every
    /// third case, `hash:1/3` goes by the id, so that a case stays where it is when others come
    #[arg(
        long,
        value_name = "PART",
        env = "DAEMONLAB_PARTITION",
        help_heading = "Which cases"
    )]
    pub partition: Option<Partition>,
}
