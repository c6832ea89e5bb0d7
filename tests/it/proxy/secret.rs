//! What must not be seen, and who may not ask.

use axum::body::Body;
use axum::response::Response;
use retake::model::{Event, Mode};

use super::{CHAT, chat, raw};
use crate::world::{KEY, PATIENCE, Upstream, World, request, settings, stands_in, wait};

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

/// Law 4, where a key stands in the wrong place.
#[tokio::test]
async fn a_refusal_does_not_repeat_a_key_where_people_look() {
    let world = World::new(Mode::Mock, "127.0.0.1:9".parse().unwrap()).await;
    for name in ["x-retake-mode", "x-retake-match", "x-retake-recording", "x-retake-latency"] {
        assert_eq!(world.post("/openai/v1/x", &[(name, KEY)], "{}").await.status, 400);
    }
    assert_eq!(world.post(&format!("/nowhere/{KEY}"), &[], "{}").await.status, 404);
    world.post(&format!("/openai/v1/files/{KEY}"), &[], "{}").await;
    let snapshot = world.engine.snapshot();
    assert_eq!(snapshot.calls.len(), 6);
    assert!(!serde_json::to_string(&snapshot).unwrap().contains(KEY), "{snapshot:?}");
}

/// An upstream that encodes though it was asked not to: what cannot be read is not stored, what can is cleaned.
#[tokio::test]
async fn an_echo_in_an_encoded_answer_is_found_or_the_answer_is_not_stored() {
    let upstream = Upstream::start(|seen| {
        let echo = format!(r#"{{"echo":"{KEY}"}}"#);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gzip, echo.as_bytes()).unwrap();
        let encoding = if seen.target.ends_with("br") { "br" } else { "gzip" };
        let answer = Response::builder()
            .header("content-type", "application/json")
            .header("content-encoding", encoding);
        answer.body(Body::from(gzip.finish().unwrap())).unwrap()
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let (reply, recording) = world.record("/v1/files/gzip", &[], "{}").await;
    assert_eq!(reply.headers.text("content-encoding"), Some("gzip"), "the client gets what was sent");
    let stored = String::from_utf8_lossy(&recording.response.log.bytes);
    assert!(stored.starts_with(r#"{"echo":"<key-"#) && stored.ends_with(r#">"}"#), "{stored}");
    assert!(recording.response.headers.get("content-encoding").is_none());
    let mut events = world.engine.subscribe();
    world.post("/v1/files/br", &[], "{}").await;
    let said = |event: &Event| {
        matches!(event, Event::Notice(notice) if notice.text.contains("not recorded")).then_some(())
    };
    wait(&mut events, said).await;
    assert_eq!(world.engine.rows().len(), 1);
}

/// Law 4, for keys under names that nobody lists, and for keys that come back piece by piece.
#[tokio::test]
async fn a_key_of_any_header_is_found_in_the_pieces_of_a_stream() {
    const GATEWAY: &str = "4f9a8c7e6dmsh5b4a39281706p1f5e4djsn3c2b1a";
    let upstream = Upstream::start(|seen| {
        let key = seen.headers.iter().find(|(name, _)| name == "x-rapidapi-pass").map(|(_, key)| key.clone());
        let key = key.unwrap_or_default();
        let start =
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"PIECE"}}"#;
        let delta =
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"PIECE"}}"#;
        let start = format!("event: content_block_start\ndata: {}\n\n", start.replace("PIECE", &key[..7]));
        let pieces = key.as_bytes()[7..].chunks(5).map(|piece| std::str::from_utf8(piece).unwrap());
        let deltas = pieces
            .map(|piece| format!("event: content_block_delta\ndata: {}\n\n", delta.replace("PIECE", piece)));
        let stop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        let body = start + &deltas.collect::<String>() + stop;
        Response::builder().header("content-type", "text/event-stream").body(Body::from(body)).unwrap()
    })
    .await;
    let mut own = settings(Mode::Record, upstream.address);
    own.upstreams.insert("anthropic".into(), format!("http://{}", upstream.address).parse().unwrap());
    let world = World::with(own, tempfile::tempdir().unwrap()).await;
    let headers = [("x-rapidapi-pass", GATEWAY), ("anthropic-version", "2023-06-01")];
    let (reply, recording) = world.record("/anthropic/v1/messages", &headers, CHAT).await;
    let pieces = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let texts = text.split("\"text\":\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        texts.collect::<String>()
    };
    assert_eq!(pieces(&reply.body), GATEWAY, "the client gets what the upstream said");
    let stored = pieces(&recording.response.log.bytes);
    assert!(stored.starts_with("<key-") && stored.len() == 14, "{stored}");
}
