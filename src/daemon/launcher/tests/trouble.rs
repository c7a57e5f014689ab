//! What makes no sense, and calls that fail while it waits.

use super::script::*;

#[rstest]
#[case::unknown(vec![1, 0, 9])]
#[case::too_long(vec![2, 0, 1, 1])]
fn bytes_that_are_no_record_end_it(#[case] bytes: Vec<u8>) {
    let steps = script([
        started(),
        come(bytes, LIMIT),
        kill_and_reap_all(Duration::ZERO),
    ]);
    let failure = run(steps, READY).unwrap_err();
    assert_eq!(failure.stage, Stage::Internal);
    assert_eq!(failure.status(), crate::daemon::exit_code::INTERNAL);
}

#[test]
fn ready_without_a_pid_is_no_success() {
    let steps = script([
        says(Record::Ready),
        kill_group(),
        vec![now(Duration::ZERO)],
        hangs_up(GRACE),
        vec![reap(INTER, Ended::Killed(Signal::KILL))],
        the_end(),
    ]);
    assert_eq!(run(steps, READY).unwrap_err().stage, Stage::Internal);
}

#[rstest]
#[case::clock(vec![any("clock_gettime").fails(Errno::EIO)], "clock_gettime")]
#[case::poll(vec![now(Duration::ZERO), on_pipe(LIMIT).fails(Errno::EIO)], "ppoll")]
#[case::read(
    vec![now(Duration::ZERO), on_pipe(LIMIT).gives(readable()), read(vec![]).instead(Err(Errno::EIO))],
    "read"
)]
#[case::wait(
    vec![
        now(Duration::ZERO), on_pipe(LIMIT).fails(Errno::EINTR),
        wait(WaitFor::Pid(pid(DAEMON))).fails(Errno::EIO),
    ],
    "wait4"
)]
fn a_launcher_that_cannot_wait_ends_everything(#[case] failing: Steps, #[case] call: &str) {
    let steps = script([started(), failing, kill_and_reap_all(Duration::ZERO)]);
    let failure = Failure::new(Stage::Launch, call, Cause::Errno(Errno::EIO));
    assert_eq!(run(steps, READY), Err(failure));
}

#[test]
fn interruptions_while_the_clock_stands_still_have_an_end() {
    let mut steps = started();
    for _ in 0..64 {
        steps.extend(sigchld(LIMIT));
        steps.push(lives(DAEMON));
    }
    steps.extend(sigchld(LIMIT));
    let steps = script([steps, kill_and_reap_all(Duration::ZERO)]);
    let failure = Failure::new(Stage::Launch, "ppoll", Cause::Errno(Errno::EINTR));
    assert_eq!(run(steps, READY), Err(failure));
}
