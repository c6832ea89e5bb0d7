//! The store through its own door: real sled, real files, real syncs.

mod compact;
mod crash;
mod damage;
mod everyday;
mod history;
mod index;
mod law;
mod links;
mod mend;
mod refusal;
mod rows;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::model::{
    ByteLog, Completeness, Fingerprint, Hash, Headers, Notice, Provenance, Recording, RecordingId, Request,
    Response, Row, Strategy, Timestamp, Usage,
};

pub(super) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A store that the test owns at once or not at all.
pub(super) fn open(dir: &Path) -> Opened {
    Store::open(dir, &impatient(), NOW).unwrap()
}

pub(super) fn impatient() -> Ownership {
    Ownership { address: None, patience: Duration::ZERO }
}

/// Opens a store that has nothing to complain about.
pub(super) fn open_quietly(dir: &Path) -> Store {
    let Opened { store, notices } = open(dir);
    assert_eq!(notices, []);
    store
}

/// Ids in the order of their numbers.
pub(super) fn id(n: u8) -> RecordingId {
    let mut bytes = [n / 58; 16];
    bytes[15] = n % 58;
    RecordingId::from_random(bytes)
}

/// A recording with these bodies.
pub(super) fn recording(n: u8, request: &[u8], response: &[u8]) -> Recording {
    let request = Request {
        method: "POST".into(),
        mount: "openai".into(),
        target: "/v1/images/generations".into(),
        headers: [("content-type", "application/json")].into_iter().collect(),
        body: Bytes::copy_from_slice(request),
    };
    // A test may not vouch either: it reads the request as the store does.
    let exchange = serde_json::json!({ "request": request, "response": null });
    let request = serde_json::from_value::<crate::model::Exchange>(exchange).unwrap().request;
    let log = ByteLog::whole(response.to_vec(), Duration::ZERO);
    let response = Response { status: 200, headers: Headers::default(), log };
    let provenance = Provenance { recorded_at: Timestamp(i64::from(n)), ..Provenance::default() };
    Recording { tags: vec![format!("tag-{n}")], ..Recording::new(id(n), request, response, provenance) }
}

/// The ids of the removed recordings.
pub(super) fn trashed(store: &Store) -> Vec<RecordingId> {
    store.trash().unwrap().iter().map(|(_, entry)| entry.row.id.clone()).collect()
}

pub(super) fn small(n: u8) -> Recording {
    recording(n, format!("{{\"prompt\":\"{n}\"}}").as_bytes(), format!("answer {n}").as_bytes())
}

pub(super) fn large(n: u8) -> Recording {
    recording(n, &vec![n; INLINE + 1], &vec![!n; 3 * INLINE])
}

pub(super) fn indexed(recording: &Recording) -> Indexed {
    let row = Row {
        id: recording.id.clone(),
        hash: recording.hash,
        method: recording.request.method.clone(),
        mount: recording.request.mount.clone(),
        endpoint: "images/generations".into(),
        model: Some("gpt-image-1".into()),
        prompt: Some("a cat".into()),
        strategy: recording.strategy.clone(),
        name: recording.name.clone(),
        tags: recording.tags.clone(),
        protected: recording.protected,
        scope: recording.scope.clone(),
        playback: recording.playback,
        completeness: recording.completeness,
        status: recording.response.status,
        streamed: false,
        images: 0,
        size: recording.response.log.bytes.len() as u64,
        recorded_at: recording.provenance.recorded_at,
        stored_at: recording.provenance.stored_at,
        total: 0,
        answer: None,
        tokens: None,
        ending: recording.ending,
        source: recording.source.clone(),
        review: recording.review.clone(),
        edited: recording.original.is_some(),
        job: None,
        failure: None,
        continues: None,
        usage: Usage::default(),
    };
    let significant = Hash::of(recording.strategy.to_string().as_bytes());
    let keys = LookUpKeys {
        canonical: 1,
        all: Fingerprint(recording.hash.0),
        significant: Fingerprint(significant.0),
        answer: None,
        earlier: Vec::new(),
    };
    Indexed { row: Arc::new(row), keys }
}

pub(super) fn put(recording: &Recording) -> StoreChange {
    let Indexed { row, keys } = indexed(recording);
    StoreChange::Put { recording: Box::new(recording.clone()), row, keys, media: Vec::new() }
}

pub(super) fn commit(store: &Store, change: StoreChange) {
    store.commit_blocking(vec![change], NOW).unwrap();
}

/// A store with these recordings, closed again.
pub(super) fn filled(dir: &Path, recordings: &[Recording]) {
    let store = open(dir).store;
    store.commit_blocking(recordings.iter().map(put).collect(), NOW).unwrap();
}

pub(super) fn ids(entries: &[Indexed]) -> Vec<RecordingId> {
    entries.iter().map(|entry| entry.row.id.clone()).collect()
}

/// All that a store shows of its recordings.
pub(super) fn content(store: &Store) -> Vec<(Indexed, Recording)> {
    let whole = |entry: Indexed| {
        let recording = store.recording(&entry.row.id).unwrap().unwrap();
        (entry, recording)
    };
    store.entries().unwrap().into_iter().map(whole).collect()
}

/// What a crash would leave: the files as they are while the store is still open.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(super) fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

pub(super) fn journal_lines(dir: &Path) -> Vec<Vec<u8>> {
    let text = fs::read(dir.join("journal.log")).unwrap();
    text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}
