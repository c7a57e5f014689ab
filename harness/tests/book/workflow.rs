//! Blocks that are workflows of GitHub Actions. GitHub is not here; their
//! commands are: each that calls daemonlab has to be executed on the page, word
//! for word, but for what GitHub puts in.

use daemonlab_harness::expect::like;
use regex::Regex;
use serde_json::Value;

use super::page::{Block, Kind, Page};

/// Looks at the jobs and steps of a workflow.
pub fn check(page: &Page, block: &Block) -> Result<(), String> {
    let workflow: Value = serde_saphyr::from_str(&block.text).map_err(|error| error.to_string())?;
    let jobs = workflow["jobs"].as_object().ok_or("it has no `jobs`")?;
    let mut commands = Vec::new();
    for (name, job) in jobs {
        if !job["runs-on"].is_string() {
            return Err(format!("job `{name}` has no `runs-on`"));
        }
        let steps = job["steps"].as_array().filter(|steps| !steps.is_empty());
        for step in steps.ok_or(format!("job `{name}` has no `steps`"))? {
            match (step["uses"].as_str(), step["run"].as_str()) {
                (Some(_), None) => {}
                (None, Some(run)) => commands.extend(run.lines()),
                _ => {
                    return Err(format!(
                        "a step of job `{name}` is neither `uses` nor `run`"
                    ));
                }
            }
        }
    }
    let expression = Regex::new(r"\$\{\{.*?\}\}").expect("it is a pattern");
    let ours = commands
        .iter()
        .filter(|line| line.starts_with("daemonlab "));
    for command in ours {
        let pattern = expression.replace_all(command, "[..]");
        let blocks = page.blocks.iter();
        let consoles = blocks.filter(|block| block.kind == Kind::Console);
        let mut lines = consoles.flat_map(|block| block.text.lines());
        if !lines.any(|line| like(line.strip_prefix("$ ").unwrap_or_default(), &pattern)) {
            return Err(format!("no console block of the page runs `{command}`"));
        }
    }
    Ok(())
}
