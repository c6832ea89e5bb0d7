//! The client of another process.

use std::net::SocketAddr;

use retake::api::{ListRequest, RecordingRequest, RemoveRequest, SetModeRequest, SnapshotRequest};
use retake::client::{Client, ClientError, ControlClient};
use retake::model::{CallId, Event, Level, Snapshot};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::world::PATIENCE;

async fn attached(address: SocketAddr) -> Client {
    let base = format!("http://{address}").parse().unwrap();
    Client::Remote(ControlClient::at_url(base, Some(TOKEN.into()), "none".as_ref()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_screen_of_another_process_sees_what_this_one_sees() {
    let (world, _upstream, recording) = furnished().await;
    let (here, there) = (Client::Local(world.engine.clone()), attached(world.address).await);
    assert_eq!(there.run(SnapshotRequest {}).await.unwrap(), here.run(SnapshotRequest {}).await.unwrap());
    assert_eq!(
        there.run(ListRequest::default()).await.unwrap(),
        here.run(ListRequest::default()).await.unwrap()
    );
    assert_eq!(
        there.find(RecordingRequest { id: recording.id.clone() }).await.unwrap().as_deref(),
        Some(&recording)
    );
    for (call, remembered) in [(1, true), (2, false), (99, false)] {
        let exchange = there.exchange(CallId(call)).await.unwrap();
        assert_eq!(exchange, here.exchange(CallId(call)).await.unwrap());
        assert_eq!(exchange.is_some(), remembered, "{call}");
    }
    let id = &recording.media[0].id;
    let (one, other) = (there.media(id).await.unwrap().unwrap(), here.media(id).await.unwrap().unwrap());
    assert_eq!((one.content_type, one.body), (other.content_type, other.body));
    let mut events = there.subscribe();
    let mut world_there = Snapshot::default();
    while world_there.rows.is_empty() {
        world_there.apply(&events.recv().await.unwrap());
    }
    there.run(SetModeRequest(Mode::Off)).await.unwrap();
    there.run(RemoveRequest { ids: vec![recording.id.clone()] }).await.unwrap();
    while world_there.rows.contains_key(&recording.id) {
        world_there.apply(&events.recv().await.unwrap());
    }
    assert_eq!(world_there, here.run(SnapshotRequest {}).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_is_gone_is_announced() {
    let (world, upstream, _) = furnished().await;
    let there = attached(world.address).await;
    let mut events = there.subscribe();
    let anew = |event: &Event| matches!(event, Event::Snapshot(_)).then_some(());
    wait(&mut events, anew).await;
    world.ended().await;
    drop(upstream);
    let told = wait(&mut events, |event| match event {
        Event::Notice(notice) => Some(notice.clone()),
        _ => None,
    });
    let told = told.await;
    assert!(told.level == Level::Warning && told.text.contains("trying again"), "{told:?}");
    assert!(matches!(there.run(ListRequest::default()).await, Err(ClientError::Unreachable { .. })));
}

/// An owner that ends while it answers: says `begun` to every verb and hangs up.
async fn dying(begun: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && socket.read_buf(&mut head).await.is_ok_and(|read| read > 0)
            {
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let health =
                format!(r#"{{"status":"ok","name":"retake","version":"{}"}}"#, env!("CARGO_PKG_VERSION"));
            let body = match head.split(' ').nth(1) {
                Some("/__retake/health") => health,
                Some("/__retake/mode") => r#""mock""#.to_owned(),
                _ => {
                    let _ = socket.write_all(begun.as_bytes()).await;
                    continue;
                }
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_dies_in_the_middle_of_a_verb_is_an_error_and_no_wait() {
    for begun in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[", "HTTP/1.1 2"] {
        let there = attached(dying(begun).await).await;
        let asked = async {
            (there.run(ListRequest::default()).await.map(drop), there.run(SnapshotRequest {}).await.map(drop))
        };
        let (rows, snapshot) = tokio::time::timeout(PATIENCE, asked).await.expect("nothing hangs");
        for answer in [rows, snapshot] {
            let error = answer.expect_err("it died");
            assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
            assert!(error.to_string().contains("does not answer"), "{error}");
        }
    }
}
