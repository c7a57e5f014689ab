//! The conductor: has the real kernel do what the simulation has done, turn by
//! turn, and compares.
//!
//! The simulation goes first and says after each turn how every process
//! stands. The conductor waits until it is so in reality too, for as long as
//! anything moves at all: what comes later than on an idle machine is no
//! disagreement. It is one if a process has done something else, or sleeps
//! where it should have gone on.

use std::fs;
use std::net::Shutdown;
use std::os::fd::IntoRawFd;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{Disposition, KillTarget, MaskHow, WaitFor, WaitMode};
use daemonlab::sys::{Files, Forked, Pid, Process, Signal, SignalSet, Signals};
use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};

use super::proc;
use super::shared::Shared;
use super::terminal::Terminal;
use crate::interpret;
use crate::program::{MOST_PROCESSES, Program, Start, TERMINAL};
use crate::scenery::{Entry, HOME, MOST_FDS, Protections, Range, entries};
use crate::trace::{Standing, Trace};

/// What has come of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Agrees,
    Differs { turn: usize, what: String },
}

/// What is in the root directory of the sandbox, and stays there.
const SKELETON: &[&str] = &["dev", "etc", "run", "tmp", "var", "proc", "ro"];

/// How often a process is found asleep in the wrong place before it is taken
/// to stay there; a millisecond passes in between.
const PATIENCE: u32 = 500;

/// Runs programs on the kernel, one after the other.
pub struct Conductor {
    board: Shared,
    range: Range,
}

impl Conductor {
    /// For the process that leads the session in which programs are started.
    pub fn new(range: Range) -> Conductor {
        nix::unistd::setsid().expect("the first process of a session");
        Conductor {
            board: Shared::new(),
            range,
        }
    }

    pub fn protections() -> Protections {
        Protections {
            hardlinks: proc::setting("protected_hardlinks"),
            symlinks: proc::setting("protected_symlinks"),
            regular: proc::setting("protected_regular"),
            addressee_first: addressee_first(),
        }
    }

    /// Runs the program and compares it with what it has done elsewhere.
    pub fn compare(&mut self, program: &Program, expected: &Trace) -> Verdict {
        prepare(self.range);
        self.board.clear();
        let at_terminal = program.start == Start::AtTerminal;
        let terminal = at_terminal.then(|| Terminal::open().expect("a terminal"));
        let first = match Linux.fork().expect("a process") {
            Forked::Parent(first) => first.as_raw(),
            Forked::Child => self.become_the_program(program, terminal.as_ref()),
        };
        let mut run = Run {
            board: &self.board,
            first,
            terminal,
            told: Default::default(),
            compared: [0; MOST_PROCESSES],
        };
        let verdict = run.all(program, expected);
        run.end();
        verdict
    }

    fn become_the_program(&self, program: &Program, terminal: Option<&Terminal>) -> ! {
        begin(self.range, program.start, terminal).expect("what a program starts with");
        Linux.exit(interpret::run(&Linux, program, &self.board))
    }
}

/// Makes of this process what the simulation's first one is.
fn begin(range: Range, start: Start, terminal: Option<&Terminal>) -> nix::Result<()> {
    nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
    if let Some(terminal) = terminal {
        terminal.foreground()?;
    }
    Linux.sigmask(MaskHow::Set, SignalSet::EMPTY)?;
    for signal in Signal::all() {
        // Refused for those that have no other.
        let _ = Linux.sigaction(signal, Disposition::Default);
    }
    let null = fs::File::options().read(true).write(true).open("/dev/null");
    let null = null.expect("the sandbox has a /dev/null").into_raw_fd();
    for fd in 0..3 {
        Linux.dup2(null, fd)?;
    }
    Linux.close_range(3, i32::MAX)?;
    setrlimit(Resource::RLIMIT_NOFILE, MOST_FDS as u64, MOST_FDS as u64)?;
    if range == Range::Many {
        nix::unistd::setgroups(&[])?;
    }
    if start == Start::WithoutKillInBounds {
        let unbound = caps::drop(None, caps::CapSet::Bounding, caps::Capability::CAP_KILL);
        unbound.expect("the first process has CAP_SETPCAP");
    }
    // No core is dumped, whatever kills it.
    nix::sys::prctl::set_dumpable(false)?;
    nix::unistd::chdir(HOME)?;
    Linux.umask(0o022)?;
    Ok(())
}

/// What a datagram to nobody is told by a socket that sends no more.
fn addressee_first() -> bool {
    let socket = UnixDatagram::unbound().expect("a socket");
    socket.shutdown(Shutdown::Write).expect("any state will do");
    let refused = socket.send(b"").expect_err("it says nothing to nobody");
    refused.raw_os_error() == Some(Errno::ENOTCONN as i32)
}

/// Makes the files afresh.
fn prepare(range: Range) {
    for (folder, ours) in [("/dev", &["null", "pts", "tty"][..]), ("/", SKELETON)] {
        for entry in fs::read_dir(folder).expect("the sandbox's own").flatten() {
            if !ours.contains(&entry.file_name().to_str().unwrap_or_default()) {
                let path = entry.path();
                let removed = match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    true => fs::remove_dir_all(path),
                    false => fs::remove_file(path),
                };
                removed.expect("nobody is left to hold on to it");
            }
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("the owner");
        lchown(folder, Some(0), Some(0)).expect("the owner");
    }
    for (path, (uid, gid), entry) in entries(range) {
        let path = Path::new(path);
        let mode = match entry {
            Entry::Directory { mode } => {
                fs::create_dir(path).expect("a directory");
                Some(*mode)
            }
            Entry::File { mode, content } => {
                fs::write(path, content).expect("a file");
                Some(*mode)
            }
            Entry::Link { to } => {
                symlink(to, path).expect("a link");
                None
            }
        };
        lchown(path, Some(uid), Some(gid)).expect("ids that are mapped");
        if let Some(mode) = mode {
            // After the owner, whose change drops set-id bits.
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the owner");
        }
    }
}

struct Run<'a> {
    board: &'a Shared,
    first: i32,
    terminal: Option<Terminal>,
    /// What each process should have told so far.
    told: [Vec<String>; MOST_PROCESSES],
    /// How many of its answers have been compared.
    compared: [usize; MOST_PROCESSES],
}

enum Look {
    Fits,
    NotYet(String),
    Never(String),
}

impl Run<'_> {
    fn all(&mut self, program: &Program, expected: &Trace) -> Verdict {
        for (turn, moment) in expected.moments.iter().enumerate() {
            match (program.turns[turn].process, &mut self.terminal) {
                (TERMINAL, Some(terminal)) => terminal.hang_up(self.first),
                (process, _) if moment.taken => self.board.give_turn(process),
                _ => {}
            }
            for answer in &moment.answers {
                self.told[answer.process].push(answer.text.clone());
            }
            for (process, standing) in moment.standing.iter().enumerate() {
                if let Err(what) = self.wait_until(process, *standing) {
                    return Verdict::Differs { turn, what };
                }
            }
            for process in 0..MOST_PROCESSES {
                if let Err(what) = self.compare(process) {
                    return Verdict::Differs { turn, what };
                }
            }
        }
        Verdict::Agrees
    }

    fn wait_until(&self, process: usize, standing: Standing) -> Result<(), String> {
        let mut asleep = 0;
        loop {
            let rung = self.board.rung();
            let what = match self.look(process, standing) {
                Look::Fits => return Ok(()),
                Look::Never(what) => return Err(what),
                Look::NotYet(what) => what,
            };
            if self.moves() {
                asleep = 0;
            } else {
                asleep += 1;
            }
            if asleep > PATIENCE {
                return Err(format!("p{process} should be {standing:?}, and {what}"));
            }
            match asleep {
                0..20 => std::thread::yield_now(),
                _ => self.board.listen(rung, Duration::from_millis(1)),
            }
        }
    }

    /// Whether any process is not asleep.
    fn moves(&self) -> bool {
        (0..MOST_PROCESSES).any(|process| {
            let state = proc::state(self.pid(process));
            state.is_some_and(|state| !"STtZ".contains(state))
        })
    }

    fn look(&self, process: usize, standing: Standing) -> Look {
        let told = self.told[process].len();
        let done = self.board.done(process);
        let pid = self.pid(process);
        if standing == Standing::Gone && process == 0 {
            let _ = Linux.wait(WaitFor::Pid(Pid::from_raw(pid)), WaitMode::NoHang);
        }
        let state = proc::state(pid);
        if done > told {
            let text = self.board.text(process);
            return Look::Never(format!("p{process} returned: {text}"));
        }
        let ended = || Look::Never(format!("p{process} has ended ({state:?})"));
        let not_yet = || {
            let begun = self.board.begun(process);
            Look::NotYet(format!(
                "is {state:?} with {begun} calls begun, {done} returned"
            ))
        };
        match (standing, state) {
            (Standing::Unborn | Standing::Gone, None) => Look::Fits,
            (Standing::Unborn, Some(_)) => Look::Never(format!("p{process} is there")),
            (Standing::Gone, Some(_)) => not_yet(),
            (Standing::Zombie, Some('Z')) => Look::Fits,
            (Standing::Zombie, Some(_)) => not_yet(),
            (_, None | Some('Z')) => ended(),
            (Standing::Stopped, Some('T')) => Look::Fits,
            (Standing::Idle, Some(state)) if done == told && state != 'T' => Look::Fits,
            (Standing::Waits, Some('S')) if self.board.begun(process) == told + 1 => Look::Fits,
            (Standing::Stopped | Standing::Idle | Standing::Waits, Some(_)) => not_yet(),
        }
    }

    fn compare(&mut self, process: usize) -> Result<(), String> {
        let done = self.board.done(process);
        if done == self.compared[process] {
            return Ok(());
        }
        self.compared[process] = done;
        let text = self.board.text(process);
        // It may return from a call after it was looked at.
        let Some(expected) = self.told[process].get(done - 1) else {
            return Err(format!("p{process} returned: {text}"));
        };
        if text == *expected {
            return Ok(());
        }
        let index = done - 1;
        Err(format!(
            "p{process}'s call {index}: the kernel says {text}, the simulation {expected}"
        ))
    }

    fn pid(&self, process: usize) -> i32 {
        self.first + process as i32
    }

    /// Ends whoever is left and waits until all are gone.
    fn end(&self) {
        for process in 0..MOST_PROCESSES {
            let pid = Pid::from_raw(self.pid(process));
            loop {
                let killed = Linux.kill(KillTarget::Process(pid), Some(Signal::KILL));
                let _ = Linux.wait(WaitFor::Pid(pid), WaitMode::NoHang);
                if killed.is_err() {
                    break;
                }
                std::thread::yield_now();
            }
        }
    }
}
