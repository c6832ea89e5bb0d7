//! What a stranger, or a client gone wrong, can send to take all memory or all time: the built program with a small bound
//! for bodies, and its peak as the kernel counts it. Beside every bomb ordinary calls are answered.
#![cfg(target_os = "linux")]

mod bodies;
mod replays;
mod rules;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use retake::model::Request;
use retake::upstream::UpstreamClient;

use crate::home::{CHAT_PATH, Home, Running, call, chat};
use crate::world::{Reply, request};

/// What bodies may take in these tests, in MiB.
const MEMORY: u64 = 64;
/// What the program may take beside them, in MiB: allocators keep what they were given back, for each thread, and a single
/// body may take more than its share for a moment.
const BESIDE: u64 = 128;
/// How long work may take that waits for its turn.
const TURN: Duration = Duration::from_secs(300);

/// A program with a small bound, and its peak before anything hostile came.
struct Bounded {
    running: Running,
    before: u64,
}

impl Bounded {
    async fn new(home: &Home, args: &[&str]) -> Self {
        let always = ["serve", "--listen", "127.0.0.1:0", "--json"];
        let mut command = home.command(&[&always, args].concat());
        command.env("RETAKE_MEMORY", MEMORY.to_string());
        let running = Running::start(command);
        assert!(answers(running.address).await);
        let before = peak(running.pid());
        Self { running, before }
    }

    /// Sends all of these at once and ordinary calls meanwhile; gives the answers. The peak stays within the bound.
    async fn stands(&self, bombs: Vec<Request>) -> Vec<Reply> {
        let address = self.running.address;
        let client = UpstreamClient::new(TURN);
        let sent: Vec<_> =
            bombs.into_iter().map(|bomb| tokio::spawn(sent(client.clone(), address, bomb))).collect();
        while sent.iter().any(|one| !one.is_finished()) {
            assert!(answers(address).await, "an ordinary call is answered meanwhile");
        }
        let mut replies = Vec::new();
        for one in sent {
            replies.push(one.await.unwrap());
        }
        self.bounded();
        replies
    }

    /// The peak stayed within the bound.
    fn bounded(&self) {
        let (peak, before) = (peak(self.running.pid()), self.before);
        assert!(peak <= before + MEMORY + BESIDE, "it took {peak} MiB, and {before} before");
    }
}

/// The most memory that a process had so far, in MiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// Whether an ordinary call is answered.
async fn answers(address: SocketAddr) -> bool {
    call(address, CHAT_PATH, &[("x-retake-mode", "mock")], &chat("hello")).await.status == 200
}

async fn sent(client: UpstreamClient, address: SocketAddr, request: Request) -> Reply {
    let base = format!("http://{address}").parse().unwrap();
    let mut answer = client.forward(&request, &base).await.unwrap();
    let mut body = Vec::new();
    while let Some(piece) = answer.body.piece().await {
        body.extend_from_slice(&piece.unwrap());
    }
    Reply { status: answer.status, headers: answer.headers, body: body.into() }
}

/// A call that must find its answer among the recordings.
fn asking(headers: &[(&str, &str)], body: impl Into<Bytes>) -> Request {
    let strict = [&[("x-retake-mode", "replay-or-error")], headers].concat();
    Request { body: body.into(), ..request(CHAT_PATH, &strict, "") }
}

/// The same bomb so many times, each with another number in it.
fn many(count: usize, bomb: impl Fn(usize) -> Request) -> Vec<Request> {
    (0..count).map(bomb).collect()
}

/// Each was refused as a call that no recording answers, and says so of its body.
fn missed(replies: &[Reply], why: &str) {
    for reply in replies {
        let text = String::from_utf8_lossy(&reply.body);
        assert!(
            reply.status == 404 && text.contains(why),
            "{} {}",
            reply.status,
            &text[..text.len().min(600)]
        );
    }
}

/// A home whose store stays empty.
fn home() -> Arc<Home> {
    Arc::new(Home::new())
}
