//! What is seen of the machine's processes and sockets, as `/proc` would show
//! it.

use std::collections::BTreeMap;
use std::path::Path;

use daemonlab::explore::TaskName;
use daemonlab::sim::Live;
use daemonlab::sim::kernel::{FileId, Life, Machine, Process, What};
use daemonlab::sys::records::{Ids, UnixAddr};

use crate::labd::SIMULATED_TCP;
use crate::world::facts::{ProcessFacts, SocketFacts};

/// How long a process's name is at most (`TASK_COMM_LEN`, less its zero byte).
const COMM: usize = 15;

/// What is known of a program from its start.
#[derive(Clone, Debug)]
pub struct Started {
    /// Its arguments.
    pub command: Vec<String>,
    /// The environment that it was given.
    pub env: BTreeMap<String, String>,
}

/// The facts of a process; `started` is how its program was.
pub fn process(live: &Live, task: TaskName, process: &Process, started: &Started) -> ProcessFacts {
    let machine = live.machine();
    let path = started.command.first().map_or("", String::as_str);
    let name = Path::new(path).file_name().unwrap_or_default();
    let mut name = name.to_string_lossy().into_owned();
    while name.len() > COMM {
        name.pop();
    }
    let is_over = process.life.is_over();
    let signals = &process.signals;
    let caps = process.creds.caps;
    let at = |ino| shown(machine.name_of(ino));
    let parent = machine
        .processes()
        .find(|(name, _)| *name == process.parent);
    ProcessFacts {
        pid: process.pid,
        parent: match process.parent {
            Machine::STARTER => machine.process(Machine::STARTER).pid,
            _ => parent.map_or(1, |(_, parent)| parent.pid),
        },
        session: process.session,
        group: process.group,
        name,
        // A zombie has none.
        command: match is_over {
            true => Vec::new(),
            false => started.command.clone(),
        },
        executable: (!is_over).then(|| path.to_owned()),
        state: match process.life {
            Life::Running if live.next_move(task).is_none() => 'S',
            Life::Running | Life::Ending(_) => 'R',
            Life::Stopped => 'T',
            Life::Zombie(_) => 'Z',
        },
        terminal: process.terminal.then(|| "/dev/pts/0".to_owned()),
        cwd: (!is_over).then(|| at(process.cwd)),
        root: (!is_over).then(|| "/".to_owned()),
        umask: process.umask,
        descriptors: process
            .fds
            .iter()
            .map(|(fd, descriptor)| (*fd, descriptor_of(machine, descriptor.file)))
            .collect(),
        uid: four(process.creds.uid),
        gid: four(process.creds.gid),
        groups: process.creds.groups.iter().copied().map(Some).collect(),
        capabilities: [
            caps.inheritable,
            caps.permitted,
            caps.effective,
            caps.bounding,
            caps.ambient,
        ],
        no_new_privs: false,
        pending: signals
            .pending
            .iter()
            .fold(0, |bits, info| bits | 1 << (info.signal.number() - 1)),
        blocked: signals.blocked.bits(),
        ignored: signals.ignored.bits(),
        caught: signals.caught.bits(),
        environment: match is_over {
            true => BTreeMap::new(),
            false => started.env.clone(),
        },
        threads: 1,
        // It has none; a scenario that looks at them does not run there.
        limits: BTreeMap::new(),
    }
}

/// The file-system id follows the effective one.
fn four(ids: Ids) -> [Option<u32>; 4] {
    [ids.real, ids.effective, ids.saved, ids.effective].map(Some)
}

/// What a descriptor refers to, as `/proc/PID/fd` shows it.
pub fn descriptor_of(machine: &Machine, file: FileId) -> String {
    match machine.what(file) {
        What::Inode(ino) => shown(machine.name_of(ino)),
        What::PipeOut(pipe) | What::PipeIn(pipe) => format!("pipe:[{}]", pipe.0),
        What::Socket(socket) => format!("socket:[{}]", socket.0),
        What::Process(_) => "anon_inode:[pidfd]".to_owned(),
        What::Signals(_) => "anon_inode:[signalfd]".to_owned(),
    }
}

fn shown(path: Option<std::path::PathBuf>) -> String {
    path.map_or_else(
        || "/ (deleted)".to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}

/// Who listens where.
pub fn sockets(machine: &Machine) -> Vec<SocketFacts> {
    let listening = machine.listening().into_iter();
    listening
        .map(|(address, processes)| {
            let (protocol, address) = match &address {
                UnixAddr::Path(path) => ("unix", path.to_string_lossy().into_owned()),
                UnixAddr::Abstract(name) => {
                    let name = String::from_utf8_lossy(name);
                    match name.strip_prefix(SIMULATED_TCP) {
                        Some(address) => ("tcp", address.to_owned()),
                        None => ("unix", format!("@{name}")),
                    }
                }
            };
            SocketFacts {
                protocol: protocol.to_owned(),
                address,
                processes,
            }
        })
        .collect()
}
