//! The lies of a start that goes on in company: its launcher, an old instance,
//! a service manager, whoever stops it.

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::linux::Linux;
use daemonlab::sys::records::{At, KillTarget, SocketKind, UnixAddr};
use daemonlab::sys::{Environment, Errno, Gid, Kernel, Result, Signal, Uid};
use daemonlab_harness::world::limits::Resource;
use nix::sys::resource::{getrlimit, setrlimit};
use nix::sys::signal::{SIGINT, SIGQUIT, SIGTERM, SigHandler, SigSet};
use nix::unistd::ForkResult;

use super::flawed::Flawed;
use super::flaws::Flaw;

/// The answer that the flaw gives instead of the kernel's; `None` where it has
/// nothing to say.
pub fn lie(kernel: &Flawed, call: &Call) -> Option<Result<Ret>> {
    let done = Some(Ok(Ret::Unit));
    let in_daemon = kernel.forks.get() == 2;
    match (kernel.flaw, call) {
        (Flaw::LeaksOwn, Call::Close { fd }) if in_daemon && is_of_the_start(*fd) => done,
        (Flaw::TakesDaemonAlong, Call::Exit { status: 0 }) if kernel.is_launcher() => {
            end_children();
            None
        }

        (Flaw::LeavesWorker, Call::Bind { .. }) => {
            start_helper();
            None
        }
        (Flaw::StopsAtOnce, Call::Bind { .. }) => {
            answer_by(&[SIGTERM, SIGQUIT], leave);
            None
        }
        (Flaw::TakesItsTime, Call::Bind { .. }) => {
            answer_by(&[SIGINT], pass_on);
            None
        }
        (
            Flaw::KeepsStale,
            Call::Rename {
                dir: At::Fd(dir),
                to,
                ..
            },
        ) => {
            let name = PathBuf::from(format!("/proc/self/fd/{dir}")).join(to);
            let mut old = name.clone().into_os_string();
            old.push(".old");
            // Where there is no such file there is nothing to keep.
            let _ = std::fs::hard_link(name, old);
            None
        }

        (Flaw::NoOld, Call::Link { .. }) => done,
        (
            Flaw::EndsOldEarly,
            Call::Receive {
                fd, max_fds: 1.., ..
            },
        ) => {
            let received = Linux.call(call.clone());
            end_peer(*fd);
            Some(received)
        }
        (Flaw::HandsNothing, Call::Send { fd, data, fds, to }) if !fds.is_empty() => {
            Some(Linux.call(Call::Send {
                fd: *fd,
                data: data.clone(),
                fds: Vec::new(),
                to: to.clone(),
            }))
        }
        (Flaw::LeavesGap, Call::Receive { max_fds: 1.., .. }) => {
            let received = Linux.call(call.clone());
            if let Ok(Ret::Message(message)) = &received {
                message.fds.iter().skip(1).for_each(|fd| leave_gap(*fd));
            }
            Some(received)
        }
        (Flaw::KeepsName, Call::Rename { from, .. }) if is_old(from) => done,
        (Flaw::ForgetsOlder, Call::Open { path, .. }) if is_old(path) => Some(Err(Errno::ENOENT)),
        (Flaw::HidesErrno, Call::Connect { .. }) => {
            Some(Linux.call(call.clone()).map_err(|_| Errno::EIO))
        }

        (Flaw::IgnoresConf, Call::Read { max: 65536, .. }) => {
            let first = !kernel.told.replace(true);
            let text = if first { "version: 1\n" } else { "" };
            Some(Ok(Ret::Bytes(text.into())))
        }
        (
            Flaw::MissingIsEmpty,
            Call::Open {
                dir,
                path,
                how,
                mode,
            },
        ) if kernel.forks.get() == 0 && path.extension().is_some_and(|end| end == "yaml") => {
            let opened = Linux.call(call.clone());
            Some(opened.or_else(|_| {
                Linux.call(Call::Open {
                    dir: *dir,
                    path: "/dev/null".into(),
                    how: *how,
                    mode: *mode,
                })
            }))
        }

        (Flaw::GivesPidFileAway, Call::Fchmod { fd, .. }) => {
            Some(Linux.call(call.clone()).and_then(|_| {
                Linux.call(Call::Fchown {
                    fd: *fd,
                    uid: Some(Uid::from_raw(65534)),
                    gid: Some(Gid::from_raw(65534)),
                })
            }))
        }
        (Flaw::TellsNobody, Call::Connect { address, .. }) if is_manager(address) => done,
        (Flaw::TellsNobody, Call::Send { data, .. }) if data.starts_with(b"READY=1") => {
            Some(Ok(Ret::Size(data.len())))
        }
        (Flaw::WrongMainPid, Call::Send { fd, data, fds, to }) if data.starts_with(b"READY=1") => {
            let sent = Linux.call(Call::Send {
                fd: *fd,
                data: b"READY=1\nMAINPID=1".to_vec(),
                fds: fds.clone(),
                to: to.clone(),
            });
            Some(sent.map(|_| Ret::Size(data.len())))
        }
        (Flaw::TellsEarly, Call::SetSid) => {
            tell_early();
            None
        }
        _ => None,
    }
}

/// What the flaw does before the program begins.
pub fn before(flaw: Flaw) {
    match flaw {
        Flaw::TouchesEarly => {
            for path in ["/tmp/pingora.pid", "/run/lab.pid"] {
                let _ = std::fs::write(path, "1\n");
            }
        }
        Flaw::StartsHelper => start_helper(),
        Flaw::RaisesLimits => raise_limits(),
        Flaw::Chatty => {
            println!("starting");
            eprintln!("starting");
        }
        Flaw::AllOnStderr => point(1, 2),
        Flaw::AllOnStdout => point(2, 1),
        // SAFETY: no other thread runs yet.
        Flaw::Quiet => unsafe { std::env::set_var("RUST_LOG", "off") },
        _ => {}
    }
}

fn raise_limits() {
    for resource in Resource::ALL {
        let number = resource.number();
        let (_, hard) = getrlimit(number).unwrap_or_default();
        let _ = setrlimit(number, hard, hard);
    }
}

fn point(fd: RawFd, at: RawFd) {
    // SAFETY: dup2 takes two numbers; both are standard streams.
    unsafe { libc::dup2(at, fd) };
}

fn is_old(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "old")
}

fn is_manager(address: &UnixAddr) -> bool {
    match (address, Linux.var("NOTIFY_SOCKET")) {
        (UnixAddr::Path(path), Some(name)) => path.as_os_str() == name,
        (UnixAddr::Abstract(_), Some(_)) => true,
        (_, None) => false,
    }
}

/// Whether it is the pipe to the launcher, or stands for the launcher.
fn is_of_the_start(fd: RawFd) -> bool {
    let target = std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap_or_default();
    let target = target.to_string_lossy();
    target.starts_with("pipe:") || target.contains("pidfd")
}

/// Ends every child, and sees it gone.
fn end_children() {
    let listed = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    for pid in listed.split_whitespace().filter_map(|pid| pid.parse().ok()) {
        let pid = nix::unistd::Pid::from_raw(pid);
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::SIGKILL);
        let _ = nix::sys::wait::waitpid(pid, None);
    }
}

/// A child that stays, with every descriptor that is open now.
fn start_helper() {
    // SAFETY: one thread runs, and the child does nothing but wait.
    if let Ok(ForkResult::Child) = unsafe { nix::unistd::fork() } {
        let _ = SigSet::all().thread_block();
        loop {
            nix::unistd::pause();
        }
    }
}

/// From now on `handler` is called for these signals, and the server, which
/// reads them from a signalfd, hears of the others alone.
fn answer_by(signals: &[nix::sys::signal::Signal], handler: extern "C" fn(libc::c_int)) {
    let set: SigSet = signals.iter().copied().collect();
    let served: SigSet = [SIGTERM, SIGINT, SIGQUIT]
        .into_iter()
        .filter(|signal| !set.contains(*signal))
        .collect();
    for fd in 3..64 {
        let target = std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap_or_default();
        if target.as_os_str() == "anon_inode:[signalfd]" {
            // SAFETY: the descriptor is a signalfd, and the set outlives the call.
            unsafe { libc::signalfd(fd, served.as_ref(), 0) };
        }
    }
    for signal in signals {
        // SAFETY: the handlers make async-signal-safe calls alone.
        let _ = unsafe { nix::sys::signal::signal(*signal, SigHandler::Handler(handler)) };
    }
    std::thread::spawn(move || {
        let _ = set.thread_unblock();
        loop {
            std::thread::park();
        }
    });
}

extern "C" fn leave(_: libc::c_int) {
    // SAFETY: _exit is async-signal-safe and takes a number.
    unsafe { libc::_exit(0) };
}

extern "C" fn pass_on(_: libc::c_int) {
    // SAFETY: both are async-signal-safe and take numbers.
    unsafe { libc::kill(libc::getpid(), libc::SIGTERM) };
}

fn end_peer(fd: RawFd) {
    let Ok(Ret::Peer(peer)) = Linux.call(Call::GetPeer { fd }) else {
        return;
    };
    let pid = peer.pid;
    let _ = Linux.call(Call::Kill {
        target: KillTarget::Process(pid),
        signal: Some(Signal::KILL),
    });
    // So that it is not chance whether it is still seen.
    while Path::new(&format!("/proc/{pid}/exe")).read_link().is_ok() {
        std::thread::yield_now();
    }
}

/// Refuses connections to the listening socket for half a second.
fn leave_gap(fd: RawFd) {
    // SAFETY: the descriptor was received just now and is open for this call.
    let socket = unsafe { BorrowedFd::borrow_raw(fd) };
    let _ = nix::sys::socket::shutdown(fd, nix::sys::socket::Shutdown::Both);
    std::thread::sleep(Duration::from_millis(500));
    // SAFETY: listen takes two numbers, and the first is open.
    unsafe { libc::listen(socket.as_raw_fd(), 128) };
}

fn tell_early() {
    let Some(name) = Linux.var("NOTIFY_SOCKET") else {
        return;
    };
    let Ok(Ret::Fd(fd)) = Linux.call(Call::Socket {
        kind: SocketKind::Datagram,
    }) else {
        return;
    };
    let _ = Linux.call(Call::Send {
        fd,
        data: b"READY=1".to_vec(),
        fds: Vec::new(),
        to: Some(UnixAddr::Path(name.into())),
    });
    let _ = Linux.call(Call::Close { fd });
}
