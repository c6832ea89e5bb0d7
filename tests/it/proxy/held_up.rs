//! Clients that are slow, silent, or too many: others are answered all the same.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use retake::model::Mode;
use retake::proxy::Limits;

use super::{CHAT, chat};
use crate::world::{PATIENCE, Upstream, World, settings};

/// A time limit that a test waits for.
const SHORT: Duration = Duration::from_millis(200);

async fn limited(limits: Limits) -> (World, Upstream) {
    let upstream = Upstream::start(chat).await;
    let settings = settings(Mode::Off, upstream.address);
    (World::limited(settings, tempfile::tempdir().unwrap(), limits).await, upstream)
}

fn head(declared: usize) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {declared}\r\n\r\n"
    )
}

/// Sends `text` and keeps the connection.
fn begin(address: SocketAddr, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(text.as_bytes()).unwrap();
    socket
}

/// What comes until the other side closes.
fn rest(mut socket: TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is dropped in the middle of a request may say so as an error.
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_declares_much_and_sends_nothing_keeps_nobody_waiting() {
    let (world, upstream) = limited(Limits::default()).await;
    let silent: Vec<_> = (0..8).map(|_| begin(world.address, &head(256 << 20))).collect();
    let long = CHAT.replace("hi", &"x".repeat(200 << 10));
    for _ in 0..3 {
        let reply = tokio::time::timeout(PATIENCE, world.post("/v1/chat/completions", &[], &long)).await;
        assert_eq!(reply.expect("it waits for nobody").status, 200);
    }
    assert_eq!(upstream.calls(), 3);
    drop(silent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_does_not_end_and_a_connection_without_one_are_given_up() {
    let (world, _upstream) = limited(Limits { head: SHORT, idle: SHORT, ..Limits::default() }).await;
    let address = world.address;
    let ended = tokio::task::spawn_blocking(move || {
        let whole = format!("{}{CHAT}", head(CHAT.len()));
        for text in ["", "POST /v1/chat", "PRI * HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            assert!(!rest(begin(address, text)).contains("HTTP/1.1 200"), "{text:?}");
        }
        // One that was answered is kept for a while, and so is one with half of another request.
        for more in ["", "GET /v1/models HTTP/1.1\r\nhost:"] {
            let answer = rest(begin(address, &(whole.clone() + more)));
            assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
        }
    });
    tokio::time::timeout(PATIENCE, ended).await.expect("all were closed").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_come_is_refused_with_a_text() {
    let (world, upstream) = limited(Limits { body: SHORT, ..Limits::default() }).await;
    let address = world.address;
    for declared in [1000, 100 << 10, 200 << 20] {
        let asked = format!("{}{}", head(declared), "x".repeat(900));
        let answer = tokio::task::spawn_blocking(move || {
            let mut socket = begin(address, &asked);
            let mut answer = [0; 4096];
            let len = socket.read(&mut answer).unwrap();
            String::from_utf8_lossy(&answer[..len]).into_owned()
        });
        let answer = answer.await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains("BODY_TOO_SLOW"),
            "{declared}: {answer}"
        );
        assert!(answer.contains("x-should-retry: false"), "{answer}");
    }
    assert_eq!(upstream.calls(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_clients_than_places_take_turns() {
    let (world, upstream) = limited(Limits { connections: 2, ..Limits::default() }).await;
    // These keep their connections, and never ask again.
    let whole = format!("{}{CHAT}", head(CHAT.len()));
    let kept: Vec<_> = (0..2)
        .map(|_| {
            let mut socket = begin(world.address, &whole);
            let mut first = [0; 12];
            socket.read_exact(&mut first).unwrap();
            assert_eq!(&first, b"HTTP/1.1 200");
            socket
        })
        .collect();
    let calls = (0..20).map(|_| world.post("/v1/chat/completions", &[], CHAT));
    let replies = tokio::time::timeout(PATIENCE, futures_util::future::join_all(calls)).await.unwrap();
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    assert_eq!(upstream.calls(), 22);
    drop(kept);
}

/// An upstream that takes requests and never answers; tells of each connection that ends.
async fn hung() -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<&'static str>) {
    use tokio::io::AsyncReadExt as _;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut some = [0; 4096];
                let mut asked = false;
                while let Ok(1..) = socket.read(&mut some).await {
                    if !std::mem::replace(&mut asked, true) {
                        _ = tell.send("asked");
                    }
                }
                _ = tell.send("ended");
            });
        }
    });
    (address, told)
}

/// A client that is gone without a word of its own, as one that was killed or gave up with an answer unread: its system says
/// so, and nobody goes on asking for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_ends_with_its_client_while_the_upstream_is_silent() {
    for mode in [Mode::Off, Mode::ReplayOrLive] {
        let (upstream, mut told) = hung().await;
        let world = World::new(mode, upstream).await;
        let socket = begin(world.address, &format!("{}{CHAT}", head(CHAT.len())));
        let next = async |told: &mut tokio::sync::mpsc::UnboundedReceiver<_>| {
            tokio::time::timeout(PATIENCE, told.recv()).await.expect("in time").unwrap()
        };
        assert_eq!(next(&mut told).await, "asked");
        // One that has only said all that it has to say waits for its answer.
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let other = begin(world.address, &format!("{}{CHAT}", head(CHAT.len())));
        assert_eq!(next(&mut told).await, "asked");
        rustix::net::sockopt::set_socket_linger(&other, Some(Duration::ZERO)).unwrap();
        drop(other);
        assert_eq!(next(&mut told).await, "ended");
        assert!(told.try_recv().is_err(), "the other call goes on");
        rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).unwrap();
        drop(socket);
        assert_eq!(next(&mut told).await, "ended");
    }
}
