//! Exchanges loaded from the client: for the detail pane, and for verbs that are about one.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;

use crate::api::{DecidingRequest, RecordingRequest, RerecordRequest, SearchRequest};
use crate::client::{Client, ClientError};
use crate::dialect::Dialect;
use crate::engine::ExchangeRef;
use crate::model::{MediaId, RecordingId, Request};
use crate::tui::content::copy::LoadedExchange;
use crate::tui::content::page::ExchangePages;
use crate::tui::content::subject::DetailSubject;
use crate::tui::content::text::{self, AnswerPicture, BodyForm, PictureSource};
use crate::tui::protocol::job::ExchangeSource;
use crate::tui::protocol::message::Message;

/// Longer films are not read for what their header says.
const FILM: u64 = 64 << 20;

/// Loads what the detail pane shows, the newest wish only.
pub(super) async fn load_all(
    client: Client,
    mut wanted: watch::Receiver<Option<(u64, DetailSubject, BodyForm)>>,
    say: mpsc::Sender<Message>,
) {
    while wanted.changed().await.is_ok() {
        let Some((generation, subject, form)) = wanted.borrow_and_update().clone() else { continue };
        let pages = match load(&client, &subject, form).await {
            Ok(pages) => pages,
            Err(error) => {
                // Without a screen nobody asks any more.
                say.send(Message::Failed { what: "loading", text: format!("{error:#}") }).await.ok();
                None
            }
        };
        if say.send(Message::Loaded { generation, pages }).await.is_err() {
            return;
        }
    }
}

async fn load(
    client: &Client,
    subject: &DetailSubject,
    form: BodyForm,
) -> anyhow::Result<Option<Arc<ExchangePages>>> {
    let recording = match subject {
        DetailSubject::Recording(id) => Some(id),
        // What the call itself held, if that is remembered; else what answered it.
        DetailSubject::Call(call, recording) => {
            if let Some(exchange) = client.exchange(*call).await? {
                let pages = spawn_blocking(move || ExchangePages::of_exchange(&exchange, form)).await?;
                return Ok(Some(Arc::new(with_facts(client, recording.as_ref(), pages).await)));
            }
            recording.as_ref()
        }
    };
    let Some(id) = recording else { return Ok(None) };
    let Some(recording) = client.find(RecordingRequest { id: id.clone() }).await? else { return Ok(None) };
    let request = Request { body: Bytes::new(), ..recording.request.get().clone() };
    let mut pages = spawn_blocking(move || ExchangePages::of_recording(&recording, form)).await?;
    if pages.pictures.is_empty() && pages.media.iter().any(|medium| medium.content_type.starts_with("video/"))
    {
        // Without it the film is still worth showing.
        pages.pictures = film_pictures(client, &request).await.unwrap_or_default();
    }
    Ok(Some(Arc::new(with_facts(client, Some(id), pages).await)))
}

/// The pictures of a film that were asked for by themselves: other variants of the same place (`?variant=thumbnail`).
async fn film_pictures(client: &Client, film: &Request) -> Result<Vec<AnswerPicture>, ClientError> {
    /// The most candidates that are looked at, the newest first.
    const MOST: usize = 32;
    let endpoint = Dialect::of_mount(&film.mount).endpoint(&film.method, film.path()).name;
    let mut rows = client.run(SearchRequest::of_query("image:yes")).await?.items;
    rows.retain(|row| row.mount == film.mount && row.endpoint == endpoint);
    rows.sort_by_key(|row| std::cmp::Reverse(row.recorded_at));
    for row in rows.iter().take(MOST) {
        let Some(other) = client.find(RecordingRequest { id: row.id.clone() }).await? else { continue };
        if other.request.path() == film.path() {
            let mut pictures = text::pictures(&other.response, &other.media);
            for picture in &mut pictures {
                picture.field = format!("of {}", row.id);
            }
            return Ok(pictures);
        }
    }
    Ok(Vec::new())
}

/// Adds what only the client knows: which fields decide, what it cost, what stands in films behind links. Without any of
/// that the rest is still worth showing.
async fn with_facts(client: &Client, id: Option<&RecordingId>, mut pages: ExchangePages) -> ExchangePages {
    let Some(id) = id else { return pages };
    let facts = pages.facts.get_or_insert_default();
    facts.deciding = client.find(DecidingRequest { id: id.clone() }).await.ok().flatten();
    let plan = client.run(RerecordRequest { ids: vec![id.clone()], dry_run: true }).await.unwrap_or_default();
    facts.price = plan.first().and_then(|one| one.price);
    for medium in pages.media.iter_mut().filter(|medium| medium.len <= FILM) {
        if let Some(file) = medium.file.as_ref().filter(|_| medium.content_type.starts_with("video/"))
            && let Ok(Some(media)) = client.media(file).await
        {
            medium.film = crate::reading::film(&media.body);
        }
    }
    pages
}

/// Reads an exchange.
pub(super) async fn read(
    client: &Client,
    ExchangeSource(thing, answered): &ExchangeSource,
) -> Result<LoadedExchange, String> {
    let failed = |error: ClientError| error.to_string();
    let recording = match thing {
        ExchangeRef::Recording(id) | ExchangeRef::Original(id) => id,
        ExchangeRef::Call(id) => {
            if let Some(exchange) = client.exchange(*id).await.map_err(failed)? {
                let (request, response) = (exchange.request.get().clone(), exchange.response.clone());
                return Ok(LoadedExchange { request, response, media: Vec::new(), id: thing.to_string() });
            }
            answered.as_ref().ok_or("no longer in memory")?
        }
    };
    recorded(client, recording, thing).await
}

async fn recorded(client: &Client, id: &RecordingId, thing: &ExchangeRef) -> Result<LoadedExchange, String> {
    let recording =
        client.find(RecordingRequest { id: id.clone() }).await.map_err(|error| error.to_string())?;
    let recording = recording.ok_or_else(|| format!("{id} is gone"))?;
    let (mut response, mut media) = (recording.response.clone(), recording.media.clone());
    if let (ExchangeRef::Original(_), Some(original)) = (thing, &recording.original) {
        (response, media) = (original.response.clone(), original.media.clone());
    }
    Ok(LoadedExchange {
        request: recording.request.get().clone(),
        response: Some(response),
        media,
        id: thing.to_string(),
    })
}

pub(super) async fn medium(client: &Client, id: &MediaId) -> Result<Bytes, String> {
    match client.media(id).await {
        Ok(Some(media)) => Ok(media.body),
        Ok(None) => Err("its file is gone".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// A picture's bytes, wherever they are.
pub(super) async fn picture_bytes(client: &Client, picture: &AnswerPicture) -> Result<Bytes, String> {
    match &picture.source {
        PictureSource::Inline(bytes) => Ok(bytes.clone()),
        PictureSource::Media(id) => medium(client, id).await,
    }
}
