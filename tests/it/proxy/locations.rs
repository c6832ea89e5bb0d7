//! Headers that say where something is lead back through the proxy.

use axum::body::Body;
use axum::response::Response;
use retake::model::Mode;

use crate::world::{Reply, Seen, Upstream, World, settings};

/// An upstream below a path of its own, whose answers point to itself and elsewhere.
async fn upstream() -> Upstream {
    Upstream::start(|seen: Seen| {
        let own = seen.headers.iter().find(|(name, _)| name == "host").map(|(_, host)| host.clone()).unwrap();
        let to = match seen.target.as_str() {
            "/api/v1/elsewhere" => "https://cdn.example/file?sig=0123456789abcdef0123",
            "/api/v1/script" => "javascript:alert(1)",
            "/api/v1/relative" => "../v1/done?x=1#part",
            _ => "/api/v1/done",
        };
        if seen.target.starts_with("/api/v1/done") {
            return Response::new(Body::from("done"));
        }
        let answer = Response::builder().status(307).header("location", to);
        let answer =
            answer.header("operation-location", format!("http://{own}/api/v1/jobs/1?api-version=1")).header(
                "link",
                format!("<http://{own}/api/v1/x?page=2>; rel=\"next\", <https://cdn.example/>; rel=up"),
            );
        answer.body(Body::empty()).unwrap()
    })
    .await
}

async fn world(mode: Mode, upstream: &Upstream) -> World {
    let mut settings = settings(mode, upstream.address);
    settings.upstreams.insert("files".into(), format!("http://{}/api", upstream.address).parse().unwrap());
    World::with(settings, tempfile::tempdir().unwrap()).await
}

fn said(reply: &Reply) -> [String; 3] {
    ["location", "operation-location", "link"]
        .map(|name| reply.headers.text(name).unwrap_or_default().to_owned())
}

fn led(door: &str) -> [String; 3] {
    [
        format!("{door}/v1/done"),
        format!("{door}/v1/jobs/1?api-version=1"),
        format!("<{door}/v1/x?page=2>; rel=\"next\", <https://cdn.example/>; rel=up"),
    ]
}

#[tokio::test]
async fn live_recorded_and_replayed_answers_lead_back_through_the_mount() {
    let upstream = upstream().await;
    let world = world(Mode::ReplayOrRecord, &upstream).await;
    let proxy = format!("http://{}", world.address);
    let live = world.get("/files/v1/job", &[("x-retake-mode", "off")]).await;
    assert_eq!(said(&live), led(&format!("{proxy}/files")));
    let (recorded, recording) = world.record("/files/v1/job", &[], "{}").await;
    assert_eq!(said(&recorded), led(&format!("{proxy}/files")));
    let own = format!("http://{}/api/v1/jobs/1?api-version=1", upstream.address);
    assert_eq!(recording.response.headers.text("operation-location"), Some(&*own), "the original is kept");
    upstream.stop().await;
    // Asked until the answer is known by the raw bytes of its request, too.
    for _ in 0..3 {
        let replayed = world.post("/files/v1/job", &[], "{}").await;
        assert_eq!(replayed.headers.text("x-retake-result"), Some("replay"));
        assert_eq!(said(&replayed), said(&recorded), "the same as when it was recorded");
        let named = world.post("/@a%20test/files/v1/job", &[], "{}").await;
        assert_eq!(said(&named), led(&format!("{proxy}/@a%20test/files")));
        let original = world.post("/files/v1/job", &[("x-retake-media", "original")], "{}").await;
        assert_eq!(said(&original)[1], own);
    }
}

#[tokio::test]
async fn each_client_gets_the_name_by_which_it_knows_the_proxy() {
    let upstream = upstream().await;
    let world = world(Mode::ReplayOrRecord, &upstream).await;
    world.record("/files/v1/job", &[], "{}").await;
    let port = world.address.port();
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("localhost:{port}")] {
        let head =
            format!("POST /files/v1/job HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n");
        let answer =
            super::raw(world.address, &format!("{head}content-length: 2\r\nconnection: close\r\n\r\n{{}}"))
                .await;
        assert!(answer.contains(&format!("location: http://{host}/files/v1/done\r\n")), "{answer}");
    }
}

#[tokio::test]
async fn what_leads_elsewhere_stays_and_what_is_relative_is_resolved() {
    let upstream = upstream().await;
    let world = world(Mode::Off, &upstream).await;
    let location = async |target: &str| said(&world.get(target, &[]).await)[0].clone();
    assert_eq!(location("/files/v1/elsewhere").await, "https://cdn.example/file?sig=0123456789abcdef0123");
    assert_eq!(location("/files/v1/script").await, "javascript:alert(1)");
    let door = format!("http://{}/files", world.address);
    assert_eq!(location("/files/v1/relative").await, format!("{door}/v1/done?x=1#part"));
    let followed = world.get("/files/v1/done", &[]).await;
    assert_eq!(&followed.body[..], b"done");
}
