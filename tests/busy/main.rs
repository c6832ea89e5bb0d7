//! Calls that follow a recorded one at once, beside busy neighbours: each finds what the one before it recorded. A program
//! of its own, because other tests would have to live beside the same neighbours.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is")]

#[path = "../it/world.rs"]
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;
use retake::model::Mode;

use world::{PATIENCE, Seen, Upstream, World, json};

const EVENTS: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"you\"}}]}\n\n\
    data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// How many pairs of each kind.
const PAIRS: usize = 700;

/// Threads that do nothing, and as much of it as they can.
struct Neighbours {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Neighbours {
    fn new(count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let busy = |_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        };
        Self { threads: (0..count).map(busy).collect(), stop }
    }
}

impl Drop for Neighbours {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}

async fn answering() -> Upstream {
    let count = Arc::new(AtomicUsize::new(0));
    Upstream::start(move |seen: Seen| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        if seen.target.ends_with("/responses") {
            json(&format!(r#"{{"id":"resp_{number}","status":"completed","output":[]}}"#))
        } else if String::from_utf8_lossy(&seen.body).contains("\"stream\":true") {
            Response::builder().header("content-type", "text/event-stream").body(Body::from(EVENTS)).unwrap()
        } else {
            json(&format!(r#"{{"id":"chatcmpl-{number}","choices":[]}}"#))
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_pairs_beside_busy_neighbours_have_no_miss() {
    let upstream = answering().await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let _neighbours = Neighbours::new(5);
    let replay = [("x-retake-mode", "replay-or-error")];
    let mut earlier = String::new();
    for pair in 0..PAIRS {
        let plain = format!(r#"{{"model":"gpt-5","messages":[{{"role":"user","content":"{pair}"}}]}}"#);
        let streamed = plain.replacen('{', r#"{"stream":true,"#, 1);
        let chained = format!(r#"{{"model":"gpt-5","input":"{pair}"{earlier}}}"#);
        for (target, body) in [
            ("/v1/chat/completions", &plain),
            ("/v1/chat/completions", &streamed),
            ("/v1/responses", &chained),
        ] {
            let first = world.post(target, &[], body).await;
            assert_eq!(first.headers.text("x-retake-result"), Some("record"), "{body}");
            let again = world.post(target, &replay, body).await;
            assert_eq!((again.status, &again.body), (200, &first.body), "{body}");
            if target.ends_with("responses") {
                let answer: serde_json::Value = serde_json::from_slice(&first.body).unwrap();
                earlier = format!(r#","previous_response_id":{}"#, answer["id"]);
            }
        }
    }
    world.engine.close(PATIENCE).await;
    let rows = world.engine.snapshot().rows;
    assert_eq!(rows.len(), 3 * PAIRS);
    let flagged: Vec<_> = rows.values().filter(|row| !row.completeness.replayable()).collect();
    assert!(flagged.is_empty(), "{} failed verification", flagged.len());
}
