//! Expectations on events: tables with events made by hand, the order judge
//! against a naive reference, and real processes.

#[path = "../c_programs/mod.rs"]
mod c_programs;
#[path = "../cli_common/mod.rs"]
mod cli_common;
mod made;
mod order;
mod real;
mod tables;
