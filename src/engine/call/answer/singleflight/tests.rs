use std::task::Waker;

use futures_util::FutureExt;

use crate::engine::budget::Budget;
use crate::engine::call::answer::singleflight::*;

const PIECE: usize = 1 << 20;

fn key() -> SharedCallKey {
    let (all, significant) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
    SharedCallKey { mount: "openai".into(), all, significant, scope: None, base: None, sender: Hash::of(b"") }
}

/// Room for 768 MiB.
fn hold() -> Hold {
    Budget::new(1 << 30).hold()
}

fn first(flights: &Singleflight) -> (Arc<SharedCall>, SharedReader) {
    match flights.join(&key(), CallId(1), hold(), || true) {
        Some(Joined::Leader(flight, reader)) => (flight, reader),
        _ => panic!("nobody leads yet"),
    }
}

fn next(flights: &Singleflight) -> Option<SharedReader> {
    match flights.join(&key(), CallId(2), hold(), || false) {
        Some(Joined::Follower(reader)) => Some(reader),
        _ => None,
    }
}

fn read(reader: &mut SharedReader) -> Option<Bytes> {
    match reader.poll_piece(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(piece))) => Some(piece),
        _ => None,
    }
}

#[test]
fn the_task_waits_for_the_fastest_client_and_for_nobody_when_all_left() {
    let flights = Singleflight::default();
    let (flight, mut fast) = first(&flights);
    let slow = next(&flights);
    let pieces = usize::try_from(AHEAD).unwrap() / PIECE;
    for _ in 0..pieces {
        flight.push(vec![0; PIECE].into());
    }
    assert!(flight.room().now_or_never().is_some(), "so far it may run ahead");
    flight.push(vec![0; PIECE].into());
    assert!(flight.room().now_or_never().is_none());
    assert_eq!(read(&mut fast).map(|piece| piece.len()), Some(PIECE));
    assert!(flight.room().now_or_never().is_some());
    flight.push(vec![0; PIECE].into());
    assert!(flight.room().now_or_never().is_none());
    drop((fast, slow));
    assert!(flight.room().now_or_never().is_some());
}

#[test]
fn an_answer_too_long_to_record_is_let_go_of_as_it_is_read() {
    let flights = Singleflight::default();
    let (flight, mut one) = first(&flights);
    let mut other = next(&flights).unwrap();
    // One allocation, shared by all pieces.
    let piece = Bytes::from(vec![0; PIECE]);
    let pieces = usize::try_from(MAX_BODY).unwrap() / PIECE + 1;
    for _ in 0..pieces {
        flight.push(piece.clone());
    }
    assert!(next(&flights).is_none(), "a late client could not be given its beginning");
    (0..pieces).for_each(|_| assert!(read(&mut one).is_some()));
    assert_eq!(flight.lock().pieces.len(), pieces, "one client has read nothing yet");
    (0..10).for_each(|_| assert!(read(&mut other).is_some()));
    assert_eq!(flight.lock().pieces.len(), pieces - 10);
    drop(other);
    assert_eq!(flight.lock().pieces.len(), 0);
}

#[test]
fn without_memory_the_slowest_are_left_behind_and_the_others_read_on() {
    let flights = Singleflight::default();
    // Room for 12 MiB.
    let Some(Joined::Leader(flight, mut fast)) =
        flights.join(&key(), CallId(1), Budget::new(16 << 20).hold(), || true)
    else {
        panic!("nobody leads yet")
    };
    let (mut slow, mut slower) = (next(&flights).unwrap(), next(&flights).unwrap());
    let mut step = || {
        flight.push(vec![0; PIECE].into());
        assert!(read(&mut fast).is_some());
    };
    (0..12).for_each(|_| step());
    assert!(read(&mut slow).is_some());
    step();
    assert!(next(&flights).is_none(), "its beginning is not kept for a client to come");
    assert_eq!(flight.lock().pieces.len(), 12);
    let cut = |reader: &mut SharedReader| {
        let polled = reader.poll_piece(&mut Context::from_waker(Waker::noop()));
        matches!(polled, Poll::Ready(Some(Err(UpstreamError::Cut(_)))))
    };
    assert!(cut(&mut slower));
    step();
    assert!(cut(&mut slow));
    // Who reads as fast as it arrives is never left behind.
    (0..20).for_each(|_| step());
    flight.push(vec![0; 13 * PIECE].into());
    assert!(flight.room().now_or_never().is_none(), "nothing is read ahead any more");
    assert!(read(&mut fast).is_some() && flight.room().now_or_never().is_some());
}

#[test]
fn a_flight_is_joined_until_it_landed_and_a_new_one_needs_a_look_up_that_still_holds() {
    let flights = Singleflight::default();
    assert!(flights.join(&key(), CallId(1), hold(), || false).is_none(), "the library changed: look again");
    let (flight, _reader) = first(&flights);
    assert!(next(&flights).is_some());
    let other = SharedCallKey { scope: Some("t1".into()), ..key() };
    assert!(matches!(flights.join(&other, CallId(3), hold(), || true), Some(Joined::Leader(..))));
    flights.landed(&key(), &flight);
    assert!(next(&flights).is_none());
}

#[tokio::test]
async fn nobody_can_join_what_everybody_left_for_long() {
    let flights = Singleflight::default();
    let (flight, reader) = first(&flights);
    assert!(flight.abandoned(Duration::ZERO).now_or_never().is_none());
    drop(reader);
    flight.abandoned(Duration::ZERO).await;
    assert!(next(&flights).is_none());
}
