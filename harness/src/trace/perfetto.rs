//! A trace for `ui.perfetto.dev` and `chrome://tracing`, in the Trace Event
//! Format (JSON): a group of tracks a process, a track a thread, a slice a
//! call, and arrows from who sends a signal, or makes a process, to who gets
//! or is it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::world::event::{Actor, CallEvent, CallResult, What};
use crate::world::spec::Role;

use super::sink::Sink;
use super::slices::{Arrow, Slice, micros, nested};
use super::text::{ended, name, signal_name, summary};
use super::told::{Begun, Finished, Happening};

/// How to tell a thread from all others: a PID may be another's later.
type Key = (i32, String);

/// Writes a trace once it is over.
#[derive(Debug)]
pub struct Perfetto<W> {
    to: W,
    zero: Duration,
    command: Vec<String>,
    /// In the order in which they were seen first.
    tracks: Vec<Track>,
    by_key: BTreeMap<Key, usize>,
    arrows: u64,
    /// Signals whose senders are looked for when all is known.
    signals: Vec<Delivery>,
    instants: Vec<(u64, Value)>,
    last: u64,
}

/// A thread.
#[derive(Debug)]
struct Track {
    pid: i32,
    tid: i32,
    task: String,
    role: Role,
    program: String,
    born: u64,
    ended: Option<u64>,
    slices: Vec<Slice>,
    /// The arrow from who has made it.
    from: Option<Arrow>,
}

/// A slice that may have sent a signal: when it begins, its track, its place
/// there.
type Candidate = (u64, usize, usize);

/// A signal that somebody got.
#[derive(Debug)]
struct Delivery {
    track: usize,
    slice: usize,
    from_pid: i32,
    /// Whether it tells of the sender's end.
    of_end: bool,
    signal: i32,
    name: String,
}

impl<W: Write> Perfetto<W> {
    /// A trace that goes to `to`.
    pub fn new(to: W) -> Perfetto<W> {
        Perfetto {
            to,
            zero: Duration::ZERO,
            command: Vec::new(),
            tracks: Vec::new(),
            by_key: BTreeMap::new(),
            arrows: 0,
            signals: Vec::new(),
            instants: Vec::new(),
            last: 0,
        }
    }

    fn nanos(&self, at: Duration) -> u64 {
        u64::try_from(at.saturating_sub(self.zero).as_nanos()).unwrap_or(u64::MAX)
    }

    /// The track of a thread, which is made if it was not seen before.
    fn track(&mut self, actor: &Actor, at: u64) -> usize {
        let key = (actor.pid, actor.task.clone());
        if let Some(known) = self.by_key.get(&key) {
            self.tracks[*known].role = actor.role;
            return *known;
        }
        let new = self.tracks.len();
        self.tracks.push(Track {
            pid: actor.pid,
            tid: actor.tid,
            task: actor.task.clone(),
            role: actor.role,
            program: String::new(),
            born: at,
            ended: None,
            slices: Vec::new(),
            from: None,
        });
        self.by_key.insert(key, new);
        new
    }

    fn arrow(&mut self, name: &str) -> Arrow {
        self.arrows += 1;
        Arrow {
            id: self.arrows,
            name: name.to_owned(),
        }
    }

    fn forked(&mut self, at: u64, by: &Actor, new: &Actor, thread: bool) {
        let parent = self.track(by, at);
        let child = self.track(new, at);
        let what = if thread {
            "makes a thread"
        } else {
            "makes a process"
        };
        let arrow = self.arrow(what);
        let mut slice = Slice::new(what, "fork", at, at);
        slice.args = fields([("task", json!(new.task)), ("tid", json!(new.tid))]);
        slice.out.push(arrow.clone());
        self.tracks[parent].slices.push(slice);
        self.tracks[child].program = self.tracks[parent].program.clone();
        self.tracks[child].born = at + 1;
        self.tracks[child].from = Some(arrow);
    }

    fn call(&mut self, at: u64, by: &Actor, call: &CallEvent) {
        let track = self.track(by, at);
        let began = self.nanos(call.began);
        let mut slice = Slice::new(&call.name, "call", began, at);
        slice.args = fields([("call", json!(call.shown)), ("result", json!(call.answer))]);
        if let CallResult::Failed(errno) = call.result {
            slice.args.insert("errno".to_owned(), json!(errno));
        }
        if let Some(signal) = call.signal {
            slice.args.insert("signal".to_owned(), json!(signal));
        }
        if let Some(object) = &call.object {
            slice.args.insert("object".to_owned(), json!(object));
        }
        if !call.paths.is_empty() {
            slice.args.insert("paths".to_owned(), json!(call.paths));
        }
        self.tracks[track].slices.push(slice);
        if call.result == CallResult::Never && call.name == "exit" {
            self.tracks[track].ended = Some(at);
        }
    }

    fn signal(&mut self, at: u64, to: &Actor, what: &What) {
        let What::Signal {
            signal,
            code,
            from_pid,
            from_uid,
            ..
        } = what
        else {
            return;
        };
        let track = self.track(to, at);
        let name = signal_name(*signal);
        // Later than the call that has sent it, however fast that was.
        let mut slice = Slice::new(&name, "signal", at + 1, at + 1);
        slice.args = fields([
            ("code", json!(code)),
            ("from_pid", json!(from_pid)),
            ("from_uid", json!(from_uid)),
        ]);
        let of_end = [libc::CLD_EXITED, libc::CLD_KILLED, libc::CLD_DUMPED].contains(code);
        self.signals.push(Delivery {
            track,
            slice: self.tracks[track].slices.len(),
            from_pid: *from_pid,
            of_end: of_end && *signal == libc::SIGCHLD,
            signal: *signal,
            name,
        });
        self.tracks[track].slices.push(slice);
    }

    fn exited(&mut self, at: u64, by: &Actor, how: String) {
        let track = self.track(by, at);
        self.tracks[track]
            .slices
            .push(Slice::new(how, "end", at, at));
        let pid = by.pid;
        let threads = self.tracks.iter_mut().filter(|other| other.pid == pid);
        for thread in threads {
            thread.ended.get_or_insert(at);
        }
    }

    fn instant(&mut self, at: u64, name: &str, args: Map<String, Value>) {
        let (pid, tid) = self.tracks.first().map_or((0, 0), |t| (t.pid, t.tid));
        let event = json!({
            "ph": "i", "s": "p", "ts": micros(at), "pid": pid, "tid": tid,
            "name": name, "cat": "output", "args": args,
        });
        self.instants.push((at, event));
    }

    /// Draws arrows from the calls that have sent signals, or the ends that
    /// they tell of.
    fn find_senders(&mut self) {
        let mut senders: BTreeMap<(i32, bool), Vec<Candidate>> = BTreeMap::new();
        for (track, of) in self.tracks.iter().enumerate() {
            for (slice, it) in of.slices.iter().enumerate() {
                let sends = it.category == "call" && it.args.contains_key("signal");
                if sends || it.category == "end" {
                    let all = senders.entry((of.pid, !sends)).or_default();
                    all.push((it.start, track, slice));
                }
            }
        }
        senders.values_mut().for_each(|all| all.sort_unstable());
        for delivery in std::mem::take(&mut self.signals) {
            let at = self.tracks[delivery.track].slices[delivery.slice].start;
            let Some(all) = senders.get(&(delivery.from_pid, delivery.of_end)) else {
                continue;
            };
            let before = &all[..all.partition_point(|(start, ..)| *start < at)];
            let sent = |(_, track, slice): &&Candidate| {
                let sent = self.tracks[*track].slices[*slice].args.get("signal");
                delivery.of_end || sent == Some(&json!(delivery.signal))
            };
            if let Some((_, track, slice)) = before.iter().rev().find(sent).copied() {
                let arrow = self.arrow(&delivery.name);
                self.tracks[track].slices[slice].out.push(arrow.clone());
                self.tracks[delivery.track].slices[delivery.slice]
                    .into
                    .push(arrow);
            }
        }
    }

    /// What tracks are called, and in which order they are shown.
    fn names(&self) -> Vec<Value> {
        let mut names = Vec::new();
        for (place, track) in self.tracks.iter().enumerate() {
            let (pid, tid, task) = (track.pid, track.tid, &track.task);
            let mut say = |what: &str, args: Value| {
                names.push(json!({
                    "ph": "M", "ts": 0.0, "pid": pid, "tid": tid, "name": what, "args": args,
                }));
            };
            if pid == tid {
                let role = name(track.role);
                let shown = format!("{role} {} ({task})", track.program);
                say("process_name", json!({"name": shown}));
                say("process_sort_index", json!({"sort_index": place}));
            }
            say("thread_name", json!({"name": task}));
            say("thread_sort_index", json!({"sort_index": place}));
        }
        names
    }

    /// Everything in order of time. Of what happens at once, that of the older
    /// thread comes first: an arrow begins before it ends.
    fn events(&mut self) -> Vec<Value> {
        self.find_senders();
        let mut events = std::mem::take(&mut self.instants);
        for track in &mut self.tracks {
            let mut slices = std::mem::take(&mut track.slices);
            let first = slices.iter().map(|slice| slice.start).min();
            let last = slices.iter().map(|slice| slice.end).max();
            let born = track.born.min(first.unwrap_or(track.born));
            let end = track.ended.unwrap_or(self.last);
            // All else lies within: what is at its end as well.
            let end = end.max(last.unwrap_or(end)).max(born) + 1;
            let title = format!("{} {}", track.program, name(track.role));
            let mut life = Slice::new(title.trim(), "life", born, end);
            life.into.extend(track.from.take());
            slices.insert(0, life);
            events.extend(nested(track.pid, track.tid, slices));
        }
        events.sort_by_key(|(at, _)| *at);
        events.into_iter().map(|(_, event)| event).collect()
    }
}

fn fields<const N: usize>(all: [(&str, Value); N]) -> Map<String, Value> {
    all.into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name();
    name.map_or_else(
        || path.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

impl<W: Write> Sink for Perfetto<W> {
    fn begun(&mut self, begun: &Begun) -> io::Result<()> {
        self.zero = begun.at;
        self.command.clone_from(&begun.command);
        Ok(())
    }

    fn happened(&mut self, happening: &Happening) -> io::Result<()> {
        let at = self.nanos(happening.event.at);
        self.last = self.last.max(at);
        match &happening.event.what {
            What::Call { by, call } => self.call(at, by, call),
            What::Signal { to, .. } => self.signal(at, to, &happening.event.what),
            What::Forked { by, new, thread } => self.forked(at, by, new, *thread),
            What::Executed { by, path } => {
                let track = self.track(by, at);
                if let Some(path) = path {
                    self.tracks[track].program = file_name(path);
                }
                let name = format!("runs {}", self.tracks[track].program);
                let mut slice = Slice::new(name, "exec", at, at);
                slice.args = fields([("path", json!(path))]);
                self.tracks[track].slices.push(slice);
            }
            What::Exited { by, end } => self.exited(at, by, ended(*end)),
            What::WantsPtrace { by, request } => {
                let track = self.track(by, at);
                let slice = Slice::new(format!("wants {request}"), "ptrace", at, at);
                self.tracks[track].slices.push(slice);
            }
            What::UnseenCalls { by } => {
                let track = self.track(by, at);
                let slice = Slice::new("unseen calls".to_owned(), "unseen", at, at);
                self.tracks[track].slices.push(slice);
            }
            What::Output { stderr, bytes, .. } => {
                let stream = if *stderr { "stderr" } else { "stdout" };
                let args = fields([("bytes", json!(bytes)), ("text", json!(happening.text))]);
                self.instant(at, stream, args);
            }
            What::Lost { events } => {
                self.instant(at, "events were lost", fields([("events", json!(events))]));
            }
            What::Launched { .. } | What::Ended { .. } | What::Fault { .. } => {}
        }
        Ok(())
    }

    fn finished(&mut self, finished: &Finished) -> io::Result<()> {
        let mut events = self.events();
        let names = self.names();
        events.splice(0..0, names);
        let whole = json!({
            "displayTimeUnit": "ms",
            "otherData": {
                "recorded by": concat!("daemonlab ", env!("CARGO_PKG_VERSION")),
                "command": self.command.join(" "),
                "recorded": summary(finished),
            },
            "traceEvents": events,
        });
        serde_json::to_writer(&mut self.to, &whole)?;
        self.to.write_all(b"\n")?;
        self.to.flush()
    }
}

#[cfg(test)]
mod tests;
