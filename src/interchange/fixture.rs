//! Fixtures: recordings as files that people read, review and commit.
//!
//! A recording is one JSON file, with larger bodies beside it. Nothing is lost on the way: a body is written as JSON or as
//! lines only where reading that gives the very same bytes, times keep their microseconds, and
//! `decode(encode(x)) == x`. What people leave out when they write one by hand has a default: the id and the hash come from
//! the request, the strategy is `standard`, the answer arrives in one piece.

mod body;
mod error;
mod layout;
mod time;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use self::error::FixtureError;

use self::body::FixtureBodyForm;
use self::error::wrong;
use self::time::{Millis, Moment};
use super::VERSION;
use crate::model::{
    ByteLog, Completeness, Ending, Hash, Headers, Latency, MediaId, MediaRef, Piece, Playback, Provenance,
    Recording, RecordingId, Request, Response, Scrubbed, Source, Strategy, Timestamp, check_name,
};

/// A recording as files of one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The path of the JSON file, without `.json`: the recording's name, if it has one.
    pub path: String,
    /// The JSON file.
    pub json: String,
    /// Name and bytes of the files beside it; the names begin with that of the JSON file.
    pub bodies: Vec<(String, Bytes)>,
}

/// Writes a recording and its downloaded media as files.
#[must_use]
pub fn encode(recording: &Recording, media: &[(Hash, Bytes)]) -> Files {
    let path = recording.name.clone().filter(|name| check_name(name).is_ok());
    let path = path.unwrap_or_else(|| stem(recording));
    let name = path.rsplit('/').next().unwrap_or(&path);
    let mut bodies = Vec::new();
    let mut form = |part: &str, kind: &str, bytes: &Bytes, apart: bool| {
        let form = FixtureBodyForm::of(bytes, apart, || format!("{name}.{part}.{}", body::ending(kind)));
        bodies.extend(form.file().map(|file| (file.to_owned(), bytes.clone())));
        form
    };
    let (request, response) = (recording.request.get(), &recording.response);
    let pieces = response.log.pieces.iter().map(|piece| (piece.len, Millis(piece.at))).collect();
    let provenance = &recording.provenance;
    let file = FixtureFile {
        retake: VERSION,
        id: Some(recording.id.as_str().to_owned()),
        hash: Some(recording.hash),
        name: recording.name.clone(),
        tags: recording.tags.clone(),
        strategy: recording.strategy.clone(),
        protected: recording.protected,
        scope: recording.scope.clone(),
        playback: recording.playback,
        completeness: recording.completeness,
        ending: recording.ending,
        pace: recording.pace,
        source: recording.source.clone(),
        provenance: ProvenancePart {
            recorded_at: Moment(provenance.recorded_at),
            upstream: provenance.upstream.clone(),
            version: provenance.version.clone(),
            first_byte_ms: Millis(provenance.first_byte),
            total_ms: Millis(provenance.total),
        },
        request: RequestPart {
            method: request.method.clone(),
            mount: request.mount.clone(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            body: form("request", &request.headers.media_type(), &request.body, false),
        },
        response: ResponsePart {
            status: response.status,
            headers: response.headers.clone(),
            body: form("response", &response.headers.media_type(), &response.log.bytes, false),
            pieces: Some(pieces),
        },
        files: media
            .iter()
            .enumerate()
            .map(|(number, (hash, bytes))| {
                let known = recording.media.iter().find(|medium| medium.body == Some(*hash));
                let kind = known.map_or("", |medium| medium.content_type.as_str());
                FilePart { hash: *hash, body: form(&format!("media-{number}"), kind, bytes, true) }
            })
            .collect(),
        media: recording.media.clone(),
    };
    Files { json: layout::text(&file), path, bodies }
}

/// Reads a recording and its downloaded media. `body` gives the bytes of a file beside it; names that lead elsewhere are
/// refused before it is asked. `scrub` is the scrubber of the store that the recording is for: people edit fixtures, and
/// write keys into them.
///
/// # Errors
/// When the text is no fixture of a known version, a field is wrong, a file is missing, or bytes do not have the hash that
/// is stated.
pub fn decode(
    json: &str,
    body: impl Fn(&str) -> Option<Bytes>,
    scrub: impl Fn(&Request) -> Scrubbed,
) -> Result<(Recording, Vec<(Hash, Bytes)>), FixtureError> {
    let broken = |error: serde_json::Error| FixtureError::Json(error.to_string());
    let mark: VersionMark = serde_json::from_str(json).map_err(broken)?;
    match mark.retake {
        None => return Err(FixtureError::Unmarked),
        Some(VERSION) => {}
        Some(other) if other > VERSION => return Err(FixtureError::Newer(other)),
        Some(other) => {
            return Err(wrong("retake", format!("there is no version {other}; expected {VERSION}")));
        }
    }
    let file: FixtureFile = serde_json::from_str(json).map_err(broken)?;
    let written = file.request.read(&body)?;
    let request = scrub(&written);
    let hash = request.hash();
    // One that an older retake wrote, which knew fewer secrets, states the hash of what it says.
    if file.hash.is_some_and(|stated| stated != hash && stated != written.hash()) {
        let problem =
            format!("the request has the hash {hash}; after a change leave the line out, and it is computed");
        return Err(wrong("hash", problem));
    }
    let (id, response) = (id(file.id, hash)?, file.response.response(&body)?);
    let recording = Recording {
        strategy: file.strategy,
        name: file.name,
        tags: sorted(file.tags),
        protected: file.protected,
        scope: file.scope,
        playback: file.playback,
        completeness: file.completeness,
        ending: file.ending,
        pace: file.pace,
        source: file.source,
        media: checked(file.media)?,
        ..Recording::new(id, request, response, file.provenance.into())
    };
    let media = file.files.into_iter().enumerate().map(|(number, part)| part.stored(number, &body));
    Ok((recording, media.collect::<Result<_, _>>()?))
}

/// The part of the form that every version has.
#[derive(Deserialize)]
struct VersionMark {
    retake: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FixtureFile {
    retake: u32,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    hash: Option<Hash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default)]
    strategy: Strategy,
    #[serde(default, skip_serializing_if = "is_default")]
    protected: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    playback: Playback,
    #[serde(default)]
    completeness: Completeness,
    #[serde(default, skip_serializing_if = "is_default")]
    ending: Ending,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pace: Option<Latency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    #[serde(default)]
    provenance: ProvenancePart,
    request: RequestPart,
    response: ResponsePart,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    media: Vec<MediaRef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<FilePart>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ProvenancePart {
    recorded_at: Moment,
    upstream: String,
    version: String,
    first_byte_ms: Millis,
    total_ms: Millis,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestPart {
    method: String,
    mount: String,
    target: String,
    #[serde(default)]
    headers: Headers,
    #[serde(default)]
    body: FixtureBodyForm,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponsePart {
    status: u16,
    #[serde(default)]
    headers: Headers,
    #[serde(default)]
    body: FixtureBodyForm,
    /// Length in bytes and time of arrival of each piece.
    #[serde(default)]
    pieces: Option<Vec<(u64, Millis)>>,
}

/// Downloaded media: the bytes that [`MediaRef::body`] names.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePart {
    hash: Hash,
    body: FixtureBodyForm,
}

impl RequestPart {
    fn read(self, body: impl Fn(&str) -> Option<Bytes>) -> Result<Request, FixtureError> {
        let body = self.body.bytes("request.body", body)?;
        let Self { method, mount, target, headers, .. } = self;
        Ok(Request { method, mount, target, headers: lowered(&headers), body })
    }
}

impl ResponsePart {
    fn response(self, body: impl Fn(&str) -> Option<Bytes>) -> Result<Response, FixtureError> {
        let bytes = self.body.bytes("response.body", body)?;
        let log = match self.pieces {
            None => ByteLog::whole(bytes, std::time::Duration::ZERO),
            Some(pieces) => {
                let sum = pieces.iter().fold(0_u64, |sum, (len, _)| sum.saturating_add(*len));
                if sum != bytes.len() as u64 {
                    let problem = format!(
                        "the lengths add up to {sum}, and the body has {} bytes; leave the field out for one piece",
                        bytes.len()
                    );
                    return Err(wrong("response.pieces", problem));
                }
                ByteLog {
                    bytes,
                    pieces: pieces.into_iter().map(|(len, at)| Piece { len, at: at.0 }).collect(),
                }
            }
        };
        Ok(Response { status: self.status, headers: lowered(&self.headers), log })
    }
}

impl FilePart {
    fn stored(
        self,
        number: usize,
        body: impl Fn(&str) -> Option<Bytes>,
    ) -> Result<(Hash, Bytes), FixtureError> {
        let bytes = self.body.bytes(&format!("files[{number}].body"), body)?;
        if Hash::of(&bytes) == self.hash {
            return Ok((self.hash, bytes));
        }
        Err(wrong(
            format!("files[{number}].hash"),
            format!("the bytes have the SHA-256 {}", Hash::of(&bytes)),
        ))
    }
}

impl From<ProvenancePart> for Provenance {
    fn from(part: ProvenancePart) -> Self {
        Self {
            recorded_at: part.recorded_at.0,
            // Known when it is stored, and not before.
            stored_at: Timestamp::default(),
            upstream: part.upstream,
            version: part.version,
            first_byte: part.first_byte_ms.0,
            total: part.total_ms.0,
        }
    }
}

fn id(stated: Option<String>, hash: Hash) -> Result<RecordingId, FixtureError> {
    let Some(text) = stated else {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.0[..16]);
        return Ok(RecordingId::from_random(bytes));
    };
    text.parse().map_err(|error: crate::model::ParseIdError| wrong("id", error.to_string()))
}

/// Ids become parts of links and file names, so they are held to their form.
fn checked(media: Vec<MediaRef>) -> Result<Vec<MediaRef>, FixtureError> {
    for (number, medium) in media.iter().enumerate() {
        let id: Result<MediaId, _> = medium.id.as_str().parse();
        id.map_err(|error| wrong(format!("media[{number}].id"), error.to_string()))?;
    }
    Ok(media)
}

/// People write `Content-Type`; the model has names in lower case.
fn lowered(headers: &Headers) -> Headers {
    headers.iter().map(|(name, value)| (name, value.clone())).collect()
}

fn sorted(mut tags: Vec<String>) -> Vec<String> {
    tags.sort();
    tags.dedup();
    tags
}

/// The stem of a recording's file name: what it asks, and enough of its id that no two share one.
fn stem(recording: &Recording) -> String {
    let path = recording.request.path();
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "v1" | "v1beta" | "v2"));
    let words = parts.collect::<Vec<_>>().join("-");
    let mut slug = String::new();
    for c in words.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
        if slug.len() >= 48 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    let id: String = recording.id.as_str().chars().skip(RecordingId::PREFIX.len()).take(8).collect();
    if slug.is_empty() { format!("recording-{id}") } else { format!("{slug}-{id}") }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
