//! Verbs that wait for an upstream, and those that must not wait for them.

use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use retake::engine::{Relabel, Secret};
use retake::model::{CallId, Event, Mode};
use tokio::sync::Notify;

use super::draft;
use crate::world::{KEY, PATIENCE, Upstream, World, settings, wait};

const CHAT: &str = "/openai/v1/chat/completions";

/// An upstream that tells of each call, and answers it when it may.
async fn slow(reached: &Arc<Notify>, gate: &Arc<Notify>) -> Upstream {
    let (reached, gate) = (Arc::clone(reached), Arc::clone(gate));
    Upstream::start(move |_| {
        reached.notify_one();
        let gate = Arc::clone(&gate);
        let answer = futures_util::stream::once(async move {
            gate.notified().await;
            Ok::<_, std::convert::Infallible>(Bytes::from(crate::cli::ANSWER))
        });
        let body = axum::body::Body::from_stream(answer);
        Response::builder().header("content-type", "application/json").body(body).unwrap()
    })
    .await
}

/// Names a recording and takes that back, as somebody does who knows nothing of what else goes on.
async fn another_verb(retake: &World, id: &retake::model::RecordingId) {
    let relabel = Relabel { name: Some("meanwhile".into()), ..Relabel::default() };
    let verbs = async {
        retake.engine.relabel(std::slice::from_ref(id), &relabel).await.unwrap();
        retake.engine.undo().await.unwrap();
    };
    tokio::time::timeout(PATIENCE, verbs).await.expect("it does not wait for an upstream");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_under_way_cannot_be_kept_yet() {
    let (reached, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let upstream = slow(&reached, &gate).await;
    let retake = World::new(Mode::Off, upstream.address).await;
    let mut events = retake.engine.subscribe();
    let body = String::from_utf8(draft("hats", "").request.body.to_vec()).unwrap();
    let (_, _, mut arriving) = retake.begin(CHAT, &[], &body).await;
    let error = retake.engine.keep(CallId(1), true).await.unwrap_err().to_string();
    assert!(error.contains("call 1 is still under way"), "{error}");
    gate.notify_one();
    while arriving.piece().await.is_some() {}
    wait(&mut events, |event| matches!(event, Event::Call { call, .. } if call.done).then_some(())).await;
    let kept = retake.engine.keep(CallId(1), false).await.unwrap();
    assert_eq!(retake.recording(&kept).response.log.bytes, crate::cli::ANSWER);
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_takes_its_time_holds_up_no_other_verb() {
    let (reached, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let upstream = slow(&reached, &gate).await;
    let mut settings = settings(Mode::ReplayOrError, upstream.address);
    settings.keys.insert("openai".into(), Secret(KEY.into()));
    let retake = World::with(settings, tempfile::tempdir().unwrap()).await;
    let id = retake.engine.create(draft("hats", "Wear one.")).await.unwrap();
    let missed = String::from_utf8(draft("coats", "").request.body.to_vec()).unwrap();
    assert_eq!(retake.post(CHAT, &[], &missed).await.status, 404);

    let engine = retake.engine.clone();
    let keeping = tokio::spawn(async move { engine.keep(CallId(1), true).await });
    tokio::time::timeout(PATIENCE, reached.notified()).await.unwrap();
    another_verb(&retake, &id).await;
    assert!(!keeping.is_finished());
    gate.notify_one();
    let kept = keeping.await.unwrap().unwrap();
    assert_eq!(retake.post(CHAT, &[], &missed).await.body, crate::cli::ANSWER);

    let (engine, asked) = (retake.engine.clone(), kept.clone());
    let anew = tokio::spawn(async move { engine.rerecord(&asked).await });
    tokio::time::timeout(PATIENCE, reached.notified()).await.unwrap();
    another_verb(&retake, &id).await;
    assert!(!anew.is_finished());
    gate.notify_one();
    let new = anew.await.unwrap().unwrap().new.expect("it was answered");
    assert_eq!(retake.engine.row(&new).unwrap().review, Some(kept));
    assert_eq!(upstream.calls(), 2);
}
