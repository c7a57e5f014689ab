//! Who listens in a world, and what it answers.

mod world_lab;

use std::time::Duration;

use daemonlab_harness::world::World;
use world_lab::*;

const SERVER: &str = "use Socket qw(:DEFAULT inet_pton); use IO::Handle; $| = 1; \
    socket(A, PF_INET, SOCK_STREAM, 0); bind(A, sockaddr_in(8080, INADDR_LOOPBACK)) or die $!; listen(A, 5); \
    socket(B, PF_INET6, SOCK_STREAM, 0); bind(B, sockaddr_in6(80, inet_pton(AF_INET6, '::1'))) or die $!; listen(B, 5); \
    socket(C, PF_UNIX, SOCK_STREAM, 0); bind(C, sockaddr_un('/run/a b.sock')) or die $!; listen(C, 5); \
    socket(D, PF_UNIX, SOCK_DGRAM, 0); bind(D, sockaddr_un('/run/datagrams')) or die $!; \
    print \"ready\\n\"; $0 = 'server'; \
    while (accept(N, A)) { $line = <N>; N->print(\"you said $line\"); N->flush; close N if $line =~ /close/; }";

#[test]
fn listening_sockets_are_told_with_who_has_them() {
    let mut host = host();
    let mut world = world(&mut host);
    let pid = world.launch(&launch("a", &["perl", "-e", SERVER])).unwrap();
    until(&mut world, |world| {
        (world.launch_facts("a").unwrap().stdout.text() == "ready\n").then_some(())
    });
    let told: Vec<_> = world
        .sockets()
        .unwrap()
        .into_iter()
        .map(|socket| {
            assert_eq!(socket.processes, [pid]);
            format!("{} {}", socket.protocol, socket.address)
        })
        .collect();
    assert_eq!(
        told,
        ["tcp 127.0.0.1:8080", "tcp [::1]:80", "unix /run/a b.sock"]
    );
}

#[test]
fn a_client_says_something_and_hears_the_answer() {
    let mut host = host();
    let mut world = world(&mut host);
    let error = world
        .connect("127.0.0.1:8080", b"x\n", 1, LONG)
        .unwrap_err();
    assert_eq!(error.errno, Some(libc::ECONNREFUSED));
    world.launch(&launch("a", &["perl", "-e", SERVER])).unwrap();
    until(&mut world, |world| {
        (world.launch_facts("a").unwrap().stdout.text() == "ready\n").then_some(())
    });
    // Until enough has come.
    assert_eq!(
        world.connect("127.0.0.1:8080", b"hi\n", 8, LONG).unwrap(),
        b"you said hi\n"
    );
    // Until the peer closes.
    let heard = world
        .connect("127.0.0.1:8080", b"close\n", 1000, LONG)
        .unwrap();
    assert_eq!(heard, b"you said close\n");
    // Until the time is over: this server never answers there.
    let heard = world
        .connect("[::1]:80", b"hi\n", 1, Duration::from_millis(50))
        .unwrap();
    assert_eq!(heard, b"");
    let heard = world
        .connect("unix:/run/a b.sock", b"hi\n", 1, Duration::from_millis(50))
        .unwrap();
    assert_eq!(heard, b"");
    let error = world.connect("unix:/run/none", b"", 1, LONG).unwrap_err();
    assert_eq!(error.errno, Some(libc::ENOENT));
    let error = world.connect("somewhere", b"", 1, LONG).unwrap_err();
    assert!(error.remedy.contains("127.0.0.1:80"), "{error}");
}
