//! The tracer is killed while it traces, at one moment or another: nothing is
//! left of what it traced, and who asked for it is told.

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rstest::rstest;

use crate::programs::{Linked, program};
use crate::world_lab::machine::*;
use crate::world_lab::{EXECUTABLE, LONG};

/// Who is killed, by how far up it is from the harness.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Harness,
    Supervisor,
    Template,
    /// The tracer itself.
    Init,
}

/// A trace of a program that makes and loses processes all the time.
fn tracing(word: &str) -> Child {
    let program = program("storm", Linked::Dynamic);
    Command::new(EXECUTABLE)
        .args(["trace", "--for", "1h", "--format", "json", "--"])
        .arg(program)
        .args(["for-ever", word])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs")
}

/// Somebody who is traced: a descendant of the harness in a namespace of its
/// own, with all above it.
fn traced(word: &str, harness: i32) -> Vec<i32> {
    let start = Instant::now();
    loop {
        for pid in named(word) {
            let above = ancestors(pid);
            let apart = pid_namespace(pid).is_some_and(|own| Some(own) != pid_namespace(harness));
            if apart && above.contains(&harness) {
                return above;
            }
        }
        assert!(start.elapsed() < LONG, "nobody is traced");
        std::thread::yield_now();
    }
}

#[rstest]
#[case::harness(Victim::Harness)]
#[case::supervisor(Victim::Supervisor)]
#[case::template(Victim::Template)]
#[case::init(Victim::Init)]
fn nothing_is_left_of_what_was_traced(#[case] victim: Victim) {
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
    let before = mounts();
    for n in 0..8 {
        let word = unusual(1000 + n + 100 * victim as u32);
        let mut harness = tracing(&word);
        let pid = i32::try_from(harness.id()).expect("it fits");
        let above = traced(&word, pid);
        let place = above.iter().position(|above| *above == pid).unwrap();
        // A moment like any other.
        std::thread::sleep(Duration::from_millis(u64::from(n) * 7));
        kill(above[place - victim as usize]);
        let status = harness.wait().expect("it ends");
        let mut said = String::new();
        let stderr = harness.stderr.as_mut().expect("it is a pipe");
        stderr.read_to_string(&mut said).expect("it is text");
        match victim {
            Victim::Harness => assert_eq!(status.signal(), Some(libc::SIGKILL)),
            _ => {
                assert_eq!(status.code(), Some(70), "{said}");
                assert!(said.contains("the world is gone"), "{said}");
            }
        }
        gone(&word);
        nobody_left(|| helpers(harness.id()));
    }
    assert_eq!(mounts(), before);
}
