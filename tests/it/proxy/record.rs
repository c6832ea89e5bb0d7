//! What is recorded, and what it answers afterwards.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::response::Response;
use retake::engine::Settings;
use retake::model::{CANONICAL_VERSION, Fingerprint, Mode, Outcome, Strategy};
use retake::store::{LookUpKeys, Ownership, Store, StoreChange};

use super::{ANSWER, CHAT, IMAGE, chat};
use crate::world::{Upstream, World, json, settings};

#[tokio::test]
async fn a_recorded_call_is_replayed_byte_for_byte_when_the_upstream_is_gone() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (first, recording) = world.record("/openai/v1/chat/completions", &[], CHAT).await;
    assert_eq!((first.status, first.headers.text("x-retake-result")), (200, Some("record")));
    let seen = upstream.last();
    assert_eq!((seen.target.as_str(), &seen.body[..]), ("/v1/chat/completions", CHAT.as_bytes()));
    assert_eq!(first.body, ANSWER);
    upstream.stop().await;
    let again = world.post("/v1/chat/completions", &[], CHAT).await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.headers.text("x-retake-result"), Some("replay"));
    assert_eq!(again.headers.text("x-retake-match"), Some("standard"));
    assert_eq!(again.headers.text("x-lumenfall-recording-id"), Some(recording.id.as_str()));
    assert_eq!(world.engine.row(&recording.id).unwrap().usage.hits, 1);
}

#[tokio::test]
async fn recordings_outlive_a_restart() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (first, recording) = world.record("/v1/chat/completions", &[], CHAT).await;
    let settings = settings(Mode::ReplayOrError, upstream.address);
    upstream.stop().await;
    let world = world.restarted(settings).await;
    let again = world.post("/v1/chat/completions", &[], CHAT).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(world.recording(&recording.id), recording);
}

#[tokio::test]
async fn an_upstreams_own_error_is_recorded_like_any_answer() {
    let upstream = Upstream::start(|_| {
        let body = r#"{"error":{"message":"slow down","type":"rate_limit","param":null,"code":"rate_limit_exceeded"}}"#;
        Response::builder().status(429).header("retry-after", "7").header("content-type", "application/json").body(Body::from(body)).unwrap()
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (first, _) = world.record("/v1/chat/completions", &[], CHAT).await;
    upstream.stop().await;
    let again = world.post("/v1/chat/completions", &[], CHAT).await;
    assert_eq!((again.status, again.headers.text("retry-after")), (429, Some("7")));
    let calls = world.engine.snapshot().calls;
    let asked: Vec<_> = calls.iter().map(|call| (call.status, call.retry_after)).collect();
    assert_eq!(asked, [(Some(429), Some(7)), (Some(429), None)], "only an upstream asks to wait");
    assert_eq!(again.body, first.body);
}

#[tokio::test]
async fn the_newest_take_answers() {
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let upstream =
        Upstream::start(move |_| json(&format!(r#"{{"take":{}}}"#, count.fetch_add(1, Ordering::SeqCst))))
            .await;
    let world = World::new(Mode::Record, upstream.address).await;
    world.record("/v1/chat/completions", &[], CHAT).await;
    world.record("/v1/chat/completions", &[], CHAT).await;
    let reply = world.post("/v1/chat/completions", &[("x-retake-mode", "replay-or-error")], CHAT).await;
    assert_eq!(reply.body, r#"{"take":1}"#);
}

#[tokio::test]
async fn removed_recordings_answer_no_more_until_they_are_restored() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let (_, recording) = world.record("/v1/chat/completions", &[("x-retake-mode", "record")], CHAT).await;
    let ids = [recording.id.clone()];
    assert_eq!(world.post("/v1/chat/completions", &[], CHAT).await.status, 200);
    assert_eq!(world.engine.remove(&ids).await.unwrap(), ids);
    assert_eq!(world.post("/v1/chat/completions", &[], CHAT).await.status, 404);
    assert_eq!(world.engine.restore(&ids).await.unwrap(), ids);
    assert_eq!(world.engine.row(&ids[0]).unwrap().usage.hits, 1, "its use came back with it");
    assert_eq!(world.post("/v1/chat/completions", &[], CHAT).await.status, 200);
    assert_eq!(world.engine.remove(&["rec_0000000000000000".parse().unwrap()]).await.unwrap(), []);
}

#[tokio::test]
async fn a_strategy_of_the_command_line_is_stamped_on_new_recordings() {
    let upstream = Upstream::start(chat).await;
    let stamped = Settings { strategy: Strategy::Strict, ..settings(Mode::ReplayOrRecord, upstream.address) };
    let world = World::with(stamped, tempfile::tempdir().unwrap()).await;
    let (_, recording) = world.record("/v1/chat/completions", &[], CHAT).await;
    assert_eq!(recording.strategy, Strategy::Strict);
    let spaced = CHAT.replace(':', ": ");
    let reply = world.post("/v1/chat/completions", &[("x-retake-mode", "replay-or-error")], &spaced).await;
    assert_eq!(reply.status, 404, "strict means the exact bytes");
    let (_, looser) = world
        .record(
            "/v1/chat/completions",
            &[("x-retake-mode", "record"), ("x-retake-match", "standard -temperature")],
            &spaced,
        )
        .await;
    assert_eq!(looser.strategy.to_string(), "standard -temperature");
}

#[tokio::test]
async fn cosmetic_fields_do_not_matter_and_significant_ones_do() {
    let upstream = Upstream::start(|_| json(r#"{"created":1,"data":[]}"#)).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let (target, error) = ("/v1/images/generations", [("x-retake-mode", "replay-or-error")]);
    world.record(target, &[("x-retake-mode", "record")], IMAGE).await;
    let reworded = r#"{"size":"1024x1024","n":1,"user":"u","prompt":"a dog","model":"gpt-image-1.5"}"#;
    assert_eq!(world.post(target, &error, reworded).await.status, 200);
    let call = world.engine.snapshot().calls.back().cloned().unwrap();
    assert_eq!((call.label(), call.outcome), ("HIT~", Some(Outcome::Replay)));
    let larger = IMAGE.replace("1024x1024", "1536x1024");
    let miss = world.post(target, &error, &larger).await;
    let text = String::from_utf8_lossy(&miss.body).into_owned();
    assert_eq!(miss.status, 404);
    assert!(
        text.contains("RECORDING_NOT_FOUND") && text.contains("body/size 1024x1024 → 1536x1024"),
        "{text}"
    );
    let strategies = [
        ("strict", IMAGE, 200),
        ("strict", reworded, 404),
        ("specific model", larger.as_str(), 200),
        ("specific size", larger.as_str(), 404),
        ("standard -size", larger.as_str(), 200),
        ("pinned", larger.as_str(), 200),
    ];
    for (strategy, body, status) in strategies {
        let reply = world.post(target, &[("x-retake-match", strategy)], body).await;
        assert_eq!(reply.status, status, "{strategy} {body}");
    }
}

#[tokio::test]
async fn hits_and_misses_of_the_history_say_what_differed() {
    let upstream = Upstream::start(|_| json(r#"{"created":1,"data":[]}"#)).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let target = "/v1/images/generations";
    let (_, recording) = world.record(target, &[("x-retake-mode", "record")], IMAGE).await;
    let reworded = r#"{"size":"1024x1024","n":1,"user":"u","prompt":"a dog","model":"gpt-image-1.5"}"#;
    // The third one is known by its raw bytes and is not read any more.
    for body in [reworded, reworded, reworded, IMAGE] {
        assert_eq!(world.post(target, &[], body).await.status, 200);
    }
    let larger = IMAGE.replace("1024x1024", "1536x1024");
    assert_eq!(world.post(target, &[], &larger).await.status, 404);
    let calls = world.engine.calls();
    let mut differed = Vec::new();
    for call in calls.iter().filter(|call| call.outcome == Some(Outcome::Replay)) {
        let hit = world.engine.explain_call(call.id).await.and_then(|why| why.hit).unwrap();
        assert_eq!((&hit.recording, world.engine.exchange(call.id).is_none()), (&recording.id, true));
        differed.push(hit.changes.iter().any(|change| change.field.to_string() == "body/prompt"));
    }
    assert_eq!(differed, [true, true, true, false]);
    let cause = calls.back().unwrap().cause.clone().unwrap();
    assert_eq!(
        (&cause.nearest, cause.fields.as_slice()),
        (&recording.id, ["body/size".to_owned()].as_slice())
    );
}

#[tokio::test]
async fn every_fix_of_a_miss_can_be_applied() {
    let upstream = Upstream::start(|_| json(r#"{"created":1,"data":[]}"#)).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let target = "/v1/images/generations";
    world.record(target, &[("x-retake-mode", "record")], IMAGE).await;
    // The recording has no such field at all.
    let seeded = IMAGE.replacen('{', r#"{"background":"opaque","#, 1);
    assert_eq!(world.post(target, &[], &seeded).await.status, 404);
    let call = world.engine.calls().back().cloned().unwrap();
    let why = world.engine.explain_call(call.id).await.unwrap();
    let near = &why.near[0];
    assert!(near.fixes.len() > 1, "{near:?}");
    for fix in &near.fixes {
        let tag = retake::engine::MatchSettings { strategy: Some(fix.strategy.clone()), playback: None };
        let ids = std::slice::from_ref(&near.recording);
        world.engine.retag(ids, &tag, false).await.unwrap();
        assert_eq!(world.post(target, &[], &seeded).await.status, 200, "{}", fix.strategy);
    }
}

#[tokio::test]
async fn a_call_can_name_the_recording_that_answers() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (first, recording) = world.record("/v1/chat/completions", &[], CHAT).await;
    let named = [("x-retake-mode", "replay-or-error"), ("x-retake-recording", recording.id.as_str())];
    let reply = world.post("/v1/responses", &named, "{}").await;
    assert_eq!((reply.status, &reply.body), (200, &first.body));
    let absent = [("x-retake-mode", "replay-or-error"), ("x-retake-recording", "rec_0000000000000000")];
    let reply = world.post("/v1/responses", &absent, "{}").await;
    assert_eq!(reply.status, 404);
    assert!(String::from_utf8_lossy(&reply.body).contains("rec_0000000000000000"));
}

#[tokio::test]
async fn scrubbing_does_not_break_a_match() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let body = CHAT.replace("Say hi", "write to some.body@example.org");
    world.record("/v1/chat/completions", &[], &body).await;
    assert_eq!(
        world.post("/v1/chat/completions", &[], &body).await.headers.text("x-retake-result"),
        Some("replay")
    );
    let other = body.replace("some.body", "some.one");
    let reply = world.post("/v1/chat/completions", &[("x-retake-mode", "replay-or-error")], &other).await;
    assert_eq!(reply.status, 404, "another address is another request");
}

/// Edge case 40: what an older canonical form called by other fingerprints is found again, and called anew once.
#[tokio::test]
async fn recordings_of_an_older_canonical_form_are_found_again() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (first, recording) = world.record("/v1/chat/completions", &[], CHAT).await;
    let dir = world.ended().await;
    let open = |dir: &Path| Store::open(dir, &Ownership::default(), retake::engine::now()).unwrap().store;
    let store = open(dir.path());
    let known = store.entries().unwrap().remove(0);
    let old = LookUpKeys {
        canonical: CANONICAL_VERSION - 1,
        all: Fingerprint([1; 32]),
        significant: Fingerprint([2; 32]),
        answer: None,
        earlier: Vec::new(),
    };
    let change = StoreChange::Retag { row: Arc::clone(&known.row), keys: old };
    store.commit(change, retake::engine::now()).await.unwrap();
    store.close();
    let world = World::with(settings(Mode::ReplayOrError, upstream.address), dir).await;
    let again = world.post("/v1/chat/completions", &[], CHAT).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let dir = world.ended().await;
    let store = open(dir.path());
    let entry = store.entries().unwrap().remove(0);
    assert_eq!((&entry.row.id, &entry.keys), (&recording.id, &known.keys));
}
