//! Upstreams that lead back to the proxy.

use std::net::{SocketAddr, TcpListener as Reserved};

use retake::engine::{Secret, Settings};
use retake::model::{Mode, Outcome};
use tokio::net::TcpListener;

use crate::proxy::{CHAT, chat};
use crate::verbs::draft;
use crate::world::{Reply, Seen, Upstream, World, json, settings};

const CHAT_PATH: &str = "/openai/v1/chat/completions";

/// Passes connections on to an address that is named later: a second proxy, which knows nothing of loops.
async fn relay() -> (SocketAddr, tokio::sync::watch::Sender<Option<SocketAddr>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = tokio::sync::watch::channel(None);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut told = told.clone();
            tokio::spawn(async move {
                let to = told.wait_for(Option::is_some).await.unwrap().unwrap();
                let mut server = tokio::net::TcpStream::connect(to).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    (address, tell)
}

async fn world(mode: Mode, upstream: &str) -> World {
    let unused = Reserved::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut settings: Settings = settings(mode, unused);
    settings.upstreams.insert("openai".into(), upstream.parse().unwrap());
    World::with(settings, tempfile::tempdir().unwrap()).await
}

fn is_loop(reply: &Reply) {
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((reply.status, body["error"]["code"].as_str()), (400, Some("UPSTREAM_LOOP")), "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("leads back to"), "{body}");
    assert_eq!(reply.headers.text("x-should-retry"), Some("false"));
}

#[tokio::test]
async fn an_upstream_that_is_the_proxy_under_another_name_ends_after_one_round() {
    for host in ["localhost", "127.1", "0x7f000001", "[::ffff:127.0.0.1]"] {
        for mode in [Mode::Off, Mode::Record, Mode::ReplayOrRecord, Mode::ReplayOrLive] {
            let (relay, tell) = relay().await;
            let world = world(mode, &format!("http://{host}:{}/openai", relay.port())).await;
            tell.send(Some(world.address)).unwrap();
            is_loop(&world.post(CHAT_PATH, &[], CHAT).await);
            let calls = world.engine.calls();
            assert_eq!(calls.len(), 2, "{host} {mode}: {calls:?}");
            assert!(calls.iter().all(|call| call.outcome == Some(Outcome::Error)), "{calls:?}");
            assert!(world.engine.rows().is_empty(), "a loop is nobody's answer to record");
        }
    }
}

#[tokio::test]
async fn what_is_asked_anew_of_the_proxy_itself_ends_as_well() {
    let (relay, tell) = relay().await;
    let unused = Reserved::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut settings: Settings = settings(Mode::Record, unused);
    settings
        .upstreams
        .insert("openai".into(), format!("http://127.1:{}/openai", relay.port()).parse().unwrap());
    settings.keys.insert("openai".into(), Secret("sk-of-no-use-0a1b2c3d4e5f".into()));
    let world = World::with(settings, tempfile::tempdir().unwrap()).await;
    tell.send(Some(world.address)).unwrap();
    let id = world.engine.create(draft("cats", "hello")).await.unwrap();
    let (rows, before) = (world.engine.rows(), world.engine.recording(&id).unwrap());
    let asked = world.engine.rerecord(&id).await.unwrap();
    let problem = asked.problem.expect("nobody answered");
    assert!(problem.contains("leads back to") && asked.new.is_none(), "{problem}");
    // One call came round, and was not sent on.
    let calls = world.engine.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].outcome, Some(Outcome::Error));
    assert_eq!((world.engine.rows(), world.engine.recording(&id).unwrap()), (rows, before));
}

#[tokio::test]
async fn two_retakes_may_stand_in_a_chain_but_not_in_a_circle() {
    let upstream = Upstream::start(chat).await;
    let second = World::new(Mode::Off, upstream.address).await;
    let first = world(Mode::Record, &format!("http://{}/openai", second.address)).await;
    let (reply, recording) = first.record("/v1/chat/completions", &[], CHAT).await;
    assert_eq!(reply.status, 200);
    let marks = upstream.last().headers.iter().find(|(name, _)| name == "x-retake-hop").unwrap().1.clone();
    assert_eq!(marks.split(", ").count(), 2, "{marks}");
    let shown = serde_json::to_string(&recording).unwrap();
    assert!(!marks.split(", ").any(|mark| shown.contains(mark)) && !shown.contains("x-retake-hop"));

    let (relay, tell) = relay().await;
    let third = world(Mode::ReplayOrRecord, &format!("http://{relay}/openai")).await;
    let fourth = world(Mode::ReplayOrRecord, &format!("http://{}/openai", third.address)).await;
    tell.send(Some(fourth.address)).unwrap();
    is_loop(&third.post(CHAT_PATH, &[], CHAT).await);
    assert_eq!((third.engine.calls().len(), fourth.engine.calls().len()), (2, 1));
    assert!(third.engine.rows().is_empty() && fourth.engine.rows().is_empty());
}

#[tokio::test]
async fn an_upstream_that_repeats_the_mark_brings_it_into_no_recording() {
    let upstream = Upstream::start(|seen: Seen| {
        let mark = seen.headers.iter().find(|(name, _)| name == "x-retake-hop").map(|(_, mark)| mark.clone());
        json(&format!(r#"{{"id":"a","headers":{{"X-Retake-Hop":"{}"}}}}"#, mark.unwrap_or_default()))
    })
    .await;
    let world = World::new(Mode::Record, upstream.address).await;
    let passed = "00112233445566778899aabbccddeeff";
    let (reply, recording) = world.record(CHAT_PATH, &[("x-retake-hop", passed)], CHAT).await;
    let marks = upstream.last().headers.iter().find(|(name, _)| name == "x-retake-hop").unwrap().1.clone();
    assert!(marks.starts_with(passed) && String::from_utf8_lossy(&reply.body).contains(&marks));
    let stored = String::from_utf8_lossy(&recording.response.log.bytes).into_owned();
    assert!(!marks.split(", ").any(|mark| stored.contains(mark)), "{stored}");
}

#[tokio::test]
async fn a_chain_has_an_end_and_marks_are_checked() {
    let upstream = Upstream::start(chat).await;
    let world = World::new(Mode::Off, upstream.address).await;
    let mark = |nth: usize| format!("{nth:032x}");
    let marks = |count: usize| (0..count).map(mark).collect::<Vec<_>>().join(", ");
    let through = async |marks: String| world.post(CHAT_PATH, &[("x-retake-hop", &marks)], CHAT).await;
    assert_eq!(through(marks(7)).await.status, 200);
    let refused = through(marks(8)).await;
    assert!(refused.status == 400 && String::from_utf8_lossy(&refused.body).contains("8 retakes"));
    assert_eq!(through("anything".into()).await.status, 400);
    assert_eq!(upstream.calls(), 1);
}
