//! Finding a process that nobody started by name, and giving it one.

use crate::expect::{Failure, shown};
use crate::scenario::model::{Adopt, AdoptFrom};
use crate::value::Value;
use crate::world::facts::ProcessFacts;

use super::super::watch::{Look, Trouble};
use super::state::{Steps, unresolved};

/// Those who answer the description, and what they were chosen from, for the
/// message if they are not exactly one.
struct Found {
    matching: Vec<ProcessFacts>,
    expected: String,
    actual: Value,
}

impl Steps<'_> {
    pub(super) fn adopt(&mut self, adopt: &Adopt) -> Result<(), Trouble> {
        let id = &adopt.id.value;
        let begin = self.watch.world.now();
        let process = self.until(adopt.within, |steps| {
            let mut found = steps.find(&adopt.from)?;
            Ok(match found.matching.len() {
                1 => Look::Seen(found.matching.remove(0)),
                n => {
                    let how_many = if n == 0 { "nobody" } else { "more than one" };
                    let title = format!("adopt `{id}`");
                    let label = format!(
                        "expected {}, found {how_many}: {}",
                        found.expected,
                        shown(&found.actual)
                    );
                    let mut failure = Failure::new(adopt.from_span, title, label);
                    failure.expected = found.expected;
                    failure.actual = found.actual;
                    Look::NotYet(vec![failure])
                }
            })
        })?;
        self.name(id, &process);
        let Some(expect) = &adopt.expect else {
            return Ok(());
        };
        let left = adopt.within.saturating_sub(self.watch.world.now() - begin);
        let subject = format!("process `{id}`");
        self.facts_until(&subject, expect, left, |steps| {
            steps.process_value(process.pid)
        })
    }

    fn find(&mut self, from: &AdoptFrom) -> Result<Found, Trouble> {
        let alive = self.processes()?;
        let alive = alive
            .into_iter()
            .filter(|p| !matches!(p.state, 'Z' | 'X' | 'x'));
        Ok(match from {
            AdoptFrom::PidFile(path) => {
                let path = self.scope.text(path).map_err(unresolved)?;
                let content = self.watch.world.file(path.as_ref())?.content;
                let pid = content.as_deref().and_then(pid_in);
                Found {
                    matching: alive.filter(|p| Some(p.pid) == pid).collect(),
                    expected: format!("the PID of a process in `{path}`"),
                    actual: content.into(),
                }
            }
            AdoptFrom::Name(name) => {
                let name = self.scope.text(name).map_err(unresolved)?;
                let nameless: Vec<ProcessFacts> = alive
                    .filter(|p| {
                        self.processes_by_name
                            .values()
                            .all(|named| named.pid != p.pid)
                    })
                    .collect();
                let actual = commands(&nameless);
                Found {
                    matching: nameless
                        .into_iter()
                        .filter(|p| is_called(p, &name))
                        .collect(),
                    expected: format!("one process called `{name}` that has no id yet"),
                    actual,
                }
            }
            AdoptFrom::ChildOf(parent) => {
                let pid = self.named(&parent.value, parent.span)?.pid;
                let children: Vec<ProcessFacts> = alive.filter(|p| p.parent == pid).collect();
                Found {
                    expected: format!("one child of `{}`", parent.value),
                    actual: commands(&children),
                    matching: children,
                }
            }
            AdoptFrom::SessionOf(of) => {
                let of_whom = self.named(&of.value, of.span)?;
                let others: Vec<ProcessFacts> = alive
                    .filter(|p| p.session == of_whom.session && p.pid != of_whom.pid)
                    .collect();
                Found {
                    expected: format!("one other process in the session of `{}`", of.value),
                    actual: commands(&others),
                    matching: others,
                }
            }
            AdoptFrom::Socket(address) => {
                let address = self.scope.text(address).map_err(unresolved)?;
                let plain = address.strip_prefix("unix:").unwrap_or(&address);
                let sockets = self.watch.world.sockets()?;
                let holders: Vec<i32> = sockets
                    .into_iter()
                    .filter(|socket| socket.address == plain)
                    .flat_map(|socket| socket.processes)
                    .collect();
                let listening: Vec<ProcessFacts> =
                    alive.filter(|p| holders.contains(&p.pid)).collect();
                Found {
                    expected: format!("one process that listens on `{address}`"),
                    actual: commands(&listening),
                    matching: listening,
                }
            }
        })
    }
}

/// The PID in a PID file: decimal digits, and at most one newline after them.
fn pid_in(content: &str) -> Option<i32> {
    let digits = content.strip_suffix('\n').unwrap_or(content);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

fn is_called(process: &ProcessFacts, name: &str) -> bool {
    let executable = process
        .executable
        .as_deref()
        .and_then(|path| path.rsplit('/').next());
    process.name == name || executable == Some(name)
}

fn commands(processes: &[ProcessFacts]) -> Value {
    let shown = processes
        .iter()
        .map(|process| format!("{} {}", process.pid, process.command.join(" ")).into());
    Value::List(shown.collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("7\n", Some(7))]
    #[case("7", Some(7))]
    #[case("7\n\n", None)]
    #[case(" 7\n", None)]
    #[case("+7\n", None)]
    #[case("-7\n", None)]
    #[case("", None)]
    #[case("\n", None)]
    #[case("99999999999\n", None)]
    fn a_pid_file_holds_digits_and_a_newline(#[case] content: &str, #[case] pid: Option<i32>) {
        assert_eq!(pid_in(content), pid);
    }
}
