//! The verbs on an engine with a real store: what they do, and that each can be taken back.

mod carried;
mod compacted;
mod faults;
mod fired;
mod kept;
mod law;

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use retake::engine::{self, Draft, Engine, Settings, plain_response};
use retake::model::{Recording, RecordingId, Request};
use retake::store::{Ownership, Store};

/// An engine on the store in `dir`.
pub(crate) fn open(dir: &Path) -> Engine {
    let opened = Store::open(dir, &Ownership::default(), engine::now()).unwrap();
    assert!(opened.notices.is_empty(), "{:?}", opened.notices);
    Engine::new(Settings::default(), opened.store).unwrap()
}

/// A recording from scratch that says `answer` to a chat about `topic`.
pub(crate) fn draft(topic: &str, answer: &str) -> Draft {
    let body =
        serde_json::json!({ "model": "gpt-5-mini", "messages": [{ "role": "user", "content": topic }] });
    let request = Request {
        method: "POST".into(),
        mount: "openai".into(),
        target: "/v1/chat/completions".into(),
        headers: [("content-type", "application/json")].into_iter().collect(),
        body: body.to_string().into(),
    };
    let answer = serde_json::json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-5-mini",
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": answer } }],
    });
    let response = plain_response(200, "application/json", Bytes::from(answer.to_string()));
    Draft { request, response: Some(response), strategy: None, scope: None, name: None, dry_run: false }
}

/// All that is listed, whole.
pub(crate) fn content(engine: &Engine) -> BTreeMap<RecordingId, Recording> {
    let rows = engine.rows();
    rows.into_keys()
        .map(|id| {
            let recording = engine.recording(&id).unwrap().unwrap();
            (id, Recording::clone(&recording))
        })
        .collect()
}
