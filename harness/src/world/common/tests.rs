//! What counts, and in which words.

use rstest::rstest;

use super::*;

fn task(name: &str) -> TaskName {
    name.parse().unwrap()
}

fn seen(shown: &str) -> Seen<'_> {
    Seen {
        name: shown.split('(').next().unwrap(),
        shown,
        in_table: true,
        object: None,
    }
}

#[rstest]
#[case::pid("kill(7, SIGUSR1)", "kill(PID, SIGUSR1)")]
#[case::group("kill(-7, SIGTERM)", "kill(-PID, SIGTERM)")]
#[case::child("wait4(12, no hang)", "wait4(PID, no hang)")]
#[case::any_child("wait4(any)", "wait4(any)")]
#[case::line("write(4, \"1234\\n\")", "write(4, \"N\\n\")")]
#[case::message("write(5, \"\\x05\\x00\\x00\\x04\\n\")", "write(5, 5 bytes)")]
#[case::limit(
    "ppoll([4 read, 5 read], 599.99s, mask {SIGUSR1})",
    "ppoll([4 read, 5 read], for a time, mask {SIGUSR1})"
)]
#[case::no_limit(
    "ppoll([7 read], for ever, mask unchanged)",
    "ppoll([7 read], for ever, mask unchanged)"
)]
#[case::no_time(
    "ppoll([7 read], 0s, mask unchanged)",
    "ppoll([7 read], 0s, mask unchanged)"
)]
#[case::tcp("bind(8, \"@tcp/127.0.0.1:8080\")", "bind(tcp)")]
#[case::path("bind(8, \"/tmp/a.sock\")", "bind(8, \"/tmp/a.sock\")")]
#[case::as_it_is("chdir(\"/\")", "chdir(\"/\")")]
fn what_differs_by_nature_is_left_out(#[case] shown: &str, #[case] words: &str) {
    let found = Common::default().words(task("0"), &seen(shown));
    assert_eq!(found.as_deref(), Some(words));
}

#[test]
fn a_socket_that_is_only_made_does_not_count() {
    let call = seen("socket(unix, stream)");
    assert_eq!(Common::default().words(task("0"), &call), None);
}

#[test]
fn what_the_table_does_not_have_does_not_count() {
    let call = Seen {
        in_table: false,
        ..seen("ioctl(8, 0x5421)")
    };
    assert_eq!(Common::default().words(task("0"), &call), None);
}

#[test]
fn preparations_count_once_the_launcher_has_been_noticed() {
    let mut common = Common::default();
    let prepares = seen("rt_sigaction(SIGPIPE, ignore)");
    assert_eq!(common.words(task("0"), &prepares), None);
    assert!(common.words(task("0.1"), &prepares).is_some());
    common.made(task("0"), &seen("openat(\"/run/lab.yaml\", read)"));
    assert!(common.words(task("0"), &prepares).is_some());
}

#[test]
fn a_socket_is_closed_once_others_may_know_of_it() {
    let mut common = Common::default();
    let on = |shown| Seen {
        object: Some("socket:[9]"),
        ..seen(shown)
    };
    assert_eq!(common.words(task("0"), &on("close(3)")), None);
    common.made(task("0"), &on("bind(3, \"/tmp/a.sock\")"));
    assert!(common.words(task("0"), &on("close(3)")).is_some());
}
