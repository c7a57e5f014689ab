//! What is bound in is there, wherever it lies on the host, and cannot be changed.

mod world_lab;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::End;
use daemonlab_harness::world::real::bind_for;
use daemonlab_harness::world::spec::SandboxSpec;
use rstest::rstest;
use tempfile::TempDir;
use world_lab::*;

fn bound(folder: &Path) -> SandboxSpec {
    SandboxSpec {
        binds: vec![folder.to_owned()],
        ..SandboxSpec::default()
    }
}

/// A folder below `parent` that only its owner may enter, with a script in it.
fn private_folder(parent: &Path) -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("lab-bind-")
        .tempdir_in(parent)
        .unwrap();
    let script = folder.path().join("hello");
    fs::write(&script, "#!/bin/sh\necho hello\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    folder
}

/// Every way to change what is bound in, tried as root with all capabilities.
#[rstest]
#[case::write("echo x > BIND/hello")]
#[case::create("touch BIND/new")]
#[case::delete("rm -f BIND/hello")]
#[case::mode("chmod 777 BIND/hello")]
#[case::remount("mount -o remount,rw BIND && touch BIND/new")]
#[case::remount_bind("mount -o remount,bind,rw BIND && touch BIND/new")]
#[case::bind_again(
    "mkdir /tmp/m && mount --bind BIND /tmp/m && mount -o remount,bind,rw /tmp/m && touch /tmp/m/new"
)]
#[case::other_namespaces(
    "unshare -Ur --map-root-user -m sh -c 'mount -o remount,bind,rw BIND; touch BIND/new'"
)]
#[case::own_namespace("unshare -m sh -c 'mount -o remount,bind,rw BIND; touch BIND/new'")]
#[case::through_init("touch /proc/1/root/BIND/new")]
#[case::unmount("umount BIND && touch BIND/new && test ! -e BIND/new")]
#[case::programs("touch /usr/bin/new")]
#[case::programs_remounted("mount -o remount,bind,rw /usr && touch /usr/bin/new")]
#[case::certificates("touch /etc/ssl/new")]
#[case::this_executable("echo x > /daemonlab/labd")]
fn what_is_bound_in_cannot_be_changed(#[case] attempt: &str) {
    let folder = private_folder(Path::new("/tmp"));
    let mut host = host();
    let mut world = world_of(&mut host, &bound(folder.path()));
    let attempt = attempt.replace("BIND", folder.path().to_str().unwrap());
    let facts = run(&mut world, &script("try", &attempt));
    assert_ne!(facts.end, Some(End::Exit(0)), "{facts:#?}");
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names, ["hello"]);
    let hello = folder.path().join("hello");
    assert_eq!(
        fs::read_to_string(&hello).unwrap(),
        "#!/bin/sh\necho hello\n"
    );
    assert_eq!(
        fs::metadata(&hello).unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert!(!Path::new("/usr/bin/new").exists() && !Path::new("/etc/ssl/new").exists());
}

/// Where a file system cannot map owners, they stay unmapped, and it is read-only.
#[test]
fn a_file_system_without_mapped_owners_is_bound_as_it_is() {
    let mut host = host();
    let path = Path::new("/sys/kernel/mm");
    if !path.is_dir() {
        eprintln!("skipped: there is no sysfs");
        return;
    }
    let mut world = world_of(&mut host, &bound(path));
    let facts = world.file(path).unwrap();
    assert_eq!(
        (facts.kind.as_deref(), facts.uid),
        (Some("directory"), None)
    );
    assert_ne!(
        run(&mut world, &script("a", "mkdir /sys/kernel/mm/x")).end,
        Some(End::Exit(0))
    );
}

/// Below /tmp, /run (or the like, where an ordinary user may write) and home.
#[test]
fn a_private_folder_is_reached_wherever_it_lies() {
    let home = std::env::var_os("HOME").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    let parents = [
        PathBuf::from("/tmp"),
        PathBuf::from("/run"),
        PathBuf::from("/var/tmp"),
        home,
    ];
    let usable = |path: &PathBuf| nix::unistd::access(path, nix::unistd::AccessFlags::W_OK).is_ok();
    let folders: Vec<_> = parents
        .iter()
        .filter(|p| usable(p))
        .map(|p| private_folder(p))
        .collect();
    assert!(folders.len() >= 2);
    let mut host = host();
    let spec = SandboxSpec {
        binds: folders
            .iter()
            .map(|folder| folder.path().to_owned())
            .collect(),
        ..SandboxSpec::default()
    };
    let mut world = world_of(&mut host, &spec);
    for folder in &folders {
        let path = folder.path().join("hello");
        let facts = run(
            &mut world,
            &launch(path.to_str().unwrap(), &[path.to_str().unwrap()]),
        );
        assert_eq!(facts.stdout.text(), "hello\n", "{facts:#?}");
        // Who owns it outside is root inside, in both ways to be root there.
        let facts = world.file(&path).unwrap();
        assert_eq!((facts.uid, facts.gid), (Some(0), Some(0)), "{path:?}");
        // Nothing else of the folder that it lies in came along.
        let around = output(
            &mut world,
            &format!("ls {path:?}"),
            &format!("ls -A {:?}", folder.path().parent().unwrap()),
        );
        assert!(
            around
                .lines()
                .all(|name| name.starts_with("lab-bind-") || name == "lock"),
            "{around}"
        );
    }
}

#[test]
fn owners_on_the_host_that_are_nobody_inside_are_unmapped() {
    let mut host = host();
    if !nix::unistd::geteuid().is_root() {
        // The host's root has no id inside a user's sandbox, though `nobody` has.
        let mut world = world(&mut host);
        let facts = world.file(Path::new("/usr/bin")).unwrap();
        assert_eq!((facts.uid, facts.gid), (None, None));
        return;
    }
    let folder = private_folder(Path::new("/tmp"));
    for (name, id) in [("user", 1000), ("nobody", 65_534), ("beyond", 70_000)] {
        let path = folder.path().join(name);
        fs::write(&path, "").unwrap();
        chown(&path, Some(id), Some(id)).unwrap();
    }
    let mut world = world_of(&mut host, &bound(folder.path()));
    for (name, id) in [
        ("user", Some(1000)),
        ("nobody", Some(65_534)),
        ("beyond", None),
    ] {
        let facts = world.file(&folder.path().join(name)).unwrap();
        assert_eq!((facts.uid, facts.gid), (id, id), "{name}");
    }
}

#[test]
fn one_file_can_be_bound_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    fs::write(&one, "1").unwrap();
    fs::write(&other, "2").unwrap();
    let mut host = host();
    let mut world = world_of(&mut host, &bound(&one));
    assert_eq!(world.file(&one).unwrap().content.as_deref(), Some("1"));
    assert_eq!(world.file(&other).unwrap().kind, None);
}

#[test]
fn a_program_that_lies_in_tmp_itself_is_bound_alone() {
    let program = tempfile::Builder::new()
        .prefix("lab-program-")
        .tempfile_in("/tmp")
        .unwrap();
    fs::write(program.path(), "#!/bin/sh\necho here\n").unwrap();
    fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Otherwise it could not be executed: "Text file busy".
    let path = program.into_temp_path();
    let mut host = host();
    let mut world = world_of(&mut host, &bound(&bind_for(&path)));
    let facts = run(&mut world, &launch("a", &[path.to_str().unwrap()]));
    assert_eq!(facts.stdout.text(), "here\n", "{facts:#?}");
    assert_eq!(output(&mut world, "ls", "ls /tmp | wc -l").trim(), "1");
}

#[rstest]
#[case::own("/tmp", "every sandbox has that folder of its own")]
#[case::root("/", "every sandbox has that folder of its own")]
#[case::relative("target", "not absolute")]
#[case::back("/usr/../home", "goes back")]
#[case::missing("/usr/no-such-folder", "")]
fn what_cannot_be_bound_is_refused(#[case] bind: &str, #[case] evidence: &str) {
    let mut host = host();
    let error = host.world(&bound(Path::new(bind))).unwrap_err();
    assert!(error.stage.contains(&format!("{bind:?}")), "{error}");
    assert!(error.evidence.contains(evidence), "{error}");
    // The host stays usable.
    world(&mut host);
}

#[test]
fn set_user_id_programs_and_devices_do_nothing_in_a_bound_folder() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("id");
    // Not by this process, whose forks would keep it open for writing (ETXTBSY).
    let copied = std::process::Command::new("cp")
        .arg("/usr/bin/id")
        .arg(&own)
        .status();
    assert!(copied.unwrap().success());
    fs::set_permissions(&own, fs::Permissions::from_mode(0o4755)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut host = host();
    if !many_ids(&host) {
        return;
    }
    let mut world = world_of(&mut host, &bound(folder.path()));
    let mut spec = launch("id", &[own.to_str().unwrap(), "-u"]);
    (spec.uid, spec.gid) = (1000, 1000);
    assert_eq!(run(&mut world, &spec).stdout.text(), "1000\n");
}

/// The sandbox makes no mount that the host can see, and no file.
#[test]
fn the_hosts_mounts_stay_as_they_are() {
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
    let before = mounts();
    let folder = private_folder(Path::new("/tmp"));
    let inode = fs::metadata(folder.path()).unwrap().ino();
    let mut host = host();
    let world = world_of(&mut host, &bound(folder.path()));
    assert_eq!(mounts(), before);
    drop(world);
    drop(host);
    assert_eq!(mounts(), before);
    assert_eq!(fs::metadata(folder.path()).unwrap().ino(), inode);
}
