//! The simulated kernel's footprints, audited: whatever they say does not
//! conflict commutes, in the daemonizer's own start and in random programs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use daemonlab::daemon::{Daemon, InheritedFds, LauncherWaits, Mode, Settings};
use daemonlab::explore::{Timers, audit};
use daemonlab::sim::{Actor, Faults, Scene, Setup, Simulation, Start, Sys};
use daemonlab::sys::records::*;
use daemonlab::sys::*;
use oorandom::Rand32;
use rstest::rstest;

fn simulation(programs: Vec<Arc<dyn Fn(Sys) -> i32 + Send + Sync>>) -> Simulation {
    let actor = |program| Actor {
        program,
        start: Start::default(),
        faults: Faults::ALL,
    };
    Simulation::new(Setup {
        scene: Scene::new()
            .user("www", 33, 33)
            .group("www", 33, &[])
            .directory("/tmp/d", 0o777, (0, 0)),
        actors: programs.into_iter().map(actor).collect(),
        time: Timers::AnyTime,
        hang_up: false,
        invariants: Vec::new(),
    })
}

fn start(launcher_waits: LauncherWaits, user: Option<&str>) -> impl Fn(Sys) -> i32 + use<> {
    let settings = Settings {
        mode: Mode::Background,
        pid_file: PathBuf::from("/run/d.pid"),
        error_log: Some(PathBuf::from("/var/log/d.log")),
        user: user.map(str::to_owned),
        launcher_waits,
        ..Settings::default()
    };
    move |sys| {
        let inherited = InheritedFds::note(&sys);
        Daemon::new(sys, inherited, settings.clone()).run_forever(|ready| match ready.notify() {
            Ok(running) => i32::from(running.stop().is_err()),
            Err(failure) => failure.status(),
        })
    }
}

#[rstest]
#[case::that_waits_for_ready(LauncherWaits::ForReady, Some("www"), 1)]
#[case::that_waits_for_detached(LauncherWaits::ForDetached, None, 1)]
#[case::twice(LauncherWaits::ForReady, Some("www"), 2)]
fn the_footprints_of_a_start(
    #[case] waits: LauncherWaits,
    #[case] user: Option<&str>,
    #[case] times: usize,
) {
    let programs = (0..times).map(|_| Arc::new(start(waits, user)) as _);
    let seen = audit(simulation(programs.collect()), 7, 400, 400);
    let seen = seen.unwrap_or_else(|dishonest| panic!("{dishonest}"));
    assert!(seen.pairs >= 100, "{seen:?}");
}

/// Every process draws its calls by its own PID, so that each repeats itself.
#[test]
fn the_footprints_of_random_programs() {
    let mut pairs = 0;
    for seed in 0..16 {
        let programs = (0..2).map(|_| Arc::new(move |sys: Sys| draw(&sys, seed)) as _);
        let seen = audit(simulation(programs.collect()), seed, 30, 80);
        let seen = seen.unwrap_or_else(|dishonest| panic!("seed {seed}: {dishonest}"));
        pairs += seen.pairs;
    }
    assert!(pairs > 500, "{pairs}");
}

fn draw(sys: &Sys, seed: u64) -> i32 {
    let mut known: Vec<Pid> = vec![Pid::from_raw(1000), Pid::from_raw(1001)];
    let (mut fds, mut pidfds) = (Vec::new(), Vec::new());
    let pipe = sys.pipe();
    let mut depth = 0;
    let mut random = Rand32::new(seed ^ sys.getpid().map_or(0, |pid| pid.as_raw() as u64));
    for _ in 0..24 {
        let signal = [Signal::USR1, Signal::USR2, Signal::CHLD, Signal::TERM];
        let signal = signal[random.rand_range(0..4) as usize];
        let set = SignalSet::EMPTY.with(signal);
        let pid = known[random.rand_range(0..known.len() as u32) as usize];
        let path = ["a", "b"][random.rand_range(0..2) as usize];
        let path = Path::new("/tmp/d").join(path);
        let uid = Uid::from_raw([0, 33][random.rand_range(0..2) as usize]);
        let some = |random: &mut Rand32, uid| (random.rand_range(0..2) == 0).then_some(uid);
        match random.rand_range(0..24) {
            0 | 1 if depth < 2 => match sys.fork() {
                Ok(Forked::Parent(child)) => known.push(child),
                Ok(Forked::Child) => {
                    depth += 1;
                    let pid = sys.getpid().map_or(0, |pid| pid.as_raw() as u64);
                    random = Rand32::new(seed ^ (pid << 8));
                }
                Err(_) => {}
            },
            2 => drop(sys.kill(KillTarget::Process(pid), Some(signal))),
            3 => drop(sys.kill(KillTarget::Process(pid), None)),
            4 => drop(sys.sigaction(signal, Disposition::Interrupt)),
            5 => drop(sys.sigaction(signal, Disposition::Ignore)),
            6 => drop(sys.sigmask(MaskHow::Block, set)),
            7 => drop(sys.sigmask(MaskHow::Unblock, set)),
            8 => drop(sys.sigtimedwait(set, waits(&mut random))),
            9 => drop(sys.sigpending()),
            10 => drop(sys.wait(WaitFor::Pid(pid), WaitMode::NoHang)),
            11 => drop(sys.wait(WaitFor::Any, WaitMode::NoHang)),
            12 => drop(sys.setresuid(
                some(&mut random, uid),
                some(&mut random, uid),
                some(&mut random, uid),
            )),
            13 => drop(sys.set_child_subreaper(true)),
            14 => {
                let how = OpenHow {
                    create: true,
                    ..OpenHow::new(Access::ReadWrite)
                };
                fds.extend(sys.open(At::Cwd, &path, how, 0o666));
            }
            15 => drop(sys.unlink(At::Cwd, &path)),
            16 => drop(sys.rename(At::Cwd, &path, Path::new("/tmp/d/c"), Replace::Yes)),
            17 => {
                if let Some(fd) = fds.first() {
                    let _ = sys.flock(fd.raw(), Lock::Exclusive);
                    let _ = sys.write(fd.raw(), b"x");
                }
            }
            18 => drop(fds.pop()),
            19 => {
                if let Ok((_, write)) = &pipe {
                    let _ = sys.write(write.raw(), b"ab");
                }
            }
            20 => {
                if let Ok((read, _)) = &pipe {
                    let poll = PollFd {
                        fd: read.raw(),
                        read: true,
                        write: false,
                    };
                    let polled = sys.poll(&[poll], waits(&mut random), Some(set));
                    if polled.is_ok_and(|events| events.iter().any(|events| events.readable)) {
                        let _ = sys.read(read.raw(), 1 + random.rand_range(0..4) as usize);
                    }
                }
            }
            21 => pidfds.extend(sys.pidfd_open(pid)),
            22 => {
                if let Some(pidfd) = pidfds.first() {
                    let poll = PollFd {
                        fd: pidfd.raw(),
                        read: true,
                        write: false,
                    };
                    let _ = sys.poll(&[poll], waits(&mut random), None);
                    let _ = sys.pidfd_send_signal(pidfd.raw(), Some(signal));
                }
            }
            _ => drop(sys.getppid()),
        }
    }
    0
}

/// For ever, for some time, or not at all.
fn waits(random: &mut Rand32) -> Option<Duration> {
    let waits = [None, Some(0), Some(0), Some(5), Some(30)];
    let millis = waits[random.rand_range(0..waits.len() as u32) as usize]?;
    Some(Duration::from_millis(millis))
}
