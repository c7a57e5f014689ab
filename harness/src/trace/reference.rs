//! The manual of a trace in JSON, held against the code: every field that a
//! trace can have is a row of a table there, with its type, and every row is a
//! field.

use super::json::{FORMAT, Json};
use super::sample;
use super::sink::Sink;
use super::told::Finished;
use crate::report::manual::{Shape, check};
use crate::world::event::End;

const MANUAL: &str = include_str!("../../../docs/src/json-trace.md");

const SHAPE: Shape = Shape {
    maps: &[],
    open: &[],
};

#[test]
fn the_manual_has_every_field_and_no_other() {
    let mut bytes = Vec::new();
    let mut json = Json::new(&mut bytes);
    json.begun(&sample::begun())
        .expect("a vector takes everything");
    for happening in sample::happenings() {
        json.happened(&happening)
            .expect("a vector takes everything");
    }
    for launcher in [None, Some(End::Exit(0)), Some(End::Signal(9))] {
        let finished = Finished {
            launcher,
            ..sample::finished()
        };
        json.finished(&finished).expect("a vector takes everything");
    }
    check(&bytes, &SHAPE, MANUAL);
}

#[test]
fn the_manual_says_the_formats_number() {
    let says = format!("\"format\": {FORMAT}");
    assert!(MANUAL.contains(&says), "{says}");
}
