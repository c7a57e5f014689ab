use std::collections::BTreeSet;

use super::*;
use crate::world::real::tracer::RawCall;
use crate::world::spec::Role;

fn who(task: TaskName) -> Who {
    Who {
        task,
        tid: std::process::id() as i32,
        pid: std::process::id() as i32,
        role: Role::Launcher,
        launch: "start".to_owned(),
    }
}

/// What a call of `futex(2)` of this task writes.
fn written(names: &mut Names, task: TaskName, args: [u64; 6]) -> BTreeSet<String> {
    let who = who(task);
    let raw = RawCall {
        number: libc::SYS_futex,
        args,
    };
    let ahead = names.call(&who, &TracedCall::new(who.tid, raw));
    assert!(ahead.known, "{ahead:?}");
    assert!(ahead.reads.contains(&"clock".to_owned()), "{ahead:?}");
    ahead.writes.into_iter().collect()
}

#[test]
fn a_futex_is_a_word_of_its_process_or_all_that_are_shared() {
    let (wait, wake) = (libc::FUTEX_WAIT as u64, libc::FUTEX_WAKE as u64);
    let private = libc::FUTEX_PRIVATE_FLAG as u64;
    let (own, other) = (TaskName::ROOT, TaskName::first(1));
    let names = &mut Names::default();
    let mut call = |task, args| written(names, task, args);

    let waits = call(own, [64, wait | private, 0, 0, 0, 0]);
    assert_eq!(waits.len(), 1);
    assert_eq!(waits, call(own, [64, wake | private, 1, 0, 0, 0]));
    assert_ne!(waits, call(own, [68, wake | private, 1, 0, 0, 0]));
    // The same address of another process is another word.
    assert_ne!(waits, call(other, [64, wake | private, 1, 0, 0, 0]));

    let shared = call(own, [64, wait, 0, 0, 0, 0]);
    assert_eq!(shared, call(other, [4096, wake, 1, 0, 0, 0]));
    assert_ne!(shared, waits);
}

#[test]
fn who_moves_waiters_touches_both_words() {
    let private = libc::FUTEX_PRIVATE_FLAG as u64;
    let names = &mut Names::default();
    let mut call = |operation: i32, second| {
        let args = [64, operation as u64 | private, 1, 0, second, 0];
        written(names, TaskName::ROOT, args)
    };
    for operation in TWO_WORDS {
        let both = call(operation, 68);
        assert_eq!(both.len(), 2, "{operation}");
    }
    assert_eq!(call(libc::FUTEX_WAKE, 68).len(), 1);
}
