//! Another who lives, or who starts at the same time.

use super::script::*;

#[rstest]
#[case::said("12\n", Some(12))]
#[case::empty("", None)]
#[case::garbage("a12\n", None)]
#[case::no_pid("-1\n", None)]
fn a_living_holder_refuses_the_start_and_is_named(
    #[case] says: &str,
    #[case] holder: Option<i32>,
    #[values(NAME, ASIDE)] name: &str,
) {
    let mut round = turn();
    if name == ASIDE {
        // The old instance lives on, though a failed upgrade took its name.
        round.push(nobody(NAME));
    }
    round.extend(living(name, says));
    round.extend([unlinked(TEMP), close(NEW)]);
    let held = failure(Cause::Held(holder.map(pid)));
    assert_eq!(taking(rounds(&round), Start::Fresh), Err(held));
}

#[test]
fn another_start_is_waited_for() {
    let mut steps = vec![create().fails(Errno::EEXIST)];
    steps.extend(occupied(TEMP, Err(Errno::EWOULDBLOCK)));
    steps.push(on(Call::Read { fd: OLD, max: 32 }).gives(Ret::Bytes(Vec::new())));
    steps.push(close(OLD));
    let busy = steps.clone();
    steps.push(pause());
    steps.extend(free());
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
    // But not for ever.
    let held = failure(Cause::Held(None));
    assert_eq!(taking(rounds(&busy), Start::Fresh), Err(held));
}

#[test]
fn what_a_killed_start_left_behind_is_removed_under_its_lock() {
    let mut steps = vec![create().fails(Errno::EEXIST)];
    steps.extend(stale(TEMP));
    steps.extend([unlinked(TEMP), close(OLD)]);
    steps.extend(free());
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
}

#[rstest]
#[case::locked_by_who_removes_it(
    vec![create().gives(Ret::Fd(NEW)), flock(NEW).fails(Errno::EWOULDBLOCK), close(NEW)]
)]
#[case::removed(
    vec![
        create().gives(Ret::Fd(NEW)), flock(NEW).done(), stat_of(NEW, file(OURS)),
        unnamed(TEMP), close(NEW),
    ]
)]
#[case::removed_and_made_again(
    vec![
        create().gives(Ret::Fd(NEW)), flock(NEW).done(), stat_of(NEW, file(OURS)),
        named(TEMP, THEIRS), close(NEW),
    ]
)]
#[case::gone_when_looked_at(vec![create().fails(Errno::EEXIST), nobody(TEMP)])]
fn a_turn_that_was_lost_is_taken_again(#[case] lost: Steps) {
    let mut steps = lost;
    steps.extend(free());
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
}

#[test]
fn a_name_that_changes_hands_is_looked_at_again() {
    let mut steps = turn();
    steps.extend(stale(NAME));
    let changed = steps.len() - 1;
    steps[changed] = named(NAME, THEIRS + 1);
    steps.extend([close(OLD), unlinked(TEMP), close(NEW), pause()]);
    steps.extend(free());
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
}

#[test]
fn somebody_who_takes_no_turns_is_waited_for_too() {
    let mut steps = free();
    let last = steps.len() - 1;
    steps[last] = rename(TEMP, NAME, Replace::No).fails(Errno::EEXIST);
    steps.extend([unlinked(TEMP), close(NEW), pause()]);
    steps.extend(free());
    assert_eq!(taking(steps, Start::Fresh), Ok(()));
}
