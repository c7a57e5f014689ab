//! Whether a world has left its network as it was, so that the next one may have
//! it.
//!
//! To make a network namespace and to take it down takes longer than most of
//! what a start does. But of a world in which nobody has opened a socket nothing
//! can be left there: no port in TIME_WAIT (`tcp(7)`), no address, no route. The
//! kernel's settings of a network are files of `/proc`. Where everything is
//! traced, every call by which a program could change one is seen; after any of
//! them, and after anything that nobody saw, the next world gets a new one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::world::event::{CallEvent, Event, What};
use crate::world::spec::{LaunchSpec, SandboxSpec, Trace};

/// What happens to the network of one world.
#[derive(Debug)]
pub struct Watched {
    touched: bool,
    left: Arc<AtomicBool>,
}

/// What is known of it where the next world is made: that nobody has touched it,
/// once that is certain.
#[derive(Debug)]
pub struct Left(Arc<AtomicBool>);

impl Watched {
    /// That of a world which is made like this.
    pub fn new(spec: &SandboxSpec) -> (Watched, Left) {
        let left = Arc::new(AtomicBool::new(false));
        let watched = Watched {
            touched: spec.files.iter().any(|file| is_setting(&file.path)),
            left: Arc::clone(&left),
        };
        (watched, Left(left))
    }

    /// What is launched there may do anything, unless that is told.
    pub fn launched(&mut self, launch: &LaunchSpec) {
        self.touched |= match &launch.trace {
            Trace::Visible | Trace::Ordered => false,
            Trace::Every(names) => !names.is_empty(),
            Trace::Off | Trace::Calls(_) => true,
        };
    }

    /// What was told.
    pub fn heard(&mut self, events: &[Event]) {
        self.touched |= is_touched(events);
    }

    /// The harness itself has written this file.
    pub fn written(&mut self, path: &Path) {
        self.touched |= is_setting(path);
    }

    /// The harness itself has connected to somebody.
    pub fn connected(&mut self) {
        self.touched = true;
    }

    /// All that has happened there was told.
    pub fn over(&self) {
        self.left.store(!self.touched, Ordering::Relaxed);
    }
}

impl Left {
    /// Whether it is as it was, and will stay so.
    pub fn is_untouched(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Calls that may lead to a network by themselves, or into another. What is
/// submitted to an io_uring is not seen.
const WAYS: &[&str] = &[
    "socket",
    "socketpair",
    "io_uring_setup",
    "unshare",
    "setns",
    "mount",
    "move_mount",
];

/// Whether one of these may have changed the network.
fn is_touched(events: &[Event]) -> bool {
    events.iter().any(|event| match &event.what {
        What::Call { call, .. } => touches(call),
        What::UnseenCalls { .. } | What::Lost { .. } => true,
        _ => false,
    })
}

fn touches(call: &CallEvent) -> bool {
    let settings = |path: &String| is_setting(Path::new(path));
    if call.object.as_ref().is_some_and(settings) {
        return true;
    }
    // A Unix socket is a file, or a name that ends with who has it (unix(7)).
    let is_local = ["socket(unix,", "socket(1,", "socketpair(1,"]
        .iter()
        .any(|begin| call.shown.starts_with(begin));
    WAYS.contains(&call.name.as_str()) && !is_local
}

fn is_setting(path: &Path) -> bool {
    path.starts_with("/proc") || path.starts_with("/sys")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use rstest::rstest;

    use super::*;
    use crate::world::event::CallResult;

    /// Whether a network is left as it was where the harness has done this.
    fn is_left(done: impl FnOnce(&mut Watched)) -> bool {
        let (mut watched, left) = Watched::new(&SandboxSpec::default());
        done(&mut watched);
        assert!(!left.is_untouched(), "nobody knows before the end");
        watched.over();
        left.is_untouched()
    }

    #[test]
    fn what_the_harness_does_may_touch_it_too() {
        let path = |path: &str| PathBuf::from(path);
        assert!(is_left(|_| {}));
        assert!(is_left(|world| world.written(&path("/run/d.conf"))));
        assert!(is_left(|world| world.written(&path("/process"))));
        assert!(!is_left(
            |world| world.written(&path("/proc/sys/net/core/somaxconn"))
        ));
        assert!(!is_left(Watched::connected));
        let lost = Event {
            at: Duration::ZERO,
            what: What::Lost { events: 1 },
        };
        assert!(!is_left(|world| world.heard(&[lost])));
    }

    #[rstest]
    #[case::inet("socket", "socket(2, 524289, 0)", None, true)]
    #[case::netlink("socket", "socket(16, 3, 0)", None, true)]
    #[case::of_the_table("socket", "socket(unix, stream)", None, false)]
    #[case::unix("socket", "socket(1, 3, 0)", None, false)]
    #[case::pair("socketpair", "socketpair(1, 1, 0)", None, false)]
    #[case::ring("io_uring_setup", "io_uring_setup(8)", None, true)]
    #[case::setting("openat", "open(…)", Some("/proc/sys/net/ipv4/ip_forward"), true)]
    #[case::written("write", "write(3, …)", Some("/proc/sys/net/ipv4/ip_forward"), true)]
    #[case::pid_file("openat", "open(…)", Some("/run/lab.pid"), false)]
    #[case::kill("kill", "kill(7, SIGUSR1)", None, false)]
    fn what_may_lead_to_the_network_touches_it(
        #[case] name: &str,
        #[case] shown: &str,
        #[case] object: Option<&str>,
        #[case] expected: bool,
    ) {
        let call = CallEvent {
            index: 1,
            name: name.to_owned(),
            shown: shown.to_owned(),
            in_table: false,
            paths: Vec::new(),
            object: object.map(str::to_owned),
            through_link: false,
            target: None,
            signal: None,
            began: Duration::ZERO,
            result: CallResult::Returned(0),
            answer: "0".to_owned(),
            injected: false,
        };
        assert_eq!(touches(&call), expected);
    }
}
