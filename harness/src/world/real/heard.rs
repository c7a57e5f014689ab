//! What comes of asking a helper: a world's init, mostly.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::diagnosis::explain;
use super::failure::{Failure, error, refusal};
use super::stage::StageId;
use super::wire::Frame;
use super::wire::message::{Answer, Problem, Reply};
use crate::world::WorldError;

/// How long a helper may take for what takes milliseconds.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What came of asking init; nothing, if it has ended.
pub type Heard = io::Result<Option<Frame<Answer>>>;

/// What init answered.
pub struct Answered {
    pub reply: Reply,
    pub bytes: Vec<u8>,
    pub fd: Option<OwnedFd>,
}

/// What init has answered, and why not where it has not.
pub fn judge(stage: &str, heard: Heard) -> Result<Answered, WorldError> {
    let remedy = "run it again; if it happens again, report it as a bug of daemonlab";
    match heard {
        Ok(Some(frame)) => match frame.message {
            Ok(reply) => Ok(Answered {
                reply,
                bytes: frame.bytes,
                fd: frame.fds.into_iter().next(),
            }),
            Err(Problem::World(error)) => Err(error),
            Err(Problem::Stage(failure)) => Err(explain(failure)),
        },
        Ok(None) => Err(refusal(
            stage,
            "the world is gone: its init has ended",
            remedy,
        )),
        Err(why) => match why.kind() {
            io::ErrorKind::TimedOut => {
                Err(refusal(stage, "the world's init does not answer", remedy))
            }
            io::ErrorKind::BrokenPipe => Err(refusal(
                stage,
                "the world is gone: its init has ended",
                remedy,
            )),
            _ => Err(error(stage, why)),
        },
    }
}

/// The same, where a stage is tried.
pub fn judge_stage(heard: Heard) -> Result<(), Failure> {
    let what = "hear from the world's init";
    match heard {
        Ok(Some(frame)) => match frame.message {
            Ok(_) => Ok(()),
            Err(Problem::Stage(failure)) => Err(failure),
            Err(Problem::World(error)) => {
                Err(Failure::new(StageId::Mounts, what, error.to_string()))
            }
        },
        Ok(None) => Err(Failure::new(
            StageId::Processes,
            what,
            "it has ended".to_owned(),
        )),
        Err(why) => Err(Failure::new(StageId::Processes, what, why)),
    }
}

/// An answer to another question.
pub fn unexpected(stage: &str, reply: &Reply) -> WorldError {
    refusal(
        stage,
        format!("init answered {reply:?}"),
        "report this as a bug of daemonlab",
    )
}

/// A helper that says something else than it is to, or nothing.
pub fn confused(what: &str, why: &dyn std::fmt::Debug) -> Failure {
    Failure::new(StageId::Userns, what, format!("{why:?}"))
}
