//! What the bootstrap waits for, and what waits for the bootstrap.

use async_trait::async_trait;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::ServiceReadyNotifier;
use pingora_core::services::background::BackgroundService;
use tokio::time::sleep;

use crate::lab::{Die, Lab, ReadyAfter, Stage};

/// A service that is ready when the conf file says.
pub struct WarmUp {
    ready_after: ReadyAfter,
    die: Option<Die>,
}

impl WarmUp {
    /// As `lab` says.
    pub fn new(lab: &Lab) -> WarmUp {
        WarmUp {
            ready_after: lab.ready_after,
            die: lab.die.clone(),
        }
    }
}

#[async_trait]
impl BackgroundService for WarmUp {
    async fn start_with_ready_notifier(
        &self,
        _shutdown: ShutdownWatch,
        ready: ServiceReadyNotifier,
    ) {
        match self.ready_after {
            ReadyAfter::Time(time) => sleep(time).await,
            // Dropping the notifier would count as ready.
            ReadyAfter::Never => std::future::pending().await,
        }
        end_at(Stage::BeforeReady, self.die.as_ref());
        ready.notify_ready();
    }
}

/// A service for after the bootstrap: it ends the process, if the conf file
/// says so.
pub struct Afterwards {
    die: Option<Die>,
}

impl Afterwards {
    /// As `lab` says.
    pub fn new(lab: &Lab) -> Afterwards {
        Afterwards {
            die: lab.die.clone(),
        }
    }
}

#[async_trait]
impl BackgroundService for Afterwards {
    async fn start(&self, _shutdown: ShutdownWatch) {
        end_at(Stage::AfterReady, self.die.as_ref());
    }
}

fn end_at(stage: Stage, die: Option<&Die>) {
    if let Some(die) = die.filter(|die| die.at == stage) {
        die.how.end();
    }
}
