//! Where schedules are saved, and the line that replays one.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::explore::Schedule;
use crate::explore::shell::word;

/// The variable with the path of a schedule to replay.
pub(super) const REPLAY: &str = "DAEMONLAB_REPLAY";

/// The variable with the directory where schedules are saved.
const SCHEDULES: &str = "DAEMONLAB_SCHEDULES";

/// Saves a schedule; gives where.
///
/// # Errors
/// The path and why it could not be written.
pub(super) fn save(
    directory: Option<&Path>,
    check: &str,
    rule: &str,
    schedule: &Schedule,
) -> Result<PathBuf, String> {
    let directory = match directory {
        Some(directory) => directory.to_path_buf(),
        None => default_directory(),
    };
    let path = directory.join(format!("{}.{}.schedule", plain(check), plain(rule)));
    let saved =
        fs::create_dir_all(&directory).and_then(|()| fs::write(&path, schedule.to_string()));
    match saved {
        Ok(()) => Ok(path),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Beside the build, as far as that can be told: a test runs in
/// `target/PROFILE/deps`, an example in `target/PROFILE/examples`.
fn default_directory() -> PathBuf {
    if let Some(directory) = env::var_os(SCHEDULES) {
        return directory.into();
    }
    let exe = env::current_exe().unwrap_or_default();
    let folder = exe.parent();
    let built = folder.and_then(Path::file_name);
    let target = match built.and_then(|name| name.to_str()) {
        Some("deps" | "examples") => exe.ancestors().nth(3),
        _ => None,
    };
    match target {
        Some(target) => target.join("daemonlab-schedules"),
        None => env::temp_dir().join("daemonlab-schedules"),
    }
}

/// A name without what a path or a shell would take for something else.
fn plain(name: &str) -> String {
    let letter = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() => letter,
        '.' | '_' => letter,
        _ => '-',
    };
    name.replace("::", ".").chars().map(letter).collect()
}

/// The one line that replays a schedule.
pub(super) fn replay_line(path: &Path, check: &str) -> String {
    let package = match env::var("CARGO_PKG_NAME") {
        Ok(package) => format!(" -p {package}"),
        Err(_) => String::new(),
    };
    format!(
        "{REPLAY}={} cargo test{package} {}",
        word(&path.display().to_string()),
        word(check)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_saved_by_check_and_rule_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let schedule = Schedule {
            about: vec![("check".into(), "a::b".into())],
            breaks: Some("it/holds".into()),
            steps: Vec::new(),
        };
        let inside = directory.path().join("new");
        let path = save(Some(&inside), "a::b", "it/holds", &schedule).unwrap();
        assert_eq!(path, inside.join("a.b.it-holds.schedule"));
        assert_eq!(fs::read_to_string(path).unwrap().parse(), Ok(schedule));
    }

    #[test]
    fn what_cannot_be_saved_says_why() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let error = save(Some(&file), "a", "b", &Schedule::default()).unwrap_err();
        assert!(error.starts_with(file.to_str().unwrap()), "{error}");
    }
}
