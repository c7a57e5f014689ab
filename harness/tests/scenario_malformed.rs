//! Every mistake in a scenario file is told with its place, a caret, and what
//! to do: one file a mistake in `malformed/`, and its message beside it.

use std::path::{Path, PathBuf};

use daemonlab_harness::scenario::load;
use rstest::rstest;

#[rstest]
fn a_mistake_is_told(#[files("tests/malformed/*.yaml")] path: PathBuf) {
    let file = path.file_name().unwrap().to_string_lossy();
    let told = match load(&path, &file) {
        Ok(_) => panic!("{file} is read as if nothing were wrong with it"),
        Err(mistakes) => mistakes.to_string(),
    };
    let snapshot = path.file_stem().unwrap().to_string_lossy().into_owned();
    insta::with_settings!({
        snapshot_path => Path::new("malformed"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(snapshot, told);
    });
}
