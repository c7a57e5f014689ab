//! Blocks that are scenarios, or steps of one.

use super::page::{Block, Kind, Page};
use super::scratch::Scratch;

/// Runs a scenario, which has to end with this status.
pub fn run(scratch: &Scratch, block: &Block, text: &str, status: i32) -> Result<(), String> {
    let name = format!("line_{}.yaml", block.line);
    scratch.write(&name, text)?;
    let (ended, output) = scratch.sh(&format!("daemonlab run --require all {name}"), 0)?;
    match ended == status {
        true => Ok(()),
        false => Err(format!(
            "the scenario ended with {ended}, not {status}:\n{output}"
        )),
    }
}

/// Runs steps behind the last scenario before them that is there for it; they
/// have to pass.
pub fn steps(scratch: &Scratch, page: &Page, block: &Block) -> Result<(), String> {
    let before = page
        .blocks
        .iter()
        .rfind(|other| other.kind == Kind::Before && other.line < block.line);
    let before = before.ok_or("no scenario to stand before it: `yaml,before`")?;
    let indented = block.text.lines().map(|line| format!("  {line}\n"));
    let text = format!("{}{}", before.text, indented.collect::<String>());
    run(scratch, block, &text, 0)
}
