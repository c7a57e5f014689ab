//! The Rust of the book, as doctests. `harness/tests/book` holds that every
//! page with such a block is named here or in the harness.

#![allow(
    rustdoc::invalid_codeblock_attributes,
    reason = "blocks of other languages have attributes that rustdoc does not know"
)]

macro_rules! pages {
    ($($name:ident = $path:literal,)*) => {
        $(#[doc = include_str!($path)] mod $name {})*
    };
}

pages! {
    daemonizer = "../docs/src/guide/daemonizer.md",
    exploration = "../docs/src/internals/exploration.md",
    simulated_kernel = "../docs/src/internals/simulated-kernel.md",
    simulate = "../docs/src/guide/simulate.md",
}
