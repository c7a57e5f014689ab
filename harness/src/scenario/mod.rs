//! Scenario files: parse, expand, validate. Data only.
//!
//! `docs/src/scenario-format.md` is the reference of the format.
//!
//! - [`model`]: a scenario as data, one [`Case`] a test;
//! - [`matcher`]: what facts are held against;
//! - [`claims`]: what is expected of events;
//! - [`template`]: text with `${x}` in it, and the [`Scope`] that fills it in;
//! - [`specs`]: from the model and a scope to what a world is asked to do;
//! - [`source`], [`diagnostic`]: places in a file, and what is wrong there.

mod build;
pub mod claims;
pub mod diagnostic;
mod expand;
mod load;
pub mod matcher;
pub mod model;
mod node;
mod reader;
mod scalars;
pub mod source;
pub mod specs;
pub mod suggest;
pub mod template;
mod variables;
mod yaml;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use load::{load, parse, schema};
pub use model::{Capability, Case, Scenario};
pub use template::Scope;
