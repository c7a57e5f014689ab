//! Processes and descriptors, by what stands for them.

use daemonlab::sys::Pid;
use proptest::prelude::*;

use crate::program::{ANY, LITERAL, NOBODY};

pub(super) fn pid() -> impl Strategy<Value = Pid> {
    prop_oneof![
        12 => (0..4_i32).prop_map(Pid::from_raw),
        1 => (4..8_i32).prop_map(Pid::from_raw),
        1 => Just(Pid::from_raw(NOBODY)),
        1 => Just(Pid::from_raw(-1)),
    ]
}

/// A symbolic descriptor.
pub(super) fn fd() -> BoxedStrategy<i32> {
    prop_oneof![
        16 => 0..4_i32,
        3 => (0..16_i32).prop_map(|nth| ANY + nth),
        1 => (0..20_i32).prop_map(|number| LITERAL + number),
        1 => Just(LITERAL + 50),
    ]
    .boxed()
}
