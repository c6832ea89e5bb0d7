//! Pictures behind links.

use axum::body::Body;
use axum::response::Response;
use retake::model::Mode;

use super::IMAGE;
use crate::world::{Seen, Upstream, World, json};

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
