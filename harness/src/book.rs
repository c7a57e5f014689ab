//! The Rust of the book that needs the harness, as doctests.

#[doc = include_str!("../../docs/src/guide/cargo-test.md")]
mod cargo_test {}
