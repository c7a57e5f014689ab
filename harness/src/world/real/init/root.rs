//! The world's root: a fresh tmpfs with the tree's folders bound in, its own
//! `/proc` and terminals.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, umask};
use nix::unistd::sethostname;

use crate::world::real::failure::{At, Failure};
use crate::world::real::stage::StageId;
use crate::world::real::supervisor::{enter, mount_point};
use crate::world::real::template::{Blueprint, NEW_ROOT};

/// The name that a world's host has.
pub const HOST: &str = "daemonlab";

/// What a world can hold: all its files, and how many.
const LIMITS: &str = "mode=755,size=256m,nr_inodes=64k";

/// Folders of the root, and their modes.
const FOLDERS: &[(&str, u32)] = &[
    ("dev", 0o755),
    ("dev/pts", 0o755),
    ("dev/shm", 0o1777),
    ("etc", 0o755),
    ("home", 0o755),
    ("proc", 0o555),
    ("root", 0o700),
    ("run", 0o755),
    ("run/lock", 0o1777),
    ("sys", 0o555),
    ("tmp", 0o1777),
    ("var", 0o755),
    ("var/cache", 0o755),
    ("var/lib", 0o755),
    ("var/log", 0o755),
    ("var/spool", 0o755),
    ("var/tmp", 0o1777),
];

/// Links of the root, and what they point to.
const LINKS: &[(&str, &str)] = &[
    ("dev/fd", "/proc/self/fd"),
    ("dev/ptmx", "pts/ptmx"),
    ("dev/stderr", "/proc/self/fd/2"),
    ("dev/stdin", "/proc/self/fd/0"),
    ("dev/stdout", "/proc/self/fd/1"),
    ("etc/mtab", "/proc/self/mounts"),
    ("var/lock", "/run/lock"),
    ("var/run", "/run"),
];

/// Makes the root and enters it; nothing of the tree but what is bound in can
/// be reached afterwards.
pub fn make(blueprint: &Blueprint) -> Result<(), Failure> {
    let root = Path::new(NEW_ROOT);
    let below = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    let flags = MsFlags::MS_NODEV;
    mount(Some("root"), root, Some("tmpfs"), flags, Some(LIMITS))
        .at(StageId::Mounts, "mount a tmpfs")?;
    furnish(root, blueprint).at(StageId::Mounts, "fill the world's root")?;
    for (path, folder) in &blueprint.plan.binds {
        let to = below(path);
        mount_point(&to, *folder).at(StageId::Mounts, format_args!("make a place for {path:?}"))?;
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        mount(Some(path), &to, None::<&str>, flags, None::<&str>)
            .at(StageId::Mounts, format_args!("bind {path:?}"))?;
    }
    terminals(root, blueprint)?;
    let mut flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    flags.set(MsFlags::MS_NOATIME, blueprint.plan.noatime);
    mount(
        Some("proc"),
        &root.join("proc"),
        Some("proc"),
        flags,
        None::<&str>,
    )
    .at(StageId::Processes, "mount /proc")?;
    enter(root).at(StageId::Mounts, "make the world's root the root")?;
    sethostname(HOST).at(StageId::Mounts, "set the host's name")
}

fn furnish(root: &Path, blueprint: &Blueprint) -> io::Result<()> {
    // The modes are meant as they are.
    let usual = umask(Mode::empty());
    for (name, mode) in FOLDERS {
        fs::DirBuilder::new().mode(*mode).create(root.join(name))?;
    }
    umask(usual);
    for (name, to) in LINKS {
        symlink(to, root.join(name))?;
    }
    let below = |path: &PathBuf| root.join(path.strip_prefix("/").unwrap_or(path));
    for (name, to) in &blueprint.plan.links {
        symlink(to, below(name))?;
    }
    for (path, content) in &blueprint.copies {
        fs::write(below(path), content)?;
    }
    Ok(())
}

/// Terminals of the world's own. Group 5 is `tty` by custom; where there is
/// only one group id, terminals stay their opener's.
fn terminals(root: &Path, blueprint: &Blueprint) -> Result<(), Failure> {
    let options = match blueprint.plan.ids {
        1 => "newinstance,ptmxmode=0666,mode=620",
        _ => "newinstance,ptmxmode=0666,mode=620,gid=5",
    };
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    mount(
        Some("devpts"),
        &root.join("dev/pts"),
        Some("devpts"),
        flags,
        Some(options),
    )
    .at(StageId::Mounts, "mount /dev/pts")
}
