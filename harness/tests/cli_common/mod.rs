//! What the tests of the command line share.

#![allow(dead_code, reason = "each test target uses its part")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

/// A folder with scenario files, and commands that run in it.
pub struct Lab {
    folder: TempDir,
}

impl Lab {
    /// A folder with these files, each a name and a text.
    pub fn new(files: &[(&str, &str)]) -> Lab {
        let lab = Lab {
            folder: tempfile::tempdir().expect("a folder can be made"),
        };
        for (name, text) in files {
            lab.write(name, text);
        }
        lab
    }

    /// Writes a file, and the folders on its way.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        let folder = path.parent().expect("it is in the folder");
        fs::create_dir_all(folder).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a file of the folder says.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    /// `daemonlab` in that folder, untouched by this process's environment.
    pub fn daemonlab(&self, args: &[&str]) -> Command {
        let mut command = Command::from_std(self.plain(args));
        // A test that hangs is a failed test, not a stuck machine.
        command.timeout(std::time::Duration::from_secs(120));
        command
    }

    /// The same for what has to be steered while it runs.
    pub fn plain(&self, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(executable());
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }
}

/// The executable under test.
pub fn executable() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_daemonlab"))
}

/// A case that passes.
pub const PASSES: &str = "\
version: 1
tags: [quick]
steps:
  - launch: {id: demo, command: [/bin/sh, -c, 'echo hello'], expect: {exit: 0, stdout: \"hello\\n\"}}
";

/// A case that fails: line 3 says why. The launcher and a process that stays
/// both write something.
pub const FAILS: &str = "\
version: 1
steps:
  - launch: {id: demo, command: [/bin/sh, -c, 'echo from-stdout; echo from-stderr >&2; exit 3'], expect: {exit: 0}}
";

/// Three cases, the second of which fails: line 7 says why.
pub const THREE: &str = "\
version: 1
cases:
  - {name: one, status: 0}
  - {name: two, status: 1}
  - {name: three, status: 0}
steps:
  - launch: {id: demo, command: [/bin/true], expect: {exit: \"${status}\"}}
";

/// A case that does not end by itself for a minute.
pub const LASTS: &str = "\
version: 1
steps:
  - launch: {id: demo, command: [/bin/sleep, '61'], within: 1m, expect: {exit: 0}}
";

/// Copies a program for somebody else to run. Another process writes the copy:
/// if this one did, a test that forks meanwhile would keep it open for writing,
/// and it could not be executed (ETXTBSY of execve(2)).
#[allow(dead_code, reason = "not every test target runs as somebody else")]
pub fn copy_program(from: &std::path::Path, to: &std::path::Path) {
    let copied = std::process::Command::new("cp").arg(from).arg(to).status();
    assert!(
        copied.expect("cp is there").success(),
        "{} can be copied",
        from.display()
    );
}
