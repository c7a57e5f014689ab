//! Making files and telling about them.

use std::path::{Component, Path, PathBuf};

use daemonlab::sim::Live;
use daemonlab::sim::kernel::{Ino, Node};
use daemonlab::sys::call::{Call, Ret};
use daemonlab::sys::records::{Access, At, FileKind, Follow, OpenHow};
use daemonlab::sys::{Errno, Gid, Uid};

use super::{error, refusal};
use crate::world::WorldError;
use crate::world::facts::FileFacts;
use crate::world::spec::{FileContent, FileSpec};

/// How much of a file's content is a fact.
const CONTENT: usize = 64 * 1024;

/// Makes or replaces a file, and the directories on the way.
///
/// # Errors
/// The stage and the errno; that there are no FIFOs.
pub fn write(live: &mut Live, spec: &FileSpec) -> Result<(), WorldError> {
    let path = &spec.path;
    let stage = format!("make {path:?}");
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        let evidence = "the path is not absolute, or goes back by `..`";
        return Err(refusal(stage, evidence, "give the whole path"));
    }
    make_parents(live, path).map_err(|errno| error(&stage, errno))?;
    let owner = (spec.uid, spec.gid);
    match &spec.content {
        FileContent::Fifo => {
            let evidence = "the simulated kernel has no FIFOs";
            return Err(refusal(stage, evidence, "run it in the real world"));
        }
        FileContent::Symlink(target) => {
            remove(live, path)
                .map(|()| live.symlink(path, target, owner))
                .map_err(|errno| error(&stage, errno))?;
            return Ok(());
        }
        FileContent::Directory => make_directory(live, path),
        FileContent::Regular(content) => remove(live, path)
            .and_then(|()| create(live, path, content))
            .map(drop),
    }
    .and_then(|()| settle(live, path, owner, spec.mode & 0o7777))
    .map_err(|errno| error(&stage, errno))
}

fn make_parents(live: &mut Live, path: &Path) -> Result<(), Errno> {
    let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
    above.reverse();
    for directory in above.into_iter().skip(1) {
        if stat(live, directory, Follow::Yes).is_err() {
            make_directory(live, directory)?;
        }
    }
    Ok(())
}

fn make_directory(live: &mut Live, path: &Path) -> Result<(), Errno> {
    let made = live.outside(&Call::Mkdir {
        dir: At::Cwd,
        path: path.to_path_buf(),
        mode: 0o755,
    });
    match made {
        Err(Errno::EEXIST) if is_directory(live, path) => Ok(()),
        made => made.map(drop),
    }
}

fn is_directory(live: &mut Live, path: &Path) -> bool {
    let kind = stat(live, path, Follow::No).map(|(_, kind)| kind);
    kind == Ok(FileKind::Directory)
}

fn remove(live: &mut Live, path: &Path) -> Result<(), Errno> {
    let removed = live.outside(&Call::Unlink {
        dir: At::Cwd,
        path: path.to_path_buf(),
    });
    match removed {
        Err(Errno::ENOENT) => Ok(()),
        removed => removed.map(drop),
    }
}

fn create(live: &mut Live, path: &Path, content: &[u8]) -> Result<(), Errno> {
    let how = OpenHow {
        create: true,
        exclusive: true,
        ..OpenHow::new(Access::Write)
    };
    with(live, path, how, |live, fd| {
        let data = content.to_vec();
        live.outside(&Call::Write { fd, data }).map(drop)
    })
}

/// Gives a file its owner and its mode, in this order: changing the owner
/// clears set-id bits.
fn settle(live: &mut Live, path: &Path, owner: (u32, u32), mode: u32) -> Result<(), Errno> {
    with(live, path, OpenHow::new(Access::Read), |live, fd| {
        live.outside(&Call::Fchown {
            fd,
            uid: Some(Uid::from_raw(owner.0)),
            gid: Some(Gid::from_raw(owner.1)),
        })?;
        live.outside(&Call::Fchmod { fd, mode }).map(drop)
    })
}

fn with(
    live: &mut Live,
    path: &Path,
    how: OpenHow,
    what: impl FnOnce(&mut Live, i32) -> Result<(), Errno>,
) -> Result<(), Errno> {
    let opened = live.outside(&Call::Open {
        dir: At::Cwd,
        path: path.to_path_buf(),
        how,
        mode: 0o600,
    });
    let fd = opened.map(Ret::fd)?;
    let done = what(live, fd);
    live.outside(&Call::Close { fd })?;
    done
}

fn stat(live: &mut Live, path: &Path, follow: Follow) -> Result<(Ino, FileKind), Errno> {
    let stat = live.outside(&Call::Stat {
        dir: At::Cwd,
        path: path.to_path_buf(),
        follow,
    })?;
    let stat = stat.stat();
    Ok((Ino(stat.inode), stat.kind))
}

/// What is known of a file.
///
/// # Errors
/// The errno of the look-up, but for those that say that there is none.
pub fn facts(live: &mut Live, path: &Path) -> Result<FileFacts, WorldError> {
    let (ino, kind) = match stat(live, path, Follow::No) {
        Ok(found) => found,
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(FileFacts::default()),
        Err(errno) => return Err(error(format_args!("look at {path:?}"), errno)),
    };
    let machine = live.machine();
    let inode = machine.inode(ino);
    Ok(FileFacts {
        kind: Some(kind_name(kind).to_owned()),
        content: match &inode.node {
            Node::Regular(content) => {
                let mut bytes = content.bytes();
                bytes.truncate(CONTENT);
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => None,
        },
        target: match &inode.node {
            Node::Symlink(target) => Some(PathBuf::from(target).to_string_lossy().into_owned()),
            _ => None,
        },
        mode: inode.mode,
        uid: Some(inode.uid),
        gid: Some(inode.gid),
        size: inode.size(),
        links: inode.links,
        inode: ino.0,
        locked_by: machine.lockers(ino),
    })
}

fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Regular | FileKind::Anonymous => "regular",
        FileKind::Directory => "directory",
        FileKind::Symlink => "symlink",
        FileKind::Fifo => "fifo",
        FileKind::Socket => "socket",
        FileKind::CharDevice => "char-device",
        FileKind::BlockDevice => "block-device",
    }
}
