//! Exchanges that verbs are about: read, copied, opened outside, and their pictures beside each other.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::temp_files::{self, TempFiles};
use super::work::decoded;
use crate::desk::Desk;
use crate::engine::Thing;
use crate::model::RecordingId;
use crate::reading::contrast::contrast_pictures;
use crate::tui::content::copy::{CopyPart, LoadedExchange};
use crate::tui::content::text::{self, AnswerPicture, PictureSource, size};
use crate::tui::detail::state::ScaledPicture;
use crate::tui::protocol::effect::{ExchangeSource, OpenedPart, PairJob};
use crate::tui::protocol::message::Message;
use crate::tui::widgets::picture;

/// What a terminal is given at once: as much as all of them take in one sequence.
const OSC: usize = 74_994;

/// What verbs that leave the screen need.
#[derive(Debug)]
pub(crate) struct ExternalPrograms {
    pub(crate) base: String,
    pub(crate) copy: Vec<String>,
    pub(crate) open: Vec<String>,
    pub(crate) outbox: tokio::sync::Mutex<TempFiles>,
}

/// Reads an exchange.
async fn read(
    desk: &Desk,
    ExchangeSource(thing, answered): &ExchangeSource,
) -> Result<LoadedExchange, String> {
    let failed = |error: crate::desk::DeskError| error.to_string();
    let recording = match thing {
        Thing::Recording(id) | Thing::Original(id) => id,
        Thing::Call(id) => {
            if let Some(exchange) = desk.exchange(*id).await.map_err(failed)? {
                let (request, response) = (exchange.request.get().clone(), exchange.response.clone());
                return Ok(LoadedExchange { request, response, media: Vec::new(), id: thing.to_string() });
            }
            answered.as_ref().ok_or("its content is not kept any more")?
        }
    };
    recorded(desk, recording, thing).await
}

async fn recorded(desk: &Desk, id: &RecordingId, thing: &Thing) -> Result<LoadedExchange, String> {
    let recording = desk.recording(id).await.map_err(|error| error.to_string())?;
    let recording = recording.ok_or_else(|| format!("{id} is gone"))?;
    let (mut response, mut media) = (recording.response.clone(), recording.media.clone());
    if let (Thing::Original(_), Some(original)) = (thing, &recording.original) {
        (response, media) = (original.response.clone(), original.media.clone());
    }
    Ok(LoadedExchange {
        request: recording.request.get().clone(),
        response: Some(response),
        media,
        id: thing.to_string(),
    })
}

/// Copies a part of an exchange: by a program, by the terminal, or into a file where it is too long for that.
pub(crate) async fn copied(
    desk: &Desk,
    outside: &ExternalPrograms,
    held: &ExchangeSource,
    part: CopyPart,
) -> Result<Message, String> {
    let exchange = read(desk, held).await?;
    let (base, name) = (outside.base.clone(), exchange.id.clone());
    let text =
        spawn_blocking(move || part.of(&exchange, &base)).await.map_err(|error| error.to_string())??;
    let told = format!("{}, {}", part.name(), size(text.len() as u64));
    if !outside.copy.is_empty() {
        let program = temp_files::copy(&outside.copy, &text).await?;
        return Ok(Message::Done(format!("Copied with {program}: {told}")));
    }
    if text.len() <= OSC {
        return Ok(Message::Copied { text, what: part.name() });
    }
    let ending = temp_files::ending(text.as_bytes(), "text/plain");
    let path = outside.outbox.lock().await.write(&name, ending, text.as_bytes());
    let path = path
        .map_err(|error| format!("it is too long for the terminal, and no file can be written: {error}"))?;
    Ok(Message::Done(format!("Too long for the terminal: {told} is in {} until retake ends", path.display())))
}

/// Shows a part of an exchange in another program.
pub(crate) async fn opened(
    desk: &Desk,
    outside: &ExternalPrograms,
    held: &ExchangeSource,
    shown: &OpenedPart,
) -> Result<Message, String> {
    let exchange = read(desk, held).await?;
    let (bytes, content_type) = part(desk, &exchange, shown).await?;
    if bytes.is_empty() {
        return Err("there is no body to open".into());
    }
    let ending = temp_files::ending(&bytes, &content_type);
    let path = outside.outbox.lock().await.write(&exchange.id, ending, &bytes);
    let path = path.map_err(|error| format!("no file can be written: {error}"))?;
    let program = temp_files::open(&outside.open, &path)?;
    Ok(Message::Done(format!("{program} opens {}; the file is gone when retake ends", path.display())))
}

async fn part(desk: &Desk, exchange: &LoadedExchange, shown: &OpenedPart) -> Result<(Bytes, String), String> {
    let whole = |headers: &crate::model::Headers, bytes: &Bytes| {
        let decoded = crate::reading::decoded(headers, bytes).unwrap_or_else(|_| bytes.clone());
        (decoded, headers.media_type())
    };
    let response = exchange.response.as_ref().ok_or("there is no answer yet");
    Ok(match shown {
        OpenedPart::Request => whole(&exchange.request.headers, &exchange.request.body),
        OpenedPart::Response => whole(&response?.headers, &response?.log.bytes),
        OpenedPart::Picture(picture) => (bytes(desk, picture).await?, picture.content_type.clone()),
        OpenedPart::Medium(nth) => {
            let plays = |kind: &str| kind.starts_with("video/") || kind.starts_with("audio/");
            let inside = crate::reading::media(response?);
            let mut inside = inside.into_iter().filter(|one| plays(one.content_type));
            if let Some(one) = inside.nth(*nth) {
                return Ok((one.bytes, one.content_type.into()));
            }
            let file = exchange.media.iter().find(|one| plays(&one.content_type) && one.body.is_some());
            let file = file.ok_or("there is no sound or film in this answer")?;
            (medium(desk, &file.id).await?, file.content_type.clone())
        }
    })
}

async fn medium(desk: &Desk, id: &crate::model::MediaId) -> Result<Bytes, String> {
    match desk.media(id).await {
        Ok(Some(media)) => Ok(media.body),
        Ok(None) => Err("its file is gone".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// A picture's bytes, wherever they are.
pub(crate) async fn bytes(desk: &Desk, picture: &AnswerPicture) -> Result<Bytes, String> {
    match &picture.source {
        PictureSource::Inline(bytes) => Ok(bytes.clone()),
        PictureSource::Media(id) => medium(desk, id).await,
    }
}

/// Both pictures of a pair, scaled; or the first one and where they differ.
pub(crate) async fn paired(desk: &Desk, pair: PairJob) -> [Option<ScaledPicture>; 2] {
    let [one, other] = &pair.sides;
    let (one, other) = (found(desk, one).await, found(desk, other).await);
    let right = match (&one, &other) {
        (Some(Ok(one)), Some(Ok(other))) if pair.map => Some(mapped(desk, one, other, pair.cells).await),
        _ => scaled(desk, other, pair.cells).await,
    };
    [scaled(desk, one, pair.cells).await, right]
}

async fn found(
    desk: &Desk,
    (held, field): &(ExchangeSource, Option<String>),
) -> Option<Result<AnswerPicture, String>> {
    let field = field.as_ref()?;
    let exchange = match read(desk, held).await {
        Ok(exchange) => exchange,
        Err(problem) => return Some(Err(problem)),
    };
    let response = exchange.response?;
    let pictures = text::pictures(&response, &exchange.media);
    pictures.into_iter().find(|picture| picture.field == *field).map(Ok)
}

async fn scaled(
    desk: &Desk,
    picture: Option<Result<AnswerPicture, String>>,
    cells: (u16, u16),
) -> Option<ScaledPicture> {
    let picture = match picture? {
        Ok(picture) => decoded(desk, &picture).await,
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

async fn mapped(desk: &Desk, one: &AnswerPicture, other: &AnswerPicture, cells: (u16, u16)) -> ScaledPicture {
    let (before, after) = (bytes(desk, one).await?, bytes(desk, other).await?);
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
