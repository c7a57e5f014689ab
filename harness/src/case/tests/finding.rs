//! How processes are found that nobody started by name.

use rstest::rstest;

use super::fake::Beat;
use super::ran::{ADOPT, after_launch, daemon, good, run};
use crate::case::outcome::Verdict;
use crate::world::event::End;
use crate::world::facts::{ProcessFacts, SocketFacts};

#[rstest]
#[case::name("{name: server}")]
#[case::session("{session-of: first}")]
#[case::socket("{socket: \"127.0.0.1:80\"}")]
fn a_process_is_found_by(#[case] from: &str) {
    let mut script = good();
    let first = ProcessFacts {
        pid: 6,
        name: "first".to_owned(),
        ..daemon()
    };
    script.beats.push((1, Beat::Process(Box::new(first))));
    script.beats.push((
        9,
        Beat::Listens(SocketFacts {
            protocol: "tcp".to_owned(),
            address: "127.0.0.1:80".to_owned(),
            processes: vec![7],
        }),
    ));
    let steps = after_launch("  - adopt: {id: first, from: {name: first}}\n")
        + &format!("  - adopt: {{id: daemon, from: {from}, expect: {{pid: 7, alive: true}}}}\n");
    let ran = run(script, &steps);
    assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
}

#[test]
fn a_session_outlives_its_leader() {
    let mut script = good();
    let leader = ProcessFacts {
        pid: 6,
        name: "leader".to_owned(),
        ..daemon()
    };
    script.beats.push((1, Beat::Process(Box::new(leader))));
    script.beats.push((200, Beat::Ends(6, End::Exit(0))));
    let steps = after_launch("  - adopt: {id: leader, from: {name: leader}}\n")
        + "  - check: {process: leader, expect: {exists: false}}\n"
        + "  - adopt: {id: daemon, from: {session-of: leader}, expect: {pid: 7}}\n";
    let ran = run(script, &steps);
    assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
}

#[test]
fn two_that_answer_are_one_too_many() {
    let mut script = good();
    let twin = ProcessFacts { pid: 8, ..daemon() };
    script.beats.push((1, Beat::Process(Box::new(twin))));
    let steps = after_launch("  - adopt: {id: daemon, from: {name: server}, within: 100ms}\n");
    let ran = run(script, &steps);
    let text = ran.text();
    assert!(
        text.contains("found more than one: [\"7 server\", \"8 server\"]"),
        "{text}"
    );
}

#[test]
fn a_zombie_is_nobodys_daemon() {
    let mut script = good();
    let zombie = ProcessFacts {
        state: 'Z',
        ..daemon()
    };
    script.beats.push((6, Beat::Process(Box::new(zombie))));
    let ran = run(script, &after_launch(ADOPT));
    assert!(
        ran.text().contains("found nobody: \"7\\n\""),
        "{}",
        ran.text()
    );
}
