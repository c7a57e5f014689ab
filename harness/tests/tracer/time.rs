//! Programs that wait for hours, in virtual time.

use std::time::{Duration, Instant};

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::End;
use daemonlab_harness::world::facts::LaunchFacts;
use daemonlab_harness::world::real::{Host, RealWorld};
use daemonlab_harness::world::spec::{LaunchSpec, SandboxSpec, Trace, VirtualTime};
use rstest::rstest;

use crate::programs::{Linked, folder, traced};
use crate::world_lab::{self, host, launch, world_of};

const HOUR: Duration = Duration::from_secs(3600);

/// Longer, by the world's time, than anything here takes.
const LONG: Duration = Duration::from_secs(100 * 3600);

/// A world in virtual time, with the programs in it.
pub fn world(host: &mut Host, slack: Duration) -> RealWorld {
    let spec = SandboxSpec {
        binds: vec![folder().to_owned()],
        virtual_time: Some(VirtualTime { slack }),
        ..SandboxSpec::default()
    };
    world_of(host, &spec)
}

/// A launch of which nothing is told.
pub fn quiet(name: &str, linked: Linked, way: &str) -> LaunchSpec {
    LaunchSpec {
        trace: Trace::Off,
        ..traced(name, linked, &[way])
    }
}

/// Waits for the launcher's end in the world's time. Who waits in real time
/// instead, since a call is not known to wait, is not waited for.
pub fn run(world: &mut RealWorld, spec: &LaunchSpec) -> LaunchFacts {
    world.launch(spec).unwrap_or_else(|error| panic!("{error}"));
    let (end, began) = (world.now() + LONG, Instant::now());
    while world.now() < end && began.elapsed() < world_lab::LONG {
        let facts = world.launch_facts(&spec.id).unwrap();
        if facts.end.is_some() {
            return facts;
        }
        world.wait(LONG).unwrap();
    }
    panic!("{:#?}", world.processes());
}

/// What a way prints: result, errno, seconds, what is left.
#[rstest]
#[case::nanosleep("nanosleep", "0 0 3600 -1")]
#[case::nanosleep_call("nanosleep_call", "0 0 3600 -1")]
#[case::clock_nanosleep("clock_nanosleep", "0 0 3600 -1")]
#[case::clock_nanosleep_absolute("clock_nanosleep_absolute", "0 0 3600 -1")]
#[case::clock_nanosleep_past("clock_nanosleep_past", "0 0 0 -1")]
#[case::poll("poll", "0 0 3600 -1")]
#[case::ppoll("ppoll", "0 0 3600 0")]
#[case::select("select", "0 0 3600 0")]
#[case::pselect6("pselect6", "0 0 3600 0")]
#[case::epoll_wait("epoll_wait", "0 0 3600 -1")]
#[case::epoll_pwait("epoll_pwait", "0 0 3600 -1")]
#[case::epoll_pwait2("epoll_pwait2", "0 0 3600 -1")]
#[case::rt_sigtimedwait("rt_sigtimedwait", "-1 11 3600 -1")]
#[case::rt_sigtimedwait_gets("rt_sigtimedwait_gets", "10 0 1800 -1")]
#[case::futex("futex", "-1 110 3600 -1")]
#[case::futex_absolute("futex_absolute", "-1 110 3600 -1")]
#[case::futex_realtime("futex_realtime", "-1 110 3600 -1")]
#[case::futex_lock_pi("futex_lock_pi", "-1 110 3600 -1")]
#[case::futex_lock_pi2("futex_lock_pi2", "-1 110 3600 -1")]
#[case::futex_waitv("futex_waitv", "-1 110 3600 -1")]
#[case::alarm("alarm", "1 0 3600 -1")]
#[case::alarm_left("alarm_left", "1800 0 5400 -1")]
#[case::setitimer("setitimer", "3 0 10800 3600")]
#[case::ready("ready", "1 0 1800 1800")]
#[case::read("read", "1 0 3600 -1")]
#[case::wait("wait", "1 0 3600 -1")]
#[case::thread("thread", "0 0 1800 -1")]
#[case::handled("handled", "-1 4 1800 1800")]
#[case::handled_nanosleep_call("handled_nanosleep_call", "-1 4 1800 1800")]
#[case::handled_ppoll("handled_ppoll", "-1 4 1800 1800")]
#[case::handled_select("handled_select", "-1 4 1800 1800")]
#[case::handled_pselect6("handled_pselect6", "-1 4 1800 1800")]
#[case::handled_restart("handled_restart", "-1 4 1800 1800")]
#[case::handled_loop("handled_loop", "0 0 3600 1")]
#[case::handled_poll("handled_poll", "-1 4 1800 -1")]
#[case::handled_futex("handled_futex", "-1 4 1800 -1")]
#[case::ignored("ignored", "0 0 3600 -1")]
#[case::stopped("stopped", "0 0 3600 -1")]
#[case::stopped_long("stopped_long", "0 0 4500 -1")]
#[case::spin("spin", "1 0 10 -1")]
#[case::spin_time("spin_time", "1 0 0 -1")]
#[case::spin_other("spin_other", "1 0 0 -1")]
#[case::spin_memory("spin_memory", "1 0 0 -1")]
#[case::poll_loop("poll_loop", "1 0 5 -1")]
#[case::past("past", "0 0 3600 -1")]
#[case::past_futex("past_futex", "-1 110 3600 -1")]
#[case::past_futex_changed("past_futex_changed", "-1 11 3600 -1")]
#[case::clocks("clocks", "3 0 3600 0")]
#[case::bad_time("bad_time", "-1 22 0 -1")]
#[case::bad_address("bad_address", "-1 14 0 -1")]
#[case::exec("exec", "0 0 3600 -1")]
fn a_wait_ends_as_the_kernel_ends_it(
    #[case] way: &str,
    #[case] prints: &str,
    #[values(Linked::Dynamic, Linked::Static)] linked: Linked,
) {
    let mut host = host();
    let mut world = world(&mut host, Duration::ZERO);
    let facts = run(&mut world, &quiet("time", linked, way));
    assert_eq!(facts.stdout.text(), format!("{prints}\n"), "{facts:#?}");
    assert_eq!(facts.end, Some(End::Exit(0)));
}

/// The same with every visible call told: the stops of both live together.
#[rstest]
fn a_traced_wait_ends_so_too(
    #[values("nanosleep", "ppoll", "rt_sigtimedwait", "handled_loop", "stopped")] way: &str,
) {
    let mut host = host();
    let mut world = world(&mut host, Duration::ZERO);
    let facts = run(&mut world, &traced("time", Linked::Dynamic, &[way]));
    let text = facts.stdout.text();
    assert_eq!(text.split(' ').nth(2), Some("3600"), "{facts:#?}");
}

/// Waking late is legal, and costs a jump a second instead of a hundred.
#[test]
fn with_slack_a_ticker_ticks_less_often() {
    let mut host = host();
    let mut world = world(&mut host, Duration::from_secs(1));
    let facts = run(&mut world, &quiet("time", Linked::Dynamic, "ticker"));
    assert_eq!(facts.stdout.text(), "1 0 600 -1\n");
}

/// What a launch took, and when things happened, is in the world's time too.
#[test]
fn durations_and_events_are_in_the_same_time() {
    let mut host = host();
    let mut world = world(&mut host, Duration::ZERO);
    let facts = run(&mut world, &quiet("time", Linked::Dynamic, "nanosleep"));
    assert!(facts.duration >= HOUR && facts.duration < HOUR + Duration::from_secs(1));
    let now = world.now();
    assert!(
        now >= HOUR && now < HOUR + Duration::from_secs(1),
        "{now:?}"
    );
}

/// Time waits for who computes, or waits for something that is no call's: the
/// sleeper is not woken while the other one is at work.
#[test]
fn time_stands_still_while_somebody_runs() {
    let mut host = host();
    let mut world = world(&mut host, Duration::ZERO);
    let script = "sleep 3600 & s=$!; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; \
                  kill -0 $s && echo still; wait $s; echo over";
    let facts = run(&mut world, &launch("a", &["/bin/sh", "-c", script]));
    assert_eq!(facts.stdout.text(), "still\nover\n");
}

/// The harness waits in the same time: nobody ends its wait but time.
#[test]
fn a_wait_of_the_harness_ends_by_the_worlds_time() {
    let mut host = host();
    let mut world = world(&mut host, Duration::ZERO);
    world
        .launch(&quiet("time", Linked::Dynamic, "nanosleep"))
        .unwrap();
    let half = HOUR / 2;
    while world.now() < half {
        world.wait(half - world.now()).unwrap();
    }
    assert_eq!(world.now(), half);
    assert_eq!(world.launch_facts("a").unwrap().end, None);
}
