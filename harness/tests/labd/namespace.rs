//! Root for who is none: a user namespace with subordinate ids.

use std::fs;
use std::io::{Read, Write, pipe};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};
use std::thread;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, User, geteuid, getgid, getpid, getuid, setresgid, setresuid};

/// Runs `command` as root: as we are, or in a user namespace.
pub fn output_as_root(mut command: Command) -> Output {
    if geteuid().is_root() {
        return command.output().unwrap();
    }
    let (mut unshared, tell) = pipe().unwrap();
    let (wait, mut mapped) = pipe().unwrap();
    // SAFETY: between fork and exec only system calls are made.
    unsafe {
        command.pre_exec(move || {
            unshare(CloneFlags::CLONE_NEWUSER)?;
            (&tell).write_all(&getpid().as_raw().to_ne_bytes())?;
            (&wait).read_exact(&mut [0])?;
            let (uid, gid) = (Uid::from_raw(0), Gid::from_raw(0));
            setresgid(gid, gid, gid)?;
            setresuid(uid, uid, uid)?;
            Ok(())
        });
    }
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut pid = [0; 4];
            unshared
                .read_exact(&mut pid)
                .expect("the child has a namespace");
            let pid = i32::from_ne_bytes(pid).to_string();
            map("newuidmap", "/etc/subuid", &pid, getuid().as_raw());
            map("newgidmap", "/etc/subgid", &pid, getgid().as_raw());
            mapped.write_all(&[0]).expect("the child waits");
        });
        command.output().unwrap()
    })
}

fn map(tool: &str, ranges: &str, pid: &str, own: u32) {
    let user = User::from_uid(getuid())
        .unwrap()
        .expect("a user entry")
        .name;
    let all = fs::read_to_string(ranges).unwrap_or_default();
    let range = all
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{user}:"))?.split_once(':'))
        .unwrap_or_else(|| panic!("{user} has no range in {ranges}: add one, or run as root"));
    let status = Command::new(tool)
        .args([pid, "0", &own.to_string(), "1", "1", range.0, range.1])
        .status()
        .unwrap_or_else(|error| panic!("{tool}: {error}: install uidmap, or run as root"));
    assert!(status.success(), "{tool}: {status}");
}
