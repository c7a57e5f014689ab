//! Each kind of expectation on a start made by hand.

use annotate_snippets::Renderer;
use daemonlab_harness::expect::Outlook;
use daemonlab_harness::world::event::{Actor, CallResult, End, Event, What};
use rstest::rstest;

use crate::made::*;

/// The launcher forks and waits, the daemon leaves the session, writes its PID
/// file, drops its privileges and tells its launcher.
fn start() -> Vec<Event> {
    let named = |name: &str, paths: &[&str]| {
        let mut call = plain(name);
        call.paths = paths.iter().map(Into::into).collect();
        call
    };
    let mut open = named("openat", &["/run/.lab.pid"]);
    (open.object, open.result, open.answer) = (
        Some("/run/.lab.pid".to_owned()),
        CallResult::Returned(3),
        "3".to_owned(),
    );
    let mut write = plain("write");
    write.object = Some("/run/.lab.pid".to_owned());
    write.shown = "write(3, \"4\\n\")".to_owned();
    write.result = CallResult::Returned(2);
    let rename = named("renameat2", &["/run/.lab.pid", "/run/lab.pid"]);
    let mut refused = plain("setresuid");
    (refused.result, refused.answer) = (CallResult::Failed(libc::EPERM), "EPERM".to_owned());
    let mut tell = plain("pidfd_send_signal");
    (tell.target, tell.signal) = (Some(2), Some(libc::SIGUSR1));
    let mut leave = plain("exit_group");
    (leave.result, leave.answer) = (CallResult::Never, String::new());
    let mut through = named("openat", &["/run/link"]);
    (through.through_link, through.object) = (true, Some("/srv/precious".to_owned()));
    vec![
        Event {
            at: std::time::Duration::from_millis(1),
            what: What::Executed {
                by: actor("0"),
                path: Some("/bin/x".to_owned()),
            },
        },
        call("0", (2, 3), plain("clone")),
        call("0.1", (4, 5), plain("setsid")),
        call("0.1.1", (6, 7), open),
        call("0.1.1", (8, 9), write),
        call("0.1.1", (10, 11), rename),
        call("0.1.1", (12, 13), plain("setgroups")),
        call("0.1.1", (14, 15), plain("setresgid")),
        call("0.1.1", (16, 17), plain("setresuid")),
        call("0.1.1", (18, 19), refused),
        call("0.1.1", (20, 21), through),
        call("0.1.1", (22, 23), tell),
        call("0", (4, 24), plain("wait4")),
        call("0", (25, 25), leave),
        exit("0", 26, End::Exit(0)),
    ]
}

#[rstest]
#[case::in_order(
    "order: [{call: setsid}, {call: open}, {kind: exit, role: launcher}]",
    "holds"
)]
#[case::groups_first("order: [{call: setgroups}, {call: setgid}, {call: setuid}]", "holds")]
#[case::other_way("order: [{call: setuid}, {call: setgid}]", "broken")]
#[case::itself("order: [{call: setsid}, {call: setsid}]", "broken")]
#[case::first_missing("order: [{call: chdir}, {call: open}]", "not yet")]
#[case::second_missing("order: [{call: open}, {call: chdir}]", "not yet")]
#[case::last_of_several(
    "order: [{last: {call: setuid}}, {role: launcher, kind: exit}]",
    "holds"
)]
#[case::last_is_later("order: [{last: {call: open}}, {call: setuid}]", "broken")]
#[case::every("order: [{every: {call: setuid}}, {call: kill}]", "holds")]
#[case::not_every("order: [{every: {call: open}}, {call: setuid}]", "broken")]
#[case::before_every("order: [{call: open}, {every: {call: setuid}}]", "holds")]
#[case::a_later_one_may_come("order: [{call: kill}, {last: {call: setsid}}]", "not yet")]
#[case::a_wait_is_when_it_returns("order: [{call: kill}, {call: wait4}]", "holds")]
#[case::a_wait_that_began_early("order: [{call: wait4}, {call: kill}]", "broken")]
fn orders(#[case] expect: &str, #[case] expected: &str) {
    let found = outlook(expect, &start(), 0);
    assert_eq!(word(&found).0, expected, "{found:#?}");
}

#[rstest]
#[case::none("never: {call: chdir}", "holds")]
#[case::one("never: {call: setsid}", "broken")]
#[case::none_like_this("never: {call: setsid, role: daemon}", "holds")]
#[case::failed("never: {call: setuid, result: {not: ok}}", "broken")]
#[case::with_this_errno("never: {call: setuid, result: EACCES}", "holds")]
#[case::through_a_link("never: {call: open, through-link: true}", "broken")]
#[case::through_another("never: {call: open, path: /run/*.pid, through-link: true}", "holds")]
#[case::what_was_opened("never: {path: /srv/precious, call: open}", "broken")]
#[case::to_nobody_else("never: {call: kill, target: {not: start}}", "holds")]
#[case::to_everybody("never: {call: kill, target: -1}", "holds")]
#[case::not_to_everybody("never: {call: kill, target: {not: -1}}", "broken")]
#[case::to_it("never: {call: kill, target: start, signal: USR1}", "broken")]
#[case::another_signal("never: {call: kill, signal: TERM}", "holds")]
#[case::process("never: {call: write, process: {not: daemon}}", "holds")]
#[case::to_a_name("never: {call: [rename, link], to: /run/lab.pid}", "broken")]
#[case::from_a_name("never: {call: rename, to: /run/.lab.pid}", "holds")]
#[case::arguments("never: {call: write, arguments: {contains: '4\\n'}}", "broken")]
#[case::returned("never: {call: write, returned: {lt: 2}}", "holds")]
#[case::never_returns("never: {call: exit, result: never}", "broken")]
#[case::program("never: {kind: exec, program: /bin/x}", "broken")]
#[case::status("never: {kind: exit, status: {not: 0}}", "holds")]
#[case::killed("never: {kind: exit, signal: {exists: true}}", "holds")]
#[case::fork("never: {kind: fork}", "holds")]
fn nevers(#[case] expect: &str, #[case] expected: &str) {
    let found = outlook(expect, &start(), 0);
    assert_eq!(word(&found).0, expected, "{found:#?}");
}

#[rstest]
#[case("{call: setuid}", "exactly: 2", "holds", "")]
#[case(
    "{call: setuid}",
    "exactly: 1",
    "broken",
    "expected exactly 1, there were 2"
)]
#[case(
    "{call: setuid}",
    "exactly: 3",
    "not yet",
    "expected exactly 3, there were 2"
)]
#[case("{call: setuid}", "at-least: 2", "holds", "")]
#[case(
    "{call: setuid}",
    "at-least: 3",
    "not yet",
    "expected at least 3, there were 2"
)]
#[case("{call: setuid}", "at-most: 2", "holds", "")]
#[case(
    "{call: setuid}",
    "at-most: 1",
    "broken",
    "expected at most 1, there were 2"
)]
#[case("{call: setuid}", "at-least: 1, at-most: 2", "holds", "")]
#[case(
    "{call: setuid}",
    "at-least: 3, at-most: 4",
    "not yet",
    "expected 3 to 4, there were 2"
)]
#[case("{call: chdir}", "exactly: 0", "holds", "")]
#[case(
    "{call: chdir}",
    "at-least: 1",
    "not yet",
    "expected at least 1, there was none"
)]
fn counts(#[case] event: &str, #[case] bounds: &str, #[case] expected: &str, #[case] label: &str) {
    let found = outlook(&format!("{{count: {event}, {bounds}}}"), &start(), 0);
    assert_eq!(word(&found), (expected, label.to_owned()), "{found:#?}");
}

/// What was lost may be what would break it, or what is missing.
#[rstest]
#[case::order("order: [{call: setsid}, {call: open}]", "broken")]
#[case::never("never: {call: chdir}", "broken")]
#[case::exactly("{count: {call: setuid}, exactly: 2}", "broken")]
#[case::at_most("{count: {call: setuid}, at-most: 2}", "broken")]
#[case::at_least("{count: {call: setuid}, at-least: 2}", "holds")]
#[case::too_few("{count: {call: setuid}, at-least: 3}", "not yet")]
#[case::broken_anyway("never: {call: setsid}", "broken")]
fn what_was_lost_passes_nothing(#[case] expect: &str, #[case] expected: &str) {
    let found = outlook(expect, &start(), 7);
    assert_eq!(word(&found).0, expected, "{found:#?}");
    if let Outlook::Broken(failure) = &found
        && !expect.contains("setsid}") | expect.contains("order")
    {
        assert!(failure.label.contains("7 events were lost"), "{failure:#?}");
    }
}

/// So may what was never seen.
#[rstest]
#[case::order("order: [{call: setsid}, {call: open}]", "broken")]
#[case::never("never: {call: chdir}", "broken")]
#[case::at_least("{count: {call: setuid}, at-least: 2}", "holds")]
#[case::too_few("{count: {call: setuid}, at-least: 3}", "not yet")]
fn what_was_not_seen_passes_nothing(#[case] expect: &str, #[case] expected: &str) {
    let mut events = start();
    let by = events[0].what.actor().unwrap().clone();
    let (at, what) = (events[0].at, What::UnseenCalls { by });
    events.insert(1, Event { at, what });
    let found = outlook(expect, &events, 0);
    assert_eq!(word(&found).0, expected, "{found:#?}");
    if let Outlook::Broken(failure) = &found {
        assert!(failure.label.contains("were not seen"), "{failure:#?}");
    }
}

/// A launch of which nothing was told has not done nothing.
#[test]
fn silence_passes_nothing() {
    let mut of_another = start();
    for event in &mut of_another {
        if let What::Call { by, .. } | What::Executed { by, .. } | What::Exited { by, .. } =
            &mut event.what
        {
            *by = Actor {
                launch: "another".to_owned(),
                ..by.clone()
            };
        }
    }
    for events in [Vec::new(), of_another] {
        for expect in ["never: {call: chdir}", "{count: {call: chdir}, exactly: 0}"] {
            let found = word(&outlook(expect, &events, 0));
            assert_eq!(found.0, "not yet");
            assert!(found.1.contains("nothing was told"), "{found:?}");
        }
    }
}

/// Two calls at once have no order, whichever is told first.
#[rstest]
#[case::apart((1, 2), (3, 4), "holds")]
#[case::at_its_heels((1, 2), (2, 4), "holds")]
#[case::overlapping((1, 3), (2, 4), "broken")]
#[case::within((2, 3), (1, 4), "broken")]
fn calls_of_two_tasks_that_overlap(
    #[case] first: (u64, u64),
    #[case] second: (u64, u64),
    #[case] expected: &str,
) {
    let events = [
        call("0.1.1", first, plain("rename")),
        call("0", second, plain("chdir")),
    ];
    let found = outlook("order: [{call: rename}, {call: chdir}]", &events, 0);
    assert_eq!(word(&found).0, expected, "{found:#?}");
    if expected == "broken" {
        assert!(word(&found).1.contains("cannot be told"), "{found:#?}");
        // Nor the other way round.
        let other = outlook("order: [{call: chdir}, {call: rename}]", &events, 0);
        assert!(word(&other).1.contains("cannot be told"), "{other:#?}");
    }
}

fn rendered(expect: &str, events: &[Event]) -> String {
    let (case, _) = claim(expect);
    match outlook(expect, events, 0) {
        Outlook::Holds => panic!("it holds"),
        Outlook::NotYet(failure) | Outlook::Broken(failure) => {
            failure.render(&case.source, &Renderer::plain())
        }
    }
}

#[test]
fn the_wrong_order_shows_both_events_and_what_was_around() {
    let text = rendered(
        "order: [{call: setuid}, {role: daemon, call: open}]",
        &start(),
    );
    insta::assert_snapshot!(text);
}

#[test]
fn what_never_was_shows_what_comes_near() {
    let text = rendered(
        "{count: {call: open, path: /run/lab.pid}, exactly: 1}",
        &start(),
    );
    insta::assert_snapshot!(text);
}

#[test]
fn what_must_not_be_is_shown() {
    let text = rendered("never: {call: open, through-link: true}", &start());
    insta::assert_snapshot!(text);
}
