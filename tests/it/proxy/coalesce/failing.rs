//! What happens to all when the one upstream call fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use retake::model::{Mode, Outcome};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{TARGET, at_once, in_flight};
use crate::proxy::CHAT;
use crate::world::World;

/// An upstream that closes its one connection when `gate` opens, after it sent `text`.
async fn breaking(gate: &Arc<Semaphore>, text: &'static str) -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, gate, accepted) =
        (listener.local_addr().unwrap(), Arc::clone(gate), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(text.as_bytes()).await;
            gate.acquire().await.unwrap().forget();
        }
    });
    (address, accepted)
}

#[tokio::test]
async fn an_upstream_that_fails_fails_for_all_alike() {
    let gate = Arc::new(Semaphore::new(0));
    let (address, accepted) = breaking(&gate, "").await;
    let world = World::new(Mode::ReplayOrRecord, address).await;
    let replies = at_once(&world, &gate, 20).await;
    for reply in &replies {
        assert_eq!((reply.status, &reply.body), (502, &replies[0].body));
        assert_eq!(reply.headers.text("x-retake-result"), Some("error"));
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
    let calls = world.engine.snapshot().calls;
    assert!(calls.iter().all(|call| call.outcome == Some(Outcome::Error) && call.recording.is_none()));
    assert!(calls.iter().all(|call| call.reason == calls[0].reason && call.reason.is_some()));
    assert_eq!(world.engine.snapshot().counters.coalesced, 19);
}

#[tokio::test]
async fn what_the_upstream_cuts_is_cut_for_all_and_the_next_call_tries_anew() {
    let gate = Arc::new(Semaphore::new(0));
    let (address, accepted) =
        breaking(&gate, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthe beginning").await;
    let world = World::new(Mode::ReplayOrRecord, address).await;
    let (_, _, mut one) = world.begin(TARGET, &[], CHAT).await;
    let (_, _, mut two) = world.begin(TARGET, &[], CHAT).await;
    gate.add_permits(1);
    for body in [&mut one, &mut two] {
        assert_eq!(body.piece().await.unwrap().unwrap(), "the beginning");
        assert!(body.piece().await.unwrap().is_err());
    }
    in_flight(&world, 0).await;
    let calls = world.engine.snapshot().calls;
    assert!(
        calls.iter().all(|call| call.reason.as_deref() == Some("stored as partial: cut by the upstream"))
    );
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
    world.begin(TARGET, &[], CHAT).await;
    assert_eq!(accepted.load(Ordering::SeqCst), 2);
}
