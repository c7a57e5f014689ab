//! What open(2) alone refuses.

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::records::{Access, OpenHow};

use super::calls::*;
use super::case::{Case, alone};

pub fn cases() -> Vec<Case> {
    let directory = OpenHow {
        directory: true,
        ..how(Access::Read)
    };
    let creates_directory = OpenHow {
        create: true,
        ..directory
    };
    let exclusive = OpenHow {
        exclusive: true,
        ..creates()
    };
    let no_follow = OpenHow {
        no_follow: true,
        ..how(Access::Read)
    };
    vec![
        alone(
            "open_to_create_a_directory",
            R::CreateDirectory,
            [open("d", creates_directory)],
        ),
        alone(
            "open_to_create_with_a_slash",
            R::CreateWithSlash,
            [open("new/", creates())],
        ),
        alone(
            "open_of_what_is_missing",
            R::OpenMissing,
            [reads("missing")],
        ),
        alone(
            "open_exclusively_of_what_is_there",
            R::ExclusiveExists,
            [open("f", exclusive)],
        ),
        alone(
            "open_to_create_over_a_directory",
            R::CreateOverDirectory,
            [open("d", creates())],
        ),
        alone(
            "open_to_create_over_a_strangers_socket",
            R::StickyProtected,
            [
                become_user(1001),
                datagram(),
                bind(3, path("sticky/s")),
                become_user(0),
                open("sticky/s", creates()),
            ],
        )
        .with_many_ids(),
        alone(
            "open_to_create_over_a_strangers_file",
            R::StickyProtected,
            [open("sticky/f", creates())],
        )
        .protected("protected_regular", |protections| protections.regular),
        alone(
            "open_of_a_file_as_directory",
            R::OpenNotADirectory,
            [open("f", directory)],
        ),
        alone(
            "open_of_a_link_itself",
            R::OpenSymlink,
            [open("l", no_follow)],
        ),
        alone(
            "open_for_writing_of_a_directory",
            R::WriteDirectory,
            [writes("d")],
        ),
        alone(
            "open_of_a_socket",
            R::OpenSocket,
            [datagram(), bind(3, path("s")), reads("s")],
        ),
    ]
}
