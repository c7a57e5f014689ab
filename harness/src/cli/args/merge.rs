//! What `merge-junit` takes.

use std::path::PathBuf;

/// Put JUnit reports together.
#[derive(Clone, Debug, clap::Args)]
pub struct MergeArgs {
    /// The reports: what `run --partition ... --report-junit FILE` wrote, of every part
    #[arg(value_name = "FILES", required = true)]
    pub files: Vec<PathBuf>,

    /// Where the one report goes [default: stdout]
    #[arg(short, long, value_name = "FILE", env = "DAEMONLAB_OUTPUT")]
    pub output: Option<PathBuf>,
}

pub(super) fn merge_help() -> String {
    "\
Examples:
  daemonlab run --partition slice:1/2 --report-junit part-1.xml
  daemonlab run --partition slice:2/2 --report-junit part-2.xml
  daemonlab merge-junit part-1.xml part-2.xml --output junit.xml

Each report says which part it is and of how many cases. What is merged has to be all of them,
each case once: a part that was lost with its machine does not go unnoticed. The exit status says
whether the reports were put together, not how the cases went: `run` has said that.

Exit statuses:
    0  the report is written, and complete
    2  usage: a file that cannot be read or written
    3  a file is no JUnit report of daemonlab's, a case is there twice, or cases are missing
   70  stdout cannot be written to"
        .to_owned()
}
