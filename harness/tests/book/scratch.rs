//! The folder of a page, and commands in it.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::page::{Page, repository};

/// A folder that goes away with everything in it.
pub struct Scratch {
    root: TempDir,
}

impl Scratch {
    /// The folder of a page, with what it works with.
    pub fn new(page: &Page) -> Result<Scratch, String> {
        let root = tempfile::Builder::new()
            .prefix("daemonlab-book")
            .tempdir()
            .map_err(|error| error.to_string())?;
        let scratch = Scratch { root };
        fs::create_dir(scratch.bin()).map_err(|error| error.to_string())?;
        fs::create_dir(scratch.folder()).map_err(|error| error.to_string())?;
        symlink(
            env!("CARGO_BIN_EXE_daemonlab"),
            scratch.bin().join("daemonlab"),
        )
        .map_err(|error| error.to_string())?;
        for folder in &page.with {
            copy(&repository().join(folder), &scratch.folder().join(folder))
                .map_err(|error| format!("{folder}: {error}"))?;
        }
        Ok(scratch)
    }

    fn bin(&self) -> std::path::PathBuf {
        self.root.path().join("bin")
    }

    /// Where the commands run.
    pub fn folder(&self) -> std::path::PathBuf {
        self.root.path().join("page")
    }

    /// Writes a file of the page. What begins with `#!` can be executed.
    pub fn write(&self, path: &str, text: &str) -> Result<(), String> {
        let to = self.folder().join(path);
        let folder = to.parent().expect("it is in the folder");
        let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&to, text))
            .and_then(|()| fs::set_permissions(&to, PermissionsExt::from_mode(mode)))
            .map_err(|error| format!("{path}: {error}"))
    }

    /// Runs a command by `sh`, after one that ended with `status`. Gives its own
    /// status, and what it wrote to stdout and stderr.
    pub fn sh(&self, command: &str, status: i32) -> Result<(i32, String), String> {
        let told = |error: std::io::Error| format!("`{command}`: {error}");
        // A file, so that nobody waits for the end of a pipe that something holds on to.
        let output = self.root.path().join("output");
        let file = File::create(&output).map_err(told)?;
        let path = std::env::var("PATH").unwrap_or_default();
        let ended = Command::new("timeout")
            .args(["-k", "10", "300", "sh", "-c"])
            .arg(format!("(exit {status})\n{command}"))
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", format!("{}:{path}", self.bin().display()))
            .env("HOME", self.folder())
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(file.try_clone().map_err(told)?)
            .stderr(file)
            .status()
            .map_err(told)?;
        let text = fs::read(&output).map_err(told)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        // Folders of this run would be in the book.
        let text = text.replace(&self.folder().display().to_string(), "/home/you");
        match ended.code() {
            Some(code) => Ok((code, text)),
            None => Err(format!("`{command}` ended by {ended}: {text}")),
        }
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &to)?,
            false => drop(fs::copy(entry.path(), to)?),
        }
    }
    Ok(())
}
