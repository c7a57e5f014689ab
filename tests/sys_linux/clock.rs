use daemonlab::sys::Clock;
use daemonlab::sys::linux::Linux;

#[test]
fn the_clock_never_goes_back() {
    let mut before = Linux.now().unwrap();
    for _ in 0..1000 {
        let now = Linux.now().unwrap();
        assert!(now >= before);
        before = now;
    }
}
