//! A daemon's start: tasks, roles, calls in order, what is noise.

use daemonlab_harness::world::event::{CallResult, End, What};
use daemonlab_harness::world::spec::{Role, Stdio};
use rstest::rstest;

use crate::programs::*;

/// The same calls of the same tasks, however it is linked and started: what
/// the loader and the name service do is not among them.
#[rstest]
fn a_start_is_a_sequence_of_visible_calls(
    #[values(Linked::Dynamic, Linked::Static)] linked: Linked,
    #[values(Stdio::Pipes, Stdio::Terminal)] stdio: Stdio,
) {
    let mut spec = traced("daemon", linked, &[]);
    spec.stdio = stdio;
    let (facts, events) = trace(&spec);
    assert_eq!(facts.end, Some(End::Exit(0)), "{events:#?}");
    let pid = |wanted: &str| {
        let known = events.iter().find_map(|event| match &event.what {
            What::Forked { new, .. } if new.task == wanted => Some(new.pid),
            _ => None,
        });
        known.unwrap_or_else(|| panic!("{events:#?}"))
    };
    let (launcher, intermediate, daemon) = (facts.pid, pid("0.1"), pid("0.1.1"));
    let without_nscd = |task: &str| {
        let mut calls = calls_of(&events, task);
        calls.retain(|call| !call.starts_with("socket(") && !call.starts_with("close(3) = ok"));
        calls
    };
    assert_eq!(
        without_nscd("0"),
        [
            format!("fork() = {intermediate}"),
            format!("wait4({intermediate}) = {intermediate} exited with status 0"),
            "rt_sigtimedwait({SIGUSR1}, for ever) = SIGUSR1".to_owned(),
            "exit_group(0)".to_owned(),
        ]
    );
    assert_eq!(
        calls_of(&events, "0.1"),
        [
            format!("setsid() = {intermediate}"),
            format!("fork() = {daemon}"),
            "exit_group(0)".to_owned(),
        ]
    );
    let made = "\"/run/.lab.pid\", write create exclusive ctty, 0644) = 3";
    assert_eq!(
        calls_of(&events, "0.1.1"),
        [
            "umask(027) = 022".to_owned(),
            "chdir(\"/\") = ok".to_owned(),
            format!("openat({made}"),
            format!(
                "write(3, \"{daemon}\\n\") = {}",
                daemon.to_string().len() + 1
            ),
            "rename(\"/run/.lab.pid\", \"/run/lab.pid\") = ok".replace("rename(", "renameat2("),
            format!("kill({launcher}, SIGUSR1) = ok"),
            "close(3) = ok".to_owned(),
            "exit_group(7)".to_owned(),
        ]
    );
    // Each task's calls are counted from 1, and roles are told by sessions.
    for (task, role) in [
        ("0", Role::Launcher),
        ("0.1", Role::Intermediate),
        ("0.1.1", Role::Daemon),
    ] {
        let of_task = events.iter().filter_map(|event| match &event.what {
            What::Call { by, call } if by.task == task => Some((by.role, call.index)),
            _ => None,
        });
        let expected = (1..).map(|index| (role, index));
        assert!(of_task.zip(expected).all(|(a, b)| a == b), "{events:#?}");
    }
    // The end of every process is told, each after its last call.
    for (task, status) in [("0", 0), ("0.1", 0), ("0.1.1", 7)] {
        let end = place(
            &events,
            |what| matches!(what, What::Exited { by, end: End::Exit(s) } if by.task == task && *s == status),
        );
        let last = place(&events, |what| {
            matches!(what, What::Call { by, call }
                if by.task == task && call.result == CallResult::Never)
        });
        assert!(last < end, "{events:#?}");
    }
}

#[test]
fn a_call_tells_its_files() {
    let (_, events) = trace(&traced("daemon", Linked::Dynamic, &[]));
    let of = |name: &str| {
        let found = events.iter().find_map(|event| match &event.what {
            What::Call { by, call } if by.task == "0.1.1" && call.name == name => Some(call),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("{events:#?}"))
    };
    assert_eq!(
        of("openat").paths,
        ["/run/.lab.pid".as_ref() as &std::path::Path]
    );
    assert_eq!(of("write").object.as_deref(), Some("/run/.lab.pid"));
    assert_eq!(of("close").object.as_deref(), Some("/run/lab.pid"));
    assert!(of("write").in_table && !of("write").injected);
    assert_eq!(of("rename").paths.len(), 2);
}

/// Without anything asked, nothing is traced, and nothing told.
#[test]
fn nobody_is_traced_unasked() {
    let mut spec = traced("daemon", Linked::Dynamic, &[]);
    spec.trace = daemonlab_harness::world::spec::Trace::Off;
    let (facts, events) = trace(&spec);
    assert_eq!(facts.end, Some(End::Exit(0)));
    assert!(
        events.iter().all(|event| !event.what.is_traced()),
        "{events:#?}"
    );
}
