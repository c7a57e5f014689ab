//! The book is true: every block of every page is executed, and output that it
//! shows is what came out.
//!
//! A page is a test. Its blocks are carried out in order, in a folder of their
//! own that begins empty:
//!
//! | fence | what is done |
//! |---|---|
//! | `console` | each line that begins with `$ ` is a command for `sh`, those that begin with `> ` belong to it; what follows is its whole output, in which `...` and `[..]` stand for anything; times, PIDs and the number of jobs may be others. One that fails has to be followed by `$ echo $?` |
//! | any, with `file=PATH` | the block is that file, which a later command has to name |
//! | `yaml,run` | a scenario: it has to pass against `labd` |
//! | `yaml,fails` | a scenario: it has to fail against `labd` |
//! | `yaml,before` | a scenario that has to pass, and stands before the steps that follow |
//! | `yaml,steps` | steps, put behind that scenario: they have to pass |
//! | `yaml,workflow` | a workflow of GitHub Actions: each of its commands that calls daemonlab has to be a command of the page |
//! | `rust` | compiled, and run unless `no_run`, as a doctest: the page has to be named in a `book.rs` |
//! | `text,figure` | a drawing |
//!
//! Any other block is a mistake, unless a comment before it says
//! `<!-- not executed: REASON -->`: it is shown as an ignored test then.
//! `<!-- needs: subuid -->` on a page names what the machine must offer besides
//! user namespaces, `<!-- with: scenarios -->` puts that folder of the repository
//! into the page's.
//!
//! `DAEMONLAB_BLESS=1` writes the output of commands that shows something else.

mod console;
mod links;
mod page;
mod scenario;
mod scratch;
mod workflow;

use std::process::ExitCode;

use daemonlab_harness::scenario::Capability;
use daemonlab_harness::world::real::probe;
use libtest_mimic::{Arguments, Failed, Trial};

use page::{Kind, Page};
use scratch::Scratch;

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let mut trials = vec![
        Trial::test("every page has its line in the summary", || {
            all(links::summary())
        }),
        Trial::test("every link leads somewhere", || all(links::links())),
        Trial::test("every path of the repository is there", || {
            all(links::paths())
        }),
    ];
    let missing = missing();
    for page in page::all() {
        match page {
            Ok(page) => add(&mut trials, page, &missing),
            Err(mistake) => trials.push(Trial::test("a page", move || Err(mistake.into()))),
        }
    }
    libtest_mimic::run(&args, trials).exit_code()
}

/// What this machine lacks and nobody requires, with the reason.
fn missing() -> Vec<(Capability, String)> {
    let required = std::env::var("DAEMONLAB_REQUIRE").unwrap_or_default();
    let required: Vec<&str> = required.split(',').collect();
    let probe = probe::probe(env!("CARGO_BIN_EXE_daemonlab").as_ref());
    let missing = Capability::ALL.into_iter().filter_map(|capability| {
        let stage = probe.why_not(capability)?;
        Some((capability, format!("{} fails", stage.name)))
    });
    missing
        .filter(|(capability, _)| {
            !required.contains(&"all") && !required.contains(&capability.name())
        })
        .collect()
}

fn add(trials: &mut Vec<Trial>, page: Page, missing: &[(Capability, String)]) {
    for block in &page.blocks {
        if let Kind::NotExecuted(reason) = &block.kind {
            let name = format!("{}:{}: not executed: {reason}", page.name, block.line);
            trials.push(Trial::test(name, || Ok(())).with_ignored_flag(true));
        }
    }
    let lacks = missing
        .iter()
        .find(|(capability, _)| page.needs.contains(capability));
    let name = match lacks {
        Some((capability, why)) => format!("{} (requires `{capability}`: {why})", page.name),
        None => page.name.clone(),
    };
    let ignored = lacks.is_some();
    trials.push(Trial::test(name, move || execute(&page)).with_ignored_flag(ignored));
}

/// Carries a page out. A block that goes wrong does not keep the others from
/// being tried.
fn execute(page: &Page) -> Result<(), Failed> {
    let scratch = Scratch::new(page)?;
    let mut mistakes = Vec::new();
    for block in &page.blocks {
        let result = match &block.kind {
            Kind::Console => console::run(&scratch, page, block),
            Kind::File(path) => scratch.write(path, &block.text),
            Kind::Run | Kind::Before => scenario::run(&scratch, block, &block.text, 0),
            Kind::Fails => scenario::run(&scratch, block, &block.text, 1),
            Kind::Steps => scenario::steps(&scratch, page, block),
            Kind::Workflow => workflow::check(page, block),
            // Doctests, drawings, and what a trial of its own tells of.
            Kind::Rust | Kind::Figure | Kind::NotExecuted(_) => Ok(()),
        };
        mistakes.extend(
            result
                .err()
                .map(|mistake| format!("{}:{}: {mistake}", page.path.display(), block.line)),
        );
    }
    all(mistakes)
}

fn all(mistakes: Vec<String>) -> Result<(), Failed> {
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(mistakes.join("\n\n").into()),
    }
}
