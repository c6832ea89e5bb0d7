//! Scopes: who sees which recordings, and how a call names its scope.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use retake::model::{Mode, RecordingId};

use super::{CHAT, IMAGE, chat};
use crate::world::{Seen, Upstream, World, json, stored};

const TARGET: &str = "/v1/chat/completions";
const ERROR: (&str, &str) = ("x-retake-mode", "replay-or-error");

/// An answer that says the how many-th it is.
fn counting() -> impl Fn(Seen) -> axum::response::Response + Send + Sync + Clone {
    let count = Arc::new(AtomicUsize::new(0));
    move |_| json(&format!(r#"{{"take":{}}}"#, count.fetch_add(1, Ordering::SeqCst)))
}

async fn recorded(world: &World, headers: &[(&str, &str)]) -> RecordingId {
    let (_, recording) =
        world.record(TARGET, &[headers, &[("x-retake-mode", "record")]].concat(), CHAT).await;
    assert_eq!(recording.scope.as_deref(), headers.first().map(|(_, scope)| *scope));
    recording.id
}

#[tokio::test]
async fn a_call_sees_its_scope_then_what_has_none_and_never_another_scope() {
    let upstream = Upstream::start(counting()).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let of_t1 = recorded(&world, &[("x-retake-scope", "t1")]).await;
    for (scope, expected) in [(Some("t1"), Some(&of_t1)), (Some("t2"), None), (None, Some(&of_t1))] {
        assert_eq!(answering(&world, scope).await.as_ref(), expected, "{scope:?}");
    }
    let shared = recorded(&world, &[]).await;
    for (scope, expected) in [(Some("t1"), &of_t1), (Some("t2"), &shared), (None, &shared)] {
        assert_eq!(answering(&world, scope).await.as_ref(), Some(expected), "{scope:?}");
    }
    let of_t2 = recorded(&world, &[("x-test-id", "t2")]).await;
    for (scope, expected) in [("t1", Some(&of_t1)), ("t2", Some(&of_t2)), ("t3", Some(&shared))] {
        // Twice: found, and known by its raw bytes.
        for _ in 0..2 {
            assert_eq!(answering(&world, Some(scope)).await.as_ref(), expected, "{scope}");
        }
        let given = [ERROR, ("x-retake-scope", scope), ("x-retake-match", "standard")];
        let reply = world.post(TARGET, &given, CHAT).await;
        assert_eq!(reply.headers.text("x-retake-recording-id"), expected.map(RecordingId::as_str));
        let named = [ERROR, ("x-retake-scope", scope), ("x-retake-recording", of_t2.as_str())];
        let reply = world.post(TARGET, &named, CHAT).await;
        assert_eq!(reply.headers.text("x-retake-recording-id"), Some(of_t2.as_str()), "named, so found");
    }
}

async fn answering(world: &World, scope: Option<&str>) -> Option<RecordingId> {
    let scope = scope.map(|scope| ("x-retake-scope", scope));
    let headers: Vec<_> = [ERROR].into_iter().chain(scope).collect();
    let reply = world.post(TARGET, &headers, CHAT).await;
    reply.headers.text("x-retake-recording-id").map(|id| id.parse().unwrap())
}

#[tokio::test]
async fn two_scopes_record_the_same_request_and_get_their_own() {
    let upstream = Upstream::start(counting()).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let scopes = [[("x-retake-scope", "one")], [("x-retake-scope", "two")]];
    let (first, _) = world.record(TARGET, &scopes[0], CHAT).await;
    let (second, _) = world.record(TARGET, &scopes[1], CHAT).await;
    assert_ne!(first.body, second.body);
    for (scope, reply) in scopes.iter().zip([first, second]) {
        assert_eq!(world.post(TARGET, scope, CHAT).await.body, reply.body);
    }
    assert_eq!(upstream.calls(), 2);
}

#[tokio::test]
async fn the_path_names_a_scope_as_the_header_does() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (_, recording) = world.record("/@t%2F1/openai/v1/chat/completions?a=b", &[], CHAT).await;
    assert_eq!(recording.scope.as_deref(), Some("t/1"));
    let seen = upstream.last();
    assert_eq!(seen.target, "/v1/chat/completions?a=b", "the prefix is not forwarded");
    assert!(!seen.headers.iter().any(|(name, value)| name.contains("scope") || value.contains("t/1")));
    let target = "/openai/v1/chat/completions?a=b";
    let reply = world.post(target, &[ERROR, ("x-retake-scope", "t/1")], CHAT).await;
    assert_eq!(reply.headers.text("x-retake-recording-id"), Some(recording.id.as_str()));
    let call = world.engine.snapshot().calls.back().cloned().unwrap();
    assert_eq!(call.scope.as_deref(), Some("t/1"));
    let other = world.post(&format!("/@other{target}"), &[ERROR], CHAT).await;
    let text = String::from_utf8_lossy(&other.body).into_owned();
    assert_eq!(other.status, 404);
    assert!(text.contains("belongs to the scope `t/1`"), "{text}");
    let both = world.post(&format!("/@one{target}"), &[("x-retake-scope", "two")], CHAT).await;
    let text = String::from_utf8_lossy(&both.body).into_owned();
    assert!(both.status == 400 && text.contains("`one`") && text.contains("`two`"), "{text}");
}

#[tokio::test]
async fn links_are_reachable_behind_the_prefix_too() {
    let upstream = Upstream::start(|seen| {
        if seen.target == "/a.png" {
            return axum::response::Response::builder()
                .header("content-type", "image/png")
                .body(axum::body::Body::from(&b"\x89PNG\r\n\x1a\n"[..]))
                .unwrap();
        }
        let host = seen.headers.iter().find(|(name, _)| name == "host").unwrap().1.clone();
        json(&format!(r#"{{"data":[{{"url":"http://{host}/a.png"}}]}}"#))
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let mut events = world.engine.subscribe();
    world.post("/@t1/v1/images/generations", &[], IMAGE).await;
    let recording = world.recording(&stored(&mut events).await);
    let link = format!("/__retake/media/{}", recording.media[0].id);
    let plain = world.get(&link, &[]).await;
    let scoped = world.get(&format!("/@t1{link}"), &[]).await;
    assert_eq!((plain.status, scoped.status, &scoped.body), (200, 200, &plain.body));
    let page = world.get(&format!("/@t1{link}"), &[("origin", "https://evil.example")]).await;
    assert_eq!(page.status, 403);
}
