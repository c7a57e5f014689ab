//! A small server on Pingora: its flags, its keys, its way into the background.
//!
//! Readiness is Pingora's own. Bootstrap runs as a service that depends on a
//! warm-up, the only order in which `daemon_wait_for_ready` waits for anything
//! (see README.md); the section `lab:` of the conf file makes the warm-up slow,
//! endless or deadly.

mod hello;
mod lab;
mod warm_up;

use pingora_core::server::Server;
use pingora_core::server::configuration::Opt;
use pingora_core::services::background::background_service;
use pingora_core::services::listening::Service;

use hello::Hello;
use lab::{Lab, Stage};
use warm_up::{Afterwards, WarmUp};

fn main() {
    env_logger::init();
    let options = Opt::parse_args();
    let test = options.test;
    let lab = options.conf.as_deref().map(Lab::read).unwrap_or_default();
    let mut server = Server::new(Some(options)).unwrap_or_else(|error| {
        eprintln!("daemonlab-peer: {error}");
        std::process::exit(1)
    });
    if test {
        // Exits. As a service it would exit in the daemon.
        server.bootstrap();
    }

    let mut hello = Service::new("hello".to_owned(), Hello::new(&lab.text));
    for address in &lab.listen {
        hello.add_tcp(address);
    }
    let warm_up = server.add_service(background_service("warm-up", WarmUp::new(&lab)));
    let bootstrap = server.bootstrap_as_a_service();
    bootstrap.add_dependency(&warm_up);
    // The listening sockets come with the bootstrap, in an upgrade.
    let hello = server.add_service(hello);
    hello.add_dependency(&bootstrap);
    let afterwards = server.add_service(background_service("afterwards", Afterwards::new(&lab)));
    afterwards.add_dependency(&bootstrap);

    lab.die_at(Stage::BeforeFork);
    server.run_forever()
}
