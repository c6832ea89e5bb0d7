//! Media behind links: downloaded while recording, served from the store. An answer with links is held until they are here,
//! so that it never holds one that leads nowhere.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use futures_util::stream::StreamExt as _;

use crate::dialect::Dialect;
use crate::dialect::media_links;
use crate::engine::aside::aside;
use crate::engine::budget::Hold;
use crate::engine::state::Engine;
use crate::model::{Hash, MediaId, MediaRef, RecordingId};
use crate::store::StoreError;
use crate::upstream::{Base, FetchedMedia};

/// The longest wait for a file: the answer that links to it waits as well.
const DOWNLOAD: Duration = Duration::from_secs(120);

/// The number of files that are downloaded at once for one answer.
const AT_ONCE: usize = 8;

/// A file that a recording keeps, or that a mock made.
#[derive(Clone, Debug)]
pub struct Media {
    /// The content type.
    pub content_type: String,
    /// The file's bytes.
    pub body: Bytes,
}

/// A link of an answer and what was behind it.
pub(crate) struct Downloaded {
    pub(crate) medium: MediaRef,
    pub(crate) body: Option<Bytes>,
}

impl Downloaded {
    /// The links of a recording, and the files that are stored with it.
    pub(crate) fn split(files: Vec<Self>) -> (Vec<MediaRef>, Vec<(Hash, Bytes)>) {
        let bodies = files.iter().filter_map(|file| Some((file.medium.body?, file.body.clone()?))).collect();
        (files.into_iter().map(|file| file.medium).collect(), bodies)
    }
}

impl Engine {
    /// The file behind `/__retake/media/<id>`.
    ///
    /// # Errors
    /// When the recording or the file cannot be read.
    pub async fn media(&self, id: &str) -> Result<Option<Media>, StoreError> {
        let mocked = id.to_owned();
        if let Some((content_type, body)) = aside(move || Dialect::mock_media(&mocked)).await {
            return Ok(Some(Media { content_type: content_type.to_owned(), body }));
        }
        let Ok(id) = id.parse::<MediaId>() else { return Ok(None) };
        let Some(recording) = self.recording(&id.recording())? else { return Ok(None) };
        let Some(medium) = recording.media.iter().find(|medium| medium.id == id) else { return Ok(None) };
        let Some(hash) = &medium.body else { return Ok(None) };
        let body = match self.shared.unsaved.file(hash) {
            Some(body) => body,
            None => self.shared.store.body(hash)?,
        };
        Ok(Some(Media { content_type: medium.content_type.clone(), body }))
    }

    /// The media that an answer's links name, with their ids; nothing is downloaded yet.
    pub(crate) fn linked(id: &RecordingId, body: &[u8], patterns: &[&str]) -> Vec<MediaRef> {
        let links = media_links::find(body, patterns).into_iter();
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

    /// Downloads what links point to, some at once; what does not arrive in time has failed.
    pub(crate) async fn download(&self, media: Vec<MediaRef>, upstream: &Base) -> Vec<Downloaded> {
        let fetch = |medium: MediaRef| {
            let (client, upstream) = (self.shared.client.clone(), upstream.clone());
            let mut held = self.hold();
            async move {
                let fetched = client.fetch(&medium.url, &upstream, |len| held.cover(len));
                match tokio::time::timeout(DOWNLOAD, fetched).await {
                    Ok(Ok(fetched)) => arrived(medium, fetched, held),
                    Ok(Err(error)) => failed(medium, error.to_string()),
                    Err(_) => failed(medium, format!("it did not arrive within {} s", DOWNLOAD.as_secs())),
                }
            }
        };
        stream::iter(media.into_iter().map(fetch)).buffered(AT_ONCE).collect().await
    }
}

/// A file and the memory that it takes, as long as somebody has it.
struct Counted {
    body: Bytes,
    _held: Hold,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

fn arrived(medium: MediaRef, fetched: FetchedMedia, held: Hold) -> Downloaded {
    let FetchedMedia { content_type, body } = fetched;
    let body = Bytes::from_owner(Counted { body, _held: held });
    let medium = MediaRef { content_type, body: Some(Hash::of(&body)), len: body.len() as u64, ..medium };
    Downloaded { medium, body: Some(body) }
}

fn failed(medium: MediaRef, problem: String) -> Downloaded {
    tracing::warn!("a link of {} could not be kept: {problem}", medium.id.recording());
    Downloaded { medium: MediaRef { problem: Some(problem), ..medium }, body: None }
}
