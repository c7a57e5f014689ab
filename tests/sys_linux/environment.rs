use std::ffi::{OsStr, OsString};

use daemonlab::sys::Environment;
use daemonlab::sys::linux::Linux;

use crate::support::{alone, forked};

#[test]
fn arguments_start_with_the_programs_name() {
    let args = Linux.args();
    let executable = std::env::current_exe().unwrap();
    assert_eq!(
        std::path::Path::new(&args[0]).file_name(),
        executable.file_name()
    );
}

#[test]
fn variables_are_set_read_sorted_and_removed() {
    alone(|| {
        forked(|| {
            let name = OsStr::new("DAEMONLAB_TEST_VARIABLE");
            assert_eq!(Linux.var("DAEMONLAB_TEST_VARIABLE"), None);
            Linux.set_var(name, OsStr::new("a=b"));
            assert_eq!(
                Linux.var("DAEMONLAB_TEST_VARIABLE"),
                Some(OsString::from("a=b"))
            );
            let vars = Linux.vars();
            assert!(vars.is_sorted());
            assert!(vars.contains(&(name.to_owned(), OsString::from("a=b"))));
            Linux.remove_var(name);
            assert_eq!(Linux.var("DAEMONLAB_TEST_VARIABLE"), None);
        });
    });
}
