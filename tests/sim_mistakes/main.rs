//! A dozen classic mistakes of start-up code, as small programs against the
//! traits.
//!
//! Each is found, shrunk until no choice can be dropped or lowered, and
//! replayed 1,000 times of 1,000, here and in a fresh process, with the event
//! log that is checked in under `logs/`, which debug and release builds share.
//! The schedule survives a call more and a call less, wherever it is, or it is
//! said where the program has left it. The corrected twin of each holds in everything within the bounds.
//!
//! - [`signals`]: a handler installed after the fork, check-then-pause, a signal
//!   whose sender is not checked;
//! - [`pid_file`]: written after the exit, an unlocked second start, a stale PID
//!   that is signalled;
//! - [`privileges`]: `setuid` before `setgid`, an unchecked `setuid`;
//! - [`retry`]: on any errno, never; and how loops are cut short;
//! - [`timeout`]: an exit with 0, an orphan.

mod changed;
mod mistake;
mod parts;
mod pid_file;
mod privileges;
mod retry;
mod signals;
mod timeout;
