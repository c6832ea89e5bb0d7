//! What finds and lists recordings, of which there can be very many.

use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;

use crate::tui::message::Message;
use crate::tui::sieve::Sift;

/// Sifts and sorts.
pub(super) async fn sift_all(mut wanted: watch::Receiver<Option<Sift>>, say: mpsc::Sender<Message>) {
    while wanted.changed().await.is_ok() {
        let Some(sift) = wanted.borrow_and_update().clone() else { continue };
        let generation = sift.generation;
        let Ok(keys) = spawn_blocking(move || sift.keys()).await else { continue };
        if say.send(Message::Sifted { generation, keys }).await.is_err() {
            return;
        }
    }
}
