//! Lists and searches of recordings, of which there can be very many.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::tui::listing::fuzzy_find::{FuzzyIndex, FuzzyJob, fuzzy_find};
use crate::tui::listing::list_query::ListJob;
use crate::tui::protocol::message::Message;

/// Letters that follow each other this fast are looked for together.
const TYPING: Duration = Duration::from_millis(25);

/// Filters and sorts, the newest wish only.
pub(super) async fn list_all(mut wanted: watch::Receiver<Option<ListJob>>, say: mpsc::Sender<Message>) {
    while wanted.changed().await.is_ok() {
        let Some(job) = wanted.borrow_and_update().clone() else { continue };
        let request_id = job.request_id;
        let Ok(keys) = spawn_blocking(move || job.keys()).await else { continue };
        if say.send(Message::Listed { request_id, keys }).await.is_err() {
            return;
        }
    }
}

/// Looks for letters; what is not the newest wish any more is given up.
pub(super) async fn find_all(mut wanted: watch::Receiver<Option<FuzzyJob>>, say: mpsc::Sender<Message>) {
    // Most of what is searched stays the same while somebody types.
    let mut index = FuzzyIndex::default();
    while wanted.changed().await.is_ok() {
        sleep(TYPING).await;
        let Some(FuzzyJob { request_id, text, rows }) = wanted.borrow_and_update().clone() else { continue };
        let (before, newer) = (index.clone(), wanted.clone());
        let searched = spawn_blocking(move || {
            let lines = FuzzyIndex::of(&rows, &before);
            (fuzzy_find(&text, &lines, &|| newer.has_changed().unwrap_or(true)), lines)
        });
        let Ok((matches, lines)) = searched.await else { continue };
        index = lines;
        if let Some(matches) = matches
            && say.send(Message::FuzzyMatched { request_id, matches }).await.is_err()
        {
            return;
        }
    }
}
