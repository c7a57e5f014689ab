//! The Rust of the book that needs the harness, as doctests.

#![allow(
    rustdoc::invalid_codeblock_attributes,
    reason = "blocks of other languages have attributes that rustdoc does not know"
)]

#[doc = include_str!("../../docs/src/guide/cargo-test.md")]
mod cargo_test {}

#[doc = include_str!("../../README.md")]
mod readme {}
