//! Files of a world: made, told, locked, taken out.

mod world_lab;

use std::collections::BTreeMap;
use std::path::Path;

use daemonlab_harness::world::World;
use daemonlab_harness::world::facts::FileFacts;
use daemonlab_harness::world::real::EXECUTABLE as INSIDE;
use daemonlab_harness::world::spec::{FileContent, GroupSpec, SandboxSpec, UserSpec};
use world_lab::*;

#[test]
fn files_of_the_specification_are_there_from_the_start() {
    let mut host = host();
    let spec = SandboxSpec {
        files: vec![
            file(
                "/srv/deep/conf.yaml",
                FileContent::Regular(b"a: 1\n".to_vec()),
                0o640,
            ),
            file("/run/lab", FileContent::Directory, 0o1770),
            file("/run/lab/link", FileContent::Symlink("/srv/deep".into()), 0),
            file("/run/lab/fifo", FileContent::Fifo, 0o622),
        ],
        ..SandboxSpec::default()
    };
    let mut world = world_of(&mut host, &spec);
    let mut facts = |path: &str| world.file(Path::new(path)).unwrap();
    let conf = facts("/srv/deep/conf.yaml");
    let expected = FileFacts {
        kind: Some("regular".to_owned()),
        content: Some("a: 1\n".to_owned()),
        mode: 0o640,
        uid: Some(0),
        gid: Some(0),
        size: 5,
        links: 1,
        inode: conf.inode,
        ..FileFacts::default()
    };
    assert_eq!(conf, expected);
    assert_eq!(
        (facts("/srv/deep").mode, facts("/srv/deep").uid),
        (0o755, Some(0))
    );
    assert_eq!(
        (facts("/run/lab").mode, facts("/run/lab").kind.as_deref()),
        (0o1770, Some("directory"))
    );
    assert_eq!(facts("/run/lab/link").target.as_deref(), Some("/srv/deep"));
    assert_eq!(facts("/run/lab/link").kind.as_deref(), Some("symlink"));
    assert_eq!(facts("/run/lab/fifo").mode, 0o622);
    assert_eq!(facts("/dev/null").kind.as_deref(), Some("char-device"));
    assert_eq!(facts("/no/such/file"), FileFacts::default());
    assert_eq!(facts("/srv/deep/conf.yaml/below"), FileFacts::default());
}

#[test]
fn a_file_can_be_given_to_a_user_only_if_there_is_such_an_id() {
    let mut host = host();
    let many = many_ids(&host);
    let mut world = world(&mut host);
    let mut spec = file("/tmp/x", FileContent::Regular(Vec::new()), 0o4755);
    (spec.uid, spec.gid) = (1000, 65_534);
    let done = world.write_file(&spec);
    if many {
        done.unwrap();
        let facts = world.file(Path::new("/tmp/x")).unwrap();
        assert_eq!(
            (facts.uid, facts.gid, facts.mode),
            (Some(1000), Some(65_534), 0o4755)
        );
        spec.uid = 70_000;
        assert_eq!(
            world.write_file(&spec).unwrap_err().errno,
            Some(libc::EINVAL)
        );
    } else {
        let error = done.unwrap_err();
        assert_eq!(error.errno, Some(libc::EINVAL));
        assert!(error.remedy.contains("subuid"), "{error}");
    }
}

#[test]
fn users_and_groups_are_those_of_the_specification() {
    let mut host = host();
    let spec = SandboxSpec {
        users: vec![UserSpec {
            name: "web".to_owned(),
            uid: 1000,
            gid: 1000,
        }],
        groups: vec![GroupSpec {
            name: "data".to_owned(),
            gid: 2000,
            members: vec!["web".to_owned()],
        }],
        ..SandboxSpec::default()
    };
    let mut world = world_of(&mut host, &spec);
    let seen = output(&mut world, "id", "id web; id nobody; hostname; echo ~web");
    assert_eq!(
        seen,
        "uid=1000(web) gid=1000(web) groups=1000(web),2000(data)\n\
         uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\ndaemonlab\n/home/web\n"
    );
    if many_ids(&host) {
        assert_eq!(world.file(Path::new("/home/web")).unwrap().uid, Some(1000));
    }
}

/// The taker of a `flock` may be gone while a child holds it on.
#[test]
fn a_lock_is_held_by_whoever_has_it_open() {
    let mut host = host();
    let mut world = world(&mut host);
    run(
        &mut world,
        &script("a", "flock /tmp/lock -c 'sleep 1000 & exit' & wait"),
    );
    let sleeper = process(&mut world, "sleep");
    let facts = world.file(Path::new("/tmp/lock")).unwrap();
    assert_eq!(facts.locked_by, [sleeper.pid]);
    world
        .signal(sleeper.pid, daemonlab::sys::Signal::KILL)
        .unwrap();
    until(&mut world, |world| {
        world.processes().unwrap().is_empty().then_some(())
    });
    assert!(
        world
            .file(Path::new("/tmp/lock"))
            .unwrap()
            .locked_by
            .is_empty()
    );
}

/// A POSIX lock is the process's own: its child has the descriptor, not the lock.
#[test]
fn a_posix_lock_is_not_inherited() {
    let mut host = host();
    let mut world = world(&mut host);
    let lock = "use Fcntl; open(F, '>', '/tmp/lock'); \
        my $l = pack('s s x4 q q l x4', F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $l) or die $!; \
        $0 = 'taker'; fork or $0 = 'child'; sleep 1000";
    world.launch(&launch("a", &["perl", "-e", lock])).unwrap();
    process(&mut world, "child");
    let taker = process(&mut world, "taker");
    assert_eq!(
        world.file(Path::new("/tmp/lock")).unwrap().locked_by,
        [taker.pid]
    );
}

#[test]
fn the_embedded_executable_is_there() {
    let mut host = host();
    let mut world = world(&mut host);
    let facts = world.file(Path::new(INSIDE)).unwrap();
    assert_eq!(
        (facts.kind.as_deref(), facts.mode & 0o555),
        (Some("regular"), 0o555)
    );
    assert_eq!(facts.size, std::fs::metadata(EXECUTABLE).unwrap().len());
}

#[test]
fn evidence_can_be_taken_out() {
    let mut host = host();
    let mut world = world(&mut host);
    world.launch(&script("a", "echo $$ > /run/lab.pid; mkdir /tmp/d; echo log > /tmp/d/log; chmod 000 /tmp/d; ln -s /etc/passwd /tmp/link; exec sleep 1000")).unwrap();
    let pid = process(&mut world, "sleep").pid;
    let folder = tempfile::tempdir().unwrap();
    world.keep(folder.path()).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("files/run/lab.pid"), format!("{pid}\n"));
    assert_eq!(read("files/tmp/d/log"), "log\n");
    assert!(!folder.path().join("files/tmp/link").exists());
    let listed: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_str(&read("files.json")).unwrap();
    let link = listed
        .iter()
        .find(|file| file["path"] == "/tmp/link")
        .unwrap();
    assert_eq!(link["target"], "/etc/passwd");
    assert!(read("processes.json").contains("\"sleep\""));
    assert_eq!(read("sockets.json"), "[]");
    // Nothing of the host's that is bound in.
    assert!(!folder.path().join("files/etc/ssl").exists());
}
