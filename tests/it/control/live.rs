//! Announcements as they happen.

use std::time::Instant;

use retake::api::DRAIN;
use retake::model::{Event, Mode, Snapshot};
use retake::upstream::Arriving;

use super::*;
use crate::world::PATIENCE;

/// A stream of announcements.
pub(super) struct Stream {
    pub(super) status: u16,
    pub(super) content_type: String,
    body: Arriving,
    read: Vec<u8>,
}

impl Stream {
    pub(super) async fn open(world: &World, target: &str, authorization: &str) -> Self {
        let base = format!("http://{}", world.address).parse().unwrap();
        let client = retake::upstream::UpstreamClient::new(PATIENCE);
        let request = asking("GET", target, &[("authorization", authorization)], "");
        let answer = client.forward(&request, &base).await.unwrap();
        let content_type = answer.headers.text("content-type").unwrap_or_default().to_owned();
        Self { status: answer.status, content_type, body: answer.body, read: Vec::new() }
    }

    /// Name and data of the next event; none at the end.
    pub(super) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.read.drain(..end + 2).collect();
                let Some(event) = retake::wire::event_stream::events(&block).next() else { continue };
                return Some((event.name, serde_json::from_slice(&event.data).unwrap()));
            }
            let piece = tokio::time::timeout(PATIENCE, self.body.piece()).await.expect("something comes")?;
            self.read.extend_from_slice(&piece.unwrap());
        }
    }
}

async fn listening(world: &World) -> Stream {
    Stream::open(world, "/__retake/events", &format!("Bearer {TOKEN}")).await
}

/// Law 6, across processes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_announced_adds_up_to_what_is_known() {
    let (world, _upstream, recording) = furnished().await;
    let mut stream = listening(&world).await;
    let (name, first) = stream.next().await.unwrap();
    assert_eq!(name, "snapshot");
    let mut folded: Snapshot = serde_json::from_value(first).unwrap();
    assert_eq!(folded, world.engine.snapshot());
    world.post(CHAT, &[], r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"new"}]}"#).await;
    world.engine.remove(std::slice::from_ref(&recording.id)).await.unwrap();
    world.engine.set_mode(Mode::Off);
    while folded.mode != Mode::Off
        || folded.counters.in_flight > 0
        || folded.calls.iter().any(|call| !call.done)
    {
        let (name, event) = stream.next().await.unwrap();
        assert_eq!(name, "event");
        let event: Event = serde_json::from_value(event).unwrap();
        folded.apply(&event);
        folded.apply(&event);
    }
    assert_eq!(folded, world.engine.snapshot());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_too_slow_is_told_everything_anew() {
    let (world, _upstream, _) = furnished().await;
    let mut stream = listening(&world).await;
    assert_eq!(stream.next().await.unwrap().0, "snapshot");
    // More than all buffers on the way hold.
    for _ in 0..200_000 {
        world.engine.set_mode(Mode::Mock);
    }
    world.engine.set_mode(Mode::Off);
    let mut snapshots = 0;
    let mut known = Snapshot::default();
    while known.mode != Mode::Off {
        match stream.next().await.unwrap() {
            (name, snapshot) if name == "snapshot" => {
                snapshots += 1;
                known = serde_json::from_value(snapshot).unwrap();
            }
            (_, event) => known.apply(&serde_json::from_value(event).unwrap()),
        }
    }
    assert!(snapshots > 0, "nothing was lost on the way");
    assert_eq!(known.rows, world.engine.snapshot().rows);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_does_not_hold_up_the_end() {
    let (world, _upstream, _) = furnished().await;
    let mut stream = listening(&world).await;
    assert_eq!(stream.next().await.unwrap().0, "snapshot");
    let started = Instant::now();
    world.ended().await;
    assert!(started.elapsed() < DRAIN, "{:?}", started.elapsed());
    assert_eq!(stream.next().await, None, "the stream ends properly");
}
