//! Names that cannot be made, taken away or changed.

use daemonlab::sim::kernel::Refusal as R;
use daemonlab::sys::call::Call;

use super::calls::*;
use super::case::{Case, alone};

pub fn cases() -> Vec<Case> {
    let mut cases = made();
    cases.extend(taken_away());
    cases.extend(renamed());
    cases
}

fn made() -> Vec<Case> {
    vec![
        alone("mkdir_of_what_is_there", R::NameTaken, [mkdir("d")]),
        alone("link_to_what_is_there", R::NameTaken, [link("f", "mine")]),
        alone(
            "link_with_a_slash",
            R::LinkNameWithSlash,
            [link("f", "new/")],
        ),
        alone(
            "link_where_all_is_fixed",
            R::LinkReadOnly,
            [link("f", "/ro/new")],
        ),
        alone(
            "link_across_file_systems",
            R::LinkAcrossDevices,
            [link("/ro/f", "new")],
        ),
        alone(
            "link_of_a_strangers_file",
            R::HardlinkProtected,
            [become_user(1000), link("f", "d/new")],
        )
        .protected("protected_hardlinks", |protections| protections.hardlinks),
        alone(
            "link_of_a_directory",
            R::LinkOfDirectory,
            [link("d", "new")],
        ),
        alone("chdir_to_a_file", R::ChdirNotADirectory, [chdir("f")]),
        alone(
            "getcwd_where_it_was_replaced",
            R::CwdRemoved,
            [
                mkdir("a"),
                mkdir("b"),
                chdir("a"),
                rename("/w/b", "/w/a"),
                Call::GetCwd,
            ],
        ),
    ]
}

fn taken_away() -> Vec<Case> {
    vec![
        alone("unlink_of_a_dot", R::UnlinkDots, [unlink(".")]),
        alone(
            "unlink_where_all_is_fixed",
            R::UnlinkReadOnly,
            [unlink("/ro/f")],
        ),
        alone(
            "unlink_of_what_is_missing",
            R::UnlinkMissing,
            [unlink("missing")],
        ),
        alone(
            "unlink_of_a_directory_with_a_slash",
            R::UnlinkDirectoryWithSlash,
            [unlink("d/")],
        ),
        alone(
            "unlink_of_a_file_with_a_slash",
            R::UnlinkFileWithSlash,
            [unlink("f/")],
        ),
        alone("unlink_of_a_directory", R::UnlinkDirectory, [unlink("d")]),
        alone(
            "unlink_of_a_strangers_file_in_a_sticky_directory",
            R::StickyDirectory,
            [become_user(1000), unlink("sticky/f")],
        )
        .with_many_ids(),
    ]
}

fn renamed() -> Vec<Case> {
    vec![
        alone(
            "rename_across_file_systems",
            R::RenameAcrossDevices,
            [rename("f", "/ro/new")],
        ),
        alone("rename_of_a_dot", R::RenameOfDots, [rename(".", "new")]),
        alone("rename_to_a_dot", R::RenameToDots, [rename("d", ".")]),
        alone(
            "rename_to_a_dot_that_stays",
            R::RenameToDotsNoReplace,
            [rename_to_new("d", ".")],
        ),
        alone(
            "rename_where_all_is_fixed",
            R::RenameReadOnly,
            [rename("/ro/f", "/ro/g")],
        ),
        alone(
            "rename_of_what_is_missing",
            R::RenameMissing,
            [rename("missing", "new")],
        ),
        alone(
            "rename_to_what_stays",
            R::RenameNoReplace,
            [rename_to_new("f", "mine")],
        ),
        alone(
            "rename_of_a_file_with_a_slash",
            R::RenameFileWithSlash,
            [rename("f", "new/")],
        ),
        alone(
            "rename_into_itself",
            R::RenameIntoItself,
            [rename("d", "d/x")],
        ),
        alone(
            "rename_to_what_it_lies_in",
            R::RenameOntoAncestor,
            [rename("d/f", "d")],
        ),
        alone(
            "rename_of_a_directory_to_a_file",
            R::RenameDirectoryOntoFile,
            [rename("group", "f")],
        ),
        alone(
            "rename_of_a_file_to_a_directory",
            R::RenameFileOntoDirectory,
            [rename("f", "group")],
        ),
        alone(
            "rename_to_a_full_directory",
            R::RenameOntoFullDirectory,
            [rename("group", "d")],
        ),
    ]
}
