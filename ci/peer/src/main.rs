//! A small server on the real Pingora, as its documentation has one written:
//! a TCP service that depends on the bootstrap service, so that with
//! `daemon_wait_for_ready` the launcher really waits for it. It answers each
//! connection with its PID.

use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::server::configuration::Opt;
use pingora_core::server::{Server, ShutdownWatch};
use pingora_core::services::listening::Service;
use tokio::io::AsyncWriteExt;

struct Hello;

#[async_trait]
impl ServerApp for Hello {
    async fn process_new(
        self: &Arc<Self>,
        mut stream: Stream,
        _shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let answer = format!("hello from {}\n", std::process::id());
        // A client that has gone is no concern of a greeting.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
        None
    }
}

fn main() {
    env_logger::init();
    let mut server = match Server::new(Some(Opt::parse_args())) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("daemonlab-peer: {error}");
            std::process::exit(1);
        }
    };
    let bootstrap = server.bootstrap_as_a_service();
    let mut hello = Service::new("hello".to_owned(), Hello);
    hello.add_tcp("127.0.0.1:8080");
    let hello = server.add_service(hello);
    hello.add_dependency(bootstrap);
    server.run_forever();
}
