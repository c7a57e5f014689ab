//! Evidence, in a folder of the host.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use super::failure::{With, refusal};
use super::wire::message::KeptFile;
use crate::world::WorldError;

/// Writes the files that init has gathered below `folder/files`, and
/// `folder/files.json`.
pub fn write(folder: &Path, files: &[KeptFile], mut bytes: &[u8]) -> Result<(), WorldError> {
    let root = folder.join("files");
    fs::create_dir_all(&root).with("make the folder", &root)?;
    for file in files {
        let length = usize::try_from(file.kept)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let (content, rest) = bytes.split_at(length);
        bytes = rest;
        let path = root.join(inside(&file.path)?);
        match file.kind.as_str() {
            "directory" => fs::create_dir_all(&path).with("make the folder", &path)?,
            "regular" => {
                let parent = path.parent().unwrap_or(&root);
                fs::create_dir_all(parent).with("make the folder", parent)?;
                fs::write(&path, content).with("write", &path)?;
                // Whoever keeps evidence wants to read and delete it.
                let mode = fs::Permissions::from_mode(file.mode & 0o777 | 0o600);
                fs::set_permissions(&path, mode).with("set the mode of", &path)?;
            }
            _ => {}
        }
    }
    write_facts(folder, "files.json", files)
}

/// Writes facts as JSON.
pub fn write_facts<T: Serialize + ?Sized>(
    folder: &Path,
    name: &str,
    facts: &T,
) -> Result<(), WorldError> {
    let path = folder.join(name);
    let text = serde_json::to_vec_pretty(facts)
        .map_err(std::io::Error::from)
        .with("write", &path)?;
    fs::create_dir_all(folder).with("make the folder", folder)?;
    fs::write(&path, text).with("write", &path)
}

/// The path below its root. It comes from inside, where what is tested may
/// have got at init: it must not lead out.
fn inside(path: &Path) -> Result<PathBuf, WorldError> {
    let plain = |part: &Component<'_>| matches!(part, Component::Normal(_));
    match path.strip_prefix("/") {
        Ok(below) if below.components().all(|part| plain(&part)) => Ok(below.to_owned()),
        _ => Err(refusal(
            "keep a file of the world",
            format_args!("{path:?} is not a path below its root"),
            "do not trust what was kept",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(path: &str, kind: &str, kept: u64) -> KeptFile {
        KeptFile {
            path: path.into(),
            kind: kind.to_owned(),
            mode: 0o4400,
            uid: 0,
            gid: 0,
            size: kept,
            target: None,
            kept,
        }
    }

    #[test]
    fn files_are_laid_out_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            kept("/run/lab.pid", "regular", 2),
            kept("/tmp/x", "directory", 0),
            kept("/tmp/link", "symlink", 0),
            kept("/tmp/x/log", "regular", 3),
        ];
        write(folder.path(), &files, b"7\nlog").unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join("files").join(name)).unwrap();
        assert_eq!(
            (read("run/lab.pid").as_str(), read("tmp/x/log").as_str()),
            ("7\n", "log")
        );
        let mode = fs::metadata(folder.path().join("files/run/lab.pid"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert!(!folder.path().join("files/tmp/link").exists());
        assert!(folder.path().join("files.json").exists());
    }

    #[rstest::rstest]
    #[case("/../../etc/passwd")]
    #[case("relative")]
    #[case("/tmp/../../x")]
    fn nothing_leads_out_of_the_folder(#[case] path: &str) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[kept(path, "regular", 0)], b"").unwrap_err();
    }
}
