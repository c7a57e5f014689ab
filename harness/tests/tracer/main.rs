//! The tracer and real programs, compiled from C when the tests run.

#[path = "../c_programs/mod.rs"]
mod c_programs;
#[path = "../c_programs/lasting.rs"]
mod lasting_programs;
#[path = "../world_lab/mod.rs"]
mod world_lab;

mod conditions;
mod daemon;
mod killed;
mod many;
mod programs;
mod storms;
mod time;
mod timers;
mod ways;
