//! What the harness asks, and when it is answered.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use super::{Init, Pending};
use crate::world::WorldError;
use crate::world::real::failure::refusal;
use crate::world::real::init::launch::now;
use crate::world::real::tracer::nobody_is_left;
use crate::world::real::wire::message::{Answer, Behind, Reply, Request};

/// How long the harness is kept waiting for a moment of virtual time that is
/// slow to come: it asks again.
const KEPT: Duration = Duration::from_secs(2);

impl Init {
    /// Takes and answers a request; gives whether there may be another.
    pub(super) fn ask(&mut self) -> bool {
        let Ok(Some(frame)) = self.channel.receive::<Request>() else {
            return false;
        };
        if let Request::Finish = frame.message {
            self.drain_all();
            self.tracer.cut_short(self.time());
            self.tell();
            let events = self.events.take();
            let behind = match nobody_is_left() {
                true => Behind::Nobody,
                false => Behind::Somebody,
            };
            let _ = self.answer(Ok(Reply::Finished(events, behind)), &[], None);
            return false;
        }
        match self.request(frame.message, frame.bytes) {
            Some((answer, bytes, fd)) => self.answer(answer, &bytes, fd).is_ok(),
            None => true,
        }
    }

    pub(super) fn answer(
        &self,
        answer: Answer,
        bytes: &[u8],
        fd: Option<OwnedFd>,
    ) -> Result<(), WorldError> {
        let fds: Vec<BorrowedFd<'_>> = fd.iter().map(AsFd::as_fd).collect();
        let sent = self.channel.send_with(&answer, bytes, &fds);
        sent.map_err(|why| refusal("answer the harness", why, ""))
    }

    /// Answers what was waited for; gives whether the harness is still there.
    pub(super) fn settle(&mut self) -> bool {
        let time = self.time();
        let asked = Duration::from_nanos(now().saturating_sub(self.asked));
        let kept = self.tracer.time().is_some() && asked > KEPT;
        if let Some(Pending::Stand(until)) = self.pending {
            return self.stand(until);
        }
        let told = self.events_due().is_some_and(|due| time >= due);
        let (answer, bytes) = match &mut self.pending {
            Some(Pending::Wait(until)) if told || time >= *until || kept => (
                Ok(Reply::Events(self.events.take(), self.tracer.time())),
                Vec::new(),
            ),
            Some(Pending::Connect(connection)) => match connection.go_on(time) {
                Some(Ok(bytes)) => (Ok(Reply::Received), bytes),
                Some(Err(error)) => (Err(error.into()), Vec::new()),
                None => return true,
            },
            _ => return true,
        };
        self.pending = None;
        self.answer(answer, &bytes, None).is_ok()
    }

    /// Answers once nothing runs; gives whether the harness is still there.
    fn stand(&mut self, until: Duration) -> bool {
        // What told of stops that were seen through would only wake init again.
        let told = matches!(self.signals.read_signal(), Ok(Some(_)));
        if (self.tracer.has_napped() || told) && self.has_next() {
            self.reap();
        }
        let standing = self.tracer.standing();
        if standing.is_none() && self.real_time() < until {
            return true;
        }
        self.pending = None;
        self.drain_all();
        let events = self.events.take();
        let answer = Ok(Reply::Standing(events, standing, self.tracer.time()));
        self.answer(answer, &[], None).is_ok()
    }
}
