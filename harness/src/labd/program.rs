//! What runs in the daemon, or in the foreground.

use daemonlab::daemon::{Failure, Ready, Removal, Start, exit_code};

use super::conf::Wanted;
use super::die::{Die, Stage};
use super::lab::ReadyAfter;
use super::listen::{Listening, adopt};
use super::log::Log;
use super::net::Net;
use super::serve::{self, Server, time};
use super::stop::{Signals, Stop};
use super::takeover::{Estate, Offer, ask};

/// The status of a server that cannot listen, or was told to stop before it
/// was ready.
pub const CANNOT_LISTEN: i32 = 1;

/// Starts, serves and stops. Gives the status of the process.
pub fn run<S: Net>(ready: Ready<S>, wanted: &Wanted, early: Vec<Listening<S>>) -> i32 {
    let sys = ready.sys().clone();
    let log = Log::new(&sys);
    match start(&sys, &log, ready, wanted, early) {
        Ok(()) => exit_code::READY,
        Err(failure) => {
            log.error(&failure);
            failure.status()
        }
    }
}

fn start<S: Net>(
    sys: &S,
    log: &Log<S>,
    ready: Ready<S>,
    wanted: &Wanted,
    early: Vec<Listening<S>>,
) -> Result<(), Failure> {
    let lab = &wanted.lab;
    let signals = match Signals::take(sys, log) {
        Ok(signals) => signals,
        Err(errno) => return Err(ready.fail(exit_code::SYSTEM, format_args!("signals: {errno}"))),
    };
    Die::at(lab.die, Stage::Detached, sys, log);

    let path = ready.upgrade_sock().to_path_buf();
    let (inherited, mut offer, line) = match ready.settings().start {
        Start::Upgrade => match ask(sys, log, &path) {
            Ok(Estate {
                listening,
                offer,
                line,
            }) => (listening, Some(offer), Some(line)),
            Err(failure) => return Err(ready.fail_with(failure)),
        },
        Start::Fresh => (early, None, None),
    };
    let listening = match adopt(sys, log, &lab.listen, inherited) {
        Ok(listening) => listening,
        Err(why) => return Err(ready.fail(CANNOT_LISTEN, why)),
    };
    if let Some(stop) = wait(sys, log, &signals, lab.ready_after) {
        let why = format_args!("told to stop ({stop:?}) before it was ready");
        return Err(ready.fail(CANNOT_LISTEN, why));
    }
    Die::at(lab.die, Stage::BeforeReady, sys, log);

    if offer.is_none() {
        offer = Offer::open(sys, log, &path)
            .inspect_err(|errno| {
                log.warn(format_args!(
                    "nobody will be able to take over, {}: {errno}",
                    path.display()
                ));
            })
            .ok();
    }
    // Before it is said, so that it is in the log once the launcher exits.
    log.info(format_args!("ready, PID {}", ready.pid()));
    let running = ready.notify()?;
    if let Some(line) = line {
        line.ready();
    }
    Die::at(lab.die, Stage::AfterReady, sys, log);

    let server = Server {
        sys,
        log,
        listening,
        offer: &mut offer,
        signals: &signals,
        answer: format!("{} from {}\n", lab.text, running.pid()),
        answer_after: lab.answer_after,
        grace: wanted.grace,
        on_stop: &|_: Stop| Die::at(lab.die, Stage::Stopping, sys, log),
    };
    server.serve();
    if let Some(offer) = offer {
        offer.close();
    }
    match running.stop() {
        Ok(Removal::Removed) => log.info("stopped"),
        Ok(other) => log.info(format_args!("stopped; PID file: {other:?}")),
        Err(failure) => log.warn(format_args!("stopped; {failure}")),
    }
    Ok(())
}

/// Waits until the server is to be ready; gives the signal that comes first.
fn wait<S: Net>(
    sys: &S,
    log: &Log<S>,
    signals: &Signals<S>,
    ready_after: ReadyAfter,
) -> Option<Stop> {
    let due = match ready_after {
        ReadyAfter::Never => None,
        ReadyAfter::Time(after) => Some(time(sys).saturating_add(after)),
    };
    loop {
        let stop = signals.next();
        if stop.is_some() || due.is_some_and(|due| time(sys) >= due) {
            return stop;
        }
        serve::wait(sys, log, &[signals.fd()], due);
    }
}
