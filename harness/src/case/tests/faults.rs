//! Faults that never fire.

use rstest::rstest;

use super::fake::Beat;
use super::ran::{good, run};
use crate::case::outcome::{FailureKind, Verdict};

const FAULTS: &str = "  - launch:
      id: demo
      command: [x]
      faults:
        - {label: held, role: daemon, call: kill, nth: 2, delay: 1s}
        - {label: seen, role: daemon, call: kill, watch: true}
      expect: {exit: 0}
";

#[rstest]
#[case::never(0, &["fault `held` of launch `demo`", "fault `seen` of launch `demo`"])]
#[case::one_call_too_few(1, &["fault `held` of launch `demo`"])]
#[case::fired(2, &[])]
fn a_fault_that_never_fired_fails(#[case] calls: usize, #[case] titles: &[&str]) {
    let mut script = good();
    for call in 1..=calls {
        // A world counts a call for a fault whose window it is in.
        if call >= 2 {
            script.beats.push((6, Beat::Matches("demo", "held")));
        }
        script.beats.push((6, Beat::Matches("demo", "seen")));
    }
    let ran = run(script, FAULTS);
    if titles.is_empty() {
        assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
        return;
    }
    let found: Vec<&str> = ran.failures().iter().map(|f| f.title.as_str()).collect();
    assert_eq!(found, titles);
    assert_eq!(ran.failures()[0].kind, FailureKind::Fault);
    assert_eq!(ran.failures()[0].line, 7);
}

#[test]
fn a_watch_that_is_checked_may_see_nothing() {
    let steps = FAULTS.replace("nth: 2, delay: 1s", "watch: true")
        + "  - check: {fault: held, expect: {matched: 0}}\n"
        + "  - check: {fault: seen, expect: {matched: 0}}\n";
    let ran = run(good(), &steps);
    assert!(matches!(ran.verdict, Verdict::Passed), "{:?}", ran.verdict);
}

#[test]
fn a_failure_names_the_faults_that_have_not_fired() {
    let steps = FAULTS.replace("exit: 0", "exit: 1");
    let ran = run(good(), &steps);
    assert_eq!(ran.failures()[0].kind, FailureKind::Expectation);
    let text = ran.text();
    assert!(
        text.contains("fault `held` of launch `demo` has not fired"),
        "{text}"
    );
}
