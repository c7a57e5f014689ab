//! What only a probe asks for: things that worlds do later, tried once, each
//! in a process of its own.

use std::io::{self, Read, Write};

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Gid, Uid, fork, setgroups, setresgid, setresuid};

use crate::world::event::End;
use crate::world::real::failure::{At, Failure};
use crate::world::real::kernel::exit_now;
use crate::world::real::stage::StageId;
use crate::world::real::tracer::{self, Filter, Stops, arch};
use crate::world::real::wire::Channel;
use crate::world::real::wire::message::Trial;

/// Tries it, and says what failed.
pub fn run(trial: Trial) -> Result<(), Failure> {
    match trial {
        Trial::Ids => ids(),
        Trial::Trace => trace(),
    }
}

fn ids() -> Result<(), Failure> {
    let one = (Uid::from_raw(1), Gid::from_raw(1));
    let switch = || -> Result<(), Failure> {
        setgroups(&[one.1]).at(StageId::Ids, "set the groups to [1]")?;
        setresgid(one.1, one.1, one.1).at(StageId::Ids, "become group 1")?;
        setresuid(one.0, one.0, one.0).at(StageId::Ids, "become user 1")
    };
    let what = "try to switch ids in a process of its own";
    let (mut told, mut tell) = io::pipe().at(StageId::Ids, what)?;
    // SAFETY: an init has one thread.
    match unsafe { fork() }.at(StageId::Ids, what)? {
        ForkResult::Child => {
            let said = serde_json::to_vec(&switch()).map(|bytes| tell.write_all(&bytes));
            exit_now(i32::from(said.is_err()));
        }
        ForkResult::Parent { child } => {
            drop(tell);
            let mut text = Vec::new();
            told.read_to_end(&mut text).at(StageId::Ids, what)?;
            waitpid(child, None).at(StageId::Ids, what)?;
            serde_json::from_slice(&text)
                .map_err(io::Error::from)
                .at(StageId::Ids, what)?
        }
    }
}

/// A process is traced, stops in `getppid(2)`, and is answered EXDEV, which
/// that call never gives by itself.
fn trace() -> Result<(), Failure> {
    let what = "trace a process";
    if !arch::SUPPORTED {
        let why = format!("{} is not supported yet", std::env::consts::ARCH);
        return Err(Failure::new(StageId::Trace, what, why));
    }
    let at = |errno: Errno| Failure::new(StageId::Trace, what, errno);
    let (ours, theirs) = Channel::pair().at(StageId::Trace, what)?;
    // SAFETY: an init has one thread.
    match unsafe { fork() }.map_err(at)? {
        ForkResult::Child => {
            drop(ours);
            exit_now(stop_once(&theirs));
        }
        ForkResult::Parent { child } => {
            drop(theirs);
            answer_once(ours, child.as_raw())
        }
    }
}

/// Gives 0 if it was answered as it should, 255 if not, or an errno.
fn stop_once(channel: &Channel) -> i32 {
    if !matches!(channel.receive::<()>(), Ok(Some(_))) {
        return 255;
    }
    let stops = Stops {
        numbers: [libc::SYS_getppid].into(),
        ..Stops::default()
    };
    let filter = Filter::new(&stops, None);
    if let Err(errno) = filter.install() {
        return errno as i32;
    }
    // SAFETY: no arguments.
    let done = unsafe { libc::syscall(libc::SYS_getppid) };
    match Errno::result(done) {
        Err(Errno::EXDEV) => 0,
        _ => 255,
    }
}

fn answer_once(channel: Channel, child: i32) -> Result<(), Failure> {
    let traced = tracer::try_once(child, -i64::from(libc::EXDEV), || {
        channel.send(&()).map_err(|_| Errno::EPIPE)
    });
    drop(channel);
    let what = "trace a process";
    match traced.at(StageId::Trace, what)? {
        End::Exit(0) => Ok(()),
        End::Exit(errno @ 1..=254) => Err(Failure::new(
            StageId::Trace,
            "set a filter on system calls",
            Errno::from_raw(errno),
        )),
        end => Err(Failure::new(
            StageId::Trace,
            what,
            format!("its call was not answered: {end:?}"),
        )),
    }
}
