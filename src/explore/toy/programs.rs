//! Random programs.

use proptest::prelude::*;

use super::Op::{self, *};

fn plain_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0usize..2).prop_map(Get),
        3 => (0usize..2, 1u8..3).prop_map(|(register, value)| Set(register, value)),
        2 => (0usize..2, 1u8..3).prop_map(|(register, value)| Mix(register, value)),
        2 => (0usize..1).prop_map(Lock),
        2 => (0usize..1).prop_map(Unlock),
        3 => (0usize..2, 1u8..3).prop_map(|(pipe, value)| Send(pipe, value)),
        3 => (0usize..2).prop_map(Receive),
        2 => (0usize..2).prop_map(ReceiveOrTimeOut),
        1 => Just(Sleep),
        2 => (0usize..3).prop_map(Start),
        2 => (0usize..3).prop_map(Kill),
        2 => (0usize..3).prop_map(AwaitEnd),
        1 => Just(Alone),
        1 => (0usize..2, 1u8..3).prop_map(|(register, value)| Mystery(register, value)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => plain_op(),
        1 => plain_op().prop_map(|op| Faulty(Box::new(op))),
    ]
}

/// Random programs of two or three tasks.
pub(crate) fn programs() -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop_oneof![
        prop::collection::vec(prop::collection::vec(op(), 1..5), 2..3),
        prop::collection::vec(prop::collection::vec(op(), 1..4), 3..4),
    ]
    .prop_map(|mut programs| {
        // Operations on tasks speak of three.
        programs.resize(3, Vec::new());
        programs
    })
}
