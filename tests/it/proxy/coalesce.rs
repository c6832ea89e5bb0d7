//! Identical concurrent misses: one upstream call, and every client gets all of its answer.

mod failing;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::BodyExt as _;
use retake::engine::{Incoming, Overrides, RawCall};
use retake::model::{Mode, Outcome, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{ANSWER, CHAT, EVENTS, IMAGE};
use crate::world::{PATIENCE, Reply, Upstream, World, json, stored};

const TARGET: &str = "/v1/chat/completions";

/// A stream whose pieces wait for a permit each.
fn held(gate: &Arc<Semaphore>, kind: &str, pieces: Vec<Bytes>) -> Response {
    let (gate, pieces) = (Arc::clone(gate), pieces.into_iter());
    let stream = futures_util::stream::unfold(pieces, move |mut pieces| {
        let gate = Arc::clone(&gate);
        async move {
            let piece = pieces.next()?;
            gate.acquire().await.unwrap().forget();
            Some((Ok::<_, Infallible>(piece), pieces))
        }
    });
    Response::builder().header("content-type", kind).body(Body::from_stream(stream)).unwrap()
}

async fn answering(gate: &Arc<Semaphore>, status: u16) -> Upstream {
    let gate = Arc::clone(gate);
    Upstream::start(move |_| {
        let mut answer = held(&gate, "application/json", vec![Bytes::from(ANSWER)]);
        *answer.status_mut() = status.try_into().unwrap();
        answer
    })
    .await
}

/// Waits until something holds; whatever makes it hold is under way.
async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it came to hold in time");
}

async fn in_flight(world: &World, calls: u64) {
    until(|| world.engine.snapshot().counters.in_flight == calls).await;
}

/// The same call so many times at once; `gate` is opened when all are under way.
async fn at_once(world: &World, gate: &Semaphore, times: usize) -> Vec<Reply> {
    let calls = join_all((0..times).map(|_| world.post(TARGET, &[], CHAT)));
    let open = async {
        in_flight(world, times as u64).await;
        gate.add_permits(times);
    };
    let (replies, ()) = tokio::join!(calls, open);
    in_flight(world, 0).await;
    replies
}

#[tokio::test]
async fn two_hundred_identical_misses_over_the_wire_make_one_upstream_call() {
    let gate = Arc::new(Semaphore::new(0));
    let upstream = answering(&gate, 200).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let replies = at_once(&world, &gate, 200).await;
    assert_eq!((upstream.calls(), world.engine.rows().len()), (1, 1));
    let id = world.engine.rows().into_keys().next().unwrap();
    for reply in &replies {
        assert_eq!((reply.status, &reply.body[..]), (200, ANSWER.as_bytes()));
        assert_eq!(reply.headers.text("x-retake-result"), Some("record"));
        assert_eq!(reply.headers.text("x-retake-recording-id"), Some(id.as_str()));
    }
    let calls = world.engine.snapshot().calls;
    let leading: Vec<_> = calls.iter().filter(|call| call.coalesced.is_none()).collect();
    assert_eq!(leading.len(), 1);
    for call in &calls {
        assert_eq!((call.outcome, call.recording.as_ref()), (Some(Outcome::Record), Some(&id)));
        assert!(call.coalesced.is_none_or(|leader| leader == leading[0].id));
        assert_eq!((call.response_len, call.status), (ANSWER.len() as u64, Some(200)));
    }
    assert_eq!(world.post(TARGET, &[], CHAT).await.headers.text("x-retake-result"), Some("replay"));
}

/// More calls than a process may have connections on some machines: they come in where the server hands them over.
#[tokio::test]
async fn a_thousand_identical_misses_make_one_upstream_call() {
    let gate = Arc::new(Semaphore::new(0));
    let upstream = answering(&gate, 200).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let calls = (0..1000).map(|_| {
        let engine = world.engine.clone();
        tokio::spawn(async move {
            let answer = engine.answer(incoming()).await;
            answer.body.collect().await.unwrap().to_bytes()
        })
    });
    let calls: Vec<_> = calls.collect();
    in_flight(&world, 1000).await;
    gate.add_permits(1000);
    for body in join_all(calls).await {
        assert_eq!(body.unwrap(), ANSWER);
    }
    in_flight(&world, 0).await;
    let counters = world.engine.snapshot().counters;
    assert_eq!((upstream.calls(), world.engine.rows().len()), (1, 1));
    assert_eq!((counters.coalesced, counters.of(Outcome::Record)), (999, 1000));
}

fn incoming() -> Incoming {
    let headers: http::HeaderMap = [("content-type", "application/json")]
        .into_iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
    let (overrides, base, started) = (Overrides::default(), "http://127.0.0.1:1".into(), Instant::now());
    let raw = RawCall {
        method: "POST",
        mount: "openai",
        target: TARGET,
        headers: &headers,
        body: CHAT.as_bytes(),
        overrides: &overrides,
        base: &base,
        started,
    };
    let key = raw.key();
    let request = Request { mount: "openai".into(), ..crate::world::request(TARGET, &[], CHAT) };
    Incoming { request, overrides, base, started, key, held: None }
}

/// Target, headers and body.
type Sent<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[tokio::test]
async fn what_differs_or_must_not_be_shared_is_called_for_itself() {
    let gate = Arc::new(Semaphore::new(0));
    let upstream = answering(&gate, 200).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let other = CHAT.replace("hi", "something else");
    let film = r#"{"model":"sora-2","prompt":"a cat"}"#;
    let background = r#"{"model":"gpt-5","input":"x","background":true}"#;
    let foreground = r#"{"model":"gpt-5","input":"x"}"#;
    let part = "--b\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b--\r\n";
    let long =
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{}"}}]}}"#, "x".repeat(1 << 20));
    let form = [("content-type", "multipart/form-data; boundary=b")];
    let calls: [Sent<'_>; 14] = [
        (TARGET, &[], CHAT),
        (TARGET, &[], &other),
        (TARGET, &[("x-retake-scope", "t1")], CHAT),
        (TARGET, &[("x-retake-media", "original")], CHAT),
        (TARGET, &[("x-retake-match", "strict")], CHAT),
        ("/v1/videos", &[], film),
        ("/v1/videos", &[], film),
        ("/v1/responses", &[], background),
        ("/v1/responses", &[], background),
        ("/v1/responses", &[], foreground),
        ("/v1/files", &form, part),
        ("/v1/files", &form, part),
        (TARGET, &[], &long),
        (TARGET, &[], &long),
    ];
    let all = join_all(calls.iter().map(|(target, headers, body)| world.post(target, headers, body)));
    let open = async {
        until(|| upstream.calls() == calls.len()).await;
        gate.add_permits(calls.len());
    };
    let (replies, ()) = tokio::join!(all, open);
    assert!(replies.iter().all(|reply| reply.status == 200));
    in_flight(&world, 0).await;
    assert_eq!((upstream.calls(), world.engine.snapshot().counters.coalesced), (calls.len(), 0));
}

#[tokio::test]
async fn a_late_follower_gets_all_from_the_start_and_nobody_needs_the_first_client() {
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| {
        held(&opened, "text/event-stream", EVENTS.iter().map(|piece| Bytes::from(*piece)).collect())
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let streamed = CHAT.replacen('{', r#"{"stream":true,"#, 1);
    gate.add_permits(2);
    let (_, _, mut first) = world.begin(TARGET, &[], &streamed).await;
    let mut seen = Vec::new();
    while seen.len() < EVENTS[0].len() + EVENTS[1].len() {
        seen.extend_from_slice(&first.piece().await.unwrap().unwrap());
    }
    let (status, headers, mut second) = world.begin(TARGET, &[], &streamed).await;
    assert_eq!((status, headers.media_type().as_str()), (200, "text/event-stream"));
    let mut events = world.engine.subscribe();
    drop(first);
    gate.add_permits(2);
    let mut body = Vec::new();
    while let Some(piece) = second.piece().await {
        body.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(body, EVENTS.concat().as_bytes());
    let recording = world.recording(&stored(&mut events).await);
    assert_eq!(recording.response.log.bytes, EVENTS.concat());
    assert!(recording.completeness.replayable());
    assert_eq!((upstream.calls(), headers.text("x-retake-recording-id")), (1, Some(recording.id.as_str())));
}

/// An upstream that says when its one call `arrived` and answers with `text` when `gate` opens.
async fn waiting(arrived: &Arc<Semaphore>, gate: &Arc<Semaphore>, text: String) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (arrived, gate) = (Arc::clone(arrived), Arc::clone(gate));
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await?;
        let mut request = [0; 4096];
        let _ = socket.read(&mut request).await?;
        arrived.add_permits(1);
        gate.acquire().await.unwrap().forget();
        socket.write_all(text.as_bytes()).await?;
        io::Result::Ok(socket)
    });
    address
}

#[tokio::test]
async fn an_answer_without_a_body_is_whole_for_all() {
    let (arrived, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let text = "HTTP/1.1 204 No Content\r\n\r\n".to_owned();
    let world = World::new(Mode::ReplayOrRecord, waiting(&arrived, &gate, text).await).await;
    let replies = at_once(&world, &gate, 5).await;
    assert!(replies.iter().all(|reply| reply.status == 204 && reply.body.is_empty()));
    let calls = world.engine.snapshot().calls;
    assert!(calls.iter().all(|call| call.outcome == Some(Outcome::Record) && call.reason.is_none()));
}

#[tokio::test]
async fn a_recording_is_completed_when_every_client_left_before_the_answer_began() {
    let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ANSWER}", ANSWER.len());
    let (arrived, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let address = waiting(&arrived, &gate, text).await;
    let world = World::new(Mode::ReplayOrRecord, address).await;
    let mut events = world.engine.subscribe();
    let (first, second) = (world.post(TARGET, &[], CHAT), world.post(TARGET, &[], CHAT));
    tokio::select! {
        _ = first => unreachable!("the upstream has not answered"),
        _ = second => unreachable!("the upstream has not answered"),
        () = async { in_flight(&world, 2).await; arrived.acquire().await.unwrap().forget(); } => {}
    }
    gate.add_permits(1);
    let recording = world.recording(&stored(&mut events).await);
    assert_eq!(recording.response.log.bytes, ANSWER);
    in_flight(&world, 0).await;
    assert_eq!(world.post(TARGET, &[], CHAT).await.headers.text("x-retake-result"), Some("replay"));
}

#[tokio::test]
async fn an_upstreams_error_reaches_all_and_is_recorded_once() {
    let gate = Arc::new(Semaphore::new(0));
    let upstream = answering(&gate, 500).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let replies = at_once(&world, &gate, 20).await;
    assert!(replies.iter().all(|reply| reply.status == 500 && reply.body == ANSWER));
    assert_eq!((upstream.calls(), world.engine.rows().len()), (1, 1));
}

#[tokio::test]
async fn held_answers_with_links_are_shared_too() {
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let upstream = Upstream::start(move |seen| {
        if seen.target == "/a.png" {
            return Response::builder().header("content-type", "image/png").body(Body::from("png")).unwrap();
        }
        let host = seen.headers.iter().find(|(name, _)| name == "host").unwrap().1.clone();
        let body = format!(r#"{{"data":[{{"url":"http://{host}/a.png"}}]}}"#);
        held(&opened, "application/json", vec![body.into()])
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let calls = join_all((0..10).map(|_| world.post("/v1/images/generations", &[], IMAGE)));
    let open = async {
        in_flight(&world, 10).await;
        gate.add_permits(10);
    };
    let (replies, ()) = tokio::join!(calls, open);
    in_flight(&world, 0).await;
    assert!(replies.iter().all(|reply| reply.body == replies[0].body));
    assert!(String::from_utf8_lossy(&replies[0].body).contains("/__retake/media/"));
    assert_eq!((upstream.calls(), world.engine.rows().len()), (2, 1), "the answer and its picture");
    assert_eq!(world.engine.snapshot().counters.coalesced, 9);
}

/// More than is ever read ahead, with all that sockets hold.
const FAR: usize = 96 << 20;

#[tokio::test]
async fn the_upstream_is_not_read_far_ahead_of_the_fastest_client() {
    let (sent, ends) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (count, end) = (Arc::clone(&sent), Arc::clone(&ends));
    let upstream = Upstream::start(move |_| {
        let (count, end) = (Arc::clone(&count), Arc::clone(&end));
        let stream = futures_util::stream::unfold(0, move |at| {
            count.store(at, Ordering::SeqCst);
            let piece = Bytes::from(vec![b'x'; 64 << 10]);
            let more = at < FAR && !end.load(Ordering::SeqCst);
            std::future::ready(more.then(|| (Ok::<_, Infallible>(piece), at + (64 << 10))))
        });
        Response::builder().body(Body::from_stream(stream)).unwrap()
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (_, _, mut slow) = world.begin(TARGET, &[], CHAT).await;
    slow.piece().await.unwrap().unwrap();
    // Other calls go all the way through while this one waits: the machine had time to read on.
    for at in 0..20 {
        world.post("/v1/embeddings", &[("x-retake-mode", "mock")], &format!(r#"{{"input":"{at}"}}"#)).await;
    }
    assert!(sent.load(Ordering::SeqCst) < FAR, "read to the end for a client that does not read");
    // What is left is short, so that nothing depends on how fast it is drained.
    ends.store(true, Ordering::SeqCst);
    let mut events = world.engine.subscribe();
    drop(slow);
    let recording = world.recording(&stored(&mut events).await);
    let sent = sent.load(Ordering::SeqCst);
    assert_eq!(recording.response.log.bytes.len(), sent, "drained when nobody is left");
}

#[tokio::test]
async fn however_calls_meet_the_upstream_is_called_once() {
    let upstream = Upstream::start(|_| json(ANSWER)).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let replies = join_all((0..50).map(|_| world.post(TARGET, &[], CHAT))).await;
    in_flight(&world, 0).await;
    // However they met: whoever did not lead either took part or found the recording.
    assert_eq!(upstream.calls(), 1);
    let counters = world.engine.snapshot().counters;
    assert_eq!(1 + counters.coalesced + counters.of(Outcome::Replay), 50);
    assert!(replies.iter().all(|reply| reply.body == ANSWER));
}

#[tokio::test]
async fn calls_with_different_credentials_never_share_an_upstream_call() {
    let senders: [Sent<'_>; 8] = [
        (TARGET, &[("x-api-key", "right-key-of-a-test")], CHAT),
        (TARGET, &[("x-api-key", "wrong")], CHAT),
        (TARGET, &[("authorization", "Basic dXNlcjpwYXNz")], CHAT),
        (TARGET, &[("cookie", "session=1")], CHAT),
        (TARGET, &[("openai-organization", "org-1")], CHAT),
        (TARGET, &[("openai-organization", "org-2")], CHAT),
        ("/v1/chat/completions?api_key=a", &[], CHAT),
        ("/v1/chat/completions?api_key=b", &[], CHAT),
    ];
    let gate = Arc::new(Semaphore::new(0));
    let upstream = answering(&gate, 200).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let twice =
        senders.iter().chain(&senders).map(|(target, headers, body)| world.post(target, headers, body));
    let open = async {
        in_flight(&world, 2 * senders.len() as u64).await;
        gate.add_permits(2 * senders.len());
    };
    let (replies, ()) = tokio::join!(join_all(twice), open);
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(upstream.calls(), senders.len(), "the same sender shares, and nobody else does");
}
