//! What `doctor` takes.

use clap::builder::BoolishValueParser;

use super::requirement::Requirement;

pub(super) fn doctor_help() -> String {
    "\
Exit statuses:
    0  everything that is required is there
    5  something is missing
   70  the harness itself could not go on"
        .to_owned()
}

/// Try what sandboxes need.
#[derive(Clone, Debug, clap::Args)]
pub struct DoctorArgs {
    /// What must not be missing, separated by commas
    #[arg(
        long,
        value_name = "CAPABILITY",
        value_delimiter = ',',
        default_value = "all",
        env = "DAEMONLAB_REQUIRE"
    )]
    pub require: Vec<Requirement>,

    /// One JSON object with every stage
    #[arg(long, value_parser = BoolishValueParser::new(), env = "DAEMONLAB_JSON")]
    pub json: bool,
}
