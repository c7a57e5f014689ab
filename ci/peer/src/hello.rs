//! What the server says: one line with its PID.

use std::process;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// For how long a client that has its answer is still listened to.
const PARTING: Duration = Duration::from_secs(1);

/// Greets whoever connects, and closes.
pub struct Hello {
    text: String,
}

impl Hello {
    /// The greeting starts with `text`.
    pub fn new(text: &str) -> Hello {
        Hello {
            text: text.to_owned(),
        }
    }
}

#[async_trait]
impl ServerApp for Hello {
    async fn process_new(
        self: &Arc<Self>,
        mut stream: Stream,
        _shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let answer = format!("{} from {}\n", self.text, process::id());
        // A client that has gone is no concern of a greeting.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
        // Closing on words that nobody has read resets the connection, which
        // can take the answer away again.
        let mut rest = [0; 1024];
        let drain = async { while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
        let _ = timeout(PARTING, drain).await;
        None
    }
}
