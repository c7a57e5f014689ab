//! The command line as a whole.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{CommandFactory, Parser};

use super::*;

#[test]
fn the_definition_is_sound() {
    Args::command().debug_assert();
}

#[test]
fn every_flag_has_its_variable() {
    let mut whole = Args::command();
    whole.build();
    let mut seen = BTreeSet::new();
    for command in whole.get_subcommands().chain([&whole]) {
        for arg in command.get_arguments() {
            let Some(name) = arg.get_long() else {
                continue;
            };
            if ["help", "version"].contains(&name) {
                continue;
            }
            // Each command has formats of its own.
            let name_of_variable = match name {
                "format" => format!("{}-format", command.get_name()),
                name => name.to_owned(),
            };
            let name_of_variable = name_of_variable.to_uppercase().replace('-', "_");
            let variable = format!("DAEMONLAB_{name_of_variable}");
            let env = arg.get_env().map(|env| env.to_string_lossy().into_owned());
            assert_eq!(env, Some(variable), "--{name} of {}", command.get_name());
            seen.insert(name.to_owned());
        }
    }
    for one in ["color", "jobs", "format", "output", "template", "require"] {
        assert!(seen.contains(one), "--{one} was looked at: {seen:?}");
    }
}

#[test]
fn a_folder_after_keep_is_a_path_to_run() {
    let args = Args::parse_from(["daemonlab", "run", "--keep", "scenarios/detach"]);
    let Command::Run(args) = args.command else {
        panic!("{args:?}");
    };
    assert_eq!(args.keep, Some(DEFAULT_KEEP.into()));
    assert_eq!(args.choice.paths, [PathBuf::from("scenarios/detach")]);
}
