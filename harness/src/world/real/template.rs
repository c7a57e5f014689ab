//! A template: a warm sandbox without a world in it. It is root of the lower
//! user namespace, sees nothing but the read-only tree, and forks the init of
//! each world, which so needs no exec and no mapping of ids of its own.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::wait;
use nix::unistd::{Pid, getppid};

use super::failure::{At, Failure};
use super::ids::IdMap;
use super::init;
use super::kernel::{Cloned, clone_into, exit_now};
use super::network::Surroundings;
use super::proc::record;
use super::proc::status::Status;
use super::stage::StageId;
use super::tracer::visible;
use super::wire::Channel;
use super::wire::message::{MakeInit, Plan};

/// Where a world's root is put together, in the tree.
pub const NEW_ROOT: &str = "/new";

/// Where the tree says what it is made of.
pub const PLAN: &str = "/daemonlab/plan.json";

/// How many processes a world may have: enough for any daemon, and little
/// enough that a fork bomb does not take the machine with it.
const PROCESSES: u64 = 4096;

/// How much memory of its own a process may have, in bytes: enough for any
/// daemon, and little enough that one leak does not take the machine with it.
const MEMORY: u64 = 2 << 30;

/// What a template knows and its inits inherit.
#[derive(Debug)]
pub struct Blueprint {
    /// What the tree is made of.
    pub plan: Plan,
    /// The files of `/etc` that every world gets a copy of.
    pub copies: Vec<(PathBuf, Vec<u8>)>,
    /// What its inits are as it is; if that is not known, each says why.
    pub inherited: Result<Inherited, Failure>,
}

/// What an init has from its template.
#[derive(Clone, Debug)]
pub struct Inherited {
    /// The user ids that exist inside.
    pub users: IdMap,
    /// The group ids that exist inside.
    pub groups: IdMap,
    /// The signals that it ignores, and its children would: all of them but SIGCHLD,
    /// which an init does not. Where nobody can tell, it may be every one.
    pub ignored: u64,
}

impl Inherited {
    fn look() -> Result<Inherited, Failure> {
        let map = |path| {
            let text = fs::read_to_string(path);
            let text = text.at(StageId::Processes, format_args!("read {path}"))?;
            Ok(IdMap::parse(&text))
        };
        let ignored = match record("/proc/self/status") {
            Some(text) => Status::parse(&text).ignored & !(1 << (Signal::SIGCHLD as i32 - 1)),
            None => u64::MAX,
        };
        Ok(Inherited {
            users: map("/proc/self/uid_map")?,
            groups: map("/proc/self/gid_map")?,
            ignored,
        })
    }
}

/// Serves the harness until it is gone, then waits until every world is.
pub fn run(channel: Channel, supervisor: Pid) -> io::Result<ExitCode> {
    set_pdeathsig(Signal::SIGKILL)?;
    if getppid() != supervisor {
        // It ended before it could be noticed.
        return Ok(ExitCode::FAILURE);
    }
    // SAFETY: ignoring a signal runs no code.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }?;
    limit()?;
    let plan: Plan = serde_json::from_slice(&fs::read(PLAN)?)?;
    let read = |path: &PathBuf| Ok((path.clone(), fs::read(path)?));
    let copies = plan.copies.iter().map(read).collect::<io::Result<_>>()?;
    let blueprint = Blueprint {
        plan,
        copies,
        inherited: Inherited::look(),
    };
    visible::prepare();
    // Inits notice by its end that the template is gone: a parent-death signal
    // set by the child comes too late if the parent has died before.
    let (lifeline, alive) = io::pipe()?;
    let mut surroundings = Surroundings::default();
    while let Ok(Some(frame)) = channel.receive::<MakeInit>() {
        let Some(socket) = frame.fds.into_iter().next() else {
            break;
        };
        let besides = surroundings.ready(frame.message.network);
        let sent = match besides.and_then(make) {
            Ok(Cloned::Child) => {
                drop((channel, alive));
                exit_now(init::run(socket.into(), lifeline.into(), &blueprint));
            }
            Ok(Cloned::Parent(pidfd)) => {
                channel.send_with(&Ok::<_, Failure>(()), &[], &[pidfd.as_fd()])
            }
            Err(failure) => channel.send(&Err::<(), _>(failure)),
        };
        if sent.is_err() {
            break;
        }
    }
    drop((channel, alive));
    while wait() != Err(Errno::ECHILD) {}
    Ok(ExitCode::SUCCESS)
}

fn make(besides: CloneFlags) -> Result<Cloned, Failure> {
    let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS | besides;
    // SAFETY: a template has one thread.
    unsafe { clone_into(flags) }.at(StageId::Processes, "make an init in namespaces of its own")
}

/// What every process of a world is limited to.
fn limit() -> Result<(), Errno> {
    let set = |resource, soft: u64| -> Result<(), Errno> {
        let (_, hard) = getrlimit(resource)?;
        setrlimit(resource, soft.min(hard), hard)
    };
    set(Resource::RLIMIT_NOFILE, 1024)?;
    let (_, hard) = getrlimit(Resource::RLIMIT_NPROC)?;
    let most = PROCESSES.min(hard);
    setrlimit(Resource::RLIMIT_NPROC, most, most)?;
    // What may be written counts (mm/mmap.c, may_expand_vm), not the address
    // space, of which some runtimes reserve far more than they use.
    let (_, hard) = getrlimit(Resource::RLIMIT_DATA)?;
    let most = MEMORY.min(hard);
    setrlimit(Resource::RLIMIT_DATA, most, most)?;
    // Where many processes eat the machine's memory together, the kernel ends
    // those of the world first. Without a /proc that can be written to it
    // chooses by size, which is no worse than on any machine.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    // A limit of 1 also keeps the host's core_pattern helper, a pipe, from
    // being run for a process of the sandbox (do_coredump in fs/coredump.c).
    setrlimit(Resource::RLIMIT_CORE, 1, 1)
}
