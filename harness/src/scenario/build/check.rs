//! `check`: looking at facts.

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::{Check, Target};
use crate::scenario::node::{Entry, Node};
use crate::scenario::reader::Fields;
use crate::scenario::source::At;
use crate::scenario::suggest;
use crate::world::facts::schema::Subject;

use super::builder::{Builder, Made};

/// What can be looked at.
pub(super) const TARGETS: [&str; 6] = ["process", "file", "launch", "socket", "sandbox", "fault"];

pub(super) const KEYS: [&str; 9] = [
    "process", "file", "launch", "socket", "sandbox", "fault", "of", "within", "expect",
];

/// The keys of `sandbox`, as it is looked at.
pub(super) const SANDBOX: [&str; 1] = ["except"];

impl Builder<'_> {
    /// `check`.
    pub(super) fn check_step(&mut self, node: &Node, key: &At<String>) -> Option<Check> {
        let fields = self.reader.fields(node, key, &KEYS)?;
        let target = fields.one_of(self.reader, &TARGETS);
        if let (Some(of), Some(target)) = (fields.entry("of"), target)
            && target.key.value != "fault"
        {
            self.reader.push(Diagnostic::new(
                of.key.span,
                "only a fault is `of` a launch",
                "leave it out",
            ));
        }
        let within = self.within(&fields);
        let expect = fields
            .require(self.reader, "expect")
            .and_then(|_| fields.entry("expect"));
        let entry = target?;
        let subject = match entry.key.value.as_str() {
            "process" => Subject::Process,
            "file" => Subject::File,
            "launch" => Subject::Launch,
            "socket" => Subject::Socket,
            "sandbox" => Subject::Sandbox,
            _ => Subject::Fault,
        };
        let target = self.target(subject, entry, &fields);
        let expect = expect.and_then(|expect| self.expect(expect, subject));
        Some(Check {
            target: target?,
            target_span: entry.value.span,
            expect: expect?,
            within: within?,
        })
    }

    fn target(&self, subject: Subject, entry: &Entry, fields: &Fields<'_>) -> Option<Target> {
        let node = &entry.value;
        Some(match subject {
            Subject::File => Target::File(self.path(node, "`file`")?),
            Subject::Socket => Target::Socket(self.address(node, "`socket`")?),
            Subject::Launch => Target::Launch(self.launch(node, "`launch`")?.0.value),
            Subject::Sandbox => Target::Sandbox {
                except: self.except(node, &entry.key)?,
            },
            Subject::Fault => self.fault_target(node, fields)?,
            _ => Target::Process(self.process(node, "`process`")?.value),
        })
    }

    fn except(&self, node: &Node, key: &At<String>) -> Option<Vec<String>> {
        let fields = self.reader.fields(node, key, &SANDBOX)?;
        let Some(except) = fields.get("except") else {
            return Some(Vec::new());
        };
        let list = self.reader.list(except, "`except`")?;
        let ids: Vec<Option<At<String>>> = list
            .iter()
            .map(|node| self.process(node, "a process"))
            .collect();
        ids.into_iter().map(|id| id.map(|id| id.value)).collect()
    }

    /// A fault by its label; of the only launch that has it, or of the one
    /// that is named.
    fn fault_target(&self, node: &Node, fields: &Fields<'_>) -> Option<Target> {
        let label = self.reader.text(node, "`fault`")?;
        let of = match fields.get("of") {
            Some(node) => Some(self.launch(node, "`of`")?.0.value),
            None => None,
        };
        let mut broken = false;
        let mut labels = Vec::new();
        let mut owners = Vec::new();
        for (id, made) in &self.made {
            let launch = match made {
                Made::Launch { launch, .. } => launch,
                Made::Broken => {
                    broken = true;
                    continue;
                }
                Made::Adopted => continue,
            };
            if of.as_ref().is_some_and(|of| of != id) {
                continue;
            }
            for fault in &launch.faults {
                labels.push(fault.label.as_str());
                if fault.label == label {
                    owners.push(id.clone());
                }
            }
        }
        match owners.as_slice() {
            [launch] => Some(Target::Fault {
                launch: launch.clone(),
                label,
            }),
            // It may be one of a launch with mistakes of its own.
            [] if broken => None,
            [] => {
                self.reader.push(
                    self.reader
                        .mistake(
                            node,
                            format!("there is no fault `{label}`"),
                            "unknown label",
                        )
                        .help(suggest::help(&label, labels.iter().copied())),
                );
                None
            }
            several => {
                self.reader.push(
                    self.reader
                        .mistake(
                            node,
                            format!("several launches have a fault `{label}`"),
                            "which one?",
                        )
                        .help(format!("add `of`: one of `{}`", several.join("`, `"))),
                );
                None
            }
        }
    }
}
