use super::*;
use crate::daemon::scripts::{Steps, mask, returned};
use crate::sys::call::{Call, Ret};
use crate::sys::scripted::{Run, Scripted, Step, on};

fn action(number: i32) -> Step {
    on(Call::SigAction {
        signal: Signal::new(number).unwrap(),
        disposition: Disposition::Default,
    })
}

fn resetting() -> Steps {
    let settable = (1..=64).filter(|number| ![9, 13, 19].contains(number));
    let actions = settable.map(|number| match number {
        // What the C library keeps to itself.
        32 | 33 => action(number).fails(Errno::EINVAL),
        _ => action(number).gives(Ret::Disposition(Disposition::Ignore)),
    });
    let last = mask(MaskHow::Set, SignalSet::EMPTY, SignalSet::ALL);
    actions.chain([last]).collect()
}

#[test]
fn all_that_can_be_reset_is() {
    assert_eq!(returned(resetting(), |sys| reset_signals(&sys)), Ok(()));
}

#[test]
fn every_one_that_fails_is_named() {
    crate::daemon::scripts::fail_each(
        &resetting(),
        Errno::EFAULT,
        |_| Vec::new(),
        |sys| reset_signals(&sys),
        |step, result| {
            let failure = result.unwrap_err();
            assert_eq!(failure.stage, Stage::Signals);
            assert_eq!(failure.errno(), Some(Errno::EFAULT));
            let subject = failure.subject.unwrap();
            let named = if step == 61 {
                "sigprocmask"
            } else {
                "sigaction of SIG"
            };
            assert!(subject.starts_with(named), "{step}: {subject}");
        },
    );
}

#[test]
fn einval_is_no_excuse_for_an_ordinary_signal() {
    let mut steps = resetting();
    steps[0] = action(1).fails(Errno::EINVAL);
    steps.truncate(1);
    let failure = returned(steps, |sys| reset_signals(&sys)).unwrap_err();
    assert_eq!(failure.subject.as_deref(), Some("sigaction of SIGHUP"));
}

#[test]
fn only_named_variables_are_kept() {
    use crate::sys::Environment;
    let sys = || Scripted::new([]).var("A", "1").var("B", "2").var("C", "3");
    let names = |policy: EnvironmentPolicy| {
        let run = sys().run(|sys| {
            environment(&sys, &policy);
            let vars = sys.vars();
            vars.into_iter()
                .map(|(name, _)| name.into_string().unwrap())
                .collect::<Vec<_>>()
        });
        match run {
            Run::Returned(names) => names,
            Run::Exited(status) => panic!("{status}"),
        }
    };
    assert_eq!(names(EnvironmentPolicy::Keep), ["A", "B", "C"]);
    let only = EnvironmentPolicy::Only(vec!["B".to_owned(), "X".to_owned()]);
    assert_eq!(names(only), ["B"]);
}
