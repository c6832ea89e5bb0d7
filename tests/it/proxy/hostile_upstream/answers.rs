//! What is no HTTP, or too much of it.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use retake::engine::Settings;
use retake::model::{Completeness, Mode, Outcome};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::proxy::{CHAT, raw};
use crate::world::{Seen, Upstream, World, json, settings};

const PATH: &str = "/openai/v1/chat/completions";

/// What is sent to whoever calls: something, and then something again and again, or nothing more.
#[derive(Clone)]
struct Sent {
    first: Vec<u8>,
    again: Option<&'static [u8]>,
    /// Whether the connection is held open.
    holds: bool,
}

impl Sent {
    fn then_closed(text: impl Into<Vec<u8>>) -> Self {
        Self { first: text.into(), again: None, holds: false }
    }

    fn then_held(text: impl Into<Vec<u8>>) -> Self {
        Self { holds: true, ..Self::then_closed(text) }
    }

    fn endless(text: &str, again: &'static str) -> Self {
        Self { again: Some(again.as_bytes()), ..Self::then_closed(text) }
    }
}

async fn upstream(sent: Sent) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(served(socket, sent.clone()));
        }
    });
    address
}

async fn served(mut socket: TcpStream, sent: Sent) -> std::io::Result<()> {
    let mut seen = Vec::new();
    while !seen.ends_with(CHAT.as_bytes()) {
        if socket.read_buf(&mut seen).await? == 0 {
            return Ok(());
        }
    }
    socket.write_all(&sent.first).await?;
    while let Some(again) = sent.again {
        socket.write_all(again).await?;
    }
    if sent.holds {
        // Until the other side has enough.
        while socket.read_buf(&mut seen).await? > 0 {}
    }
    socket.shutdown().await
}

async fn world(sent: Sent) -> World {
    let own = settings(Mode::Record, upstream(sent).await);
    World::with(Settings { timeout: Duration::from_secs(2), ..own }, tempfile::tempdir().unwrap()).await
}

/// Neither of them is an answer: the call fails in time and in words, nothing is recorded, and the proxy goes on.
#[tokio::test]
async fn what_is_no_answer_becomes_an_error_and_no_recording() {
    let long = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "a".repeat(1 << 20));
    let many =
        (0..10_000).fold("HTTP/1.1 200 OK\r\n".to_owned(), |head, nth| head + &format!("x-{nth}: 1\r\n"));
    let cases = [
        (
            "101",
            502,
            Sent::then_held(
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nhello",
            ),
        ),
        (
            "endless 1xx",
            504,
            Sent::endless("", "HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n"),
        ),
        (
            "endless headers",
            502,
            Sent::endless("HTTP/1.1 200 OK\r\n", "x-more: and more of it, again and again\r\n"),
        ),
        ("a header of 1 MB", 502, Sent::then_held(long)),
        ("10,000 headers", 502, Sent::then_held(many + "\r\n")),
        ("a head without an end", 504, Sent::then_held("HTTP/1.1 200 OK\r\nx-a: ")),
        ("silence", 504, Sent::then_held("")),
        ("a closed door", 502, Sent::then_closed("")),
        ("another protocol", 502, Sent::then_held("SSH-2.0-OpenSSH_9.9\r\n")),
        (
            "two lengths",
            502,
            Sent::then_held("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 4\r\n\r\nabcd"),
        ),
        ("a negative length", 502, Sent::then_held("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n")),
        ("a length that is none", 502, Sent::then_held("HTTP/1.1 200 OK\r\ncontent-length: 0x10\r\n\r\n")),
        ("a NUL in a name", 502, Sent::then_held("HTTP/1.1 200 OK\r\nx\0y: 1\r\n\r\n")),
        ("no status", 502, Sent::then_held("HTTP/1.1 abc OK\r\n\r\n")),
    ];
    for (what, status, sent) in cases {
        let world = world(sent).await;
        let reply = world.post(PATH, &[], CHAT).await;
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(reply.status, status, "{what}: {body}");
        assert!(body["error"]["code"].as_str().unwrap().starts_with("UPSTREAM_"), "{what}: {body}");
        assert_eq!(world.get("/__retake/health", &[]).await.status, 200, "{what}");
        assert!(world.engine.rows().is_empty(), "{what}");
        assert_eq!(world.engine.calls().back().unwrap().outcome, Some(Outcome::Error), "{what}");
    }
}

/// They begin as answers: what came is passed on, the client sees that it was cut, and it never answers another call.
#[tokio::test]
async fn an_answer_that_breaks_its_word_is_cut_and_never_replayed() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n2\r\n{{\"\r\n");
    let extension = format!("{chunked}2;{}\r\nab\r\n", "x".repeat(1 << 20));
    for (what, sent) in [
        ("a length too long", Sent::then_closed(format!("{head}content-length: 100\r\n\r\n{{\"a\":"))),
        ("a chunk that is none", Sent::then_held(format!("{chunked}zz\r\nab\r\n"))),
        ("a chunk of all", Sent::then_held(format!("{chunked}ffffffffffffffffff\r\nab\r\n"))),
        ("an extension of 1 MB", Sent::then_held(extension)),
        ("no last chunk", Sent::then_closed(chunked.clone())),
    ] {
        let world = world(sent).await;
        let mut events = world.engine.subscribe();
        let text = format!(
            "POST {PATH} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{CHAT}",
            world.address,
            CHAT.len()
        );
        // Read to the end of the connection: only a cut ends it, nobody asked to close it.
        let answer = raw(world.address, &text).await;
        assert!(answer.starts_with("HTTP/1.1 200") && !answer.ends_with("0\r\n\r\n"), "{what}: {answer}");
        let recording = world.recording(&crate::world::stored(&mut events).await);
        assert_eq!(recording.completeness, Completeness::CutByUpstream, "{what}");
        let replay = world.post(PATH, &[("x-retake-mode", "replay-or-error")], CHAT).await;
        assert_eq!(replay.status, 404, "{what}");
    }
}

/// What comes behind the declared end belongs to nobody, and not to the next call.
#[tokio::test]
async fn bytes_behind_the_end_of_an_answer_are_nobodys() {
    let answer = r#"{"id":"a"}"#;
    let smuggled = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nsmuggled";
    let text = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}{smuggled}",
        answer.len()
    );
    let world = world(Sent::then_held(text)).await;
    for _ in 0..3 {
        let (reply, recording) = world.record(PATH, &[], CHAT).await;
        assert_eq!((reply.status, &reply.body[..]), (200, answer.as_bytes()));
        assert_eq!(recording.response.log.bytes, answer);
    }
}

#[tokio::test]
async fn an_empty_post_says_so() {
    let upstream = Upstream::start(|_: Seen| json("{}")).await;
    let world = World::new(Mode::Off, upstream.address).await;
    let length = || {
        let seen = upstream.last();
        seen.headers.into_iter().find(|(name, _)| name == "content-length").map(|(_, length)| length)
    };
    world.post("/openai/v1/files/file-1/cancel", &[], "").await;
    assert_eq!(length().as_deref(), Some("0"), "RFC 9110, section 8.6");
    world.get("/openai/v1/models", &[]).await;
    assert_eq!(length(), None, "nobody expects a body of a GET");
    world.post(PATH, &[], CHAT).await;
    assert_eq!(length(), Some(CHAT.len().to_string()));
}

/// Who recorded an answer is nobody's business who gets it from a fixture.
#[tokio::test]
async fn who_called_is_told_to_the_client_and_not_stored() {
    let upstream = Upstream::start(|_: Seen| {
        let answer = Response::builder().header("content-type", "application/json");
        let answer =
            answer.header("openai-organization", "org-of-somebody").header("openai-version", "2020-10-01");
        let answer =
            answer.header("anthropic-organization-id", "3f1c-somebody").header("x-request-id", "req_1");
        answer.body(Body::from(r#"{"id":"a"}"#)).unwrap()
    })
    .await;
    for (kept, stored) in [(vec![], None), (vec!["OpenAI-Organization".to_owned()], Some("org-of-somebody"))]
    {
        let own = Settings { keep_headers: kept, ..settings(Mode::ReplayOrRecord, upstream.address) };
        let world = World::with(own, tempfile::tempdir().unwrap()).await;
        let (reply, recording) = world.record(PATH, &[], CHAT).await;
        assert_eq!(reply.headers.text("openai-organization"), Some("org-of-somebody"));
        assert_eq!(recording.response.headers.text("openai-organization"), stored);
        assert_eq!(recording.response.headers.text("anthropic-organization-id"), None);
        assert_eq!(recording.response.headers.text("x-request-id"), Some("req_1"));
        let again = world.post(PATH, &[], CHAT).await;
        assert_eq!(again.headers.text("openai-organization"), stored);
        assert_eq!(again.headers.text("openai-version"), Some("2020-10-01"));
    }
}
