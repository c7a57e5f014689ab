//! What is wrong, and where.

use std::path::Path;

use serde_saphyr::{Location, MessageFormatter, UserMessageFormatter};

use crate::daemon::{Cause, Failure, Stage};

/// A failure with the place in the file, in words that do not speak of Rust.
pub(super) fn not_wanted(path: &Path, error: &serde_saphyr::Error) -> Failure {
    let error = error.without_snippet();
    let mut why = UserMessageFormatter.format_message(error).into_owned();
    for (theirs, ours) in [
        ("invalid boolean", "neither `true` nor `false`"),
        ("invalid u64", "no whole number from 0"),
        ("invalid i32", "no whole number"),
        ("expected mapping start", "expected keys with values"),
        ("expected string scalar", "expected a text"),
    ] {
        why = why.replace(theirs, ours);
    }
    // A quoted key may hold anything.
    let why = why.replace(char::is_control, "?");
    wrong(path, error.location().and_then(place), why)
}

/// Line and column, where they are known.
pub(super) fn place(location: Location) -> Option<(u64, Option<u64>)> {
    (location != Location::UNKNOWN).then(|| (location.line(), Some(location.column())))
}

/// A failure of [`Stage::Conf`] about `FILE:LINE:COLUMN`.
pub(super) fn wrong(path: &Path, place: Option<(u64, Option<u64>)>, why: String) -> Failure {
    let place = match place {
        None => String::new(),
        Some((line, None)) => format!(":{line}"),
        Some((line, Some(column))) => format!(":{line}:{column}"),
    };
    let subject = format!("{}{place}", path.display());
    Failure::new(Stage::Conf, subject, Cause::Text(why))
}
