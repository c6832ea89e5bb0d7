//! Recordings that fail on purpose, as a client sees them, and edited ones.

use std::time::{Duration, Instant};

use retake::engine::{Revision, Settings};
use retake::model::{Latency, Mode};

use super::draft;
use crate::world::{Reply, World};

const CHAT: &str = "/openai/v1/chat/completions";

/// A chat about hats, in a scope or in none.
async fn asked(retake: &World, scope: &str) -> Reply {
    retake.post(&path(scope), &[], &body()).await
}

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

fn path(scope: &str) -> String {
    if scope.is_empty() { CHAT.to_owned() } else { format!("/@{scope}{CHAT}") }
}

fn body() -> String {
    String::from_utf8(draft("hats", "").request.body.to_vec()).unwrap()
}

fn replaying() -> Settings {
    Settings { mode: Mode::ReplayOrError, ..Settings::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_answer_in_their_scope_and_nowhere_else() {
    let retake = World::with(replaying(), tempfile::tempdir().unwrap()).await;
    let id = retake.engine.create(draft("hats", "Wear one.")).await.unwrap();
    for (fault, scope) in [("429 retry-after=7", "limited"), ("500", "broken"), ("malformed", "torn")] {
        let new = retake.engine.derive(&id, fault.parse().unwrap(), Some(scope.into())).await.unwrap();
        let recording = retake.engine.recording(&new).unwrap().unwrap();
        assert_eq!(recording.source.as_ref().unwrap().recording, id, "it says what it was made of");
    }
    let fine = asked(&retake, "other").await;
    assert_eq!((fine.status, text(&fine).contains("Wear one.")), (200, true), "{fine:?}");
    let limited = asked(&retake, "limited").await;
    assert_eq!((limited.status, limited.headers.text("retry-after")), (429, Some("7")), "{limited:?}");
    assert_eq!(limited.headers.text("x-should-retry"), None, "clients shall try again");
    assert_eq!(asked(&retake, "broken").await.status, 500);
    let torn = asked(&retake, "torn").await;
    assert_eq!(torn.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&text(&torn)).is_err(), "{torn:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_answer_breaks_off_and_a_stalled_one_stays_open() {
    let retake = World::with(replaying(), tempfile::tempdir().unwrap()).await;
    let id = retake.engine.create(draft("hats", "Wear one.")).await.unwrap();
    retake.engine.derive(&id, "cut@20".parse().unwrap(), Some("cut".into())).await.unwrap();
    retake.engine.derive(&id, "stall@20".parse().unwrap(), Some("stall".into())).await.unwrap();
    // Twice, because the second one is answered by its raw bytes, and a third time by those of the second.
    for _ in 0..3 {
        let (status, _, mut arriving) = retake.begin(&path("cut"), &[], &body()).await;
        let mut seen = Vec::new();
        let broken = loop {
            match arriving.piece().await {
                Some(Ok(piece)) => seen.extend_from_slice(&piece),
                Some(Err(_)) => break true,
                None => break false,
            }
        };
        assert_eq!((status, seen.len(), broken), (200, 20, true));
    }
    let (_, _, mut arriving) = retake.begin(&path("stall"), &[], &body()).await;
    assert_eq!(arriving.piece().await.unwrap().unwrap().len(), 20);
    let more = tokio::time::timeout(Duration::from_millis(300), arriving.piece()).await;
    assert!(more.is_err(), "it stays open for as long as the client waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_has_its_own_pace_and_a_call_may_have_another() {
    let retake = World::with(replaying(), tempfile::tempdir().unwrap()).await;
    let id = retake.engine.create(draft("hats", "Wear one.")).await.unwrap();
    let pace = Revision::Pace(Some(Latency::Fixed(Duration::from_millis(120))));
    retake.engine.edit(&id, vec![pace]).await.unwrap();
    for _ in 0..3 {
        let started = Instant::now();
        asked(&retake, "").await;
        assert!(started.elapsed() >= Duration::from_millis(120));
    }
    let started = Instant::now();
    assert_eq!(retake.post(CHAT, &[("x-retake-latency", "none")], &body()).await.status, 200);
    assert!(started.elapsed() < Duration::from_millis(120), "the call's own header goes first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_answer_is_replayed_keeps_what_it_was_and_can_be_reverted() {
    let retake = World::with(replaying(), tempfile::tempdir().unwrap()).await;
    let id = retake.engine.create(draft("hats", "Wear one.")).await.unwrap();
    let before = asked(&retake, "").await;
    let edits = vec![
        Revision::Text("Wear \u{201c}two\u{201d}.\n".into()),
        Revision::Status(201),
        Revision::Header { name: "X-Note".into(), value: "edited".into() },
    ];
    retake.engine.edit(&id, edits).await.unwrap();
    let after = asked(&retake, "").await;
    let value: serde_json::Value = serde_json::from_str(&text(&after)).unwrap();
    assert_eq!(value["choices"][0]["message"]["content"], "Wear \u{201c}two\u{201d}.\n");
    assert_eq!((after.status, after.headers.text("x-note")), (201, Some("edited")));
    let kept = retake.engine.recording(&id).unwrap().unwrap();
    assert_eq!(kept.original.as_ref().unwrap().response.log.bytes, before.body, "its bytes are kept");
    retake.engine.edit(&id, vec![Revision::Original]).await.unwrap();
    assert_eq!((asked(&retake, "").await.body, retake.engine.row(&id).unwrap().edited), (before.body, false));
    let error = retake.engine.edit(&id, vec![Revision::Body("{".into())]).await.unwrap_err().to_string();
    assert!(error.contains("line 1, column"), "{error}");
    assert_eq!(asked(&retake, "").await.status, 200, "nothing changed");
}
