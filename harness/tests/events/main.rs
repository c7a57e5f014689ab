//! Expectations on events: tables with events made by hand, the order judge
//! against a naive reference, and real processes.

mod made;
mod order;

mod tables;
