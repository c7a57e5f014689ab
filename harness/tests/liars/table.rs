//! Which lies are told about each field: what a daemon would show that is
//! wrong in it.

use daemonlab_harness::scenario::matcher::{Operand, Test};
use daemonlab_harness::value::Value;
use daemonlab_harness::world::event::End;
use daemonlab_harness::world::facts::schema::Subject;
use daemonlab_harness::world::facts::{
    Captured, FileFacts, LaunchFacts, ProcessFacts, SocketFacts,
};
use daemonlab_harness::world::limits::Bound;
use std::time::Duration;

use super::events;
use super::expectations::{About, After, Expectation};
use super::lie::{Known, Lie, Tell, TellProcesses};

/// A PID that no process of a scenario has.
const NOBODY: i32 = 30_000;

/// The lies that may turn an expectation red, the likeliest first. None for a
/// field that nobody has lied about so far.
pub fn lies(expectation: &Expectation) -> Vec<Lie> {
    match &expectation.about {
        About::Adoption => vec![
            Lie::Processes(Box::new(|all, _| all.clear())),
            // Somebody else listens there, or is called so.
            Lie::Processes(Box::new(twice)),
        ],
        About::LauncherEnds => vec![launch(|facts| facts.end = None)],
        About::Events { claim, number } => events::lies(claim, *number, claim.matchers()[*number]),
        About::Field {
            subject,
            path,
            test,
            after,
        } => match subject {
            Subject::Process if path == "pid" => vec![Lie::OldFile],
            Subject::Process => process(path)
                .into_iter()
                .map(|tell| match after {
                    After::Adoption => Lie::ProcessesLater(tell),
                    _ => Lie::Processes(tell),
                })
                .collect(),
            Subject::Launch => of_launch(path, test)
                .into_iter()
                .map(|tell| match after {
                    After::LauncherEnded => Lie::Ended(tell),
                    _ => Lie::Launch(tell),
                })
                .collect(),
            Subject::File => file(path, test),
            Subject::Socket => socket(path),
            Subject::Sandbox => vec![
                Lie::Processes(Box::new(|all, _| all.push(stranger()))),
                Lie::Processes(Box::new(|all, _| all.clear())),
            ],
            Subject::Fault => fault(path),
            Subject::End => end(path),
            Subject::Connection => connection(path),
            // Claims are about events.
            Subject::Event => Vec::new(),
        },
    }
}

fn every(tell: impl Fn(&mut ProcessFacts, &Known) + 'static) -> TellProcesses {
    Box::new(move |all, known| all.iter_mut().for_each(|process| tell(process, known)))
}

fn each(tell: fn(&mut ProcessFacts)) -> TellProcesses {
    every(move |process, _| tell(process))
}

fn descriptor(fd: i32) -> TellProcesses {
    every(move |process, _| {
        process.descriptors.insert(fd, "/elsewhere".to_owned());
    })
}

fn process(path: &str) -> Vec<TellProcesses> {
    match path {
        "alive" | "exists" => vec![
            Box::new(|all, _| all.clear()),
            each(|process| process.state = 'Z'),
        ],
        "parent" => vec![each(|process| process.parent = NOBODY)],
        // It has stayed where it was started.
        "session" => vec![every(|process, known| {
            process.session = known.launch.as_ref().map_or(0, |launch| launch.session);
        })],
        "group" => vec![every(|process, known| {
            process.group = known.launch.as_ref().map_or(0, |launch| launch.pid);
        })],
        "session-leader" => vec![each(|process| process.session = process.pid)],
        "terminal" => vec![each(|process| {
            process.terminal = Some("/dev/pts/0".to_owned());
        })],
        "cwd" => vec![each(|process| process.cwd = Some("/elsewhere".to_owned()))],
        "root" => vec![each(|process| process.root = Some("/elsewhere".to_owned()))],
        "umask" => vec![each(|process| process.umask = 0o022)],
        "stdin" => vec![descriptor(0)],
        "stdout" => vec![descriptor(1)],
        "stderr" => vec![descriptor(2)],
        // As the starter leaves them.
        "extra-descriptors" => vec![each(|process| {
            process.descriptors.insert(99, "/dev/null".to_owned());
        })],
        "descriptors" => vec![each(|process| {
            for fd in 90..100 {
                process.descriptors.insert(fd, "/dev/null".to_owned());
            }
        })],
        "groups" => vec![each(|process| process.groups = vec![Some(0)])],
        "signals.blocked" => masks(|process, bits| process.blocked = bits),
        "signals.ignored" => masks(|process, bits| process.ignored = bits),
        "signals.caught" => masks(|process, bits| process.caught = bits),
        _ if path.starts_with("limits.") => vec![each(|process| {
            let bound = Bound::At(1);
            process.limits.values_mut().for_each(|limit| {
                (limit.soft, limit.hard) = (bound, bound);
            });
        })],
        _ if path.starts_with("uid") => vec![each(|process| process.uid = [Some(0); 4])],
        _ if path.starts_with("gid") => vec![each(|process| process.gid = [Some(0); 4])],
        // As root has them.
        _ if path.starts_with("capabilities.") => {
            vec![each(|process| process.capabilities = [1; 5])]
        }
        _ => Vec::new(),
    }
}

fn masks(set: fn(&mut ProcessFacts, u64)) -> Vec<TellProcesses> {
    [0, u64::MAX]
        .into_iter()
        .map(|bits| every(move |process, _| set(process, bits)))
        .collect()
}

fn stranger() -> ProcessFacts {
    ProcessFacts {
        pid: NOBODY,
        parent: 1,
        session: NOBODY,
        group: NOBODY,
        name: "stranger".to_owned(),
        command: vec!["stranger".to_owned()],
        state: 'S',
        ..ProcessFacts::default()
    }
}

fn twice(all: &mut Vec<ProcessFacts>, _: &Known) {
    let again = all.clone();
    all.extend(again);
}

fn launch(tell: fn(&mut LaunchFacts)) -> Lie {
    Lie::Launch(Box::new(tell))
}

fn of_launch(path: &str, test: &Test) -> Vec<Tell<LaunchFacts>> {
    let ends = |end| -> Tell<LaunchFacts> { Box::new(move |facts| facts.end = Some(end)) };
    match path {
        "exit" => [0, 1, 99].map(|status| ends(End::Exit(status))).into(),
        "signal" | "running" => vec![ends(End::Exit(0))],
        "duration" => [Duration::ZERO, Duration::from_secs(60 * 60)]
            .map(|time| -> Tell<LaunchFacts> { Box::new(move |facts| facts.duration = time) })
            .into(),
        "stdout" => texts(test)
            .map(|text| -> Tell<LaunchFacts> {
                Box::new(move |facts| say(&mut facts.stdout, &text))
            })
            .collect(),
        "stderr" => texts(test)
            .map(|text| -> Tell<LaunchFacts> {
                Box::new(move |facts| say(&mut facts.stderr, &text))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// What is said: nothing, or something besides.
fn texts(test: &Test) -> impl Iterator<Item = Text> {
    let unwanted = match test {
        Test::Lacks(operands) => operands.iter().filter_map(literal).collect(),
        _ => Vec::new(),
    };
    let more = ["something else\n".to_owned()].into_iter().chain(unwanted);
    [Text::Nothing].into_iter().chain(more.map(Text::More))
}

fn literal(operand: &Operand) -> Option<String> {
    match operand {
        Operand::Literal(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

#[derive(Clone)]
enum Text {
    Nothing,
    More(String),
}

impl Text {
    fn instead_of(&self, text: &str) -> String {
        match self {
            Text::Nothing => String::new(),
            Text::More(more) => format!("{text}{more}"),
        }
    }
}

fn say(captured: &mut Captured, text: &Text) {
    *captured = Captured {
        head: text.instead_of(&captured.text()),
        ..Captured::default()
    };
}

fn of_file(tell: impl Fn(&mut FileFacts) + 'static) -> Lie {
    Lie::File(Box::new(tell))
}

fn file(path: &str, test: &Test) -> Vec<Lie> {
    match path {
        "exists" => vec![
            of_file(|facts| *facts = FileFacts::default()),
            of_file(|facts| facts.kind = Some("regular".to_owned())),
        ],
        "kind" => vec![of_file(|facts| facts.kind = Some("symlink".to_owned()))],
        "content" => texts(test)
            .map(|text| {
                of_file(move |facts| {
                    let before = facts.content.take().unwrap_or_default();
                    facts.content = Some(text.instead_of(&before));
                })
            })
            .collect(),
        "mode" => vec![of_file(|facts| facts.mode = 0o600)],
        "owner" => vec![of_file(|facts| facts.uid = Some(65534))],
        "group" => vec![of_file(|facts| facts.gid = Some(65534))],
        "size" => vec![of_file(|facts| facts.size = 0)],
        "locked" | "locked-by" => vec![
            of_file(|facts| facts.locked_by.clear()),
            of_file(|facts| facts.locked_by = vec![NOBODY]),
        ],
        _ => Vec::new(),
    }
}

fn socket(path: &str) -> Vec<Lie> {
    match path {
        "listening" => vec![
            Lie::Sockets(Box::new(Vec::clear)),
            Lie::Sockets(Box::new(|all| {
                all.push(SocketFacts {
                    protocol: "tcp".to_owned(),
                    address: "127.0.0.1:8080".to_owned(),
                    processes: vec![NOBODY],
                });
            })),
        ],
        "process" => vec![Lie::Sockets(Box::new(|all| {
            all.iter_mut().for_each(|one| one.processes = vec![NOBODY]);
        }))],
        _ => Vec::new(),
    }
}

fn fault(path: &str) -> Vec<Lie> {
    match path {
        "matched" => vec![
            launch(|facts| facts.matched.clear()),
            launch(|facts| facts.matched.values_mut().for_each(|times| *times = 1000)),
        ],
        // In a row, without a pause.
        "gaps.min" => vec![launch(|facts| {
            for at in facts.matched_at.values_mut() {
                at.fill(Duration::ZERO);
            }
        })],
        _ => Vec::new(),
    }
}

fn end(path: &str) -> Vec<Lie> {
    match path {
        "gone" => vec![Lie::Stays],
        "exit" => vec![Lie::End(End::Exit(99))],
        "signal" => vec![Lie::End(End::Exit(0)), Lie::End(End::Signal(9))],
        _ => Vec::new(),
    }
}

fn connection(path: &str) -> Vec<Lie> {
    match path {
        "refused" => vec![Lie::Connection(Box::new(|_| Some(Vec::new())))],
        "text" => vec![
            Lie::Connection(Box::new(|_| None)),
            Lie::Connection(Box::new(|_| Some(b"hello from 1\n".to_vec()))),
        ],
        _ => Vec::new(),
    }
}
