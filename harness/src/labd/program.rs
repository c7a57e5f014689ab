//! What runs in the daemon, or in the foreground.

use std::os::fd::AsFd;
use std::time::Instant;

use daemonlab::daemon::{Failure, Ready, Removal, Start, exit_code};
use daemonlab::sys::System;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};

use super::conf::Wanted;
use super::die::{Die, Stage};
use super::lab::ReadyAfter;
use super::listen::{Listening, adopt};
use super::serve::{Server, timeout};
use super::stop::{Signals, Stop};
use super::takeover::{Estate, Offer, ask};

/// The status of a server that cannot listen, or was told to stop before it
/// was ready.
pub const CANNOT_LISTEN: i32 = 1;

/// Starts, serves and stops. Gives the status of the process.
pub fn run<S: System>(ready: Ready<S>, wanted: &Wanted, early: Vec<Listening>) -> i32 {
    match serve(ready, wanted, early) {
        Ok(()) => exit_code::READY,
        Err(failure) => {
            log::error!("{failure}");
            failure.status()
        }
    }
}

fn serve<S: System>(
    ready: Ready<S>,
    wanted: &Wanted,
    early: Vec<Listening>,
) -> Result<(), Failure> {
    let sys = ready.sys().clone();
    let lab = &wanted.lab;
    let signals = match Signals::take() {
        Ok(signals) => signals,
        Err(errno) => return Err(ready.fail(exit_code::SYSTEM, format_args!("signals: {errno}"))),
    };
    Die::at(lab.die, Stage::Detached, &sys);

    let path = ready.upgrade_sock().to_path_buf();
    let (inherited, mut offer, line) = match ready.settings().start {
        Start::Upgrade => match ask(&sys, &path) {
            Ok(Estate {
                listening,
                offer,
                line,
            }) => (listening, Some(offer), Some(line)),
            Err(failure) => return Err(ready.fail_with(failure)),
        },
        Start::Fresh => (early, None, None),
    };
    let listening = match adopt(&lab.listen, inherited) {
        Ok(listening) => listening,
        Err(why) => return Err(ready.fail(CANNOT_LISTEN, why)),
    };
    if let Some(stop) = wait(&signals, lab.ready_after) {
        let why = format_args!("told to stop ({stop:?}) before it was ready");
        return Err(ready.fail(CANNOT_LISTEN, why));
    }
    Die::at(lab.die, Stage::BeforeReady, &sys);

    if offer.is_none() {
        offer = Offer::open(&sys, &path)
            .inspect_err(|errno| {
                log::warn!(
                    "nobody will be able to take over, {}: {errno}",
                    path.display()
                );
            })
            .ok();
    }
    // Before it is said, so that it is in the log once the launcher exits.
    log::info!("ready, PID {}", ready.pid());
    let running = ready.notify()?;
    if let Some(line) = line {
        line.ready();
    }
    Die::at(lab.die, Stage::AfterReady, &sys);

    let server = Server {
        listening,
        offer: &mut offer,
        signals: &signals,
        answer: format!("{} from {}\n", lab.text, running.pid()),
        answer_after: lab.answer_after,
        grace: wanted.grace,
        on_stop: &|_: Stop| Die::at(lab.die, Stage::Stopping, &sys),
    };
    server.serve();
    if let Some(offer) = offer {
        offer.close();
    }
    match running.stop() {
        Ok(Removal::Removed) => log::info!("stopped"),
        Ok(other) => log::info!("stopped; PID file: {other:?}"),
        Err(failure) => log::warn!("stopped; {failure}"),
    }
    Ok(())
}

/// Waits until the server is to be ready; gives the signal that comes first.
fn wait(signals: &Signals, ready_after: ReadyAfter) -> Option<Stop> {
    let due = match ready_after {
        ReadyAfter::Never => None,
        ReadyAfter::Time(time) => Some(Instant::now() + time),
    };
    loop {
        let stop = signals.next();
        if stop.is_some() || due.is_some_and(|due| Instant::now() >= due) {
            return stop;
        }
        let mut wishes = [PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        match poll(&mut wishes, timeout(due)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => log::error!("cannot wait: {errno}"),
        }
    }
}
