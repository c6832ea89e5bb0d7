//! Media behind links: downloaded while recording, served from the store.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use super::answer::aside;
use super::{Engine, links};
use crate::dialect::Dialect;
use crate::model::{Hash, MediaId, MediaRef, RecordingId};
use crate::store::StoreError;
use crate::upstream::{Base, Fetched};

/// A file that a recording keeps, or that a mock made.
#[derive(Clone, Debug)]
pub struct Media {
    /// Its content type.
    pub content_type: String,
    /// Its bytes.
    pub body: Bytes,
}

/// Downloads under way, so that a GET can wait for one.
#[derive(Default)]
pub(super) struct Pending {
    downloads: Mutex<HashMap<MediaId, watch::Receiver<Option<Media>>>>,
}

/// A link of an answer and what was behind it.
pub(super) struct Downloaded {
    pub(super) medium: MediaRef,
    pub(super) body: Option<Bytes>,
}

impl Engine {
    /// The file behind `/__retake/media/<id>`, waiting for a download that is under way.
    ///
    /// # Errors
    /// When the recording or the file cannot be read.
    pub async fn media(&self, id: &str) -> Result<Option<Media>, StoreError> {
        let mocked = id.to_owned();
        if let Some((content_type, body)) = aside(move || Dialect::mock_media(&mocked)).await {
            return Ok(Some(Media { content_type: content_type.to_owned(), body }));
        }
        let Ok(id) = id.parse::<MediaId>() else { return Ok(None) };
        let pending =
            self.shared.pending.downloads.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(mut pending) = pending
            && let Ok(media) = pending.wait_for(Option::is_some).await
        {
            return Ok(media.clone());
        }
        let Some(recording) = self.recording(&id.recording())? else { return Ok(None) };
        let Some(medium) = recording.media.iter().find(|medium| medium.id == id) else { return Ok(None) };
        let Some(hash) = &medium.body else { return Ok(None) };
        let body = self.shared.store.body(hash)?;
        Ok(Some(Media { content_type: medium.content_type.clone(), body }))
    }

    /// The media that an answer's links name, with their ids; nothing is downloaded yet.
    pub(super) fn linked(id: &RecordingId, body: &[u8], patterns: &[&str]) -> Vec<MediaRef> {
        let links = links::find(body, patterns).into_iter();
        let medium = |(field, url): (String, String)| MediaRef {
            id: MediaId::of(id, &field),
            field,
            url,
            content_type: String::new(),
            body: None,
            len: 0,
            problem: None,
        };
        links.map(medium).collect()
    }

    /// Starts the downloads at once, so that a client that asks for one waits for it; the future ends with the last.
    pub(super) fn download(
        &self,
        media: Vec<MediaRef>,
        upstream: &Base,
    ) -> impl Future<Output = Vec<Downloaded>> + use<> {
        let started: Vec<_> = media
            .into_iter()
            .map(|medium| {
                let (tell, wait) = watch::channel(None);
                self.shared
                    .pending
                    .downloads
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(medium.id.clone(), wait);
                let (client, url, base) = (self.shared.client.clone(), medium.url.clone(), upstream.clone());
                let task = tokio::spawn(async move {
                    let fetched = client.fetch(&url, &base).await;
                    if let Ok(Fetched { content_type, body }) = &fetched {
                        tell.send_replace(Some(Media {
                            content_type: content_type.clone(),
                            body: body.clone(),
                        }));
                    }
                    fetched
                });
                (medium, task)
            })
            .collect();
        async move {
            let mut done = Vec::with_capacity(started.len());
            for (medium, task) in started {
                done.push(match task.await {
                    Ok(Ok(fetched)) => arrived(medium, fetched),
                    Ok(Err(error)) => failed(medium, error.to_string()),
                    Err(_) => failed(medium, "the download was stopped".into()),
                });
            }
            done
        }
    }

    /// Ends the waiting for downloads that are in the store now.
    pub(super) fn downloaded(&self, media: &[MediaRef]) {
        let mut downloads = self.shared.pending.downloads.lock().unwrap_or_else(PoisonError::into_inner);
        downloads.retain(|id, _| !media.iter().any(|medium| medium.id == *id));
    }
}

fn arrived(medium: MediaRef, fetched: Fetched) -> Downloaded {
    let Fetched { content_type, body } = fetched;
    let medium = MediaRef { content_type, body: Some(Hash::of(&body)), len: body.len() as u64, ..medium };
    Downloaded { medium, body: Some(body) }
}

fn failed(medium: MediaRef, problem: String) -> Downloaded {
    tracing::warn!("a link of {} could not be kept: {problem}", medium.id.recording());
    Downloaded { medium: MediaRef { problem: Some(problem), ..medium }, body: None }
}
