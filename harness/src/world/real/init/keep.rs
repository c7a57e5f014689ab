//! Gathering the files that are evidence.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::files::kind_name;
use crate::world::real::wire::message::KeptFile;

/// Where they are looked for.
const WHERE: &[&str] = &["/etc", "/home", "/root", "/run", "/srv", "/tmp", "/var"];

/// How many files, how much of each, and how much in all is kept.
const FILES: usize = 2_000;
/// How long a path may be, so that below any folder of the host it still is one
/// (PATH_MAX is 4096 bytes).
const PATH: usize = 1024;
const EACH: u64 = 1 << 20;
const ALL: u64 = 16 << 20;

/// Lists the files of the world's own file system, and gives their contents
/// one after the other. What is bound in is the host's, and left out.
pub fn gather() -> (Vec<KeptFile>, Vec<u8>) {
    let (mut files, mut bytes) = (Vec::new(), Vec::new());
    let Ok(root) = fs::metadata("/") else {
        return (files, bytes);
    };
    for path in WHERE {
        walk(Path::new(path), root.dev(), &mut files, &mut bytes);
    }
    (files, bytes)
}

fn walk(folder: &Path, device: u64, files: &mut Vec<KeptFile>, bytes: &mut Vec<u8>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Ok(meta) = fs::symlink_metadata(&path) else {
            continue;
        };
        let too_long = path.as_os_str().len() > PATH;
        if meta.dev() != device || files.len() >= FILES || too_long {
            continue;
        }
        let mut kept = 0;
        if meta.is_file() {
            let room = EACH.min(ALL - bytes.len() as u64);
            if let Ok(file) = File::open(&path) {
                kept = file.take(room).read_to_end(bytes).unwrap_or(0) as u64;
            }
        }
        files.push(KeptFile {
            kind: kind_name(meta.file_type()).to_owned(),
            mode: meta.mode() & 0o7777,
            uid: meta.uid(),
            gid: meta.gid(),
            size: meta.size(),
            target: fs::read_link(&path).ok(),
            kept,
            path: path.clone(),
        });
        if meta.is_dir() {
            walk(&path, device, files, bytes);
        }
    }
}
