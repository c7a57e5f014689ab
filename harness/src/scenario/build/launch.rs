//! `launch` and `again`: starting programs.

use std::collections::BTreeMap;

use daemonlab::sys::Signal;

use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::{Launch, LaunchWait, User};
use crate::scenario::node::{Node, Yaml};
use crate::scenario::reader::Fields;
use crate::scenario::source::At;
use crate::scenario::template::Template;
use crate::world::facts::schema::Subject;
use crate::world::limits::{Resource, Wanted};

use super::builder::{Builder, Made, Waits};
use super::{limits, sandbox};

/// What a launch says about its program, and `again` may say otherwise.
pub(super) const BODY: [&str; 11] = [
    "command",
    "env",
    "cwd",
    "umask",
    "user",
    "terminal",
    "stray-fds",
    "blocked",
    "ignored",
    "limits",
    "faults",
];

/// What both say about the step.
pub(super) const STEP: [&str; 4] = ["id", "background", "within", "expect"];

/// What a launch says about its program. What it does not say is `None`.
struct Body {
    command: Option<Vec<Template>>,
    env: Option<BTreeMap<String, Template>>,
    cwd: Option<Template>,
    umask: Option<u32>,
    user: Option<User>,
    terminal: Option<bool>,
    stray_fds: Option<Vec<i32>>,
    blocked: Option<Vec<Signal>>,
    ignored: Option<Vec<Signal>>,
    limits: Option<BTreeMap<Resource, Wanted>>,
    faults: Option<Vec<crate::scenario::model::Fault>>,
}

impl Builder<'_> {
    /// `launch`.
    pub(super) fn launch_step(&mut self, node: &Node, key: &At<String>) -> Option<Launch> {
        let known = [&STEP[..], &BODY].concat();
        let fields = self.reader.fields(node, key, &known)?;
        let id = self.new_id(&fields);
        let command = fields.require(self.reader, "command");
        let launch = self.body(&fields, &self.env).and_then(|body| {
            command?;
            Some(Launch {
                id: id.clone()?,
                again: None,
                command: body.command?,
                env: body.env.unwrap_or_else(|| self.env.clone()),
                cwd: body.cwd.unwrap_or_else(|| Template::text("/", key.span)),
                umask: body.umask.unwrap_or(self.umask),
                user: body.user.or_else(|| self.users.user("root").cloned())?,
                terminal: body.terminal.unwrap_or(false),
                stray_fds: body.stray_fds.unwrap_or_default(),
                blocked: body.blocked.unwrap_or_default(),
                ignored: body.ignored.unwrap_or_default(),
                limits: body.limits.unwrap_or_default(),
                faults: body.faults.unwrap_or_default(),
                traced: false,
                wait: LaunchWait::Background,
            })
        });
        self.finish_launch(&fields, key, id, launch)
    }

    /// `again`: a launch with what it does not say taken from another one.
    pub(super) fn again_step(&mut self, node: &Node, key: &At<String>) -> Option<Launch> {
        let known = [&["launch"], &STEP[..], &BODY].concat();
        let fields = self.reader.fields(node, key, &known)?;
        let id = self.new_id(&fields);
        let first = fields
            .require(self.reader, "launch")
            .and_then(|node| self.launch(node, "`launch`"))
            .map(|(_, launch, _)| launch.clone());
        let env = first.as_ref().map_or(&self.env, |first| &first.env);
        let launch = self
            .body(&fields, env)
            .zip(first)
            .and_then(|(body, first)| {
                Some(Launch {
                    id: id.clone()?,
                    again: Some(first.id.value),
                    command: body.command.unwrap_or(first.command),
                    env: body.env.unwrap_or(first.env),
                    cwd: body.cwd.unwrap_or(first.cwd),
                    umask: body.umask.unwrap_or(first.umask),
                    user: body.user.unwrap_or(first.user),
                    terminal: body.terminal.unwrap_or(first.terminal),
                    stray_fds: body.stray_fds.unwrap_or(first.stray_fds),
                    blocked: body.blocked.unwrap_or(first.blocked),
                    ignored: body.ignored.unwrap_or(first.ignored),
                    limits: body.limits.unwrap_or(first.limits),
                    faults: body.faults.unwrap_or(first.faults),
                    traced: false,
                    wait: LaunchWait::Background,
                })
            });
        self.finish_launch(&fields, key, id, launch)
    }

    /// Makes the id known, then reads what may name it: the expectation.
    fn finish_launch(
        &mut self,
        fields: &Fields<'_>,
        key: &At<String>,
        id: Option<At<String>>,
        launch: Option<Launch>,
    ) -> Option<Launch> {
        if let Some(id) = &id {
            self.made.insert(id.value.clone(), Made::Broken);
        }
        let wait = self.launch_wait(fields, key);
        let mut launch = launch?;
        launch.wait = wait?;
        let waits = match launch.wait {
            LaunchWait::Background => Waits::Open,
            LaunchWait::End { .. } => Waits::Done,
        };
        let made = Made::Launch {
            launch: Box::new(launch.clone()),
            waits,
        };
        self.made.insert(launch.id.value.clone(), made);
        Some(launch)
    }

    fn launch_wait(&mut self, fields: &Fields<'_>, key: &At<String>) -> Option<LaunchWait> {
        let background = match fields.get("background") {
            Some(node) => self.reader.bool(node, "`background`")?,
            None => false,
        };
        if background {
            let mut none = Some(());
            for name in ["within", "expect"] {
                if let Some(entry) = fields.entry(name) {
                    self.reader.push(
                        Diagnostic::new(
                            entry.key.span,
                            format!("a launch in the background has no `{name}`"),
                            "nothing is waited for here",
                        )
                        .help("say it in an `await` step, or in `check: {launch: …}`"),
                    );
                    none = None;
                }
            }
            none?;
            return Some(LaunchWait::Background);
        }
        let within = self.within(fields);
        let Some(expect) = fields.entry("expect") else {
            self.reader.push(
                Diagnostic::new(
                    key.span,
                    "this waits for the launcher's end and expects nothing of it",
                    "`expect` is missing",
                )
                .help("add `expect: {exit: 0}`, or `background: true` to go on at once"),
            );
            return None;
        };
        let expect = self.expect(expect, Subject::Launch);
        Some(LaunchWait::End {
            within: within?,
            expect: expect?,
        })
    }

    /// The body; `None` if anything in it is wrong.
    fn body(&self, fields: &Fields<'_>, env: &BTreeMap<String, Template>) -> Option<Body> {
        let reader = self.reader;
        let mut good = true;
        let mut node = |name: &str, read: &mut dyn FnMut(&Node) -> bool| {
            if let Some(node) = fields.get(name) {
                good &= read(node);
            }
        };
        let mut body = Body {
            command: None,
            env: None,
            cwd: None,
            umask: None,
            user: None,
            terminal: None,
            stray_fds: None,
            blocked: None,
            ignored: None,
            limits: None,
            faults: None,
        };
        node("command", &mut |n| keep(&mut body.command, self.command(n)));
        node("cwd", &mut |n| keep(&mut body.cwd, self.path(n, "`cwd`")));
        node("umask", &mut |n| {
            keep(&mut body.umask, reader.octal(n, "`umask`", 0o777))
        });
        node("user", &mut |n| {
            keep(&mut body.user, self.users.read_user(reader, n, "`user`"))
        });
        node("terminal", &mut |n| {
            keep(&mut body.terminal, reader.bool(n, "`terminal`"))
        });
        node("stray-fds", &mut |n| {
            keep(&mut body.stray_fds, self.stray_fds(n))
        });
        node("blocked", &mut |n| {
            keep(&mut body.blocked, self.signals(n, "`blocked`"))
        });
        node("ignored", &mut |n| {
            keep(&mut body.ignored, self.signals(n, "`ignored`"))
        });
        node("faults", &mut |n| keep(&mut body.faults, self.faults(n)));
        if let Some(entry) = fields.entry("limits") {
            good &= keep(&mut body.limits, limits::limits(reader, entry));
        }
        if let Some(entry) = fields.entry("env") {
            let mut over = env.clone();
            let read = sandbox::environment(reader, entry, &mut over, |node, what| {
                self.template(node, what)
            });
            good &= read.is_some();
            body.env = Some(over);
        }
        good.then_some(body)
    }

    fn command(&self, node: &Node) -> Option<Vec<Template>> {
        if let Yaml::Text(text) = &node.yaml {
            let words: Vec<&str> = text.split_whitespace().collect();
            self.reader.push(
                self.reader
                    .mistake(
                        node,
                        "`command` is a list of the program and its arguments",
                        "this is text",
                    )
                    .help(format!(
                        "no shell takes it apart; write [{}]",
                        words.join(", ")
                    )),
            );
            return None;
        }
        let list = self.reader.list(node, "`command`")?;
        if list.is_empty() {
            self.reader
                .wrong(node, "`command` is empty", "there is no program");
            return None;
        }
        let arguments: Vec<Option<Template>> = list
            .iter()
            .map(|node| self.template(node, "an argument"))
            .collect();
        arguments.into_iter().collect()
    }

    fn stray_fds(&self, node: &Node) -> Option<Vec<i32>> {
        let list = self.reader.list(node, "`stray-fds`")?;
        let fds: Vec<Option<i32>> = list
            .iter()
            .map(|node| {
                let fd = self.reader.int(node, "a stray descriptor", 3..=1023)?;
                i32::try_from(fd).ok()
            })
            .collect();
        fds.into_iter().collect()
    }

    fn signals(&self, node: &Node, what: &str) -> Option<Vec<Signal>> {
        let list = self.reader.list(node, what)?;
        let signals: Vec<Option<Signal>> = list
            .iter()
            .map(|node| {
                let signal = self.reader.signal(node, "a signal")?;
                if [Signal::KILL, Signal::STOP].contains(&signal) {
                    self.reader.wrong(
                        node,
                        format!("{signal} can be neither blocked nor ignored"),
                        "see signal(7)",
                    );
                    return None;
                }
                Some(signal)
            })
            .collect();
        signals.into_iter().collect()
    }
}

/// Keeps what was read, and says whether anything was.
fn keep<T>(place: &mut Option<T>, read: Option<T>) -> bool {
    *place = read;
    place.is_some()
}
