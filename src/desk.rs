//! A stand-in with the verbs that the terminal UI needs; it knows nothing and does nothing.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::broadcast;

use crate::model::{CallId, Event, Exchange, MediaId, Mode, Recording, RecordingId, Snapshot};

/// Where verbs go and events come from.
#[derive(Clone, Debug)]
pub struct Desk {
    events: broadcast::Sender<Arc<Event>>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { events: broadcast::channel(1024).0 }
    }
}

#[expect(
    clippy::unused_async,
    clippy::missing_errors_doc,
    reason = "a stand-in for the real one, which waits and fails"
)]
impl Desk {
    /// All that happens from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    /// The world as it stands.
    pub async fn snapshot(&self) -> anyhow::Result<Snapshot> {
        Ok(Snapshot::default())
    }

    /// One recording, whole.
    pub async fn recording(&self, _id: &RecordingId) -> anyhow::Result<Option<Arc<Recording>>> {
        Ok(None)
    }

    /// The exchange of a call, while it is remembered.
    pub async fn exchange(&self, _call: CallId) -> anyhow::Result<Option<Arc<Exchange>>> {
        Ok(None)
    }

    /// A downloaded file: content type and bytes.
    pub async fn media(&self, _id: &MediaId) -> anyhow::Result<Option<(String, Bytes)>> {
        Ok(None)
    }

    /// Switches the proxy's mode.
    pub async fn set_mode(&self, _mode: Mode) -> anyhow::Result<()> {
        Ok(())
    }

    /// Moves recordings to the trash.
    pub async fn remove(&self, _ids: &[RecordingId]) -> anyhow::Result<()> {
        Ok(())
    }

    /// Takes recordings back out of the trash.
    pub async fn restore(&self, _ids: &[RecordingId]) -> anyhow::Result<()> {
        Ok(())
    }
}
