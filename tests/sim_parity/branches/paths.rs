//! Paths that lead nowhere, or where one may not go.

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::call::Call;
use daemonlab::sys::records::{At, Follow};

use super::calls::*;
use super::case::{Case, alone};

pub fn cases() -> Vec<Case> {
    let below = |number| Call::Stat {
        dir: At::Fd(fd(number)),
        path: "x".into(),
        follow: Follow::Yes,
    };
    vec![
        alone(
            "stat_of_a_path_with_a_zero_byte",
            R::PathHasZeroByte,
            [stat("a\0b")],
        ),
        alone("stat_of_an_empty_path", R::PathEmpty, [stat("")]),
        alone(
            "stat_of_a_path_that_is_too_long",
            R::PathTooLong,
            [stat("./".repeat(2048))],
        ),
        alone(
            "stat_from_a_file_as_directory",
            R::DirectoryFdIsNone,
            [reads("f"), below(3)],
        ),
        alone(
            "stat_through_a_directory_that_cannot_be_searched",
            R::WayNotSearchable,
            [become_user(1000), stat("closed/f")],
        )
        .with_many_ids(),
        alone(
            "stat_through_what_is_missing",
            R::WayMissing,
            [stat("missing/x")],
        ),
        alone("stat_through_a_file", R::WayNotADirectory, [stat("f/x")]),
        alone(
            "stat_of_a_name_that_is_too_long",
            R::WayNameTooLong,
            [stat("n".repeat(256))],
        ),
        alone("stat_of_links_without_end", R::TooManyLinks, [stat("loop")]),
        alone(
            "open_over_a_strangers_link",
            R::SymlinkProtected,
            [reads("sticky/l")],
        )
        .protected("protected_symlinks", |protections| protections.symlinks),
        alone(
            "mkdir_of_a_name_that_is_too_long",
            R::LastNameTooLong,
            [mkdir("n".repeat(256))],
        ),
        alone(
            "stat_of_what_is_missing",
            R::LookUpMissing,
            [stat("missing")],
        ),
        alone(
            "stat_of_a_file_with_a_slash",
            R::LookUpNotADirectory,
            [stat("f/")],
        ),
        alone(
            "open_for_writing_where_all_is_fixed",
            R::ReadOnlyFileSystem,
            [writes("/ro/f")],
        ),
        alone(
            "mkdir_where_all_is_fixed",
            R::ReadOnlyFileSystem,
            [mkdir("/ro/new")],
        ),
        alone(
            "open_for_writing_of_a_strangers_file",
            R::PermissionDenied,
            [become_user(1000), writes("f")],
        )
        .with_many_ids(),
        alone(
            "mkdir_in_a_strangers_directory",
            R::PermissionDenied,
            [become_user(1000), mkdir("group/new")],
        )
        .with_many_ids(),
    ]
}
