//! Failures that were recorded: when they answer, when the upstream is asked again, and what goes before them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;
use retake::engine::{FailureKind, FailurePolicy, OnFailure, Overrides, Settings};
use retake::model::{AnswerFailure, Mode};

use super::{ANSWER, CHAT, EVENTS};
use crate::world::{Reply, Seen, Upstream, World, json, settings};

const TARGET: &str = "/v1/chat/completions";
const ERROR: (&str, &str) = ("x-retake-mode", "replay-or-error");
const RECORD: (&str, &str) = ("x-retake-mode", "record");

fn answer(status: u16, kind: &str, body: &str) -> Response {
    Response::builder().status(status).header("content-type", kind).body(Body::from(body.to_owned())).unwrap()
}

fn refused(status: u16) -> Response {
    answer(status, "application/json", &format!(r#"{{"error":{{"message":"no","code":"{status}"}}}}"#))
}

/// An upstream that answers in turn; the last answer repeats.
async fn in_turn(answers: Vec<fn() -> Response>) -> Upstream {
    let count = Arc::new(AtomicUsize::new(0));
    Upstream::start(move |_: Seen| answers[count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)]())
        .await
}

fn result(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.headers.text("x-retake-result").unwrap())
}

#[tokio::test]
async fn a_failure_that_may_pass_is_asked_for_again_and_steps_back_behind_a_good_take() {
    // 401 to a wrong key, 429 to a fast client, and the many ways in which a server says that it is not well.
    for status in [401, 402, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504, 529] {
        let count = Arc::new(AtomicUsize::new(0));
        let upstream = Upstream::start(move |_| {
            if count.fetch_add(1, Ordering::SeqCst) < 2 { refused(status) } else { json(ANSWER) }
        })
        .await;
        let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
        assert_eq!(result(&world.post(TARGET, &[], CHAT).await), (status, "record"));
        assert_eq!(
            result(&world.post(TARGET, &[], CHAT).await),
            (status, "record"),
            "its answer is a further take"
        );
        let good = world.post(TARGET, &[], CHAT).await;
        assert_eq!((result(&good), &good.body[..]), ((200, "record"), ANSWER.as_bytes()));
        // Three times: the raw bytes are known by then.
        for _ in 0..3 {
            assert_eq!(result(&world.post(TARGET, &[], CHAT).await), (200, "replay"), "{status}");
        }
        assert_eq!(upstream.calls(), 3);
        let restarted = world.restarted(settings(Mode::ReplayOrRecord, upstream.address)).await;
        upstream.stop().await;
        assert_eq!(result(&restarted.post(TARGET, &[], CHAT).await), (200, "replay"), "{status}");
        let failures = restarted.engine.rows().values().filter(|row| row.failure.is_some()).count();
        assert_eq!(failures, 2, "they are stored and shown");
    }
}

#[tokio::test]
async fn an_explanation_says_what_is_passed_over() {
    let upstream = Upstream::start(|_| refused(429)).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (_, recording) = world.record(TARGET, &[], CHAT).await;
    let request =
        retake::model::Request { mount: "openai".into(), ..crate::world::request(TARGET, &[], CHAT) };
    let explain = async |mode| {
        let overrides = Overrides { mode: Some(mode), ..Overrides::default() };
        world.engine.explain(&request, &overrides).await.unwrap()
    };
    let why = explain(Mode::ReplayOrRecord).await;
    let passed_over = why.passed_over.unwrap();
    assert!(passed_over.starts_with(recording.id.as_str()), "{passed_over}");
    assert!(passed_over.contains("its upstream answered with 429, which may pass"), "{passed_over}");
    assert_eq!((why.decision.as_str(), why.hit, why.near), ("record", None, vec![]));
    let why = explain(Mode::ReplayOrError).await;
    assert_eq!(
        (why.decision.as_str(), why.hit.unwrap().recording, why.passed_over),
        ("replay", recording.id, None)
    );
}

#[tokio::test]
async fn a_failure_that_stays_is_an_answer() {
    for status in [400, 410, 413, 415, 422] {
        let upstream = Upstream::start(move |_| refused(status)).await;
        let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
        assert_eq!(result(&world.post(TARGET, &[], CHAT).await), (status, "record"));
        assert_eq!(result(&world.post(TARGET, &[], CHAT).await), (status, "replay"));
        assert_eq!(upstream.calls(), 1);
    }
}

#[tokio::test]
async fn offline_a_call_tried_again_plays_as_it_was_and_then_stays_good() {
    let upstream = in_turn(vec![|| refused(429), || refused(503), || json(ANSWER), || refused(500)]).await;
    let world = World::new(Mode::Record, upstream.address).await;
    // In `record` the last failure came after the good answer, and does not hide it.
    for _ in 0..4 {
        world.post(TARGET, &[], CHAT).await;
    }
    let world = world.restarted(settings(Mode::ReplayOrError, upstream.address)).await;
    for scope in ["", "one", "two"] {
        let headers = if scope.is_empty() { vec![] } else { vec![("x-retake-scope", scope)] };
        for status in [429, 503, 200, 200, 200] {
            assert_eq!(result(&world.post(TARGET, &headers, CHAT).await), (status, "replay"), "{scope}");
        }
    }
    // Where an upstream can be asked a failure never plays.
    for mode in ["replay-or-record", "replay-or-live"] {
        let reply = world.post(TARGET, &[("x-retake-mode", mode), ("x-retake-scope", mode)], CHAT).await;
        assert_eq!(result(&reply), (200, "replay"), "{mode}");
    }
    assert_eq!(upstream.calls(), 4);
    assert_eq!(world.engine.reset_cursors(None), 3);
    assert_eq!(result(&world.post(TARGET, &[ERROR], CHAT).await), (429, "replay"));
}

#[tokio::test]
async fn a_wrong_key_is_forgotten_once_a_right_one_was_let_in() {
    let upstream = in_turn(vec![|| refused(401), || json(ANSWER)]).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    assert_eq!(result(&world.post(TARGET, &[("x-api-key", "wrong")], CHAT).await), (401, "record"));
    assert_eq!(result(&world.post(TARGET, &[("x-api-key", "right")], CHAT).await), (200, "record"));
    assert_eq!(result(&world.post(TARGET, &[ERROR], CHAT).await), (200, "replay"));
}

#[tokio::test]
async fn what_is_there_answers_where_nobody_can_be_asked() {
    let upstream = Upstream::start(|_| refused(429)).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    world.post(TARGET, &[], CHAT).await;
    for mode in ["replay-or-error", "replay-or-mock"] {
        let reply = world.post(TARGET, &[("x-retake-mode", mode)], CHAT).await;
        assert_eq!(result(&reply), (429, "replay"), "{mode}");
    }
    let address = upstream.address;
    upstream.stop().await;
    let reply = world.post(TARGET, &[], CHAT).await;
    assert_eq!(result(&reply), (429, "replay"), "the upstream is gone");
    let call = world.engine.calls().back().cloned().unwrap();
    assert!(call.reason.as_deref().unwrap().contains("what was recorded answers"), "{:?}", call.reason);
    let forbidden = Settings { never_forward: true, ..settings(Mode::ReplayOrRecord, address) };
    let world = world.restarted(forbidden).await;
    assert_eq!(result(&world.post(TARGET, &[], CHAT).await), (429, "replay"));
}

/// An answer, how it failed, and whether it is whole.
type Bad = (fn() -> Response, Option<AnswerFailure>, bool);

#[tokio::test]
async fn failures_in_the_body_of_a_success_may_pass_as_well() {
    let cut = || answer(200, "application/json", r#"{"id":"chatcmpl-1","choices":[{"index":0"#);
    let bodies: Vec<Bad> = vec![
        (
            || {
                answer(
                    200,
                    "text/event-stream",
                    &(EVENTS[..2].concat() + "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"),
                )
            },
            Some(AnswerFailure::ErrorEvent),
            true,
        ),
        (|| json(r#"{"error":{"message":"slow down","code":429}}"#), Some(AnswerFailure::ErrorEvent), true),
        (|| json("<html>busy</html>"), Some(AnswerFailure::Unparsable), true),
        (cut, None, false),
        (|| answer(200, "application/x-ndjson", "{\"done\":false}\n{\"do"), None, false),
        (|| answer(200, "text/event-stream", EVENTS[1]), None, false),
    ];
    for (at, (bad, failure, whole)) in bodies.into_iter().enumerate() {
        let upstream = in_turn(vec![bad, || json(ANSWER)]).await;
        let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
        let (_, recording) = world.record(TARGET, &[], CHAT).await;
        let row = world.engine.row(&recording.id).unwrap();
        assert_eq!((row.failure, row.completeness.replayable()), (failure, whole), "{at}");
        assert_eq!(result(&world.post(TARGET, &[], CHAT).await), (200, "record"), "{at}");
        let good = world.post(TARGET, &[ERROR], CHAT).await;
        assert_eq!((result(&good), &good.body[..]), ((200, "replay"), ANSWER.as_bytes()), "{at}");
    }
}

#[tokio::test]
async fn the_configuration_says_what_becomes_of_failures() {
    let upstream = Upstream::start(|seen: Seen| {
        let status = seen.target.rsplit('=').next().unwrap().parse().unwrap();
        if status == 200 { answer(200, "application/json", "{\"a\":") } else { refused(status) }
    })
    .await;
    let kinds = [
        (FailureKind::Status(404), OnFailure::Keep),
        (FailureKind::Class(4), OnFailure::Drop),
        (FailureKind::Incomplete, OnFailure::Drop),
    ];
    let failures = FailurePolicy { passing: None, kinds: kinds.into() };
    let settings = Settings { failures, ..settings(Mode::ReplayOrRecord, upstream.address) };
    let world = World::with(settings, tempfile::tempdir().unwrap()).await;
    for (status, second) in [(404, "replay"), (429, "live"), (422, "live"), (503, "record")] {
        let target = format!("{TARGET}?status={status}");
        world.post(&target, &[], CHAT).await;
        assert_eq!(result(&world.post(&target, &[], CHAT).await), (status, second));
    }
    world.post(&format!("{TARGET}?status=200"), &[], CHAT).await;
    let ended = world.ended().await;
    let world = World::with(self::settings(Mode::ReplayOrError, upstream.address), ended).await;
    let mut kept: Vec<_> = world.engine.rows().values().map(|row| row.status).collect();
    kept.sort_unstable();
    assert_eq!(kept, [404, 503, 503], "what is dropped is not stored");
}

#[tokio::test]
async fn a_failure_that_somebody_made_answers_whoever_asks() {
    let upstream = Upstream::start(|_| json(ANSWER)).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (_, recording) = world.record(TARGET, &[], CHAT).await;
    let fault = "429 retry-after=7".parse().unwrap();
    let made = world.engine.derive(&recording.id, fault, None).await.unwrap();
    assert_eq!(world.engine.row(&made).unwrap().failure, None);
    assert_eq!(result(&world.post(TARGET, &[], CHAT).await), (429, "replay"));
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test]
async fn not_modified_answers_only_who_asked_under_that_condition() {
    let upstream = Upstream::start(|seen: Seen| {
        let asks =
            |name: &str| seen.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        match asks("if-none-match").as_deref() {
            Some("\"a\"") => {
                Response::builder().status(304).header("etag", "\"a\"").body(Body::empty()).unwrap()
            }
            _ => json(r#"{"object":"list","data":[]}"#),
        }
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let condition = ("if-none-match", "\"a\"");
    assert_eq!(world.get("/v1/models", &[condition]).await.status, 304);
    assert_eq!(world.get("/v1/models", &[ERROR]).await.status, 404);
    assert_eq!(world.get("/v1/models", &[ERROR, ("if-none-match", "\"b\"")]).await.status, 404);
    assert_eq!(world.get("/v1/models", &[ERROR, condition]).await.status, 304);
    let match_header = ("x-retake-match", "standard");
    assert_eq!(world.get("/v1/models", &[ERROR, match_header]).await.status, 404);
    assert_eq!(world.get("/v1/models", &[ERROR, match_header, condition]).await.status, 304);
    assert_eq!(world.get("/v1/models", &[RECORD]).await.status, 200);
    for _ in 0..3 {
        assert_eq!(world.get("/v1/models", &[ERROR]).await.status, 200);
        assert_eq!(world.get("/v1/models", &[ERROR, condition]).await.status, 304);
        assert_eq!(
            world.get("/v1/models", &[ERROR, ("if-none-match", "\"b\"")]).await.status,
            200,
            "whole, for anybody"
        );
    }
}
