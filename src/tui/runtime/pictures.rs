//! Pictures decoded and scaled: one, a pair beside each other, or small ones of many recordings.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use image::DynamicImage;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::exchanges::{picture_bytes, read};
use crate::api::RecordingRequest;
use crate::client::Client;
use crate::model::RecordingId;
use crate::reading::contrast::{PerceptualHash, contrast_pictures};
use crate::reading::decode_picture;
use crate::terminal::{self, Protocol};
use crate::tui::content::text::{self, AnswerPicture};
use crate::tui::protocol::job::{ExchangeSource, PairJob, ScaleJob, Thumbnail, ThumbnailJob};
use crate::tui::protocol::message::Message;
use crate::tui::widgets::picture::{self, ScaledPicture};

/// Scales a picture to the place for it, the newest wish only.
pub(super) async fn scale_all(
    client: Client,
    mut wanted: watch::Receiver<Option<ScaleJob>>,
    say: mpsc::Sender<Message>,
) {
    // The last picture stays decoded: another size or a redraw is then cheap.
    let mut last: Option<(AnswerPicture, Arc<DynamicImage>)> = None;
    while wanted.changed().await.is_ok() {
        let Some(ScaleJob { generation, picture, cells }) = wanted.borrow_and_update().clone() else {
            continue;
        };
        let cached = last.take().filter(|(cached, _)| *cached == picture).map(|(_, decoded)| decoded);
        let decoded = match cached {
            Some(decoded) => Ok(decoded),
            None => decoded(&client, &picture).await.map(Arc::new),
        };
        let scaled = match decoded {
            Ok(decoded) => {
                last = Some((picture, Arc::clone(&decoded)));
                let own = (decoded.width(), decoded.height());
                let scaled = spawn_blocking(move || Arc::new(picture::thumbnail(&decoded, cells))).await;
                scaled.map(|pixels| (own, pixels)).map_err(|error| error.to_string())
            }
            Err(problem) => Err(problem),
        };
        if say.send(Message::Scaled { generation, picture: scaled }).await.is_err() {
            return;
        }
    }
}

/// Scales two pictures beside each other, the newest wish only.
pub(super) async fn pair_all(
    client: Client,
    mut wanted: watch::Receiver<Option<PairJob>>,
    say: mpsc::Sender<Message>,
) {
    while wanted.changed().await.is_ok() {
        let Some(pair) = wanted.borrow_and_update().clone() else { continue };
        let generation = pair.generation;
        let sides = paired(&client, pair).await;
        if say.send(Message::Paired { generation, sides }).await.is_err() {
            return;
        }
    }
}

/// Makes pictures small, one after the other; a newer wish replaces what is left of an older one.
pub(super) async fn thumbnail_all(
    client: Client,
    mut wanted: watch::Receiver<Option<ThumbnailJob>>,
    say: mpsc::Sender<Message>,
) {
    while wanted.changed().await.is_ok() {
        let Some(ThumbnailJob { ids, cells }) = wanted.borrow_and_update().clone() else { continue };
        for id in ids {
            let small = thumbnail(&client, &id, cells).await;
            if say.send(Message::ThumbnailReady(id, cells, small)).await.is_err() {
                return;
            }
            if wanted.has_changed().unwrap_or(true) {
                break;
            }
        }
    }
}

/// The first picture of a recording.
async fn thumbnail(client: &Client, id: &RecordingId, cells: (u16, u16)) -> Thumbnail {
    let recording =
        client.find(RecordingRequest { id: id.clone() }).await.map_err(|error| error.to_string())?;
    let recording = recording.ok_or("it is gone")?;
    let pictures = spawn_blocking(move || text::pictures(&recording.response, &recording.media)).await;
    let first = pictures.map_err(|error| error.to_string())?.into_iter().next();
    let decoded = decoded(client, &first.ok_or("it holds no picture that can be shown")?).await?;
    let small =
        spawn_blocking(move || (Arc::new(picture::thumbnail(&decoded, cells)), PerceptualHash::of(&decoded)));
    small.await.map_err(|error| error.to_string())
}

/// A picture's pixels, wherever its bytes are.
pub(super) async fn decoded(client: &Client, picture: &AnswerPicture) -> Result<DynamicImage, String> {
    let bytes = picture_bytes(client, picture).await?;
    // A picture can be made to crash a decoder; that must stay a message.
    spawn_blocking(move || decode_picture(&bytes)).await.unwrap_or_else(|error| Err(error.to_string()))
}

/// Shows a picture and waits for a key, or for the end of `until`.
pub(super) async fn until_key(
    picture: DynamicImage,
    protocol: Protocol,
    until: impl Future<Output = ()>,
) -> io::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    let mut shown = spawn_blocking(move || {
        terminal::show(&picture, protocol)?;
        terminal::wait_for_key(&seen)
    });
    tokio::select! {
        shown = &mut shown => return shown.unwrap_or_else(|error| Err(io::Error::other(error))),
        () = until => {}
    }
    stop.store(true, Ordering::SeqCst);
    // A terminal that stopped answering must not keep the process from ending.
    timeout(Duration::from_secs(1), shown).await.ok();
    Ok(())
}

/// Both pictures of a pair, scaled; or the first one and where they differ.
async fn paired(client: &Client, pair: PairJob) -> [Option<ScaledPicture>; 2] {
    let [one, other] = &pair.sides;
    let (one, other) = (side_picture(client, one).await, side_picture(client, other).await);
    let right = match (&one, &other) {
        (Some(Ok(one)), Some(Ok(other))) if pair.map => Some(mapped(client, one, other, pair.cells).await),
        _ => scaled(client, other, pair.cells).await,
    };
    [scaled(client, one, pair.cells).await, right]
}

async fn side_picture(
    client: &Client,
    (held, field): &(ExchangeSource, Option<String>),
) -> Option<Result<AnswerPicture, String>> {
    let field = field.as_ref()?;
    let exchange = match read(client, held).await {
        Ok(exchange) => exchange,
        Err(problem) => return Some(Err(problem)),
    };
    let response = exchange.response?;
    let pictures = text::pictures(&response, &exchange.media);
    pictures.into_iter().find(|picture| picture.field == *field).map(Ok)
}

async fn scaled(
    client: &Client,
    picture: Option<Result<AnswerPicture, String>>,
    cells: (u16, u16),
) -> Option<ScaledPicture> {
    let picture = match picture? {
        Ok(picture) => decoded(client, &picture).await,
        Err(problem) => Err(problem),
    };
    let picture = match picture {
        Ok(picture) => picture,
        Err(problem) => return Some(Err(problem)),
    };
    let own = (picture.width(), picture.height());
    let scaled = spawn_blocking(move || Arc::new(picture::thumbnail(&picture, cells))).await;
    Some(scaled.map(|pixels| (own, pixels)).map_err(|error| error.to_string()))
}

async fn mapped(
    client: &Client,
    one: &AnswerPicture,
    other: &AnswerPicture,
    cells: (u16, u16),
) -> ScaledPicture {
    let (before, after) = (picture_bytes(client, one).await?, picture_bytes(client, other).await?);
    let (before, after) = ((one.field.clone(), before), (other.field.clone(), after));
    let compared = spawn_blocking(move || {
        let contrast = contrast_pictures(&before, &after);
        let map = contrast
            .map
            .ok_or_else(|| contrast.problem.unwrap_or_else(|| "they cannot be compared".into()))?;
        let map = image::DynamicImage::ImageRgb8(map);
        Ok(((map.width(), map.height()), Arc::new(picture::thumbnail(&map, cells))))
    });
    compared.await.unwrap_or_else(|error| Err(error.to_string()))
}
