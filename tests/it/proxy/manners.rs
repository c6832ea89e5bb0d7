//! What clients may expect of any server, and some do.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use retake::model::{Mode, Outcome};
use tokio::sync::Notify;

use super::{CHAT, EVENTS, chat, gated};
use crate::world::{PATIENCE, Upstream, World, wait};

/// Sends a head and `len` bytes of a body to the end before anything is read, as most clients do.
async fn upload(address: SocketAddr, head: &str, len: usize) -> String {
    let head = format!("{head}\r\nhost: localhost\r\nconnection: close\r\n");
    let sent = move || {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        let chunked = head.contains("chunked");
        let declared = if chunked { String::new() } else { format!("content-length: {len}\r\n") };
        socket.write_all(format!("{head}{declared}\r\n").as_bytes()).unwrap();
        let piece = vec![b'x'; 1 << 20];
        let mut left = len;
        while left > 0 {
            let now = left.min(piece.len());
            if chunked {
                socket.write_all(format!("{now:x}\r\n").as_bytes()).expect("the other side goes on reading");
            }
            socket.write_all(&piece[..now]).expect("the other side goes on reading");
            if chunked {
                socket.write_all(b"\r\n").unwrap();
            }
            left -= now;
        }
        if chunked {
            socket.write_all(b"0\r\n\r\n").unwrap();
        }
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).expect("the whole answer");
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::task::spawn_blocking(sent).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_early_refusal_of_a_large_upload_reads_on() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Off, upstream.address).await;
    for (head, mb, status, text) in [
        ("POST /v1/chat/completions HTTP/1.1", 300, 413, "longer than 256 MiB"),
        ("POST /v1/chat/completions HTTP/1.1\r\ntransfer-encoding: chunked", 260, 413, "longer than 256 MiB"),
        ("POST /nowhere/v1/x HTTP/1.1", 40, 404, "UNKNOWN_MOUNT"),
        ("POST /v1/chat/completions HTTP/1.1\r\norigin: http://evil.example", 40, 403, "FOREIGN_ORIGIN"),
        ("POST /v1/chat/completions HTTP/1.1\r\nx-retake-mode: rewind", 40, 400, "INVALID_HEADER"),
        ("POST /__retake/recordings/remove HTTP/1.1", 40, 401, "token"),
        (
            "POST /__retake/explain HTTP/1.1\r\nauthorization: Bearer 0123456789abcdef\r\ncontent-type: application/json",
            80,
            413,
            "message",
        ),
        ("GET /__retake/health HTTP/1.1", 40, 200, "retake"),
    ] {
        let answer = upload(world.address, head, mb << 20).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
        assert!(answer.contains(text), "{head}: {answer}");
    }
    assert_eq!(upstream.calls(), 0);
}

/// `printf … | nc -N`: the client has said all that it wants to say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_ends_its_side_gets_its_whole_answer() {
    let gate = Arc::new(Notify::new());
    let tell = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| gated(Arc::clone(&tell), &EVENTS)).await;
    let world = World::new(Mode::Record, upstream.address).await;
    let mut events = world.engine.subscribe();
    let address = world.address;
    let answer = tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{CHAT}",
            CHAT.len()
        );
        socket.write_all(head.as_bytes()).unwrap();
        socket.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    });
    wait(&mut events, |event| match event {
        retake::model::Event::Call { call, .. } => call.status.map(drop),
        _ => None,
    })
    .await;
    // Each piece goes out long after the client ended its side.
    for _ in EVENTS {
        gate.notify_one();
        tokio::task::yield_now().await;
    }
    let answer = tokio::time::timeout(PATIENCE, async {
        let mut answer = answer;
        loop {
            tokio::select! {
                answer = &mut answer => return answer.unwrap(),
                () = tokio::time::sleep(std::time::Duration::from_millis(10)) => gate.notify_one(),
            }
        }
    })
    .await
    .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("[DONE]"), "{answer}");
    assert!(answer.ends_with("0\r\n\r\n"), "all of it: {answer}");
    let recorded = wait(&mut events, |event| match event {
        retake::model::Event::Call { call, .. } if call.done => Some(call.outcome),
        _ => None,
    });
    assert_eq!(recorded.await, Some(Outcome::Record));
}

/// HTTP/2 without TLS by prior knowledge (RFC 9113, section 3.3).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_with_prior_knowledge_is_understood() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (recorded, _) = world.record("/openai/v1/chat/completions", &[], CHAT).await;
    let socket = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let (client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let port = world.address.port();
    let ask = |authority: String, body: Bytes| {
        let mut client = client.clone();
        async move {
            let request = http::Request::post(format!("http://{authority}/openai/v1/chat/completions"))
                .header("content-type", "application/json")
                .body(Full::new(body))
                .unwrap();
            let (head, body) = client.send_request(request).await.unwrap().into_parts();
            assert_eq!(head.version, http::Version::HTTP_2);
            (head.status.as_u16(), head.headers, body.collect().await.unwrap().to_bytes())
        }
    };
    // Several at once, on one connection.
    let asked = (0..8).map(|_| ask(format!("localhost:{port}"), CHAT.into()));
    for (status, headers, body) in futures_util::future::join_all(asked).await {
        assert_eq!((status, headers["x-retake-result"].to_str().unwrap()), (200, "replay"));
        assert_eq!(body, recorded.body);
    }
    let long = Bytes::from(CHAT.replace("hi", &"x".repeat(3 << 20)));
    assert_eq!(ask(format!("127.0.0.1:{port}"), long.clone()).await.0, 200, "with a body of many frames");
    assert_eq!(upstream.last().body, long);
    let (status, _, body) = ask(format!("evil.example:{port}"), CHAT.into()).await;
    assert_eq!(status, 403, "the authority is looked at as a Host is: {body:?}");
    let control =
        http::Request::get(format!("http://localhost:{port}/__retake/health")).body(Full::default());
    let answer = client.clone().send_request(control.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// The longest target that HTTP libraries take is some 64 KB; what comes is recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_query_is_recorded_and_replayed() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let long = format!("/openai/v1/files?after={}", "x".repeat(40 << 10));
    let mut events = world.engine.subscribe();
    assert_eq!(world.get(&long, &[]).await.headers.text("x-retake-result"), Some("record"));
    let id = crate::world::stored(&mut events).await;
    let reply = world.get(&long, &[("x-retake-mode", "replay-or-error")]).await;
    assert_eq!(reply.headers.text("x-retake-recording-id"), Some(id.as_str()));
    assert_eq!(upstream.last().target.len(), long.len() - "/openai".len());
    // A field of a form and a value in JSON as well.
    for (kind, body) in [
        ("application/json", CHAT.replace("Say hi", &"y".repeat(40 << 10))),
        ("application/x-www-form-urlencoded", format!("a={}", "z".repeat(40 << 10))),
    ] {
        world.record("/openai/v1/chat/completions", &[("content-type", kind)], &body).await;
        let headers = [("content-type", kind), ("x-retake-mode", "replay-or-error")];
        assert_eq!(world.post("/openai/v1/chat/completions", &headers, &body).await.status, 200, "{kind}");
    }
}

/// A recording is in the encoding of the client that made it; each client gets one that it takes, and the same bytes in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn encoded_answers_suit_the_client_that_asks() {
    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }
    let upstream = Upstream::start(|seen| {
        // It does so whatever it is asked for.
        let encoded = !String::from_utf8_lossy(&seen.body).contains("plain");
        let body = if encoded { gzip(super::ANSWER.as_bytes()) } else { super::ANSWER.as_bytes().to_vec() };
        let mut answer = axum::response::Response::new(axum::body::Body::from(body));
        let headers = answer.headers_mut();
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert("etag", "\"tag\"".parse().unwrap());
        if encoded {
            headers.insert("content-encoding", "gzip".parse().unwrap());
        }
        answer
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let plain_chat = CHAT.replace("hi", "plain");
    let (recorded, _) =
        world.record("/openai/v1/chat/completions", &[("accept-encoding", "gzip, br")], CHAT).await;
    assert_eq!(recorded.headers.text("content-encoding"), Some("gzip"));
    world.record("/openai/v1/chat/completions", &[], &plain_chat).await;
    for round in 0..3 {
        for accepts in
            [None, Some("gzip"), Some("identity"), Some("gzip;q=0, br"), Some("br"), Some("*;q=0.1")]
        {
            for latency in ["none", "1ms"] {
                let mut headers = vec![("x-retake-mode", "replay-or-error"), ("x-retake-latency", latency)];
                headers.extend(accepts.map(|accepts| ("accept-encoding", accepts)));
                let what = format!("{accepts:?} {latency} in round {round}");
                let reply = world.post("/openai/v1/chat/completions", &headers, CHAT).await;
                assert_eq!(reply.status, 200, "{what}");
                if matches!(accepts, Some("gzip" | "*;q=0.1")) {
                    assert_eq!(reply.headers.text("content-encoding"), Some("gzip"), "{what}");
                    assert_eq!(reply.body, recorded.body, "{what}");
                    assert_eq!(reply.headers.text("etag"), Some("\"tag\""), "{what}");
                } else {
                    assert_eq!(reply.headers.text("content-encoding"), None, "{what}");
                    assert_eq!(reply.body, super::ANSWER.as_bytes(), "{what}");
                    assert_eq!(reply.headers.text("etag"), Some("W/\"tag\""), "{what}");
                    assert_eq!(reply.headers.text("vary"), Some("accept-encoding"), "{what}");
                    let length =
                        reply.headers.text("content-length").map(|len| len.parse::<usize>().unwrap());
                    assert!(length.is_none_or(|len| len == super::ANSWER.len()), "{what}: {length:?}");
                }
                let reply = world.post("/openai/v1/chat/completions", &headers, &plain_chat).await;
                assert_eq!(reply.headers.text("content-encoding"), None, "{what}");
                assert_eq!(reply.body, super::ANSWER.as_bytes(), "{what}");
            }
        }
    }
    assert_eq!(upstream.calls(), 2);
}
