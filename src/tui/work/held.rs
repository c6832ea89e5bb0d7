//! Exchanges that verbs are about: read, copied, opened outside, and their pictures beside each other.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::decoded;
use crate::desk::Desk;
use crate::engine::Thing;
use crate::model::RecordingId;
use crate::reading::contrast::contrast_pictures;
use crate::tui::copy::{Part, Read};
use crate::tui::detail::Scaled;
use crate::tui::effect::{Held, Pair, Shown};
use crate::tui::message::Message;
use crate::tui::outbox::{self, Outbox};
use crate::tui::picture;
use crate::tui::text::{self, Picture, Source, size};

/// What a terminal is given at once: as much as all of them take in one sequence.
const OSC: usize = 74_994;

/// What verbs that leave the screen need.
#[derive(Debug)]
pub(in crate::tui) struct Outside {
    pub(in crate::tui) base: String,
    pub(in crate::tui) copy: Vec<String>,
    pub(in crate::tui) open: Vec<String>,
    pub(in crate::tui) outbox: tokio::sync::Mutex<Outbox>,
}

/// Reads an exchange.
async fn read(desk: &Desk, Held(thing, answered): &Held) -> Result<Read, String> {
    let failed = |error: crate::desk::DeskError| error.to_string();
    let recording = match thing {
        Thing::Recording(id) | Thing::Original(id) => id,
        Thing::Call(id) => {
            if let Some(exchange) = desk.exchange(*id).await.map_err(failed)? {
                let (request, response) = (exchange.request.get().clone(), exchange.response.clone());
                return Ok(Read { request, response, media: Vec::new(), id: thing.to_string() });
            }
            answered.as_ref().ok_or("its content is not kept any more")?
        }
    };
    recorded(desk, recording, thing).await
}

async fn recorded(desk: &Desk, id: &RecordingId, thing: &Thing) -> Result<Read, String> {
    let recording = desk.recording(id).await.map_err(|error| error.to_string())?;
    let recording = recording.ok_or_else(|| format!("{id} is gone"))?;
    let (mut response, mut media) = (recording.response.clone(), recording.media.clone());
    if let (Thing::Original(_), Some(original)) = (thing, &recording.original) {
        (response, media) = (original.response.clone(), original.media.clone());
    }
    Ok(Read {
        request: recording.request.get().clone(),
        response: Some(response),
        media,
        id: thing.to_string(),
    })
}

/// Copies a part of an exchange: by a program, by the terminal, or into a file where it is too long for that.
pub(super) async fn copied(
    desk: &Desk,
    outside: &Outside,
    held: &Held,
    part: Part,
) -> Result<Message, String> {
    let exchange = read(desk, held).await?;
    let (base, name) = (outside.base.clone(), exchange.id.clone());
    let text =
        spawn_blocking(move || part.of(&exchange, &base)).await.map_err(|error| error.to_string())??;
    let told = format!("{}, {}", part.name(), size(text.len() as u64));
    if !outside.copy.is_empty() {
        let program = outbox::copy(&outside.copy, &text).await?;
        return Ok(Message::Done(format!("Copied with {program}: {told}")));
    }
    if text.len() <= OSC {
        return Ok(Message::Copied { text, what: part.name() });
    }
    let ending = outbox::ending(text.as_bytes(), "text/plain");
    let path = outside.outbox.lock().await.write(&name, ending, text.as_bytes());
    let path = path
        .map_err(|error| format!("it is too long for the terminal, and no file can be written: {error}"))?;
    Ok(Message::Done(format!("Too long for the terminal: {told} is in {} until retake ends", path.display())))
}

/// Shows a part of an exchange in another program.
pub(super) async fn opened(
    desk: &Desk,
    outside: &Outside,
    held: &Held,
    shown: &Shown,
) -> Result<Message, String> {
    let exchange = read(desk, held).await?;
    let (bytes, content_type) = part(desk, &exchange, shown).await?;
    if bytes.is_empty() {
        return Err("there is no body to open".into());
    }
    let ending = outbox::ending(&bytes, &content_type);
    let path = outside.outbox.lock().await.write(&exchange.id, ending, &bytes);
    let path = path.map_err(|error| format!("no file can be written: {error}"))?;
    let program = outbox::open(&outside.open, &path)?;
    Ok(Message::Done(format!("{program} opens {}; the file is gone when retake ends", path.display())))
}

async fn part(desk: &Desk, exchange: &Read, shown: &Shown) -> Result<(Bytes, String), String> {
    let whole = |headers: &crate::model::Headers, bytes: &Bytes| {
        let decoded = crate::reading::decoded(headers, bytes).unwrap_or_else(|_| bytes.clone());
        (decoded, headers.media_type())
    };
    let response = exchange.response.as_ref().ok_or("there is no answer yet");
    Ok(match shown {
        Shown::Request => whole(&exchange.request.headers, &exchange.request.body),
        Shown::Response => whole(&response?.headers, &response?.log.bytes),
        Shown::Picture(picture) => (bytes(desk, picture).await?, picture.content_type.clone()),
        Shown::Medium(nth) => {
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
pub(super) async fn bytes(desk: &Desk, picture: &Picture) -> Result<Bytes, String> {
    match &picture.source {
        Source::Inline(bytes) => Ok(bytes.clone()),
        Source::Media(id) => medium(desk, id).await,
    }
}

/// Both pictures of a pair, scaled; or the first one and where they differ.
pub(super) async fn paired(desk: &Desk, pair: Pair) -> [Option<Scaled>; 2] {
    let [one, other] = &pair.sides;
    let (one, other) = (found(desk, one).await, found(desk, other).await);
    let right = match (&one, &other) {
        (Some(Ok(one)), Some(Ok(other))) if pair.map => Some(mapped(desk, one, other, pair.cells).await),
        _ => scaled(desk, other, pair.cells).await,
    };
    [scaled(desk, one, pair.cells).await, right]
}

async fn found(desk: &Desk, (held, field): &(Held, Option<String>)) -> Option<Result<Picture, String>> {
    let field = field.as_ref()?;
    let exchange = match read(desk, held).await {
        Ok(exchange) => exchange,
        Err(problem) => return Some(Err(problem)),
    };
    let response = exchange.response?;
    let pictures = text::pictures(&response, &exchange.media);
    pictures.into_iter().find(|picture| picture.field == *field).map(Ok)
}

async fn scaled(desk: &Desk, picture: Option<Result<Picture, String>>, cells: (u16, u16)) -> Option<Scaled> {
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

async fn mapped(desk: &Desk, one: &Picture, other: &Picture, cells: (u16, u16)) -> Scaled {
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
