//! The read-only tree that every world is made of: the host's programs and
//! libraries, some of its `/etc`, a few devices, the folders of target and
//! scenario, and this executable.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{chdir, pivot_root};

use super::userns::Namespaces;
use crate::world::real::EXECUTABLE;
use crate::world::real::failure::{At, Failure};
use crate::world::real::kernel::{Tree, attributes};
use crate::world::real::stage::StageId;
use crate::world::real::template::{NEW_ROOT, PLAN};
use crate::world::real::wire::message::Plan;

/// Folders with programs and libraries. Some are links into `/usr` on most systems.
const PROGRAMS: &[&str] = &[
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix", "/gnu",
];

/// Folders of `/etc` without secrets that programs need to start or to speak TLS.
const ETC_FOLDERS: &[&str] = &[
    "/etc/alternatives",
    "/etc/crypto-policies",
    "/etc/pki/tls",
    "/etc/pki/ca-trust",
    "/etc/ssl",
];

/// Files of `/etc` that every world gets a copy of.
const ETC_FILES: &[&str] = &[
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/localtime",
    "/etc/os-release",
    "/etc/protocols",
    "/etc/services",
];

const DEVICES: &[&str] = &[
    "/dev/full",
    "/dev/null",
    "/dev/random",
    "/dev/tty",
    "/dev/urandom",
    "/dev/zero",
];

const READ_ONLY: u64 = attributes::READ_ONLY | attributes::NOSUID | attributes::NODEV;

/// Makes the tree, and makes it the root of this process, whose mount
/// namespace must be its own. The rest of the host is out of reach then.
pub fn build(namespaces: &Namespaces, binds: &[PathBuf]) -> Result<(), Failure> {
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        None::<&str>,
    )
    .at(StageId::Mounts, "make mounts private")?;
    let parts = Parts::collect(namespaces, binds)?;
    // Anywhere that surely exists: it is covered in this namespace alone.
    let at = ["/tmp", "/mnt", "/proc"].map(Path::new);
    let at = at
        .into_iter()
        .find(|path| path.is_dir())
        .unwrap_or(Path::new("/proc"));
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(
        Some("daemonlab"),
        at,
        Some("tmpfs"),
        flags,
        Some("mode=755"),
    )
    .at(StageId::Mounts, format_args!("mount a tmpfs on {at:?}"))?;
    parts.place(at)?;
    enter(at).at(StageId::Mounts, "make the tree the root")?;
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        flags | MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY,
        None::<&str>,
    )
    .at(StageId::Mounts, "make the tree read-only")
}

/// Makes the mount at `new` the root of the process and its namespace, and
/// detaches the old one (`pivot_root(2)`, NOTES).
pub fn enter(new: &Path) -> Result<(), Errno> {
    chdir(new)?;
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    chdir("/")
}

/// What the tree is made of, copied out of the host's mounts but nowhere yet.
struct Parts {
    mounts: Vec<(PathBuf, bool, Tree)>,
    copies: Vec<(PathBuf, Vec<u8>)>,
    plan: Plan,
    executable: Option<Vec<u8>>,
}

impl Parts {
    fn collect(namespaces: &Namespaces, binds: &[PathBuf]) -> Result<Parts, Failure> {
        let mut parts = Parts {
            mounts: Vec::new(),
            copies: Vec::new(),
            plan: Plan {
                ids: namespaces.ids,
                noatime: statvfs("/proc").is_ok_and(|fs| fs.flags().contains(FsFlags::ST_NOATIME)),
                ..Plan::default()
            },
            executable: None,
        };
        for path in PROGRAMS.iter().chain(ETC_FOLDERS).map(Path::new) {
            match fs::symlink_metadata(path) {
                Ok(meta) if meta.is_symlink() => {
                    let to =
                        fs::read_link(path).at(StageId::Mounts, format_args!("read {path:?}"))?;
                    parts.plan.links.push((path.to_owned(), to));
                }
                Ok(meta) if meta.is_dir() => parts.bind(namespaces, path, path)?,
                _ => {}
            }
        }
        for path in DEVICES.iter().map(Path::new) {
            let tree = copy(path)?;
            let attributes = attributes::READ_ONLY | attributes::NOSUID | attributes::NOEXEC;
            tree.set(attributes, None)
                .at(StageId::Mounts, format_args!("protect {path:?}"))?;
            parts.add(path, false, tree);
        }
        parts.executable(namespaces)?;
        for path in binds {
            parts.bind(namespaces, path, path)?;
        }
        for path in ETC_FILES.iter().map(Path::new) {
            // A missing one is none of ours; they are a convenience.
            if let Ok(content) = fs::read(path) {
                parts.plan.copies.insert(path.to_owned());
                parts.copies.push((path.to_owned(), content));
            }
        }
        // The kernel allows a new /proc only where one is fully visible already.
        let proc = copy(Path::new("/proc"))?;
        parts.mounts.push((PathBuf::from("/proc"), true, proc));
        Ok(parts)
    }

    fn bind(&mut self, namespaces: &Namespaces, from: &Path, to: &Path) -> Result<(), Failure> {
        let meta = fs::metadata(from).at(StageId::Mounts, format_args!("find {from:?}"))?;
        let tree = copy(from)?;
        protect(namespaces, &tree).at(StageId::Mounts, format_args!("protect {from:?}"))?;
        self.add(to, meta.is_dir(), tree);
        Ok(())
    }

    fn add(&mut self, to: &Path, folder: bool, tree: Tree) {
        self.plan.binds.push((to.to_owned(), folder));
        self.mounts.push((to.to_owned(), folder, tree));
    }

    /// This executable: bound, or copied if what lies at its path is not (or
    /// no longer) what runs, as when it was rebuilt in the meantime.
    fn executable(&mut self, namespaces: &Namespaces) -> Result<(), Failure> {
        let this = Path::new("/proc/self/exe");
        let running = fs::metadata(this).at(StageId::Mounts, "find this executable")?;
        let path = fs::read_link(this).at(StageId::Mounts, "find this executable")?;
        let same = fs::metadata(&path)
            .is_ok_and(|there| (there.dev(), there.ino()) == (running.dev(), running.ino()));
        if same {
            return self.bind(namespaces, &path, Path::new(EXECUTABLE));
        }
        let content = fs::read(this).at(StageId::Mounts, "read this executable")?;
        self.executable = Some(content);
        self.plan.binds.push((PathBuf::from(EXECUTABLE), false));
        Ok(())
    }

    /// Puts everything below `root`.
    fn place(self, root: &Path) -> Result<(), Failure> {
        let below = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
        let place = || -> io::Result<()> {
            for (name, to) in &self.plan.links {
                make_parent(&below(name))?;
                symlink(to, below(name))?;
            }
            for (path, content) in &self.copies {
                make_parent(&below(path))?;
                fs::write(below(path), content)?;
            }
            fs::create_dir(below(Path::new(NEW_ROOT)))?;
            make_parent(&below(Path::new(EXECUTABLE)))?;
            if let Some(content) = &self.executable {
                let path = below(Path::new(EXECUTABLE));
                fs::write(&path, content)?;
                fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
            }
            fs::write(below(Path::new(PLAN)), serde_json::to_vec(&self.plan)?)
        };
        place().at(StageId::Mounts, "fill the tree")?;
        for (path, folder, tree) in self.mounts {
            let to = below(&path);
            mount_point(&to, folder)
                .at(StageId::Mounts, format_args!("make a place for {path:?}"))?;
            tree.attach(&to)
                .at(StageId::Mounts, format_args!("attach {path:?}"))?;
        }
        Ok(())
    }
}

/// Makes the folder or empty file that a mount can go on, if it is not there.
pub fn mount_point(at: &Path, folder: bool) -> io::Result<()> {
    if folder {
        return fs::create_dir_all(at);
    }
    make_parent(at)?;
    match fs::File::create_new(at) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn copy(path: &Path) -> Result<Tree, Failure> {
    Tree::copy(path).at(StageId::Mounts, format_args!("bind {path:?}"))
}

/// Read-only, and for root with the host's owners mapped to the sandbox's, so
/// that a folder that only root may enter can be entered by the sandbox's root.
/// Where the file system cannot do that, its owners stay unmapped.
fn protect(namespaces: &Namespaces, tree: &Tree) -> Result<(), Errno> {
    if namespaces.privileged && namespaces.single.is_none() {
        let mapped = READ_ONLY | attributes::IDMAP;
        match tree.set(mapped, Some(namespaces.inner.as_fd())) {
            Err(Errno::EINVAL | Errno::EPERM | Errno::EOPNOTSUPP) => {}
            done => return done,
        }
    }
    tree.set(READ_ONLY, None)
}

/// The distinct folders, none of which lies below another.
pub fn outermost(binds: &[PathBuf]) -> Vec<PathBuf> {
    let sorted: BTreeSet<&PathBuf> = binds.iter().collect();
    let mut outermost: Vec<PathBuf> = Vec::new();
    for bind in sorted {
        if !outermost.iter().any(|outer| bind.starts_with(outer)) {
            outermost.push(bind.clone());
        }
    }
    outermost
}
