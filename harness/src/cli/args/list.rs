//! What `list` takes.

use clap::ValueEnum;

use super::choice::Choice;
use super::world::Where;

/// Show cases.
#[derive(Clone, Debug, clap::Args)]
pub struct ListArgs {
    /// Which cases.
    #[command(flatten)]
    pub choice: Choice,

    /// Where they would run: each case is shown once for each world
    #[arg(
        long,
        value_name = "WORLD",
        value_enum,
        default_value_t,
        env = "DAEMONLAB_WORLD"
    )]
    pub world: Where,

    /// How they are shown
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        env = "DAEMONLAB_LIST_FORMAT"
    )]
    pub format: Format,
}

/// How cases are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// An id a line, as `--exact` and profiles take it
    #[default]
    Ids,
    /// A line a case with what it requires, its tags, and where it is
    Table,
    /// One JSON object a line: id, file, line, tags, requires
    Json,
}
