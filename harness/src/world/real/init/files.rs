//! Making files and telling about them.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{
    FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, lchown, symlink,
};
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::world::WorldError;
use crate::world::facts::FileFacts;
use crate::world::real::failure::{With, error, refusal};
use crate::world::real::proc::locks::holders;
use crate::world::spec::{FileContent, FileSpec};

/// How much of a file's content is a fact.
const CONTENT: u64 = 64 * 1024;

/// Makes or replaces a file.
pub fn write(spec: &FileSpec) -> Result<(), WorldError> {
    let path = &spec.path;
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        let evidence = "the path is not absolute, or goes back by `..`";
        return Err(refusal(
            format_args!("make {path:?}"),
            evidence,
            "give the whole path",
        ));
    }
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).with("make the folder", parent)?;
    match &spec.content {
        FileContent::Directory => match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
            done => done.with("make the folder", path)?,
        },
        other => {
            remove(path).with("replace", path)?;
            make(path, other).with("make", path)?;
        }
    }
    if let FileContent::Symlink(_) = spec.content {
        return owned(spec, lchown(path, Some(spec.uid), Some(spec.gid)));
    }
    owned(spec, chown(path, Some(spec.uid), Some(spec.gid)))?;
    // After the owner, since changing that clears set-id bits.
    let mode = fs::Permissions::from_mode(spec.mode & 0o7777);
    fs::set_permissions(path, mode).with("set the mode of", path)
}

fn owned(spec: &FileSpec, done: io::Result<()>) -> Result<(), WorldError> {
    let stage = format!(
        "give {:?} to user {} and group {}",
        spec.path, spec.uid, spec.gid
    );
    match done {
        Err(why) if why.raw_os_error() == Some(Errno::EINVAL as i32) => Err(WorldError {
            evidence: "one of them has no mapping in the sandbox".to_owned(),
            remedy: "give this user subordinate ids (`daemonlab doctor`), or require `subuid`"
                .to_owned(),
            ..error(stage, why)
        }),
        done => done.map_err(|why| error(stage, why)),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => fs::remove_dir_all(path),
        done => done,
    }
}

fn make(path: &Path, content: &FileContent) -> io::Result<()> {
    match content {
        FileContent::Regular(bytes) => {
            let mut options = fs::OpenOptions::new();
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)?;
            file.write_all(bytes)
        }
        FileContent::Directory => fs::create_dir(path),
        FileContent::Symlink(to) => symlink(to, path),
        FileContent::Fifo => Ok(mkfifo(path, Mode::S_IRUSR)?),
    }
}

/// What is known of a file, and a descriptor of it: the owner in the facts is
/// as the kernel shows it here, which is ambiguous for one without a mapping.
pub fn facts(path: &Path) -> Result<(FileFacts, Option<OwnedFd>), WorldError> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let fd = match open(path, flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok((FileFacts::default(), None)),
        Err(errno) => return Err(errno).with("look at", path),
    };
    let file = File::from(fd);
    let meta = file.metadata().with("look at", path)?;
    let kind = meta.file_type();
    let facts = FileFacts {
        kind: Some(kind_name(kind).to_owned()),
        content: if kind.is_file() { content(&file) } else { None },
        target: if kind.is_symlink() {
            let target = fs::read_link(path).with("read the link", path)?;
            Some(target.to_string_lossy().into_owned())
        } else {
            None
        },
        mode: meta.mode() & 0o7777,
        uid: Some(meta.uid()),
        gid: Some(meta.gid()),
        size: meta.size(),
        links: meta.nlink(),
        inode: meta.ino(),
        locked_by: holders(meta.dev(), meta.ino()),
    };
    Ok((facts, Some(file.into())))
}

/// The name of a kind, as in [`FileFacts::kind`].
pub fn kind_name(kind: fs::FileType) -> &'static str {
    if kind.is_file() {
        "regular"
    } else if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "symlink"
    } else if kind.is_fifo() {
        "fifo"
    } else if kind.is_socket() {
        "socket"
    } else if kind.is_char_device() {
        "char-device"
    } else {
        "block-device"
    }
}

/// The content of the very file that a descriptor refers to, opened again by it.
fn content(file: &File) -> Option<String> {
    let again = File::open(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
    let mut bytes = Vec::new();
    again.take(CONTENT).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn spec(path: PathBuf, content: FileContent, mode: u32) -> FileSpec {
        let (uid, gid) = (
            nix::unistd::geteuid().as_raw(),
            nix::unistd::getegid().as_raw(),
        );
        FileSpec {
            path,
            content,
            mode,
            uid,
            gid,
        }
    }

    #[test]
    fn every_kind_is_made_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, content, mode, kind) in [
            (
                "a/b/file",
                FileContent::Regular(b"12\n".to_vec()),
                0o640,
                "regular",
            ),
            ("folder", FileContent::Directory, 0o1777, "directory"),
            ("fifo", FileContent::Fifo, 0o622, "fifo"),
        ] {
            write(&spec(at(name), content, mode)).unwrap();
            let facts = facts(&at(name)).unwrap().0;
            assert_eq!(
                (facts.kind.as_deref(), facts.mode),
                (Some(kind), mode),
                "{name}"
            );
        }
        assert_eq!(
            facts(&at("a/b/file")).unwrap().0.content.as_deref(),
            Some("12\n")
        );
        write(&spec(at("link"), FileContent::Symlink("a/b".into()), 0)).unwrap();
        assert_eq!(facts(&at("link")).unwrap().0.target.as_deref(), Some("a/b"));
        assert_eq!(facts(&at("none")).unwrap().0.kind, None);
        assert_eq!(facts(&at("fifo/below")).unwrap().0.kind, None);
    }

    #[test]
    fn a_file_is_replaced_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (link, to) = (folder.path().join("link"), folder.path().join("to"));
        fs::write(&to, "kept").unwrap();
        symlink(&to, &link).unwrap();
        write(&spec(
            link.clone(),
            FileContent::Regular(b"new".to_vec()),
            0o600,
        ))
        .unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "kept");
        assert_eq!(facts(&link).unwrap().0.kind.as_deref(), Some("regular"));
    }

    #[rstest::rstest]
    #[case("relative")]
    #[case("/tmp/../etc/passwd")]
    fn paths_must_be_whole(#[case] path: &str) {
        let error = write(&spec(path.into(), FileContent::Fifo, 0o600)).unwrap_err();
        assert!(error.remedy.contains("whole path"), "{error}");
    }
}
