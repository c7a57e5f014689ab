//! What a world shows.

mod world_lab;

use daemonlab_harness::world::World;
use daemonlab_harness::world::event::{End, What};
use world_lab::*;

#[test]
fn a_launcher_runs_as_root_and_is_reaped() {
    let mut host = host();
    let mut world = world(&mut host);
    let facts = run(&mut world, &script("a", "id -u; echo oops >&2; exit 3"));
    assert_eq!(facts.end, Some(End::Exit(3)));
    assert_eq!(
        (facts.stdout.text().as_str(), facts.stderr.text().as_str()),
        ("0\n", "oops\n")
    );
    assert_eq!(world.processes().unwrap(), []);
    let events = Box::new(world).finish().unwrap();
    let end = End::Exit(3);
    let told =
        |what: &What| matches!(what, What::Ended { pid, end: e } if *pid == facts.pid && *e == end);
    assert!(
        events.is_empty() || whats(&events).into_iter().any(told),
        "{events:?}"
    );
}
