//! What finds and lists recordings, of which there can be very many.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::work::decoded;
use crate::desk::Desk;
use crate::model::RecordingId;
use crate::reading::contrast::Look;
use crate::tui::content::text;
use crate::tui::listing::fuzzy_find::{FuzzyIndex, FuzzyJob, fuzzy_find};
use crate::tui::protocol::message::Message;
use crate::tui::recordings::contact_sheet::{Thumbnail, ThumbnailJob};
use crate::tui::recordings::list_query::ListJob;
use crate::tui::widgets::picture;

/// Sifts and sorts.
pub(crate) async fn sift_all(mut wanted: watch::Receiver<Option<ListJob>>, say: mpsc::Sender<Message>) {
    while wanted.changed().await.is_ok() {
        let Some(sift) = wanted.borrow_and_update().clone() else { continue };
        let generation = sift.generation;
        let Ok(keys) = spawn_blocking(move || sift.keys()).await else { continue };
        if say.send(Message::Sifted { generation, keys }).await.is_err() {
            return;
        }
    }
}

/// Letters that follow each other this fast are looked for together.
const TYPING: Duration = Duration::from_millis(25);

/// Looks for letters; what is not the newest wish any more is given up.
pub(crate) async fn seek_all(mut wanted: watch::Receiver<Option<FuzzyJob>>, say: mpsc::Sender<Message>) {
    // Most of what is searched stays the same while somebody types.
    let mut known = FuzzyIndex::default();
    while wanted.changed().await.is_ok() {
        sleep(TYPING).await;
        let Some(FuzzyJob { generation, text, rows }) = wanted.borrow_and_update().clone() else { continue };
        let (before, newer) = (known.clone(), wanted.clone());
        let searched = spawn_blocking(move || {
            let lines = FuzzyIndex::of(&rows, &before);
            (fuzzy_find(&text, &lines, &|| newer.has_changed().unwrap_or(true)), lines)
        });
        let Ok((sought, lines)) = searched.await else { continue };
        known = lines;
        if let Some(sought) = sought
            && say.send(Message::Sought { generation, sought }).await.is_err()
        {
            return;
        }
    }
}

/// Makes pictures small, one after the other; a newer wish replaces what is left of an older one.
pub(crate) async fn shrink_all(
    desk: Desk,
    mut wanted: watch::Receiver<Option<ThumbnailJob>>,
    say: mpsc::Sender<Message>,
) {
    while wanted.changed().await.is_ok() {
        let Some(ThumbnailJob { ids, cells }) = wanted.borrow_and_update().clone() else { continue };
        for id in ids {
            let small = shrunk(&desk, &id, cells).await;
            if say.send(Message::Shrunk(id, cells, small)).await.is_err() {
                return;
            }
            if wanted.has_changed().unwrap_or(true) {
                break;
            }
        }
    }
}

/// The first picture of a recording.
async fn shrunk(desk: &Desk, id: &RecordingId, cells: (u16, u16)) -> Thumbnail {
    let recording = desk.recording(id).await.map_err(|error| error.to_string())?;
    let recording = recording.ok_or("it is gone")?;
    let pictures = spawn_blocking(move || text::pictures(&recording.response, &recording.media)).await;
    let first = pictures.map_err(|error| error.to_string())?.into_iter().next();
    let decoded = decoded(desk, &first.ok_or("it holds no picture that can be shown")?).await?;
    let small = spawn_blocking(move || (Arc::new(picture::thumbnail(&decoded, cells)), Look::of(&decoded)));
    small.await.map_err(|error| error.to_string())
}
