//! A real proxy before a real upstream: recording, replaying, streaming, and what happens when things break.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use retake::engine::Settings;
use retake::model::{Completeness, Event, Mode, Outcome, Strategy};
use tokio::sync::Notify;

use crate::world::{KEY, PATIENCE, Seen, Upstream, World, json, request, settings, stands_in, stored, wait};

const CHAT: &str = r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"Say hi"}]}"#;
const IMAGE: &str = r#"{"model":"gpt-image-1.5","prompt":"a cat","size":"1024x1024"}"#;
const ANSWER: &str = r#"{ "id":"chatcmpl-1", "object":"chat.completion","created":1,"model":"gpt-5-mini","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}] }"#;
const EVENTS: [&str; 4] = [
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel",
    "lo \"}}]}\n\ndata: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"you\"}}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n",
];

fn chat(_: Seen) -> Response {
    json(ANSWER)
}

/// A stream whose pieces wait for `gate`, one permit each.
fn gated(gate: Arc<Notify>, pieces: &'static [&'static str]) -> Response {
    let stream = futures_util::stream::unfold(0, move |at| {
        let gate = Arc::clone(&gate);
        async move {
            let piece = *pieces.get(at)?;
            gate.notified().await;
            Some((Ok::<_, Infallible>(Bytes::from(piece)), at + 1))
        }
    });
    Response::builder().header("content-type", "text/event-stream").body(Body::from_stream(stream)).unwrap()
}

#[tokio::test]
async fn a_recorded_call_is_replayed_byte_for_byte_when_the_upstream_is_gone() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (first, recording) = world.record("/openai/v1/chat/completions", &[], CHAT).await;
    assert_eq!((first.status, first.headers.text("x-retake-result")), (200, Some("record")));
    assert_eq!(upstream.last().target, "/v1/chat/completions");
    assert_eq!((upstream.last().body, &first.body[..]), (Bytes::from(CHAT), ANSWER.as_bytes()));
    upstream.stop().await;
    let again = world.post("/v1/chat/completions", &[], CHAT).await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.headers.text("x-retake-result"), Some("replay"));
    assert_eq!(again.headers.text("x-retake-match"), Some("standard"));
    assert_eq!(again.headers.text("x-lumenfall-recording-id"), Some(recording.id.as_str()));
    assert_eq!(world.engine.row(&recording.id).unwrap().usage.hits, 1);
}

#[tokio::test]
async fn recordings_outlive_a_restart() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (first, recording) = world.record("/v1/chat/completions", &[], CHAT).await;
    let settings = settings(Mode::ReplayOrError, upstream.address);
    upstream.stop().await;
    let world = world.restarted(settings).await;
    let again = world.post("/v1/chat/completions", &[], CHAT).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(world.recording(&recording.id), recording);
}

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
        !seen.iter().any(|n| n.starts_with("x-retake") || n.starts_with("x-lumenfall") || n == "x-test-id"),
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

#[tokio::test]
async fn cosmetic_fields_do_not_matter_and_significant_ones_do() {
    let upstream = Upstream::start(|_| json(r#"{"created":1,"data":[]}"#)).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let (target, error) = ("/v1/images/generations", [("x-retake-mode", "replay-or-error")]);
    world.record(target, &[("x-retake-mode", "record")], IMAGE).await;
    let reworded = r#"{"size":"1024x1024","n":1,"user":"u","prompt":"a dog","model":"gpt-image-1.5"}"#;
    assert_eq!(world.post(target, &error, reworded).await.status, 200);
    let call = world.engine.snapshot().calls.back().cloned().unwrap();
    assert_eq!((call.label(), call.outcome), ("HIT~", Some(Outcome::Replay)));
    let larger = IMAGE.replace("1024x1024", "1536x1024");
    let miss = world.post(target, &error, &larger).await;
    let text = String::from_utf8_lossy(&miss.body).into_owned();
    assert_eq!(miss.status, 404);
    assert!(
        text.contains("RECORDING_NOT_FOUND") && text.contains("body/size 1024x1024 → 1536x1024"),
        "{text}"
    );
    let strategies = [
        ("strict", IMAGE, 200),
        ("strict", reworded, 404),
        ("specific model", larger.as_str(), 200),
        ("specific size", larger.as_str(), 404),
        ("standard -size", larger.as_str(), 200),
        ("pinned", larger.as_str(), 200),
    ];
    for (strategy, body, status) in strategies {
        let reply = world.post(target, &[("x-retake-match", strategy)], body).await;
        assert_eq!(reply.status, status, "{strategy} {body}");
    }
}

#[tokio::test]
async fn a_call_can_name_the_recording_that_answers() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (first, recording) = world.record("/v1/chat/completions", &[], CHAT).await;
    let named = [("x-retake-mode", "replay-or-error"), ("x-retake-recording", recording.id.as_str())];
    let reply = world.post("/v1/responses", &named, "{}").await;
    assert_eq!((reply.status, &reply.body), (200, &first.body));
    let absent = [("x-retake-mode", "replay-or-error"), ("x-retake-recording", "rec_0000000000000000")];
    let reply = world.post("/v1/responses", &absent, "{}").await;
    assert_eq!(reply.status, 404);
    assert!(String::from_utf8_lossy(&reply.body).contains("rec_0000000000000000"));
}

/// Law 4.
#[tokio::test]
async fn no_credential_nor_its_echo_reaches_the_store_or_a_view() {
    let upstream = Upstream::start(|seen| {
        let key = seen
            .headers
            .iter()
            .find(|(name, _)| name == "authorization")
            .map(|(_, v)| v.clone())
            .unwrap_or_default();
        Response::builder()
            .header("content-type", "application/json")
            .header("x-echo", key.clone())
            .header("set-cookie", "session=1")
            .body(Body::from(format!(r#"{{"error":{{"message":"Incorrect API key provided: {key}"}}}}"#)))
            .unwrap()
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let target = format!("/v1/chat/completions?api_key={KEY}");
    let body = CHAT.replace("Say hi", &format!("my key is {KEY}, mail me: some.body@example.org"));
    let (reply, recording) =
        world.record(&target, &[("cookie", KEY), ("openai-organization", "org-secret")], &body).await;
    assert!(String::from_utf8_lossy(&reply.body).contains(KEY), "the client gets what the upstream said");
    assert!(recording.response.headers.get("set-cookie").is_none());
    let live = world.post(&target, &[("x-retake-mode", "off")], &body).await;
    assert_eq!(live.status, 200);
    let call = world.engine.snapshot().calls.back().cloned().unwrap();
    let remembered = serde_json::to_string(&*world.engine.exchange(call.id).unwrap()).unwrap();
    let shown = serde_json::to_string(&recording).unwrap()
        + &remembered
        + &serde_json::to_string(&world.engine.snapshot()).unwrap();
    for secret in [KEY, "some.body@example.org", "org-secret"] {
        assert!(!shown.contains(secret), "{secret} is shown: {shown}");
    }
    world.engine.close(PATIENCE).await;
    for secret in [KEY, "some.body@example.org", "org-secret"] {
        assert_eq!(stands_in(world.dir.path(), secret), None, "{secret}");
    }
}

#[tokio::test]
async fn scrubbing_does_not_break_a_match() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let body = CHAT.replace("Say hi", "write to some.body@example.org");
    world.record("/v1/chat/completions", &[], &body).await;
    assert_eq!(
        world.post("/v1/chat/completions", &[], &body).await.headers.text("x-retake-result"),
        Some("replay")
    );
    let other = body.replace("some.body", "some.one");
    let reply = world.post("/v1/chat/completions", &[("x-retake-mode", "replay-or-error")], &other).await;
    assert_eq!(reply.status, 404, "another address is another request");
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
            .body(Body::from(EVENTS[..3].concat()))
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
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{CHAT}",
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

const PNG_LINK: &str = r#"{ "created": 1, "data": [ {"url":"http:\/\/ORIGIN\/files\/a.png?sig=secret", "revised_prompt": "x"} ] }"#;

fn linked(seen: &Seen) -> Response {
    if seen.target.starts_with("/files/a.png?sig=secret") {
        let authorized = seen.headers.iter().any(|(name, _)| name == "authorization");
        assert!(!authorized, "links are fetched without credentials");
        return Response::builder()
            .header("content-type", "image/png")
            .body(Body::from(&b"\x89PNG\r\n\x1a\nnot all of it"[..]))
            .unwrap();
    }
    let host = seen
        .headers
        .iter()
        .find(|(name, _)| name == "host")
        .map(|(_, host)| host.clone())
        .unwrap_or_default();
    json(&PNG_LINK.replace("ORIGIN", &host))
}

#[tokio::test]
async fn media_behind_links_are_kept_and_outlive_the_link() {
    let upstream = Upstream::start(|seen| linked(&seen)).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (reply, recording) = world.record("/v1/images/generations", &[], IMAGE).await;
    let origin = upstream.address.to_string();
    upstream.stop().await;
    let link = format!("http://{}/__retake/media/{}", world.address, recording.media[0].id);
    let expected = PNG_LINK.replace(r"http:\/\/ORIGIN\/files\/a.png?sig=secret", &link);
    assert_eq!(reply.body, expected, "only the link changes");
    let again = world.post("/v1/images/generations", &[], IMAGE).await;
    assert_eq!(again.body, reply.body, "recording and replay give the same bytes");
    assert_eq!(recording.response.log.bytes, PNG_LINK.replace("ORIGIN", &origin), "the original is kept");
    let path = format!("/__retake/media/{}", recording.media[0].id);
    let picture = world.get(&path, &[]).await;
    assert_eq!((picture.status, picture.headers.media_type().as_str()), (200, "image/png"));
    assert!(picture.body.starts_with(b"\x89PNG"));
    assert_eq!(picture.headers.text("x-content-type-options"), Some("nosniff"));
    let part = world.get(&path, &[("range", "bytes=1-3")]).await;
    assert_eq!((part.status, &part.body[..]), (206, &b"PNG"[..]));
    let original = world.post("/v1/images/generations", &[("x-retake-media", "original")], IMAGE).await;
    assert!(String::from_utf8_lossy(&original.body).contains("sig=secret"));
    assert_eq!(world.engine.row(&recording.id).unwrap().images, 1);
}

#[tokio::test]
async fn a_link_that_cannot_be_fetched_is_seen_on_the_recording() {
    let upstream = Upstream::start(|seen| match seen.target.as_str() {
        "/v1/images/generations" => linked(&seen),
        _ => Response::builder().status(403).body(Body::empty()).unwrap(),
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (_, recording) = world.record("/v1/images/generations", &[], IMAGE).await;
    assert!(recording.media[0].problem.as_deref().is_some_and(|problem| problem.contains("403")));
}

#[tokio::test]
async fn an_upstreams_own_error_is_recorded_like_any_answer() {
    let upstream = Upstream::start(|_| {
        let body = r#"{"error":{"message":"slow down","type":"rate_limit","param":null,"code":"rate_limit_exceeded"}}"#;
        Response::builder().status(429).header("retry-after", "7").header("content-type", "application/json").body(Body::from(body)).unwrap()
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (first, _) = world.record("/v1/chat/completions", &[], CHAT).await;
    upstream.stop().await;
    let again = world.post("/v1/chat/completions", &[], CHAT).await;
    assert_eq!((again.status, again.headers.text("retry-after")), (429, Some("7")));
    assert_eq!(again.body, first.body);
}

#[tokio::test]
async fn what_cannot_be_answered_says_so_in_the_dialects_shape() {
    let upstream = Upstream::start(chat).await;
    let address = upstream.address;
    upstream.stop().await;
    let world = World::new(Mode::Record, address).await;
    for (target, headers, status, code) in [
        ("/v1/chat/completions", vec![], 502, "UPSTREAM_UNREACHABLE"),
        ("/nowhere/v3/x", vec![], 404, "UNKNOWN_MOUNT"),
        (
            "/v1/realtime",
            vec![("upgrade", "websocket"), ("connection", "upgrade")],
            501,
            "WEBSOCKET_UNSUPPORTED",
        ),
    ] {
        let reply = world.post(target, &headers, CHAT).await;
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status, body["error"]["code"].as_str()), (status, Some(code)), "{target}");
        assert_eq!(reply.headers.text("x-retake-result"), Some("error"));
        assert_eq!(world.engine.snapshot().calls.back().unwrap().outcome, Some(Outcome::Error));
    }
}

#[tokio::test]
async fn removed_recordings_answer_no_more_until_they_are_restored() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    let (_, recording) = world.record("/v1/chat/completions", &[("x-retake-mode", "record")], CHAT).await;
    let ids = [recording.id.clone()];
    assert_eq!(world.post("/v1/chat/completions", &[], CHAT).await.status, 200);
    assert_eq!(world.engine.remove(&ids).await.unwrap(), ids);
    assert_eq!(world.post("/v1/chat/completions", &[], CHAT).await.status, 404);
    assert_eq!(world.engine.restore(&ids).await.unwrap(), ids);
    assert_eq!(world.engine.row(&ids[0]).unwrap().usage.hits, 1, "its use came back with it");
    assert_eq!(world.post("/v1/chat/completions", &[], CHAT).await.status, 200);
    assert_eq!(world.engine.remove(&["rec_0000000000000000".parse().unwrap()]).await.unwrap(), []);
}

#[tokio::test]
async fn the_newest_take_answers() {
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let upstream =
        Upstream::start(move |_| json(&format!(r#"{{"take":{}}}"#, count.fetch_add(1, Ordering::SeqCst))))
            .await;
    let world = World::new(Mode::Record, upstream.address).await;
    world.record("/v1/chat/completions", &[], CHAT).await;
    world.record("/v1/chat/completions", &[], CHAT).await;
    let reply = world.post("/v1/chat/completions", &[("x-retake-mode", "replay-or-error")], CHAT).await;
    assert_eq!(reply.body, r#"{"take":1}"#);
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

#[tokio::test]
async fn the_control_api_is_for_holders_of_the_token_on_this_machine() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (_, recording) = world.record("/v1/chat/completions", &[], CHAT).await;
    let token = format!("Bearer {}", crate::world::TOKEN);
    let with = |fields: &[(&str, &str)]| {
        let mut request = request("/__retake/recordings", &[], "");
        request.method = "GET".into();
        request.headers.retain(|name| name != "authorization" && name != "content-type");
        for (name, value) in fields {
            request.headers.push(name, (*value).to_owned());
        }
        request
    };
    assert_eq!(world.send(&with(&[])).await.status, 401);
    assert_eq!(world.send(&with(&[("authorization", "Bearer wrong")])).await.status, 401);
    assert_eq!(
        world.send(&with(&[("authorization", &token), ("origin", "http://evil.example")])).await.status,
        403
    );
    let listed = world.send(&with(&[("authorization", &token)])).await;
    assert_eq!(listed.status, 200);
    assert!(String::from_utf8_lossy(&listed.body).contains(recording.id.as_str()));
    let foreign = raw(
        world.address,
        "GET /__retake/recordings HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
    let open = world.get("/__retake/health", &[]).await;
    assert_eq!(open.status, 200);
}

/// Edge case 34: answers come in the order of requests, whatever each of them is.
#[tokio::test]
async fn pipelined_calls_are_answered_in_order() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::ReplayOrError, upstream.address).await;
    world.record("/v1/chat/completions", &[("x-retake-mode", "record")], CHAT).await;
    let other = CHAT.replace("hi", "no");
    let one = |body: &str, last: bool| {
        let close = if last { "connection: close\r\n" } else { "" };
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{close}content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let text = one(CHAT, false) + &one(&other, false) + &one(CHAT, false) + &one(&other, true);
    let answers = raw(world.address, &text).await;
    let statuses: Vec<_> =
        answers.match_indices("HTTP/1.1 ").map(|(at, _)| answers[at + 9..at + 12].to_owned()).collect();
    assert_eq!(statuses, ["200", "404", "200", "404"]);
}

#[tokio::test]
async fn a_forward_proxy_request_is_told_what_to_do() {
    let world = World::new(Mode::Record, "127.0.0.1:9".parse().unwrap()).await;
    for line in ["GET http://example.org/v1/x HTTP/1.1", "CONNECT example.org:443 HTTP/1.1"] {
        let answer =
            raw(world.address, &format!("{line}\r\nhost: example.org\r\nconnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("base URL"), "{answer}");
    }
}

#[tokio::test]
async fn paths_reach_the_upstream_as_they_were_sent() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Off, upstream.address).await;
    for target in ["/v1/models/a%3Ab%2Fc", "/v1//x;p=1/?", "/v1/x?b=2&a=1&b=%20y", "/v1/~%7E"] {
        world.post(&format!("/openai{target}"), &[], "{}").await;
        assert_eq!(upstream.last().target, target);
    }
}

/// Edge case 9.
#[tokio::test]
async fn the_length_in_an_answer_to_head_is_the_upstreams() {
    let upstream = Upstream::start(|_| json(ANSWER)).await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let length = ANSWER.len().to_string();
    let mut events = world.engine.subscribe();
    for result in ["record", "replay"] {
        let head = "HEAD /openai/v1/models/gpt-5 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let answer = raw(world.address, head).await;
        assert!(answer.contains(&format!("x-retake-result: {result}")), "{answer}");
        assert!(
            answer.contains(&format!("content-length: {length}")) && answer.ends_with("\r\n\r\n"),
            "{answer}"
        );
        if result == "record" {
            stored(&mut events).await;
        }
    }
}

#[tokio::test]
async fn a_strategy_of_the_command_line_is_stamped_on_new_recordings() {
    let upstream = Upstream::start(chat).await;
    let stamped = Settings { strategy: Strategy::Strict, ..settings(Mode::ReplayOrRecord, upstream.address) };
    let world = World::with(stamped, tempfile::tempdir().unwrap()).await;
    let (_, recording) = world.record("/v1/chat/completions", &[], CHAT).await;
    assert_eq!(recording.strategy, Strategy::Strict);
    let spaced = CHAT.replace(':', ": ");
    let reply = world.post("/v1/chat/completions", &[("x-retake-mode", "replay-or-error")], &spaced).await;
    assert_eq!(reply.status, 404, "strict means the exact bytes");
    let (_, looser) = world
        .record(
            "/v1/chat/completions",
            &[("x-retake-mode", "record"), ("x-retake-match", "standard -temperature")],
            &spaced,
        )
        .await;
    assert_eq!(looser.strategy.to_string(), "standard -temperature");
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

/// Sends bytes as they are and reads until the other side closes.
async fn raw(address: std::net::SocketAddr, text: &str) -> String {
    let text = text.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.write_all(text.as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    });
    read.await.unwrap()
}
