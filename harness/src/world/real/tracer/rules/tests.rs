//! What becomes of calls, without a kernel.

use super::*;
use libc::{SYS_kill, SYS_setresuid, SYS_setuid, SYS_tgkill};
use rstest::rstest;

const NOW: Duration = Duration::from_secs(5);

fn fault(label: &str, role: Role, call: &str, action: FaultAction) -> FaultSpec {
    FaultSpec {
        label: label.to_owned(),
        role,
        calls: vec![call.to_owned()],
        first: 1,
        last: None,
        action,
        condition: Condition::default(),
        counting: Counting::Tree,
    }
}

fn call(number: i64, role: Role) -> Seen<'static> {
    Seen {
        number,
        role,
        pid: 7,
        noise: false,
        fits: &|_| true,
    }
}

#[test]
fn a_family_counts_all_its_members_of_one_role() {
    let mut rules = Rules::new(&[fault("k", Role::Daemon, "kill", FaultAction::Watch)]).unwrap();
    for (number, role) in [
        (SYS_kill, Role::Daemon),
        (SYS_tgkill, Role::Daemon),
        (SYS_kill, Role::Launcher),
        (SYS_setuid, Role::Daemon),
    ] {
        assert_eq!(
            rules.arrive(NOW, &call(number, role)).verdict,
            Verdict::Pass
        );
    }
    assert_eq!(rules.matched(), [("k".to_owned(), 2)].into());
    assert_eq!(rules.matched_at()["k"], [NOW; 2]);
}

#[rstest]
#[case(1, Some(1), [true, false, false])]
#[case(2, Some(2), [false, true, false])]
#[case(2, None, [false, true, true])]
fn only_calls_in_the_window_match(
    #[case] first: u32,
    #[case] last: Option<u32>,
    #[case] hit: [bool; 3],
) {
    let mut spec = fault("f", Role::Any, "setuid", FaultAction::Fail(libc::EPERM));
    (spec.first, spec.last) = (first, last);
    let mut rules = Rules::new(&[spec]).unwrap();
    let verdicts = [0; 3].map(|_| {
        rules
            .arrive(NOW, &call(SYS_setresuid, Role::Daemon))
            .verdict
    });
    let expected = hit.map(|hit| {
        if hit {
            Verdict::Fail(libc::EPERM)
        } else {
            Verdict::Pass
        }
    });
    assert_eq!(verdicts, expected);
    assert_eq!(
        rules.matched()["f"],
        hit.iter().filter(|hit| **hit).count() as u32
    );
}

#[test]
fn a_hold_is_over_once_the_other_fault_has_matched() {
    let hold = FaultAction::HoldUntil {
        label: "kills".to_owned(),
        matched: 2,
    };
    let mut rules = Rules::new(&[
        fault("hold", Role::Launcher, "setuid", hold),
        fault("kills", Role::Daemon, "kill", FaultAction::Watch),
    ])
    .unwrap();
    let ruling = rules.arrive(NOW, &call(SYS_setuid, Role::Launcher));
    let (label, wait) = &ruling.holds[0];
    assert_eq!(label, "hold");
    rules.arrive(NOW, &call(SYS_kill, Role::Daemon));
    assert!(!rules.is_over(wait, NOW));
    rules.arrive(NOW, &call(SYS_kill, Role::Daemon));
    assert!(rules.is_over(wait, NOW));
}

#[test]
fn holds_come_before_the_first_fault_that_decides() {
    let delay = Duration::from_millis(10);
    let mut rules = Rules::new(&[
        fault("fail", Role::Any, "setuid", FaultAction::Fail(libc::EAGAIN)),
        fault("delay", Role::Any, "setuid", FaultAction::Delay(delay)),
        fault("kill", Role::Any, "setuid", FaultAction::Kill),
        fault("watch", Role::Any, "setuid", FaultAction::Watch),
    ])
    .unwrap();
    let ruling = rules.arrive(NOW, &call(SYS_setuid, Role::Daemon));
    assert_eq!(
        ruling.holds,
        [("delay".to_owned(), Wait::Until(NOW + delay))]
    );
    assert_eq!(ruling.verdict, Verdict::Fail(libc::EAGAIN));
    assert_eq!(ruling.verdict.done(), "failed with EAGAIN");
    assert_eq!(ruling.decided_by.as_deref(), Some("fail"));
    assert_eq!(ruling.watched_by, ["watch"]);
    assert_eq!(rules.matched()["kill"], 0);
    assert!(!rules.is_over(&ruling.holds[0].1, NOW));
    assert!(rules.is_over(&ruling.holds[0].1, NOW + delay));
}

#[rstest]
#[case::unknown_call(vec![fault("a", Role::Any, "setuidd", FaultAction::Watch)], "setuidd")]
#[case::twice(
    vec![fault("a", Role::Any, "kill", FaultAction::Watch), fault("a", Role::Any, "kill", FaultAction::Watch)],
    "another of that label",
)]
#[case::waits_for_itself(
    vec![fault("a", Role::Any, "kill", FaultAction::HoldUntil { label: "a".to_owned(), matched: 1 })],
    "no other fault",
)]
#[case::waits_for_nobody(
    vec![fault("a", Role::Any, "kill", FaultAction::HoldUntil { label: "b".to_owned(), matched: 1 })],
    "no other fault",
)]
fn what_can_never_fire_is_refused(#[case] faults: Vec<FaultSpec>, #[case] evidence: &str) {
    let error = Rules::new(&faults).unwrap_err();
    assert!(error.evidence.contains(evidence), "{error}");
}
