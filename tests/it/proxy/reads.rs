//! Reads whose answer changes over time: asked for anew while they are recorded, played in order afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::response::Response;
use retake::engine::Settings;
use retake::model::Mode;

use crate::world::{Reply, Seen, Upstream, World, json, settings};

/// An upstream whose reads of one thing say these in turn; the last repeats.
async fn saying(states: &'static [&'static str]) -> Upstream {
    let count = Arc::new(AtomicUsize::new(0));
    Upstream::start(move |_: Seen| -> Response {
        json(states[count.fetch_add(1, Ordering::SeqCst).min(states.len() - 1)])
    })
    .await
}

/// Settings with this upstream behind every mount that is used here.
fn everywhere(mode: Mode, upstream: &Upstream) -> Settings {
    let mut settings = settings(mode, upstream.address);
    let base = settings.upstreams["openai"].clone();
    for mount in ["anthropic", "gemini", "vertex", "azure", "fal", "replicate", "own"] {
        settings.upstreams.insert(mount.into(), base.clone());
    }
    settings
}

fn said(reply: &Reply) -> (String, String) {
    (
        reply.headers.text("x-retake-result").unwrap().to_owned(),
        String::from_utf8_lossy(&reply.body).into_owned(),
    )
}

type Job = (&'static str, &'static str, &'static [&'static str]);

/// A read, how it is made, and what it says until it is done.
const JOBS: &[Job] = &[
    (
        "/gemini/v1beta/models/veo/operations/o",
        "",
        &[r#"{"name":"o"}"#, r#"{"name":"o","metadata":{}}"#, r#"{"name":"o","done":true}"#],
    ),
    (
        "/gemini/v1beta/batches/b",
        "",
        &[
            r#"{"metadata":{"state":"BATCH_STATE_PENDING"}}"#,
            r#"{"metadata":{"state":"BATCH_STATE_SUCCEEDED"},"done":true}"#,
        ],
    ),
    ("/gemini/v1beta/files/f", "", &[r#"{"state":"PROCESSING"}"#, r#"{"state":"ACTIVE"}"#]),
    (
        "/vertex/v1/projects/p/locations/l/publishers/google/models/veo:fetchPredictOperation",
        r#"{"operationName":"projects/p/locations/l/operations/7"}"#,
        &[r#"{"name":"7"}"#, r#"{"name":"7","done":true}"#],
    ),
    ("/openai/v1/vector_stores/v/files/f", "", &[r#"{"status":"in_progress"}"#, r#"{"status":"completed"}"#]),
    ("/openai/v1/files/f", "", &[r#"{"status":"uploaded"}"#, r#"{"status":"processed"}"#]),
    ("/openai/v1/evals/e/runs/r", "", &[r#"{"status":"queued"}"#, r#"{"status":"completed"}"#]),
    (
        "/openai/v1/threads/t/runs/r",
        "",
        &[r#"{"status":"queued"}"#, r#"{"status":"requires_action"}"#, r#"{"status":"completed"}"#],
    ),
    ("/azure/openai/responses/r", "", &[r#"{"status":"queued"}"#, r#"{"status":"completed"}"#]),
    (
        "/anthropic/v1/messages/batches/b",
        "",
        &[r#"{"processing_status":"in_progress"}"#, r#"{"processing_status":"ended"}"#],
    ),
    (
        "/fal/fal-ai/x/requests/r/status",
        "",
        &[r#"{"status":"IN_QUEUE"}"#, r#"{"status":"IN_PROGRESS"}"#, r#"{"status":"COMPLETED"}"#],
    ),
    ("/replicate/v1/predictions/p", "", &[r#"{"status":"starting"}"#, r#"{"status":"succeeded"}"#]),
    ("/own/jobs/1", "", &[r#"{"state":"pending"}"#, r#"{"state":"running"}"#, r#"{"state":"finished"}"#]),
];

async fn ask(world: &World, (target, body, _): Job, headers: &[(&str, &str)]) -> (String, String) {
    let reply = if body.is_empty() {
        world.get(target, headers).await
    } else {
        world.post(target, headers, body).await
    };
    said(&reply)
}

#[tokio::test]
async fn a_read_is_asked_for_again_until_it_is_final_and_plays_in_order_offline() {
    for job in JOBS.iter().copied() {
        let (target, _, states) = job;
        let upstream = saying(states).await;
        let world =
            World::with(everywhere(Mode::ReplayOrRecord, &upstream), tempfile::tempdir().unwrap()).await;
        for state in states {
            assert_eq!(ask(&world, job, &[]).await, ("record".into(), (*state).into()), "{target}");
        }
        let last = *states.last().unwrap();
        assert_eq!(ask(&world, job, &[]).await, ("replay".into(), last.into()), "the last word of {target}");
        assert_eq!(upstream.calls(), states.len(), "{target}");
        // Where nobody can be asked all of it plays, also in the process that recorded it.
        for state in states {
            let headers = [("x-retake-mode", "replay-or-error")];
            assert_eq!(ask(&world, job, &headers).await, ("replay".into(), (*state).into()), "{target}");
        }
        let world = world.restarted(everywhere(Mode::ReplayOrError, &upstream)).await;
        for headers in [&[][..], &[("x-retake-scope", "one")], &[("x-retake-scope", "two")]] {
            for state in states.iter().chain([&last]) {
                assert_eq!(ask(&world, job, headers).await, ("replay".into(), (*state).into()), "{target}");
            }
        }
        assert_eq!(upstream.calls(), states.len(), "{target}");
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_new_is_not_stored_once_more() {
    let pending = r#"{"state":"pending"}"#;
    let upstream = saying(&[r#"{"state":"pending"}"#, r#"{"state":"pending"}"#, r#"{"state":"done"}"#]).await;
    let world = World::with(everywhere(Mode::ReplayOrRecord, &upstream), tempfile::tempdir().unwrap()).await;
    for _ in 0..3 {
        world.get("/own/jobs/1", &[]).await;
    }
    assert_eq!(upstream.calls(), 3);
    let world = world.restarted(everywhere(Mode::ReplayOrError, &upstream)).await;
    assert_eq!(world.engine.rows().len(), 2);
    assert_eq!(said(&world.get("/own/jobs/1", &[]).await).1, pending);
    assert_eq!(said(&world.get("/own/jobs/1", &[]).await).1, r#"{"state":"done"}"#);
}

#[tokio::test]
async fn what_another_process_recorded_plays_and_an_upstream_that_is_gone_is_no_end() {
    let upstream = saying(&[r#"{"data":[1]}"#, r#"{"data":[1,2]}"#, r#"{"data":[1,2,3]}"#]).await;
    let world = World::with(everywhere(Mode::ReplayOrRecord, &upstream), tempfile::tempdir().unwrap()).await;
    let list = "/own/things";
    assert_eq!(said(&world.get(list, &[]).await), ("record".into(), r#"{"data":[1]}"#.into()));
    assert_eq!(
        said(&world.get(list, &[]).await),
        ("record".into(), r#"{"data":[1,2]}"#.into()),
        "a list grew"
    );
    let world = world.restarted(everywhere(Mode::ReplayOrRecord, &upstream)).await;
    for expected in [r#"{"data":[1]}"#, r#"{"data":[1,2]}"#, r#"{"data":[1,2]}"#] {
        assert_eq!(said(&world.get(list, &[]).await), ("replay".into(), expected.into()));
    }
    assert_eq!(upstream.calls(), 2);
    // Recorded anew, they are the ones that play: from the first take of this process on.
    assert_eq!(said(&world.get(list, &[("x-retake-mode", "record")]).await).1, r#"{"data":[1,2,3]}"#);
    let settings = everywhere(Mode::ReplayOrRecord, &upstream);
    upstream.stop().await;
    assert_eq!(
        said(&world.get(list, &[]).await),
        ("replay".into(), r#"{"data":[1,2,3]}"#.into()),
        "nobody can be asked"
    );
    let world = world.restarted(settings).await;
    assert_eq!(said(&world.get(list, &[]).await).1, r#"{"data":[1,2,3]}"#);
}

#[tokio::test]
async fn models_and_contents_are_asked_for_once() {
    let upstream = saying(&[r#"{"object":"list","data":[]}"#]).await;
    let world = World::with(everywhere(Mode::ReplayOrRecord, &upstream), tempfile::tempdir().unwrap()).await;
    for target in
        ["/openai/v1/models", "/anthropic/v1/models", "/gemini/v1beta/models", "/openai/v1/files/f/content"]
    {
        let before = upstream.calls();
        for expected in ["record", "replay", "replay", "replay"] {
            assert_eq!(said(&world.get(target, &[]).await).0, expected, "{target}");
        }
        assert_eq!(upstream.calls(), before + 1);
    }
}

#[tokio::test]
async fn each_scope_has_its_own_way_through() {
    let upstream = saying(&[r#"{"state":"pending"}"#, r#"{"state":"waiting"}"#, r#"{"state":"done"}"#]).await;
    let world = World::with(everywhere(Mode::ReplayOrRecord, &upstream), tempfile::tempdir().unwrap()).await;
    let (one, two) = ([("x-retake-scope", "one")], [("x-retake-scope", "two")]);
    assert_eq!(
        said(&world.get("/own/jobs/1", &one).await),
        ("record".into(), r#"{"state":"pending"}"#.into())
    );
    assert_eq!(
        said(&world.get("/own/jobs/1", &two).await),
        ("record".into(), r#"{"state":"waiting"}"#.into())
    );
    assert_eq!(said(&world.get("/own/jobs/1", &one).await), ("record".into(), r#"{"state":"done"}"#.into()));
    let world = world.restarted(everywhere(Mode::ReplayOrError, &upstream)).await;
    for (scope, states) in [(&one, ["pending", "done"]), (&two, ["waiting", "waiting"])] {
        for state in states {
            assert_eq!(said(&world.get("/own/jobs/1", scope).await).1, format!("{{\"state\":\"{state}\"}}"));
        }
    }
}
