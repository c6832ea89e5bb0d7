//! Stores full of recordings whose requests the load sends.

use std::path::Path;
use std::time::Duration;

use retake::engine::{self, Engine, Settings};
use retake::matching::{Salt, Scrubber};
use retake::model::{ByteLog, Mode, Provenance, Recording, RecordingId, Request, Response, Timestamp};
use retake::store::{Ownership, Store};

use super::Failure;
use super::load::REQUESTS;

/// What every recording answers.
pub(crate) const ANSWER: &str = r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1760000000,"model":"gpt-5-mini","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog while the band plays on and the audience claps along, which is what audiences do when bands play on and foxes jump. This sentence exists to make the answer as long as a usual one is, which is about seven hundred bytes in all, headers not counted, give or take a few.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":21,"completion_tokens":64,"total_tokens":85},"service_tier":"default","system_fingerprint":null}"#;

/// Where recordings are spread over endpoints, chat first.
pub(crate) const ENDPOINTS: [&str; 10] = [
    "chat/completions",
    "completions",
    "responses",
    "responses/compact",
    "responses/input_tokens",
    "embeddings",
    "moderations",
    "images/generations",
    "images/edits",
    "audio/speech",
];

/// How many of so many recordings are of chat when they are spread over so many endpoints: the first ones.
pub(crate) fn of_chat(recordings: usize, endpoints: usize) -> usize {
    (recordings / endpoints).max(REQUESTS)
}

/// An engine on a store with so many recordings of different requests, spread over so many endpoints.
pub(crate) async fn filled(dir: &Path, recordings: usize, endpoints: usize) -> Result<Engine, Failure> {
    let opened = Store::open(dir, &Ownership::default(), engine::now())?;
    let engine = Engine::new(Settings { mode: Mode::ReplayOrError, ..Settings::default() }, opened.store)?;
    let scrubber = Scrubber::new(Salt([7; 32]), false);
    let mut adding = tokio::task::JoinSet::new();
    for at in 0..recordings {
        // So many wait for one sync; more would only wait in memory.
        if adding.len() >= 2048 {
            adding.join_next().await.transpose()?.transpose()?;
        }
        let endpoint = ENDPOINTS[at / of_chat(recordings, endpoints) % endpoints];
        let request = request(endpoint, body(at, "0.2", ""));
        let recording = recording(&scrubber, &request, at);
        let engine = engine.clone();
        adding.spawn(async move { engine.import(recording, Vec::new()).await });
    }
    while let Some(added) = adding.join_next().await {
        added??;
    }
    Ok(engine)
}

fn request(endpoint: &str, body: String) -> Request {
    Request {
        method: "POST".into(),
        mount: "openai".into(),
        target: format!("/v1/{endpoint}"),
        headers: [("content-type", "application/json")].into_iter().collect(),
        body: body.into(),
    }
}

/// The body of a recorded request where the temperature is 0.2; `user` may be empty or be `,"user":"…"`.
pub(crate) fn body(at: usize, temperature: &str, user: &str) -> String {
    format!(
        r#"{{"model":"gpt-5-mini","messages":[{{"role":"system","content":"You are terse."}},{{"role":"user","content":"Question {at}: what follows?"}}],"temperature":{temperature}{user}}}"#
    )
}

fn recording(scrubber: &Scrubber, request: &Request, at: usize) -> Recording {
    let request = scrubber.scrub(request);
    let mut random = [0; 16];
    random[..8].copy_from_slice(&(at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    random[8..].copy_from_slice(&(at as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9).to_be_bytes());
    let headers = [("content-type", "application/json"), ("x-request-id", "req_bench")];
    let log = ByteLog::whole(ANSWER, Duration::from_millis(900));
    let response = Response { status: 200, headers: headers.into_iter().collect(), log };
    let recorded_at = Timestamp(1_760_000_000_000 + i64::try_from(at).unwrap_or_default());
    let provenance = Provenance { recorded_at, stored_at: recorded_at, ..Provenance::default() };
    Recording::new(RecordingId::from_random(random), request, response, provenance)
}
