//! What was recorded is there when its answer ends, though nothing of it is safe yet: the store is held back meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Answer, Engine, Incoming, Overrides, RawCall, Settings};
use crate::model::{Event, Headers, Mode, Request};
use crate::store::{Ownership, Store};

const PATIENCE: Duration = Duration::from_secs(20);
const CHAT: &str = r#"{"model":"gpt-5","messages":[{"role":"user","content":"hi"}]}"#;

/// An upstream that sends to each connection what it is told to, and an engine before it.
struct Bench {
    engine: Engine,
    store: Store,
    _dir: tempfile::TempDir,
}

impl Bench {
    /// `pieces` are the answers, one a connection, written as they come; a connection ends with its channel.
    async fn new(mut answers: UnboundedReceiver<UnboundedReceiver<String>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Some(mut pieces) = answers.recv().await {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut request = vec![0; 65536];
                    _ = stream.read(&mut request).await;
                    while let Some(piece) = pieces.recv().await {
                        _ = stream.write_all(piece.as_bytes()).await;
                    }
                });
            }
        });
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Ownership::default(), super::now()).unwrap().store;
        let mut settings = Settings { mode: Mode::ReplayOrRecord, ..Settings::default() };
        settings.upstreams.insert("openai".into(), base.parse().unwrap());
        let engine = Engine::new(settings, store.clone()).unwrap();
        Self { engine, store, _dir: dir }
    }

    async fn call(&self, mode: Mode, target: &str, body: &str) -> Answer {
        let request = Request {
            method: "POST".into(),
            mount: "openai".into(),
            target: target.into(),
            headers: Headers::from_iter([("content-type", "application/json")]),
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        let overrides = Overrides { mode: Some(mode), ..Overrides::default() };
        let (base, started): (Arc<str>, _) = ("http://127.0.0.1".into(), Instant::now());
        let headers = http::HeaderMap::new();
        let raw = RawCall {
            method: &request.method,
            mount: &request.mount,
            target: &request.target,
            headers: &headers,
            body: &request.body,
            overrides: &overrides,
            base: &base,
            started,
        };
        let key = raw.key();
        self.engine.answer(Incoming { request, overrides, base, started, key, held: None }).await
    }

    /// What is replayed for a call, or the status of its refusal.
    async fn replayed(&self, target: &str, body: &str) -> Result<Bytes, u16> {
        let answer = self.call(Mode::ReplayOrError, target, body).await;
        let status = answer.status;
        let bytes = tokio::time::timeout(PATIENCE, answer.body.collect()).await.unwrap().unwrap().to_bytes();
        if status == 200 { Ok(bytes) } else { Err(status) }
    }
}

async fn piece(answer: &mut Answer) -> Option<Bytes> {
    let frame = tokio::time::timeout(PATIENCE, answer.body.frame()).await.unwrap()?;
    Some(frame.unwrap().into_data().unwrap())
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

const STREAM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const EVENT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n";

#[tokio::test]
async fn a_recording_is_seen_with_the_last_byte_of_its_answer() {
    let (answers, queue) = unbounded_channel();
    let bench = Bench::new(queue).await;
    let held = bench.store.hold(super::now());
    let target = "/v1/chat/completions";
    for (name, head, body) in [
        ("declared", "content-length: 2", "{}".to_owned()),
        ("empty", "content-length: 0", String::new()),
        ("chunked", "transfer-encoding: chunked", format!("{}0\r\n\r\n", chunk("{}"))),
    ] {
        let (tell, pieces) = unbounded_channel();
        answers.send(pieces).unwrap();
        tell.send(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{head}\r\nconnection: close\r\n\r\n{body}"
        ))
        .unwrap();
        let asked = CHAT.replace("hi", name);
        let mut answer = bench.call(Mode::ReplayOrRecord, target, &asked).await;
        if name != "empty" {
            assert_eq!(piece(&mut answer).await.unwrap(), "{}", "{name}");
        }
        if name == "chunked" {
            assert!(piece(&mut answer).await.is_none());
        }
        let expected = if name == "empty" { "" } else { "{}" };
        assert_eq!(bench.replayed(target, &asked).await.unwrap(), expected, "{name}");
        assert!(bench.engine.rows().is_empty(), "no listing says so before it is safe");
    }
    drop(held);
}

#[tokio::test]
async fn a_stream_is_seen_with_the_event_that_ends_it_and_with_what_comes_behind() {
    let (answers, queue) = unbounded_channel();
    let bench = Bench::new(queue).await;
    let held = bench.store.hold(super::now());
    let mut events = bench.engine.subscribe();
    let (tell, pieces) = unbounded_channel();
    answers.send(pieces).unwrap();
    tell.send(STREAM.to_owned() + &chunk(EVENT)).unwrap();
    let target = "/v1/chat/completions";
    let mut answer = bench.call(Mode::ReplayOrRecord, target, CHAT).await;
    assert_eq!(piece(&mut answer).await.unwrap(), EVENT);
    assert_eq!(bench.replayed(target, CHAT).await, Err(404), "what has not ended answers nobody");
    tell.send(chunk("data: [DONE]\n\n")).unwrap();
    let done = piece(&mut answer).await.unwrap();
    // The connection is open, and clients have hung up by now.
    assert_eq!(bench.replayed(target, CHAT).await.unwrap(), [EVENT.as_bytes(), &done].concat());
    tell.send(chunk(": bye\n\n")).unwrap();
    tell.send("0\r\n\r\n".to_owned()).unwrap();
    let bye = piece(&mut answer).await.unwrap();
    assert!(piece(&mut answer).await.is_none());
    let whole = [EVENT.as_bytes(), &done, &bye].concat();
    assert_eq!(bench.replayed(target, CHAT).await.unwrap(), whole);
    drop(held);
    let stored = async {
        loop {
            if let Event::Stored { rows } = &*events.recv().await.unwrap() {
                return rows[0].clone();
            }
        }
    };
    let row = tokio::time::timeout(PATIENCE, stored).await.unwrap();
    let recording = bench.store.recording(&row.id).unwrap().unwrap();
    assert_eq!((&recording.response.log.bytes[..], row.completeness.word()), (&whole[..], ""));
    assert_eq!(bench.engine.rows().len(), 1);
}

#[tokio::test]
async fn a_chained_call_finds_the_answer_that_it_names() {
    let (answers, queue) = unbounded_channel();
    let bench = Bench::new(queue).await;
    let held = bench.store.hold(super::now());
    let target = "/v1/responses";
    let (first, next) =
        (r#"{"model":"gpt-5","input":"a"}"#, r#"{"model":"gpt-5","input":"b","previous_response_id":"ID"}"#);
    for (id, body) in [("resp_1", first.to_owned()), ("resp_2", next.replace("ID", "resp_1"))] {
        let (tell, pieces) = unbounded_channel();
        answers.send(pieces).unwrap();
        let answer = format!(r#"{{"id":"{id}"}}"#);
        let fields = format!(
            "content-type: application/json\r\ncontent-length: {}\r\nconnection: close",
            answer.len()
        );
        tell.send(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{answer}")).unwrap();
        let mut got = bench.call(Mode::ReplayOrRecord, target, &body).await;
        assert_eq!(piece(&mut got).await.unwrap(), answer);
    }
    // The same conversation, whose first answer was recorded anew: what was asked is the same.
    let (tell, pieces) = unbounded_channel();
    answers.send(pieces).unwrap();
    let again = r#"{"id":"resp_3"}"#;
    let fields =
        format!("content-type: application/json\r\ncontent-length: {}\r\nconnection: close", again.len());
    tell.send(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{again}")).unwrap();
    assert_eq!(piece(&mut bench.call(Mode::Record, target, first).await).await.unwrap(), again);
    assert_eq!(bench.replayed(target, &next.replace("ID", "resp_3")).await.unwrap(), r#"{"id":"resp_2"}"#);
    drop(held);
    bench.engine.close(PATIENCE).await;
    let rows = bench.engine.snapshot().rows;
    assert_eq!(rows.values().map(|row| row.completeness.word()).collect::<Vec<_>>(), ["", "", ""]);
}

#[tokio::test]
async fn a_recording_that_fails_verification_is_shown_as_what_it_is() {
    let (answers, queue) = unbounded_channel();
    let bench = Bench::new(queue).await;
    bench.engine.shared.unsaved.spoils.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut events = bench.engine.subscribe();
    let (tell, pieces) = unbounded_channel();
    answers.send(pieces).unwrap();
    let fields = "content-type: application/json\r\ncontent-length: 2\r\nconnection: close";
    tell.send(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{{}}")).unwrap();
    let target = "/v1/chat/completions";
    assert_eq!(piece(&mut bench.call(Mode::ReplayOrRecord, target, CHAT).await).await.unwrap(), "{}");
    let stored = async {
        loop {
            if let Event::Stored { rows } = &*events.recv().await.unwrap() {
                return rows[0].clone();
            }
        }
    };
    let row = tokio::time::timeout(PATIENCE, stored).await.unwrap();
    assert_eq!(row.completeness.word(), "failed verification");
    bench.engine.close(PATIENCE).await;
    let snapshot = bench.engine.snapshot();
    assert_eq!(snapshot.counters.partial, 1);
    assert_eq!(snapshot.rows.get(&row.id), Some(&row), "what was announced is what the index holds");
    let call = snapshot.calls.back().unwrap();
    assert_eq!(call.reason.as_deref(), Some("stored as partial: failed verification"));
    assert_eq!(bench.replayed(target, CHAT).await, Err(404));
}

#[tokio::test]
async fn what_cannot_be_stored_is_taken_back_whole() {
    let (answers, queue) = unbounded_channel();
    let bench = Bench::new(queue).await;
    bench.store.close();
    let (tell, pieces) = unbounded_channel();
    answers.send(pieces).unwrap();
    tell.send(STREAM.to_owned() + &chunk(EVENT) + &chunk("data: [DONE]\n\n")).unwrap();
    let target = "/v1/chat/completions";
    let mut answer = bench.call(Mode::ReplayOrRecord, target, CHAT).await;
    let mut got = Vec::new();
    while !got.ends_with(b"[DONE]\n\n") {
        got.extend_from_slice(&piece(&mut answer).await.unwrap());
    }
    assert_eq!(bench.replayed(target, CHAT).await.unwrap(), got, "it is there before anything is safe");
    tell.send(chunk(": bye\n\n") + "0\r\n\r\n").unwrap();
    while piece(&mut answer).await.is_some() {}
    let failed = async {
        while bench.engine.snapshot().counters.in_flight > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, failed).await.unwrap();
    assert_eq!(bench.replayed(target, CHAT).await, Err(404));
    assert!(bench.engine.snapshot().rows.is_empty());
}

#[tokio::test]
async fn what_a_miss_costs_does_not_grow_with_the_history() {
    let (answers, queue) = unbounded_channel();
    let bench = Bench::new(queue).await;
    let (tell, pieces) = unbounded_channel();
    answers.send(pieces).unwrap();
    tell.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".into()).unwrap();
    drop(tell);
    let target = "/v1/chat/completions";
    bench.call(Mode::Record, target, CHAT).await.body.collect().await.unwrap();
    for nth in 0..50 {
        let body = CHAT.replace("hi", &format!("hi {nth}"));
        let missed = bench.call(Mode::ReplayOrError, target, &body).await;
        assert_eq!(missed.status, 404);
        let told = missed.body.collect().await.unwrap().to_bytes();
        let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
        assert_eq!(told["retake"]["fix"], format!("retake keep {}", nth + 2), "{told}");
    }
    let looked_at = || bench.engine.shared.history.looked_at.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(looked_at(), 0, "no miss looks at past calls");
    let last = bench.engine.calls().back().unwrap().id;
    let explained = bench.engine.explain_call(last).await.unwrap();
    assert_eq!(explained.near[0].fixes[1].radius.calls, 51, "who asks is told what each fix would do");
    assert_eq!(looked_at(), 1, "once for all of them");
}
