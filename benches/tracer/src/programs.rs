//! What is traced: C programs, compiled when the benchmark runs, and how they
//! are launched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use daemonlab_harness::world::World;
use daemonlab_harness::world::real::{Host, RealWorld};
use daemonlab_harness::world::spec::{
    ENVIRONMENT, LaunchSpec, Order, SandboxSpec, Stdio as Streams, Trace,
};
use tempfile::TempDir;

/// The programs, in a folder.
pub struct Programs(TempDir);

impl Programs {
    pub fn compile() -> Programs {
        let folder = tempfile::tempdir().expect("a folder can be made");
        for name in ["calls", "start"] {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
            let status = Command::new("cc")
                .args(["-O2", "-w", "-o"])
                .arg(folder.path().join(name))
                .arg(source.join(format!("{name}.c")))
                .status();
            assert!(status.expect("cc is there").success(), "{name}");
        }
        Programs(folder)
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What a program prints under strace, whose own output goes nowhere.
    pub fn strace(&self, flags: &[&str], name: &str, argument: &str) -> String {
        let output = Command::new("strace")
            .args(["-f", "-o", "/dev/null"])
            .args(flags)
            .arg(self.path(name))
            .arg(argument)
            .stdin(Stdio::null())
            .output()
            .expect("strace is there");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("it is text")
    }

    /// A world with the programs in it.
    pub fn world(&self, host: &mut Host) -> RealWorld {
        let spec = SandboxSpec {
            binds: vec![self.0.path().to_owned()],
            ..SandboxSpec::default()
        };
        host.world(&spec).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn launch(&self, name: &str, argument: &str, trace: Trace) -> LaunchSpec {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let path = self.path(name).to_string_lossy().into_owned();
        LaunchSpec {
            id: "a".to_owned(),
            command: vec![path, argument.to_owned()],
            env: ENVIRONMENT.into_iter().map(own).collect::<BTreeMap<_, _>>(),
            cwd: "/".into(),
            umask: 0o022,
            uid: 0,
            gid: 0,
            groups: Vec::new(),
            stdio: Streams::Pipes,
            stray_fds: Vec::new(),
            blocked: Vec::new(),
            ignored: Vec::new(),
            limits: BTreeMap::new(),
            faults: Vec::new(),
            trace,
            order: Order::Kernels,
        }
    }
}

/// Waits until the world has nobody left in it.
pub fn until_empty(world: &mut RealWorld) {
    while !world.processes().expect("it is there").is_empty() {
        world
            .wait(std::time::Duration::from_secs(10))
            .expect("it is there");
    }
}
