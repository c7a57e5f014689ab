//! Reading the file.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Deserializer;
use serde::de::DeserializeOwned;

use super::file::{File, KEYS};
use super::keys::{Keys, Section};
use super::place::{not_wanted, place, wrong};
use crate::daemon::retry::uninterrupted;
use crate::daemon::{Cause, Failure, Settings, Stage};
use crate::sys::records::{Access, At, OpenHow};
use crate::sys::{Errno, Result as Answer, System};

/// Conf files are small; a device or a log that is named by mistake is not.
const SIZE_MAX: usize = 1 << 20;

/// A conf file that is valid.
#[derive(Clone, Debug)]
pub struct Conf {
    path: PathBuf,
    text: String,
    /// What it says.
    pub settings: Settings,
    /// Keys that mean nothing to anybody.
    pub warnings: Vec<ConfWarning>,
}

/// A key that is ignored. `Display` gives `FILE:LINE: ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfWarning {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: u64,
    /// The key.
    pub key: String,
}

impl fmt::Display for ConfWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, key } = self;
        write!(
            f,
            "{}:{line}: unknown key `{key}` is ignored",
            path.display()
        )
    }
}

impl Conf {
    /// Reads the file at `path`. `own` are the top-level keys that the program
    /// reads itself, through [`Conf::section`].
    ///
    /// # Errors
    /// A failure of [`Stage::Conf`] with file, line and column: a file that
    /// cannot be read or is no YAML, a missing or another version, a duplicate
    /// key, a timeout of zero, a value of the wrong type. A failure of
    /// [`Stage::Settings`] for a value that makes no sense.
    pub fn read<S: System>(sys: &S, path: &Path, own: &[&str]) -> Result<Conf, Failure> {
        let bytes = slurp(sys, path).map_err(|errno| {
            Failure::new(Stage::Conf, path.display().to_string(), Cause::Errno(errno))
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
            wrong(
                path,
                Some((line as u64, None)),
                "the file is not UTF-8".to_owned(),
            )
        })?;
        Conf::parse(path, text, own)
    }

    /// As [`Conf::read`], for a text that has been read already; `path` is for
    /// messages.
    ///
    /// # Errors
    /// As [`Conf::read`].
    pub fn parse(path: &Path, text: String, own: &[&str]) -> Result<Conf, Failure> {
        let keys: Option<Keys> = parse(path, &text)?;
        let keys = keys.map_or_else(Vec::new, |keys| keys.0);
        if !keys.iter().any(|key| key.value == "version") {
            let why = "`version: 1` is missing".to_owned();
            return Err(wrong(path, Some((1, None)), why));
        }
        let file: File = parse(path, &text)?;
        if file.version.value != 1 {
            let why = format!("version {} is not known, only 1 is", file.version.value);
            return Err(wrong(path, place(file.version.referenced), why));
        }
        let warnings = keys
            .into_iter()
            .filter(|key| !KEYS.contains(&key.value.as_str()) && !own.contains(&key.value.as_str()))
            .map(|key| ConfWarning {
                path: path.to_path_buf(),
                line: key.referenced.line(),
                key: key.value,
            })
            .collect();
        let settings = file
            .settings()
            .map_err(|(location, why)| wrong(path, place(location), why))?;
        settings.validate()?;
        Ok(Conf {
            path: path.to_path_buf(),
            text,
            settings,
            warnings,
        })
    }

    /// What stands under the top-level key `name`; `None` if it is not there.
    ///
    /// # Errors
    /// A failure of [`Stage::Conf`] with file, line and column, where it is not
    /// what `T` wants.
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let section = Section(name, PhantomData);
        serde_saphyr::with_deserializer_from_str(&self.text, |yaml| yaml.deserialize_map(section))
            .map_err(|error| not_wanted(&self.path, &error))
    }
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, Failure> {
    serde_saphyr::from_str(text).map_err(|error| not_wanted(path, &error))
}

/// All bytes of a file.
fn slurp<S: System>(sys: &S, path: &Path) -> Answer<Vec<u8>> {
    let how = OpenHow::new(Access::Read);
    let file = uninterrupted(|| sys.open(At::Cwd, path, how, 0))?;
    let mut bytes = Vec::new();
    loop {
        let piece = uninterrupted(|| sys.read(file.raw(), 64 * 1024))?;
        if piece.is_empty() {
            return Ok(bytes);
        }
        bytes.extend(piece);
        if bytes.len() > SIZE_MAX {
            return Err(Errno::EFBIG);
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
