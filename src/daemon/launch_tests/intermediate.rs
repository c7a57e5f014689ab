//! What the intermediate does, and where its failures go.

use super::script::*;

#[test]
fn the_intermediate_exits_and_nothing_else() {
    let steps = script([intermediate_way(), vec![fork(DAEMON), exit(0)]]);
    assert_eq!(status_of(steps), 0);
}

#[rstest]
#[case::setsid("setsid", Errno::EPERM)]
#[case::fork("fork", Errno::EAGAIN)]
fn what_fails_in_the_intermediate_goes_over_the_pipe(#[case] call: &str, #[case] errno: Errno) {
    let mut steps = intermediate_way();
    if call == "setsid" {
        steps.pop();
        steps.push(on(Call::SetSid).fails(errno));
    } else {
        steps.push(on(Call::Fork).fails(errno));
    }
    let failure = Failure::new(Stage::Detach, call, Cause::Errno(errno));
    steps.extend([
        tell(WRITE, &Record::Failed(failure.clone())),
        exit(exit_code::SYSTEM),
    ]);
    assert_eq!(status_of(steps), exit_code::SYSTEM);
}

#[test]
fn what_no_launcher_hears_goes_to_stderr() {
    let mut steps = intermediate_way();
    steps.pop();
    let failure = Failure::new(Stage::Detach, "setsid", Cause::Errno(Errno::EPERM));
    steps.extend([
        on(Call::SetSid).fails(Errno::EPERM),
        tell(WRITE, &Record::Failed(failure.clone())).instead(Err(Errno::EPIPE)),
        write(2, format!("daemon: {failure}\n")),
        exit(exit_code::SYSTEM),
    ]);
    assert_eq!(status_of(steps), exit_code::SYSTEM);
}
