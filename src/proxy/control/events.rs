//! Announcements as they happen, as server-sent events.
//!
//! First a `snapshot` with everything that is known, then one `event` an announcement. A listener that is too slow
//! gets another `snapshot` instead of what it missed, so nothing is ever kept for it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::future::{FutureExt as _, select};
use futures_util::stream::{Stream, StreamExt as _, unfold};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::engine::Engine;
use crate::model::Event;
use crate::proxy::shared::ProxyState;

/// Time without an event after which a comment says that somebody is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One that listens.
struct Listener {
    engine: Engine,
    announced: Receiver<Arc<Event>>,
    /// True if it must be told everything.
    anew: bool,
}

pub(super) async fn events(
    State(shared): State<Arc<ProxyState>>,
) -> Sse<impl Stream<Item = Result<Sent, axum::Error>>> {
    // Listen first, look second: nothing between the two is lost.
    let listener =
        Listener { engine: shared.engine.clone(), announced: shared.engine.subscribe(), anew: true };
    let over = select(shared.stopping.clone().cancelled_owned().boxed(), shared.engine.closing().boxed());
    let stream = unfold(listener, Listener::next).take_until(over);
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

impl Listener {
    async fn next(mut self) -> Option<(Result<Sent, axum::Error>, Self)> {
        if !std::mem::take(&mut self.anew) {
            match self.announced.recv().await {
                Ok(event) => return Some((sent("event", &*event), self)),
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(_)) => {}
            }
        }
        let engine = self.engine.clone();
        // All rows take a while to write, which must not keep calls waiting.
        let snapshot = tokio::task::spawn_blocking(move || sent("snapshot", &engine.snapshot()));
        Some((snapshot.await.unwrap_or_else(|error| Err(axum::Error::new(error))), self))
    }
}

fn sent(name: &str, data: &impl Serialize) -> Result<Sent, axum::Error> {
    Sent::default().event(name).json_data(data)
}
