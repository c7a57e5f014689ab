//! From a tree whose variables are filled in to the model, step by step.
//!
//! - [`builder`]: what is known so far: users, processes, defaults;
//! - [`case`]: a case from its sections;
//! - [`sandbox`], [`files`]: what is there before the first step;
//! - [`steps`], [`launch`], [`limits`], [`fault`], [`check`]: what is done;
//! - [`events`]: what is expected of events;
//! - [`matcher`], [`operator`], [`operand`]: what is expected, by the schema of facts;
//! - [`schema`]: the same rules for editors, as JSON Schema.

mod builder;
mod case;
mod check;
mod condition;
mod events;
mod fault;
mod files;
mod launch;
mod limits;
mod matcher;
mod operand;
mod operator;
mod sandbox;
mod schema;
mod steps;

pub(super) use case::{Sections, case};
pub(super) use schema::schema;
pub(super) use steps::declared;
