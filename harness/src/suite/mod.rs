//! Scenario files as tests of `cargo test` and `cargo nextest run`.
//!
//! A test target without Rust's own harness is one line:
//!
//! ```toml
//! [[test]]
//! name = "scenarios"
//! harness = false
//! ```
//!
//! ```no_run
//! daemonlab_harness::scenarios!("scenarios");
//! ```
//!
//! - [`Suite`]: which scenarios, and against which program;
//! - `cases`: from the files to a test for each case;
//! - `trial`: one test.

mod cases;
mod hook;
mod options;
mod trial;

pub use cases::main;
pub use hook::hook;
pub use options::Suite;

pub use crate::cli::args::Where;

/// The `main` of a test target whose tests are the cases of scenario files.
///
/// - `root` (the name may be left out): the folder of the scenario files, from
///   the folder of `Cargo.toml`;
/// - `target` (optional): the program that `${target}` stands for, such as
///   `env!("CARGO_BIN_EXE_my-server")`; without it, the embedded `labd`;
/// - `profile` (optional): how that program is known to deviate, from the
///   folder of `Cargo.toml`;
/// - `world` (optional): `Real`, `Sim` or `Both`, see [`Where`]; the variable
///   `DAEMONLAB_WORLD` overrides it. A case in the simulated world has ` [sim]`
///   at the end of its name;
/// - `simulated` (optional): what the target is in the simulated world, a
///   function that takes [`Sys`](daemonlab::sim::Sys) and gives the exit status.
///
/// A case that requires what this machine lacks is ignored, unless the variable
/// `DAEMONLAB_REQUIRE` names it (`userns`, `subuid`, `ptrace`,
/// `virtual-time`, `sim`, `all`; several separated by commas): then it fails.
///
/// ```no_run
/// daemonlab_harness::scenarios!(
///     root = "tests/scenarios",
///     target = "/usr/sbin/nginx",
///     profile = "tests/nginx.profile.yaml",
/// );
/// ```
#[macro_export]
macro_rules! scenarios {
    (root = $root:expr $(, $($option:tt)*)?) => {
        $crate::scenarios!($root $(, $($option)*)?);
    };
    (
        $root:expr $(, target = $target:expr)? $(, profile = $profile:expr)?
        $(, world = $world:ident)? $(, simulated = $program:expr)? $(,)?
    ) => {
        fn main() -> ::std::process::ExitCode {
            let suite = $crate::suite::Suite::new(env!("CARGO_MANIFEST_DIR"), $root);
            $(let suite = suite.target($target);)?
            $(let suite = suite.profile($profile);)?
            $(let suite = suite.world($crate::suite::Where::$world);)?
            $(let suite = suite.simulated($program);)?
            $crate::suite::main(&suite)
        }
    };
}
