//! The machine as the first launch finds it: the folders that the sandbox has
//! too, and the users and groups of the scenario.

use daemonlab::sim::Scene;

use crate::world::spec::SandboxSpec;

/// Folders beside those of [`Scene::new`], and their modes.
const FOLDERS: [(&str, u32); 12] = [
    ("/daemonlab", 0o755),
    ("/dev/shm", 0o1777),
    ("/home", 0o755),
    ("/proc", 0o555),
    ("/root", 0o700),
    ("/run/lock", 0o1777),
    ("/sys", 0o555),
    ("/var/cache", 0o755),
    ("/var/lib", 0o755),
    ("/var/spool", 0o755),
    ("/var/tmp", 0o1777),
    ("/srv", 0o755),
];

/// The PID of the first launch: 1 is init, 2 whoever starts the programs.
const FIRST_PID: i32 = 3;

/// The scene of a specification, but for its files.
pub fn scene(spec: &SandboxSpec) -> Scene {
    let mut scene = Scene::new()
        .pids(FIRST_PID, 4_194_303)
        .read_only_directory("/usr", 0o755)
        .symlink("/var/run", "/run", (0, 0))
        .symlink("/var/lock", "/run/lock", (0, 0));
    for (path, mode) in FOLDERS {
        scene = scene.directory(path, mode, (0, 0));
    }
    names(scene, spec)
}

fn names(mut scene: Scene, spec: &SandboxSpec) -> Scene {
    scene = scene
        .user("nobody", 65534, 65534)
        .group("tty", 5, &[])
        .group("nogroup", 65534, &[]);
    for user in &spec.users {
        let home = format!("/home/{}", user.name);
        scene = scene.user(&user.name, user.uid, user.gid).directory(
            &home,
            0o755,
            (user.uid, user.gid),
        );
        // The sandbox gives a primary group the user's name, unless the
        // scenario names a group of that id.
        if spec.groups.iter().all(|group| group.gid != user.gid) {
            scene = scene.group(&user.name, user.gid, &[]);
        }
    }
    for group in &spec.groups {
        let members: Vec<&str> = group.members.iter().map(String::as_str).collect();
        scene = scene.group(&group.name, group.gid, &members);
    }
    scene
}
