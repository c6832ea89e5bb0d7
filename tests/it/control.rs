//! The control API: what it answers, who may ask, and the client of another process that stands on it.

mod client;
mod described;
mod guarded;
mod live;
mod manners;
mod measured;

use axum::response::Response;
use bytes::Bytes;
use retake::engine::{Relabel, Revision, Secret};
use retake::model::{Event, Headers, Latency, Mode, Recording, Request};
use serde_json::Value;

use crate::world::{KEY, Reply, Seen, TOKEN, Upstream, World, json, settings, wait};

const CHAT: &str = "/openai/v1/chat/completions";
const IMAGES: &str = "/openai/v1/images/generations";
const ANSWER: &str = r#"{"id":"chatcmpl-1","choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;

/// A provider of chats and of pictures behind links.
fn provider(seen: &Seen) -> Response {
    let host = seen.headers.iter().find(|(name, _)| name == "host").map(|(_, host)| host.as_str());
    match seen.target.as_str() {
        "/v1/images/generations" => {
            json(&format!(r#"{{"data":[{{"url":"http://{}/a.png"}}]}}"#, host.unwrap_or_default()))
        }
        "/a.png" => Response::builder().header("content-type", "image/png").body("\u{89}PNG".into()).unwrap(),
        _ => json(ANSWER),
    }
}

/// A retake that has a bit of everything: call 1 is a miss, a recording keeps a picture, was edited, recorded anew and
/// replayed, two others answer the same calls, a fourth is in the trash, and the last step was undone. Gives the recording
/// with the picture.
async fn furnished() -> (World, Upstream, Recording) {
    let upstream = Upstream::start(|seen| provider(&seen)).await;
    let mut settings = settings(Mode::ReplayOrRecord, upstream.address);
    settings.keys.insert("openai".into(), Secret(KEY.into()));
    let world = World::with(settings, tempfile::tempdir().unwrap()).await;
    let picture = r#"{"model":"gpt-image-1.5","prompt":"a cat"}"#;
    let missed = world.post(IMAGES, &[("x-retake-mode", "replay-or-error")], picture).await;
    assert_eq!(missed.status, 404);
    let (_, recording) = world.record(IMAGES, &[], picture).await;
    for seed in [1, 2] {
        let chat = format!(
            r#"{{"model":"gpt-5-mini","seed":{seed},"messages":[{{"role":"user","content":"Hi"}}]}}"#
        );
        let headers = [("x-retake-match", "standard -seed"), ("x-retake-mode", "record")];
        world.record(CHAT, &headers, &chat).await;
    }
    let one = std::slice::from_ref(&recording.id);
    let header = Revision::Header { name: "x-edited".into(), value: "yes".into() };
    let pace = Revision::Pace(Some(Latency::Recorded(0.0)));
    world.engine.edit(&recording.id, vec![header, pace]).await.unwrap();
    let removed = world.engine.duplicate(one).await.unwrap();
    world.engine.remove(&removed).await.unwrap();
    assert!(world.engine.rerecord(&recording.id).await.unwrap().new.is_some());
    world.engine.relabel(one, &Relabel { name: Some("cat".into()), ..Relabel::default() }).await.unwrap();
    world.engine.undo().await.unwrap();
    let replayed = world.post(IMAGES, &[("x-retake-scope", "gallery")], picture).await;
    assert_eq!(replayed.headers.text("x-retake-recording-id"), Some(recording.id.as_str()));
    // A recording is announced before its call is done.
    let mut events = world.engine.subscribe();
    while world.engine.calls().iter().any(|call| !call.done) {
        wait(&mut events, |event| matches!(event, Event::Call { call, .. } if call.done).then_some(())).await;
    }
    let recording = world.recording(&recording.id);
    (world, upstream, recording)
}

/// A request to the control API.
fn asking(method: &str, target: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Request {
    let headers: Headers = headers.iter().map(|(name, value)| (name, (*value).to_owned())).collect();
    Request { method: method.into(), target: target.into(), headers, body: body.into(), ..Request::default() }
}

/// Asks with the token.
async fn ask(world: &World, method: &str, target: &str, body: Option<&Value>) -> Reply {
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = body.map(ToString::to_string).unwrap_or_default();
    world.send(&asking(method, target, &headers, body)).await
}

/// The JSON that is there.
async fn get(world: &World, target: &str) -> Value {
    let reply = ask(world, "GET", target, None).await;
    assert_eq!(reply.status, 200, "{target}: {reply:?}");
    serde_json::from_slice(&reply.body).unwrap()
}
