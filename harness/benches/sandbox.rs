//! How long a warm sandbox takes, from the request to the end of everything in
//! it, against bubblewrap, in turns: `cargo bench -p daemonlab-harness --bench sandbox`.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use daemonlab_harness::world::World;
use daemonlab_harness::world::real::{Host, helper_main};
use daemonlab_harness::world::spec::SandboxSpec;

const ROUNDS: usize = 300;

fn main() -> ExitCode {
    if let Some(status) = helper_main() {
        return status;
    }
    // `cargo test --all-targets` runs this as well, and wants no measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let mut host = Host::start().unwrap_or_else(|error| panic!("{error}"));
    let spec = SandboxSpec::default();
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(timed(bubblewrap));
        times[1].push(timed(|| empty(&mut host, &spec)));
    }
    for _ in 0..ROUNDS / 10 {
        times[2].push(timed(|| {
            let mut cold = Host::start().unwrap_or_else(|error| panic!("{error}"));
            empty(&mut cold, &spec);
        }));
    }
    for (name, times) in ["bubblewrap", "warm sandbox", "cold sandbox"]
        .into_iter()
        .zip(&mut times)
    {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        println!(
            "{name:>14}  median {:>9.3?}  p10 {:>9.3?}  p90 {:>9.3?}",
            at(50),
            at(10),
            at(90)
        );
    }
    ExitCode::SUCCESS
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn empty(host: &mut Host, spec: &SandboxSpec) {
    let world = host.world(spec).unwrap_or_else(|error| panic!("{error}"));
    Box::new(world)
        .finish()
        .unwrap_or_else(|error| panic!("{error}"));
}

fn bubblewrap() {
    let status = Command::new("bwrap")
        .args([
            "--unshare-all",
            "--ro-bind",
            "/",
            "/",
            "--proc",
            "/proc",
            "--dev",
            "/dev",
        ])
        .args(["--tmpfs", "/tmp", "true"])
        .stdin(Stdio::null())
        .status();
    assert!(
        status.expect("bwrap is installed").success(),
        "{:?}",
        Path::new("bwrap")
    );
}
