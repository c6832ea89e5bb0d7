//! Pictures behind links.

use axum::body::Body;
use axum::response::Response;
use retake::model::{Completeness, Mode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::IMAGE;
use crate::world::{Seen, Upstream, World, json, stored};

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
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (reply, recording) = world.record("/v1/images/generations", &[], IMAGE).await;
    assert!(recording.media[0].problem.as_deref().is_some_and(|problem| problem.contains("403")));
    let original = PNG_LINK.replace("ORIGIN", &upstream.address.to_string());
    assert_eq!(reply.body, original, "the client keeps the provider's link, and gets no dead one of ours");
    let again = world.post("/v1/images/generations", &[], IMAGE).await;
    assert_eq!((again.headers.text("x-retake-result"), &again.body), (Some("replay"), &reply.body));
}

#[tokio::test]
async fn of_two_links_each_lasts_or_stays_by_itself() {
    let upstream = Upstream::start(|seen: Seen| {
        let host = seen.headers.iter().find(|(name, _)| name == "host").map(|(_, host)| host.clone());
        match seen.target.as_str() {
            "/v1/images/generations" => json(&format!(
                r#"{{"data":[{{"url":"http://{0}/gone.png"}},{{"url":"http://{0}/there.png"}}]}}"#,
                host.unwrap_or_default()
            )),
            "/there.png" => {
                Response::builder().header("content-type", "image/png").body(Body::from("x")).unwrap()
            }
            _ => Response::builder().status(404).body(Body::empty()).unwrap(),
        }
    })
    .await;
    let world = World::new(Mode::ReplayOrRecord, upstream.address).await;
    let (reply, recording) = world.record("/v1/images/generations", &[], IMAGE).await;
    let link = |at: usize| format!("http://{}/__retake/media/{}", world.address, recording.media[at].id);
    let expected =
        format!(r#"{{"data":[{{"url":"http://{}/gone.png"}},{{"url":"{}"}}]}}"#, upstream.address, link(1));
    assert_eq!(reply.body, expected);
    assert_eq!(world.post("/v1/images/generations", &[], IMAGE).await.body, expected);
}

/// An answer with links is held until it is complete. One that never is must not look like an empty success.
#[tokio::test]
async fn a_held_answer_that_is_cut_is_an_error_in_the_dialects_shape() {
    // Head and beginning leave in one write, so the answer has surely begun when the connection closes.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(IMAGE.as_bytes()) {
            assert!(socket.read_buf(&mut seen).await.unwrap() > 0);
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n";
        socket.write_all(format!(r#"{head}{{"data":["#).as_bytes()).await.unwrap();
    });
    let world = World::new(Mode::ReplayOrRecord, address).await;
    let mut events = world.engine.subscribe();
    let reply = world.post("/v1/images/generations", &[], IMAGE).await;
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((reply.status, body["error"]["code"].as_str()), (502, Some("UPSTREAM_CUT")), "{body}");
    assert_eq!(reply.headers.text("x-retake-result"), Some("error"));
    assert!(body["error"].get("param").is_some(), "the shape that OpenAI's SDKs read: {body}");
    let recording = world.recording(&stored(&mut events).await);
    assert_eq!(recording.completeness, Completeness::CutByUpstream);
}
