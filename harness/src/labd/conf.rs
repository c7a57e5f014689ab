//! From arguments and conf file to what is to be done.

use std::time::Duration;

use daemonlab::daemon::{Cause, Conf, Failure, Mode, Settings, Stage, Start};
use daemonlab::sys::System;

use super::args::Args;
use super::lab::Lab;
use super::log::Log;

/// Keys of the file that are `labd`'s and not the daemonizer's.
const OWN: [&str; 3] = ["lab", GRACE, TIMEOUT];
const GRACE: &str = "grace_period_seconds";
const TIMEOUT: &str = "graceful_shutdown_timeout_seconds";

/// What is to be done.
#[derive(Debug, PartialEq)]
pub struct Wanted {
    /// By the daemonizer.
    pub settings: Settings,
    /// By the server.
    pub lab: Lab,
    /// How long a stop waits for connections.
    pub grace: Duration,
}

impl Wanted {
    /// Reads the conf file, if there is one; the flags win. Unknown keys are
    /// logged as warnings.
    ///
    /// # Errors
    /// What is wrong with the file, and where.
    pub fn read<S: System>(sys: &S, log: &Log<S>, args: &Args) -> Result<Wanted, Failure> {
        let mut wanted = match &args.conf {
            None => Wanted::new(Settings::default(), Lab::default(), None, None),
            Some(path) => {
                let conf = Conf::read(sys, path, &OWN)?;
                for warning in &conf.warnings {
                    log.warn(warning);
                }
                let lab = conf.section("lab")?.unwrap_or_default();
                let (grace, timeout) = (conf.section(GRACE)?, conf.section(TIMEOUT)?);
                Wanted::new(conf.settings, lab, grace, timeout)
            }
        };
        if wanted.lab.listen.is_empty() {
            let why = "is empty: a server listens somewhere".to_owned();
            return Err(Failure::new(Stage::Conf, "lab.listen", Cause::Text(why)));
        }
        if args.daemon {
            wanted.settings.mode = Mode::Background;
        }
        if args.upgrade {
            wanted.settings.start = Start::Upgrade;
        }
        Ok(wanted)
    }

    fn new(settings: Settings, lab: Lab, grace: Option<u64>, timeout: Option<u64>) -> Wanted {
        // Pingora's defaults.
        let grace = grace.unwrap_or(300).saturating_add(timeout.unwrap_or(5));
        Wanted {
            settings,
            lab,
            grace: Duration::from_secs(grace),
        }
    }
}
