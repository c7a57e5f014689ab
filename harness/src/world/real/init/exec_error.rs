//! Why a program does not start: what execve(2)'s errno leaves open.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::world::WorldError;

/// The error of a launch at `stage`: what it could not do, and why. Relative
/// paths are looked up in `cwd`.
pub fn explain(stage: String, (errno, what): (Option<Errno>, String), cwd: &Path) -> WorldError {
    let program = what
        .strip_prefix("start \"")
        .and_then(|rest| rest.strip_suffix('"'))
        .map(|program| cwd.join(program));
    let (evidence, remedy) = match (errno, program) {
        (Some(errno), Some(program)) => look_at(&program, errno),
        (Some(Errno::EINVAL), None) if what.starts_with("become ") => (
            "that id has no mapping in the sandbox".to_owned(),
            "give this user subordinate ids (`daemonlab doctor`), or require `subuid`".to_owned(),
        ),
        (Some(Errno::EPERM), None) if what.starts_with("set the groups") => (
            "with a single id, groups cannot be set".to_owned(),
            "give this user subordinate ids (`daemonlab doctor`), or require `subuid`".to_owned(),
        ),
        (Some(Errno::EPERM), None) if what.starts_with("set the limit") => (
            "no hard limit can be raised in a sandbox".to_owned(),
            "ask for less, or start daemonlab with more (`ulimit -H`)".to_owned(),
        ),
        (Some(Errno::EINVAL), None) if what.starts_with("set the limit") => (
            "a soft limit cannot be above the hard one".to_owned(),
            "ask for less, or for a hard limit too".to_owned(),
        ),
        (Some(Errno::EBUSY), None) if what == "watch system calls" => (
            "another filter with a listener is set for this process already".to_owned(),
            "run daemonlab outside of what supervises its system calls".to_owned(),
        ),
        _ => (String::new(), String::new()),
    };
    let what = match evidence.is_empty() {
        true => format!("it cannot {what}"),
        false => format!("it cannot {what}: {evidence}"),
    };
    WorldError {
        stage,
        errno: errno.map(|errno| errno as i32),
        evidence: what,
        remedy,
    }
}

fn look_at(program: &Path, errno: Errno) -> (String, String) {
    let Ok(meta) = fs::metadata(program) else {
        return missing(program);
    };
    let mode = meta.permissions().mode() & 0o7777;
    match errno {
        Errno::ENOENT => match interpreter(program) {
            Some(interpreter) => (
                format!("the file is there, but its interpreter {interpreter:?} is not"),
                "name an interpreter below /usr, or put it into a folder that is bound in"
                    .to_owned(),
            ),
            None => (String::new(), String::new()),
        },
        Errno::EACCES if meta.is_dir() => ("it is a folder".to_owned(), String::new()),
        Errno::EACCES => (
            format!("its mode is {mode:04o}"),
            "make it executable, and its folders enterable, for who starts it".to_owned(),
        ),
        Errno::ENOEXEC => (
            "it is no program for this machine, and has no `#!` line".to_owned(),
            "begin a script with `#!` and its interpreter's path".to_owned(),
        ),
        _ => (String::new(), String::new()),
    }
}

fn missing(program: &Path) -> (String, String) {
    let nearest = program.ancestors().skip(1).find(|path| path.exists());
    let nearest = nearest.unwrap_or(Path::new("/"));
    (
        format!("there is no such file in the sandbox; it has {nearest:?}"),
        "bind the program's folder in, or put the program there by `files`".to_owned(),
    )
}

/// What the kernel would start instead of the file: the `#!` line's program,
/// or the loader that an ELF file names (`elf(5)`, `PT_INTERP`).
fn interpreter(program: &Path) -> Option<PathBuf> {
    let file = File::open(program).ok()?;
    let mut head = [0; 256];
    let length = file.read_at(&mut head, 0).ok()?;
    let head = &head[..length];
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next()?;
        let line = String::from_utf8_lossy(line);
        return Some(PathBuf::from(line.split_whitespace().next()?));
    }
    if !head.starts_with(b"\x7fELF\x02") {
        return None;
    }
    let number =
        |bytes: &[u8], at: usize| Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?));
    let half = |at: usize| Some(u16::from_ne_bytes(*head.get(at..)?.first_chunk()?));
    let (table, size, count) = (number(head, 32)?, half(54)?, half(56)?);
    for entry in 0..u64::from(count) {
        let mut header = [0; 56];
        file.read_exact_at(&mut header, table.checked_add(entry * u64::from(size))?)
            .ok()?;
        if u32::from_ne_bytes(*header.first_chunk()?) != libc::PT_INTERP {
            continue;
        }
        let mut path = vec![0; usize::try_from(number(&header, 32)?).ok()?.min(4096)];
        file.read_exact_at(&mut path, number(&header, 8)?).ok()?;
        let path = String::from_utf8_lossy(&path)
            .trim_end_matches('\0')
            .to_owned();
        return Some(PathBuf::from(path));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(program: &Path, errno: Errno) -> WorldError {
        let what = format!("start {program:?}");
        explain("start it".to_owned(), (Some(errno), what), Path::new("/"))
    }

    #[test]
    fn a_missing_interpreter_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        fs::write(&script, "#! /no/such/sh -e\n").unwrap();
        let error = explained(&script, Errno::ENOENT);
        assert!(error.evidence.contains("\"/no/such/sh\""), "{error}");
        assert!(!error.remedy.is_empty());
    }

    #[test]
    fn an_elf_files_loader_is_found() {
        let loader = interpreter(Path::new("/proc/self/exe")).unwrap();
        assert!(loader.exists(), "{loader:?}");
    }

    #[test]
    fn a_missing_program_says_how_far_the_path_goes() {
        let error = explained(Path::new("/usr/no-such/server"), Errno::ENOENT);
        assert!(error.evidence.contains("it has \"/usr\""), "{error}");
    }

    #[test]
    fn a_mode_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        fs::write(&script, "").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(explained(&script, Errno::EACCES).evidence.contains("0640"));
    }
}
