//! The world's users, groups and host name, as files of `/etc`.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use nix::errno::Errno;

use super::root::HOST;
use crate::world::spec::SandboxSpec;

/// Writes those of a world whose specification is not known yet.
pub fn write_usual(root: &Path) -> io::Result<()> {
    write_users(root, &SandboxSpec::default())?;
    let etc = root.join("etc");
    fs::write(
        etc.join("nsswitch.conf"),
        "passwd: files\ngroup: files\nhosts: files\n",
    )?;
    fs::write(
        etc.join("hosts"),
        format!("127.0.0.1 localhost {HOST}\n::1 localhost\n"),
    )?;
    fs::write(etc.join("hostname"), format!("{HOST}\n"))?;
    fs::write(etc.join("resolv.conf"), "")
}

/// Writes what is not as usual, and makes the users' home folders.
pub fn write(root: &Path, spec: &SandboxSpec) -> io::Result<()> {
    if !spec.users.is_empty() || !spec.groups.is_empty() {
        write_users(root, spec)?;
    }
    for user in &spec.users {
        let home = root.join("home").join(&user.name);
        fs::create_dir_all(&home)?;
        match std::os::unix::fs::chown(&home, Some(user.uid), Some(user.gid)) {
            // There is no such id inside. A scenario that needs it requires
            // `subuid`; to the others, the entry in passwd is harmless.
            Err(error) if error.raw_os_error() == Some(Errno::EINVAL as i32) => {}
            done => done?,
        }
    }
    Ok(())
}

fn write_users(root: &Path, spec: &SandboxSpec) -> io::Result<()> {
    let etc = root.join("etc");
    fs::write(etc.join("passwd"), passwd(spec))?;
    fs::write(etc.join("group"), group(spec))
}

/// `passwd(5)`: root, nobody, and the users of the specification, which may
/// redefine both.
fn passwd(spec: &SandboxSpec) -> String {
    let mut text = String::new();
    let mut line = |name: &str, uid: u32, gid: u32, home: &str, shell: &str| {
        let _ = writeln!(text, "{name}:x:{uid}:{gid}:{name}:{home}:{shell}");
    };
    let given = |name: &str| spec.users.iter().any(|user| user.name == name);
    if !given("root") {
        line("root", 0, 0, "/root", "/bin/sh");
    }
    if !given("nobody") {
        line("nobody", 65534, 65534, "/nonexistent", "/usr/sbin/nologin");
    }
    for user in &spec.users {
        let home = format!("/home/{}", user.name);
        line(&user.name, user.uid, user.gid, &home, "/bin/sh");
    }
    text
}

/// `group(5)`: those of the specification, and one for each primary group that
/// is not among them.
fn group(spec: &SandboxSpec) -> String {
    let given = |name: &str, gid: u32| spec.groups.iter().any(|g| g.gid == gid || g.name == name);
    let mut groups: Vec<(u32, &str, String)> = Vec::new();
    for group in &spec.groups {
        groups.push((group.gid, &group.name, group.members.join(",")));
    }
    let primary = spec.users.iter().map(|user| (user.name.as_str(), user.gid));
    let usual = [("root", 0), ("tty", 5), ("nogroup", 65534)];
    for (name, gid) in usual.into_iter().chain(primary) {
        let known = groups.iter().any(|(known, ..)| *known == gid);
        if !known && !given(name, gid) {
            groups.push((gid, name, String::new()));
        }
    }
    groups.sort_by_key(|(gid, ..)| *gid);
    let line = |(gid, name, members): &(u32, &str, String)| format!("{name}:x:{gid}:{members}\n");
    groups.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::spec::{GroupSpec, UserSpec};

    fn user(name: &str, uid: u32, gid: u32) -> UserSpec {
        UserSpec {
            name: name.to_owned(),
            uid,
            gid,
        }
    }

    #[test]
    fn users_bring_their_groups_unless_those_are_given() {
        let spec = SandboxSpec {
            users: vec![user("web", 1000, 1000), user("db", 1001, 2000)],
            groups: vec![GroupSpec {
                name: "data".to_owned(),
                gid: 2000,
                members: vec!["web".to_owned(), "db".to_owned()],
            }],
            ..SandboxSpec::default()
        };
        assert_eq!(
            passwd(&spec),
            "root:x:0:0:root:/root:/bin/sh\n\
             nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n\
             web:x:1000:1000:web:/home/web:/bin/sh\n\
             db:x:1001:2000:db:/home/db:/bin/sh\n"
        );
        assert_eq!(
            group(&spec),
            "root:x:0:\ntty:x:5:\nweb:x:1000:\ndata:x:2000:web,db\nnogroup:x:65534:\n"
        );
    }
}
