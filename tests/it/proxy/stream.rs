//! Answers that arrive piece by piece, and those that break off.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use retake::model::{Completeness, Event, Mode, Outcome};
use tokio::sync::Notify;

use super::{CHAT, EVENTS, gated};
use crate::world::{PATIENCE, Upstream, World, stored, wait};

#[tokio::test]
async fn the_first_piece_arrives_before_the_upstream_has_sent_the_second() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| gated(Arc::clone(&opened), &EVENTS)).await;
    let world = World::new(Mode::Record, upstream.address).await;
    let mut events = world.engine.subscribe();
    let (_, _, mut body) = world.begin("/v1/chat/completions", &[], CHAT).await;
    let mut got = Vec::new();
    for piece in EVENTS {
        gate.notify_one();
        // The next permit is given only after this piece came: a proxy that buffers would hang here.
        let arrived = tokio::time::timeout(PATIENCE, body.piece()).await.expect("pieces are not held back");
        assert_eq!(arrived.unwrap().unwrap(), piece);
        got.push(piece);
    }
    assert!(body.piece().await.is_none());
    let recording = world.recording(&stored(&mut events).await);
    assert_eq!(recording.completeness, Completeness::Whole);
    let pieces: Vec<_> = recording.response.log.iter().map(|(_, piece)| piece).collect();
    assert_eq!(pieces, got, "the split points are in the recording");
    let times: Vec<_> = recording.response.log.pieces.iter().map(|piece| piece.at).collect();
    assert!(times.is_sorted() && times[0] > 0, "{times:?}");
}

#[tokio::test]
async fn what_the_upstream_cuts_is_cut_for_the_client_and_never_replayed() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| {
        let gate = Arc::clone(&opened);
        let stream = futures_util::stream::unfold(0, move |at| {
            let gate = Arc::clone(&gate);
            async move {
                if at > 0 {
                    gate.notified().await;
                }
                let piece = if at < 2 { Ok(EVENTS[at]) } else { Err(std::io::ErrorKind::ConnectionReset) };
                Some((piece.map_err(std::io::Error::from), at + 1))
            }
        });
        Response::builder()
            .header("content-type", "text/event-stream")
            .body(Body::from_stream(stream))
            .unwrap()
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let mut events = world.engine.subscribe();
    let (_, _, mut body) = world.begin("/v1/chat/completions", &[], CHAT).await;
    for piece in &EVENTS[..2] {
        assert_eq!(body.piece().await.unwrap().unwrap(), piece);
        gate.notify_one();
    }
    assert!(body.piece().await.unwrap().is_err(), "the client's connection is cut too");
    let recording = world.recording(&stored(&mut events).await);
    assert_eq!(recording.completeness, Completeness::CutByUpstream);
    assert_eq!(world.engine.snapshot().counters.partial, 1);
    let again = world.post("/v1/chat/completions", &[("x-retake-mode", "replay-or-error")], CHAT).await;
    assert_eq!(again.status, 404);
}

#[tokio::test]
async fn a_stream_without_its_terminator_is_partial_though_it_ended_cleanly() {
    let upstream = Upstream::start(|_| {
        Response::builder()
            .header("content-type", "text/event-stream")
            .body(Body::from(EVENTS[..2].concat()))
            .unwrap()
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (_, recording) = world.record("/v1/chat/completions", &[], CHAT).await;
    assert_eq!(recording.completeness, Completeness::CutByUpstream);
}

/// Edge case 12: official clients hang up right after the last event.
#[tokio::test]
async fn a_client_that_leaves_early_does_not_spoil_the_recording() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| gated(Arc::clone(&opened), &EVENTS)).await;
    let world = World::new(Mode::Record, upstream.address).await;
    let mut events = world.engine.subscribe();
    // A connection of its own, which is closed for good.
    let mut socket = std::net::TcpStream::connect(world.address).unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{CHAT}",
        CHAT.len()
    );
    socket.write_all(head.as_bytes()).unwrap();
    gate.notify_one();
    let (mut got, mut buffer) = (Vec::new(), [0; 4096]);
    while !got.windows(3).any(|w| w == b"Hel") {
        let (read, back) = tokio::task::spawn_blocking(move || {
            let mut socket = socket;
            let read = socket.read(&mut buffer).unwrap();
            (buffer[..read].to_vec(), socket)
        })
        .await
        .unwrap();
        got.extend(read);
        socket = back;
    }
    drop(socket);
    for _ in 1..EVENTS.len() {
        gate.notify_one();
        tokio::task::yield_now().await;
    }
    // Permits do not add up: give one whenever the last was taken.
    let giving = tokio::spawn(async move {
        loop {
            gate.notify_one();
            tokio::task::yield_now().await;
        }
    });
    let recording = world.recording(&stored(&mut events).await);
    giving.abort();
    assert_eq!(recording.completeness, Completeness::Whole);
    assert_eq!(recording.response.log.bytes, EVENTS.concat());
}

#[tokio::test]
async fn calls_under_way_are_seen_before_they_end() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| gated(Arc::clone(&opened), &EVENTS[3..])).await;
    let world = World::new(Mode::Off, upstream.address).await;
    let mut events = world.engine.subscribe();
    let (_, _, mut body) = world.begin("/v1/chat/completions", &[], CHAT).await;
    let going = |event: &Event| match event {
        Event::Call { call, counters, .. } if !call.done => Some((call.outcome, counters.in_flight)),
        _ => None,
    };
    assert_eq!(wait(&mut events, going).await, (Some(Outcome::Live), 1));
    gate.notify_one();
    while body.piece().await.is_some() {}
    let ended = |event: &Event| {
        matches!(event, Event::Call { call, counters, .. } if call.done && counters.in_flight == 0)
            .then_some(())
    };
    wait(&mut events, ended).await;
}
