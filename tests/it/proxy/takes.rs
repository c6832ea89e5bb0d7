//! Takes that play in order, the cursors of scopes, and polls of jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;
use retake::engine::Settings;
use retake::model::{Mode, Playback};

use super::CHAT;
use crate::world::{PATIENCE, Seen, TOKEN, Upstream, World, json, settings};

const TARGET: &str = "/v1/chat/completions";
const REPLAY: (&str, &str) = ("x-retake-mode", "replay-or-error");
const RECORD: (&str, &str) = ("x-retake-mode", "record");

/// Three takes of one request, which play as `playback` says.
async fn world(playback: Playback) -> World {
    let count = AtomicUsize::new(0);
    let count = Arc::new(count);
    let upstream =
        Upstream::start(move |_| json(&format!(r#"{{"take":{}}}"#, count.fetch_add(1, Ordering::SeqCst))))
            .await;
    let settings = Settings { playback, ..settings(Mode::ReplayOrError, upstream.address) };
    let world = World::with(settings, tempfile::tempdir().unwrap()).await;
    for _ in 0..3 {
        let (_, recording) = world.record(TARGET, &[RECORD], CHAT).await;
        assert_eq!(recording.playback, playback);
    }
    world
}

async fn played(world: &World, scope: &str, times: usize) -> Vec<u64> {
    let mut takes = Vec::new();
    for _ in 0..times {
        let scope = ("x-retake-scope", scope);
        let headers = if scope.1.is_empty() { vec![REPLAY] } else { vec![REPLAY, scope] };
        let reply = world.post(TARGET, &headers, CHAT).await;
        let take: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        takes.push(take["take"].as_u64().unwrap());
    }
    takes
}

#[tokio::test]
async fn a_sequence_plays_oldest_first_in_each_scope_and_the_last_repeats() {
    let world = world(Playback::Sequence).await;
    assert_eq!(played(&world, "a", 2).await, [0, 1]);
    assert_eq!(played(&world, "b", 4).await, [0, 1, 2, 2]);
    assert_eq!(played(&world, "", 2).await, [0, 1]);
    assert_eq!(played(&world, "a", 2).await, [2, 2]);
    assert_eq!(world.engine.reset_cursors(Some("a")), 1);
    assert_eq!((played(&world, "a", 1).await, played(&world, "b", 1).await), (vec![0], vec![2]));
    assert_eq!(world.engine.reset_cursors(None), 3);
    assert_eq!((played(&world, "a", 1).await, played(&world, "", 1).await), (vec![0], vec![0]));
    let given = [REPLAY, ("x-retake-match", "standard"), ("x-retake-scope", "a")];
    assert_eq!(world.post(TARGET, &given, CHAT).await.body, r#"{"take":1}"#);
}

#[tokio::test]
async fn a_cycle_starts_over() {
    let world = world(Playback::Cycle).await;
    assert_eq!(played(&world, "a", 5).await, [0, 1, 2, 0, 1]);
    assert_eq!(played(&world, "", 4).await, [0, 1, 2, 0]);
}

#[tokio::test]
async fn scopes_are_listed_and_reset_over_the_control_api() {
    let world = world(Playback::Sequence).await;
    played(&world, "t1", 2).await;
    let bearer = format!("Bearer {TOKEN}");
    let token = [("authorization", bearer.as_str())];
    assert_eq!(control(&world, "/__retake/scopes", &[], None).await.0, 401);
    assert_eq!(control(&world, "/__retake/scopes/reset", &[], Some("{}")).await.0, 401);
    let (status, scopes) = control(&world, "/__retake/scopes", &token, None).await;
    let scopes = &scopes["items"];
    assert_eq!((status, scopes[0]["name"].as_str(), &scopes[0]["recordings"]), (200, None, &3.into()));
    assert_eq!((&scopes[1]["name"], &scopes[1]["calls"]), (&"t1".into(), &2.into()));
    let cursor = &scopes[1]["cursors"][0];
    assert_eq!((cursor["fingerprint"].as_str().unwrap().len(), &cursor["position"]), (12, &2.into()));
    let (_, none) = control(&world, "/__retake/scopes/reset", &token, Some(r#"{"scope":"other"}"#)).await;
    assert_eq!(none["cursors"], 0);
    let (_, one) = control(&world, "/__retake/scopes/reset", &token, Some(r#"{"scope":"t1"}"#)).await;
    assert_eq!((&one["cursors"], played(&world, "t1", 1).await), (&1.into(), vec![0]));
    let (_, all) = control(&world, "/__retake/scopes/reset", &token, Some("{}")).await;
    assert_eq!(all["cursors"], 1);
    let (status, _) = control(&world, "/__retake/scopes/reset", &token, Some(r#"{"scoop":"t1"}"#)).await;
    assert!((400..500).contains(&status), "a misspelt field must not reset everything");
}

/// A control call without the key that `World` sends along.
async fn control(
    world: &World,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> (u16, serde_json::Value) {
    let mut request = crate::world::request(path, headers, body.unwrap_or_default());
    let key = format!("Bearer {}", crate::world::KEY);
    request.headers.0.retain(|header| header.1 != key.as_bytes());
    request.method = if body.is_some() { "POST".into() } else { "GET".into() };
    let reply = world.send(&request).await;
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

/// More than sockets and servers hold in their buffers.
const LONG: usize = 24 << 20;

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_gets_the_same_take_again() {
    let count = Arc::new(AtomicUsize::new(0));
    let upstream = Upstream::start(move |_| {
        let take = b'a' + u8::try_from(count.fetch_add(1, Ordering::SeqCst)).unwrap();
        Response::builder().body(Body::from(vec![take; LONG])).unwrap()
    })
    .await;
    let settings =
        Settings { playback: Playback::Sequence, ..settings(Mode::ReplayOrError, upstream.address) };
    let world = World::with(settings, tempfile::tempdir().unwrap()).await;
    world.record(TARGET, &[RECORD], CHAT).await;
    world.record(TARGET, &[RECORD], CHAT).await;
    let hits = |world: &World| world.engine.snapshot().counters.outcomes[0];
    let (_, _, mut body) = world.begin(TARGET, &[REPLAY], CHAT).await;
    assert_eq!(body.piece().await.unwrap().unwrap()[0], b'a');
    drop(body);
    let left = async {
        while hits(&world) < 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, left).await.unwrap();
    for expected in *b"abb" {
        let reply = world.post(TARGET, &[REPLAY], CHAT).await;
        assert_eq!((reply.body[0], reply.body.len()), (expected, LONG));
    }
}

/// A provider whose films are made in as many polls as `states` says.
fn films(states: &'static [&'static str]) -> impl Fn(Seen) -> Response + Send + Sync + Clone {
    let (polls, films) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    move |seen| {
        if seen.body.is_empty() {
            let at = polls.fetch_add(1, Ordering::SeqCst).min(states.len() - 1);
            json(&format!(r#"{{"id":"video_1","status":"{}","at":{at}}}"#, states[at]))
        } else {
            let film = films.fetch_add(1, Ordering::SeqCst) + 1;
            json(&format!(r#"{{"id":"video_{film}","status":"queued"}}"#))
        }
    }
}

const FILM: &str = r#"{"model":"sora-2","prompt":"a cat"}"#;

async fn poll(world: &World, headers: &[(&str, &str)]) -> (String, String) {
    let mut events = world.engine.subscribe();
    let reply = world.get("/v1/videos/video_1", headers).await;
    let result = reply.headers.text("x-retake-result").unwrap().to_owned();
    if result == "record" {
        crate::world::stored(&mut events).await;
    }
    let answer: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    (result, answer["status"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn polls_of_a_live_job_are_forwarded_until_it_is_done_and_play_again_after_each_submit() {
    let upstream = Upstream::start(films(&["queued", "in_progress", "completed"])).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let is = |result: &str, status: &str| (result.to_owned(), status.to_owned());
    world.record("/v1/videos", &[], FILM).await;
    for status in ["queued", "in_progress", "completed"] {
        assert_eq!(poll(&world, &[]).await, is("record", status));
    }
    assert_eq!(poll(&world, &[]).await, is("replay", "completed"), "what was polled live was seen");
    assert!(
        world
            .engine
            .rows()
            .values()
            .filter(|row| row.method == "GET")
            .all(|row| { row.playback == Playback::Sequence && row.endpoint == "videos/{id}" })
    );
    let calls = upstream.calls();
    for headers in [&[][..], &[("x-retake-scope", "t1")], &[]] {
        let submit = world.post("/v1/videos", headers, FILM).await;
        assert_eq!(submit.headers.text("x-retake-result"), Some("replay"));
        for status in ["queued", "in_progress", "completed", "completed"] {
            assert_eq!(poll(&world, headers).await, is("replay", status), "{headers:?}");
        }
    }
    assert_eq!(upstream.calls(), calls);
}

#[tokio::test]
async fn a_submit_restarts_its_job_in_its_own_scope_only() {
    let upstream = Upstream::start(films(&["queued", "completed"])).await;
    let world = World::new(Mode::Record, upstream.address).await;
    world.record("/v1/videos", &[], FILM).await;
    poll(&world, &[]).await;
    poll(&world, &[]).await;
    world.engine.set_mode(Mode::ReplayOrError);
    let (one, two) = ([("x-retake-scope", "one")], [("x-retake-scope", "two")]);
    for scope in [&one, &two] {
        assert_eq!(poll(&world, scope).await.1, "queued");
        assert_eq!(poll(&world, scope).await.1, "completed");
    }
    world.post("/v1/videos", &one, FILM).await;
    assert_eq!(
        (poll(&world, &one).await.1, poll(&world, &two).await.1),
        ("queued".into(), "completed".into())
    );
}

#[tokio::test]
async fn a_retagged_playback_plays_from_the_next_call_on() {
    let world = world(Playback::Newest).await;
    let ask = || world.post(TARGET, &[REPLAY], CHAT);
    // Known by its raw bytes before it changes.
    let newest = [ask().await.body, ask().await.body, ask().await.body];
    assert!(newest.windows(2).all(|pair| pair[0] == pair[1]));
    let rows = world.engine.rows();
    let last = rows.values().max_by_key(|row| row.recorded_at).unwrap();
    let tag = retake::engine::MatchSettings { strategy: None, playback: Some(Playback::Cycle) };
    world.engine.retag(std::slice::from_ref(&last.id), &tag, false).await.unwrap();
    let mut played = Vec::new();
    for _ in 0..4 {
        played.push(ask().await.body);
    }
    assert_eq!(
        (&played[2], &played[3]),
        (&newest[0], &played[0]),
        "the newest is third, then the first again"
    );
    assert!(played[0] != played[1] && played[1] != played[2]);
}

#[tokio::test]
async fn a_call_of_the_history_explains_itself() {
    let world = world(Playback::Newest).await;
    let missed = world.post(TARGET, &[REPLAY], &CHAT.replace("gpt-5-mini", "gpt-4o")).await;
    assert_eq!(missed.status, 404);
    let token = format!("Bearer {TOKEN}");
    let token = [("authorization", token.as_str())];
    let snapshot = world.engine.snapshot();
    let call = snapshot.calls.back().unwrap();
    let path = |id: u64| format!("/__retake/calls/{id}/explain");
    assert_eq!(control(&world, &path(call.id.0), &[], None).await.0, 401);
    let (status, explained) = control(&world, &path(call.id.0), &token, None).await;
    assert_eq!((status, &explained["decision"]), (200, &serde_json::json!("miss")));
    assert_eq!(explained["near"][0]["changes"][0]["field"], "body/model");
    assert_eq!(explained["record"]["radius"]["miss_to_hit"], 1);
    assert_eq!(control(&world, &path(999), &token, None).await.0, 404);
}
