//! The records on the private pipe from intermediate and daemon to launcher.
//!
//! A record is its length as two bytes, then a kind, then its fields, all
//! little-endian. Each is written with one write(2) and is shorter than
//! PIPE_BUF (4096 bytes, pipe(7)), so that writers never mix.

use std::time::Duration;

use super::failure::{Cause, Failure, Stage};
use crate::sys::records::Ended;
use crate::sys::{Errno, Pid, Signal};

/// Longest texts, in bytes: together they stay below PIPE_BUF.
const SUBJECT_MAX: usize = 1536;
const WHY_MAX: usize = 1536;
const AFTERMATH_MAX: usize = 512;

/// What the launcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// The daemon exists and is this process.
    Started(Pid),
    /// It is detached, has its PID file, and has dropped its privileges.
    Detached,
    /// The program is ready.
    Ready,
    /// The start has failed; whoever writes this is about to exit.
    Failed(Failure),
}

impl Record {
    /// The bytes to write.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        match self {
            Record::Started(pid) => {
                body.push(0);
                body.extend(pid.as_raw().to_le_bytes());
            }
            Record::Detached => body.push(1),
            Record::Ready => body.push(2),
            Record::Failed(failure) => {
                body.push(3);
                encode_failure(failure, &mut body);
            }
        }
        let length = u16::try_from(body.len()).expect("texts are cut to fit");
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.append(&mut body);
        bytes
    }

    fn decode(body: &[u8]) -> Option<Record> {
        let mut fields = Fields(body);
        let record = match fields.byte()? {
            0 => Record::Started(Pid::from_raw(fields.int()?)),
            1 => Record::Detached,
            2 => Record::Ready,
            3 => Record::Failed(decode_failure(&mut fields)?),
            _ => return None,
        };
        fields.0.is_empty().then_some(record)
    }
}

fn encode_failure(failure: &Failure, body: &mut Vec<u8>) {
    let stage = Stage::ALL.iter().position(|stage| *stage == failure.stage);
    body.push(stage.expect("every stage is in the list") as u8);
    let (kind, a, b, why) = match &failure.cause {
        Cause::Errno(errno) => (0, *errno as i32, 0, ""),
        Cause::NoSuchName => (1, 0, 0, ""),
        Cause::Held(pid) => (2, pid.map_or(0, Pid::as_raw), 0, ""),
        Cause::Ended {
            pid,
            end: Ended::Exited(status),
        } => (3, pid.as_raw(), *status, ""),
        Cause::Ended {
            pid,
            end: Ended::Killed(signal),
        } => (4, pid.as_raw(), signal.number(), ""),
        Cause::Vanished => (5, 0, 0, ""),
        Cause::TimedOut(time) => (6, millis(*time), 0, ""),
        Cause::LauncherGone => (7, 0, 0, ""),
        Cause::WindowPassed(time) => (8, millis(*time), 0, ""),
        Cause::Program { status, why } => (9, *status, 0, why.as_str()),
        Cause::Text(text) => (10, 0, 0, text.as_str()),
    };
    body.push(kind);
    body.extend(a.to_le_bytes());
    body.extend(b.to_le_bytes());
    text(Some(why), WHY_MAX, body);
    text(failure.subject.as_deref(), SUBJECT_MAX, body);
    text(failure.aftermath.as_deref(), AFTERMATH_MAX, body);
}

fn decode_failure(fields: &mut Fields<'_>) -> Option<Failure> {
    let stage = *Stage::ALL.get(usize::from(fields.byte()?))?;
    let (kind, a, b) = (fields.byte()?, fields.int()?, fields.int()?);
    let why = fields.text()??;
    let cause = match kind {
        0 => Cause::Errno(Errno::from_raw(a)),
        1 => Cause::NoSuchName,
        2 => Cause::Held((a != 0).then(|| Pid::from_raw(a))),
        3 => Cause::Ended {
            pid: Pid::from_raw(a),
            end: Ended::Exited(b),
        },
        4 => Cause::Ended {
            pid: Pid::from_raw(a),
            end: Ended::Killed(Signal::new(b)?),
        },
        5 => Cause::Vanished,
        6 => Cause::TimedOut(Duration::from_millis(u64::try_from(a).ok()?)),
        7 => Cause::LauncherGone,
        8 => Cause::WindowPassed(Duration::from_millis(u64::try_from(a).ok()?)),
        9 => Cause::Program { status: a, why },
        10 => Cause::Text(why),
        _ => return None,
    };
    Some(Failure {
        stage,
        subject: fields.text()?,
        cause,
        aftermath: fields.text()?,
    })
}

/// Milliseconds, cut to what fits: some 24 days.
fn millis(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX)
}

/// A flag, the length, and the text; one that is too long loses its middle,
/// since a path says most at its ends.
fn text(text: Option<&str>, max: usize, body: &mut Vec<u8>) {
    let Some(text) = text else {
        body.push(0);
        return;
    };
    body.push(1);
    let cut;
    let text = if text.len() <= max {
        text
    } else {
        let half = max / 2 - 3;
        let whole = |place: &usize| text.is_char_boundary(*place);
        let head = (0..=half).rev().find(whole).unwrap_or(0);
        let tail = (text.len() - half..=text.len())
            .find(whole)
            .unwrap_or(text.len());
        cut = format!("{}...{}", &text[..head], &text[tail..]);
        &cut
    };
    let length = u16::try_from(text.len()).expect("the text was cut");
    body.extend(length.to_le_bytes());
    body.extend(text.as_bytes());
}

/// What is left of a record's body.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn int(&mut self) -> Option<i32> {
        self.take().map(i32::from_le_bytes)
    }

    fn text(&mut self) -> Option<Option<String>> {
        if self.byte()? == 0 {
            return Some(None);
        }
        let length = usize::from(u16::from_le_bytes(self.take()?));
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Some(String::from_utf8(text.to_vec()).ok()?))
    }
}

/// Bytes on the pipe that are no record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Garbled;

/// Puts records together from what reads give.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    bytes: Vec<u8>,
}

impl Decoder {
    /// Takes what a read gave.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole record, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Garbled> {
        let Some((length, rest)) = self.bytes.split_first_chunk::<2>() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_le_bytes(*length));
        if rest.len() < length {
            return Ok(None);
        }
        let record = Record::decode(&rest[..length]).ok_or(Garbled)?;
        self.bytes.drain(..2 + length);
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn causes() -> impl Strategy<Value = Cause> {
        let pid = (1..i32::MAX).prop_map(Pid::from_raw);
        let time = (0..i32::MAX as u64).prop_map(Duration::from_millis);
        prop_oneof![
            (1..133_i32).prop_map(|n| Cause::Errno(Errno::from_raw(n))),
            Just(Cause::NoSuchName),
            Just(Cause::Held(None)),
            pid.clone().prop_map(|pid| Cause::Held(Some(pid))),
            (pid.clone(), 0..256).prop_map(|(pid, status)| Cause::Ended {
                pid,
                end: Ended::Exited(status)
            }),
            (pid, 1..65).prop_map(|(pid, n)| Cause::Ended {
                pid,
                end: Ended::Killed(Signal::new(n).unwrap())
            }),
            Just(Cause::Vanished),
            time.clone().prop_map(Cause::TimedOut),
            Just(Cause::LauncherGone),
            time.prop_map(Cause::WindowPassed),
            (0..256, ".{0,40}").prop_map(|(status, why)| Cause::Program { status, why }),
            ".{0,40}".prop_map(Cause::Text),
        ]
    }

    fn records() -> impl Strategy<Value = Record> {
        let failure = (
            prop::sample::select(Stage::ALL),
            prop::option::of(".{0,60}"),
            causes(),
            prop::option::of(".{0,60}"),
        )
            .prop_map(|(stage, subject, cause, aftermath)| Failure {
                stage,
                subject,
                cause,
                aftermath,
            });
        prop_oneof![
            (1..i32::MAX).prop_map(|pid| Record::Started(Pid::from_raw(pid))),
            Just(Record::Detached),
            Just(Record::Ready),
            failure.prop_map(Record::Failed),
        ]
    }

    proptest! {
        #[test]
        fn records_arrive_however_reads_cut_them(
            sent in prop::collection::vec(records(), 1..4),
            cut in 1..40_usize,
        ) {
            let bytes: Vec<u8> = sent.iter().flat_map(Record::encode).collect();
            let mut decoder = Decoder::default();
            let mut got = Vec::new();
            for piece in bytes.chunks(cut) {
                decoder.push(piece);
                while let Some(record) = decoder.next().unwrap() {
                    got.push(record);
                }
            }
            prop_assert_eq!(got, sent);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut decoder = Decoder::default();
            decoder.push(&bytes);
            while let Ok(Some(_)) = decoder.next() {}
        }
    }

    #[test]
    fn the_longest_record_fits_into_one_atomic_write() {
        let long = "\u{e9}".repeat(4000);
        let failure = Failure {
            stage: Stage::Program,
            subject: Some(long.clone()),
            cause: Cause::Program {
                status: 1,
                why: long.clone(),
            },
            aftermath: Some(long),
        };
        let bytes = Record::Failed(failure).encode();
        assert!(bytes.len() < 4096, "{}", bytes.len());
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        let Ok(Some(Record::Failed(cut))) = decoder.next() else {
            panic!("a cut text is still text")
        };
        assert!(cut.subject.unwrap().contains("..."));
    }
}
