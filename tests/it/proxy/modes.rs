//! The table of modes, the headers that decide, and what is announced of it.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::response::Response;
use retake::engine::Settings;
use retake::model::{Event, Mode};

use super::{CHAT, IMAGE, chat};
use crate::world::{PATIENCE, Upstream, World, settings, stored};

#[tokio::test]
async fn every_mode_does_what_the_table_says() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Record, upstream.address).await;
    world.record("/v1/chat/completions", &[], CHAT).await;
    let other = CHAT.replace("hi", "something new");
    for (mode, found, missing) in [
        ("off", "live", "live"),
        ("record", "record", "record"),
        ("replay-or-error", "replay", "miss"),
        ("replay-or-live", "replay", "live"),
        ("replay-or-mock", "replay", "mock"),
        ("mock", "mock", "mock"),
    ] {
        for (body, outcome) in [(CHAT.to_owned(), found), (other.replace("new", mode), missing)] {
            let (calls, mut events) = (upstream.calls(), world.engine.subscribe());
            let reply = world.post("/v1/chat/completions", &[("x-retake-mode", mode)], &body).await;
            assert_eq!(reply.headers.text("x-retake-result"), Some(outcome), "{mode}");
            assert_eq!(reply.status, if outcome == "miss" { 404 } else { 200 });
            let forwarded = matches!(outcome, "live" | "record");
            assert_eq!(upstream.calls() - calls, usize::from(forwarded), "{mode} {outcome}");
            if outcome == "record" {
                stored(&mut events).await;
            }
        }
    }
    let rows = world.engine.rows().len();
    let (_, _) =
        world.record("/v1/chat/completions", &[("x-lumenfall-replay", "replay-or-record")], &other).await;
    assert_eq!(world.engine.rows().len(), rows + 1);
}

/// Law 5.
#[tokio::test]
async fn modes_that_stay_on_this_machine_never_open_a_connection() {
    let upstream = Upstream::start(chat).await;
    let never = Settings { never_forward: true, ..settings(Mode::Record, upstream.address) };
    let world = World::with(never, tempfile::tempdir().unwrap()).await;
    for mode in Mode::ALL {
        let reply = world.post("/v1/chat/completions", &[("x-retake-mode", mode.as_str())], CHAT).await;
        let expected = if mode.forwards() {
            403
        } else if mode == Mode::ReplayOrError {
            404
        } else {
            200
        };
        assert_eq!(reply.status, expected, "{mode}");
        assert!(reply.status == 200 || reply.headers.text("x-should-retry") == Some("false"));
    }
    let open = World::new(Mode::Off, upstream.address).await;
    for mode in ["mock", "replay-or-mock", "replay-or-error"] {
        for (target, body) in [
            ("/v1/chat/completions", CHAT),
            ("/v1/images/generations", IMAGE),
            ("/v1/unknown", "{}"),
            ("/openai/x", "?"),
        ] {
            open.post(target, &[("x-retake-mode", mode)], body).await;
        }
    }
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn own_headers_stay_here_and_the_upstreams_are_dropped() {
    let upstream = Upstream::start(|_| {
        Response::builder()
            .header("content-type", "application/json")
            .header("x-retake-result", "replay")
            .header("x-lumenfall-recording-id", "rec_forged00")
            .header("x-request-id", "req_1")
            .body(Body::from("{}"))
            .unwrap()
    })
    .await;
    let world = World::new(Mode::Off, upstream.address).await;
    let own = [
        ("x-retake-mode", "off"),
        ("x-lumenfall-replay", "off"),
        ("x-retake-match", "strict"),
        ("x-test-id", "t1"),
        ("x-retake-media", "original"),
        ("openai-organization", "org-1"),
    ];
    let reply = world.post("/openai/v1/files", &own, "{}").await;
    let seen: Vec<_> = upstream.last().headers.into_iter().map(|(name, _)| name).collect();
    assert!(
        !seen
            .iter()
            .filter(|name| *name != "x-retake-hop")
            .any(|n| n.starts_with("x-retake") || n.starts_with("x-lumenfall") || n == "x-test-id"),
        "{seen:?}"
    );
    assert!(seen.contains(&"authorization".to_owned()) && seen.contains(&"openai-organization".to_owned()));
    assert_eq!(reply.headers.text("x-retake-result"), Some("live"));
    assert!(reply.headers.get("x-lumenfall-recording-id").is_none());
    assert_eq!(reply.headers.text("x-request-id"), Some("req_1"));
}

#[tokio::test]
async fn a_wrong_header_is_a_400_that_names_what_is_allowed() {
    let world = World::new(Mode::Mock, "127.0.0.1:9".parse().unwrap()).await;
    for (name, value, hint) in [
        ("x-retake-mode", "rewind", "replay-or-mock"),
        ("x-retake-match", "loose", "standard"),
        ("x-retake-recording", "7", "rec_"),
    ] {
        let reply = world.post("/v1/chat/completions", &[(name, value)], CHAT).await;
        let text = String::from_utf8_lossy(&reply.body);
        assert_eq!(reply.status, 400);
        assert!(text.contains(hint) && text.contains("\"code\""), "{text}");
    }
}

/// Law 6: whatever happened, folding the announcements gives what the engine itself says.
#[tokio::test]
async fn the_list_on_screen_is_a_fold_of_the_announcements() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let mut events = world.engine.subscribe();
    let mut folded = world.engine.snapshot();
    let calls = (0..40).map(|at| {
        let (world, modes) = (&world, ["replay-or-record", "mock", "replay-or-error", "off"]);
        async move {
            let body = CHAT.replace("hi", &format!("hi {}", at % 7));
            world.post("/v1/chat/completions", &[("x-retake-mode", modes[at % 4])], &body).await
        }
    });
    futures_util::future::join_all(calls).await;
    world.engine.set_mode(Mode::Mock);
    let some: Vec<_> = world.engine.rows().into_keys().take(1).collect();
    world.engine.remove(&some).await.unwrap();
    world.engine.restore(&some).await.unwrap();
    // The last calls may still be on their way into the store.
    let idle = |event: &Event| matches!(event, Event::Notice(_)).then_some(());
    let settled = async {
        while world.engine.snapshot().counters.in_flight > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.unwrap();
    world.engine.notify(retake::model::Level::Info, "the end");
    let mut seen = Vec::new();
    while let Ok(event) = events.try_recv() {
        folded.apply(&event);
        folded.apply(&event);
        seen.push(event);
    }
    assert!(seen.last().is_some_and(|last| idle(last).is_some()));
    assert_eq!(folded, world.engine.snapshot());
}
