//! The simulated kernel held against the real one: random programs of system
//! calls run in both and have to agree on every answer.
//!
//! | file | topic |
//! |---|---|
//! | `program`, `generate` | programs as data; random ones |
//! | `scenery` | the files and rules that both worlds begin with |
//! | `interpret`, `descriptors`, `told` | the one interpreter, generic over the system; what it knows; answers as text |
//! | `simulated` | a program in the simulation |
//! | `real` | a program on the kernel, in a sandbox |
//! | `branches` | a program for each reason to refuse a call |
//! | `trace`, `agree`, `census` | what happened; whether it is the same; what the programs are worth |
//! | `lie` | seeded mistakes |
//!
//! `DAEMONLAB_PARITY_PROGRAMS` and `DAEMONLAB_PARITY_SEED` choose how many
//! programs run and which; `ci/parity` sets them.
//!
//! # What is left out
//!
//! - The terminal, but for the programs in `branches` that are about it.
//! - Owner and mode of what is not the sandbox's own: `/dev/null`, a pidfd.
//! - What no kernel promises: programs end where the order in which several
//!   processes go on by themselves would make a difference.

mod agree;
mod branches;
mod census;
mod descriptors;
mod generate;
mod interpret;
mod lie;
mod program;
mod real;
mod scenery;
mod simulated;
mod told;
mod trace;

use std::ffi::OsString;
use std::process::ExitCode;

use agree::{Agreed, Outcome, Parity};
use census::Census;
use libtest_mimic::{Arguments, Failed, Trial};
use lie::Lie;
use real::Sandbox;
use scenery::Range;
use simulated::{Order, simulate};

/// How many programs the ordinary tests run.
const PROGRAMS: u64 = 300;
/// The seed of the ordinary tests.
const SEED: u64 = 4;

fn main() -> ExitCode {
    if std::env::var_os(real::INSIDE).is_some() {
        let status = real::inside(|range| {
            branches::run_inside(range).unwrap_or_else(|| hold_programs_against_the_kernel(range))
        });
        return ExitCode::from(u8::try_from(status).unwrap_or(1));
    }
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials()).exit_code()
}

fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("every_modelled_errno_is_counted", || {
        match census::errnos_that_are_not_counted() {
            unknown if unknown.is_empty() => Ok(()),
            unknown => Err(format!("not in the census: {unknown:?}").into()),
        }
    })];
    trials.extend(branches::in_the_simulation());
    trials.extend(branches::on_the_kernel());
    let name = "random_programs_do_the_same_in_both_worlds";
    let sandbox = match Sandbox::new() {
        Ok(sandbox) => sandbox,
        Err(reason) => {
            trials.push(left_out(name, &reason));
            return trials;
        }
    };
    if let Some(reason) = &sandbox.without_ids {
        trials.push(left_out("programs_with_many_ids", reason));
    }
    trials.push(Trial::test(name, move || {
        let output = sandbox.run(&[] as &[OsString])?;
        let text = String::from_utf8_lossy(&output.stdout);
        match output.status.success() {
            true => {
                print!("{text}");
                Ok(())
            }
            false => Err(Failed::from(format!(
                "{}\n{text}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            ))),
        }
    }));
    trials
}

/// A test that cannot run here: ignored, with the reason, or failed where
/// everything is required.
fn left_out(name: &str, reason: &str) -> Trial {
    let required = std::env::var("DAEMONLAB_REQUIRE").is_ok_and(|names| {
        let mut names = names.split(',').map(str::trim);
        names.any(|name| matches!(name, "all" | "userns" | "subuid"))
    });
    never(name, reason).with_ignored_flag(!required)
}

/// A test that cannot run, whoever wants it to; it fails where it is made to.
fn never(name: &str, reason: &str) -> Trial {
    let why = reason.to_owned();
    Trial::test(format!("{name} ({reason})"), move || Err(why.into())).with_ignored_flag(true)
}

/// What the conductor does: exit status 0 if both worlds agree, the programs
/// are worth something, and show every seeded mistake.
fn hold_programs_against_the_kernel(range: Range) -> i32 {
    let programs = number("DAEMONLAB_PARITY_PROGRAMS").unwrap_or(PROGRAMS);
    let seed = number("DAEMONLAB_PARITY_SEED").unwrap_or(SEED);
    let most = number("DAEMONLAB_PARITY_DISAGREEMENTS").unwrap_or(1);
    let mut parity = Parity::new(range);
    let mut census = Census::default();
    let mut complaints = 0;
    // The mistakes have to be shown by the programs of the short run.
    let mut short = Vec::new();
    for program in 0..programs {
        match parity.check(seed, program) {
            Outcome::Agreed(agreed) => {
                census.count(&agreed);
                if program < PROGRAMS {
                    short.push(agreed);
                }
            }
            Outcome::Unsettled(what) => {
                census.unsettled += 1;
                println!("now this, now that: {what}");
            }
            Outcome::Disagreed(report) => {
                println!("{report}");
                complaints += 1;
                if complaints == most {
                    break;
                }
            }
        }
    }
    println!("{census}");
    if programs >= PROGRAMS && complaints == 0 {
        for complaint in census.complaints(range) {
            println!("the programs are not worth enough: {complaint}");
            complaints += 1;
        }
        complaints += lies_that_are_believed(&parity, &short, range);
    }
    i32::from(complaints > 0)
}

/// How many of the seeded mistakes no program shows.
fn lies_that_are_believed(parity: &Parity, programs: &[Agreed], range: Range) -> u64 {
    let mut believed = 0;
    for lie in Lie::ALL.iter().filter(|lie| lie.can_be_told(range)) {
        let caught = programs.iter().position(|agreed| {
            let told = simulate(
                &parity.scene,
                &agreed.program,
                Order::EldestFirst,
                Some(*lie),
            );
            told.as_ref() != Ok(&agreed.trace)
        });
        match caught {
            Some(number) => println!("seeded mistake {lie:?}: shown by program {number}"),
            None => {
                println!("seeded mistake {lie:?}: shown by none");
                believed += 1;
            }
        }
    }
    println!(
        "{} seeded mistakes, {believed} of them believed",
        Lie::ALL.len()
    );
    believed
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
