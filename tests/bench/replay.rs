//! Replay against a bare axum answer, in one run: `cargo bench --bench replay`.
//!
//! Both servers answer the same bytes on loopback to the same loader, in turns; only the ratio counts, because rates
//! drift with the machine. `RETAKE_BENCH_RECORDINGS`, `RETAKE_BENCH_SECONDS` and `RETAKE_BENCH_ROUNDS` change the size.

#![expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use retake::engine::{self, Engine, Settings};
use retake::matching::{Salt, Scrubber};
use retake::model::{
    ByteLog, Completeness, Mode, Playback, Provenance, Recording, RecordingId, Request, Response, Strategy,
    Timestamp,
};
use retake::proxy::{Access, Proxy};
use retake::store::{Ownership, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Different requests that are sent.
const REQUESTS: usize = 64;
const ANSWER: &str = r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1760000000,"model":"gpt-5-mini","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog while the band plays on and the audience claps along, which is what audiences do when bands play on and foxes jump. This sentence exists to make the answer as long as a usual one is, which is about seven hundred bytes in all, headers not counted, give or take a few.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":21,"completion_tokens":64,"total_tokens":85},"service_tier":"default","system_fingerprint":null}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (recordings, seconds, rounds) = (size("RECORDINGS", 10_000), size("SECONDS", 2), size("ROUNDS", 5));
    let dir = tempfile::tempdir()?;
    // Servers and loader have threads of their own, as they have in life: who shares a thread with the loader would
    // be spared the waking up.
    let servers = tokio::runtime::Runtime::new()?;
    let (replay, bare) = (servers.block_on(start(dir.path(), recordings))?, servers.block_on(bare_axum())?);
    tokio::runtime::Runtime::new()?.block_on(compare(replay, bare, (recordings, seconds, rounds)))
}

/// Loads both servers in turns and prints the ratios.
async fn compare(
    replay: SocketAddr,
    bare: SocketAddr,
    (recordings, seconds, rounds): (usize, usize, usize),
) -> Result<(), Box<dyn std::error::Error>> {
    println!("{recordings} recordings, {REQUESTS} different requests, {rounds} rounds of {seconds} s each");
    for connections in [32, 1] {
        let mut ratios = Vec::new();
        for _ in 0..rounds {
            let length = Duration::from_secs(seconds as u64);
            let yardstick = load(bare, connections, length, false).await?;
            let exact = load(replay, connections, length, false).await?;
            let cosmetic = load(replay, connections, length, true).await?;
            println!(
                "c={connections:<3} bare {:>7.0}/s p50 {:>4} µs p99 {:>5} µs | replay {:>7.0}/s {:.2} p50 {:>4} µs p99 {:>5} µs | cosmetic {:>7.0}/s {:.2}",
                yardstick.rate,
                yardstick.p50,
                yardstick.p99,
                exact.rate,
                exact.rate / yardstick.rate,
                exact.p50,
                exact.p99,
                cosmetic.rate,
                cosmetic.rate / yardstick.rate
            );
            ratios.push((exact.rate / yardstick.rate, cosmetic.rate / yardstick.rate));
        }
        let median = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let exact = median(ratios.iter().map(|r| r.0).collect());
        let cosmetic = median(ratios.iter().map(|r| r.1).collect());
        println!("c={connections}: median ratio {exact:.2} (cosmetic fields differ: {cosmetic:.2})");
    }
    Ok(())
}

fn size(name: &str, default: usize) -> usize {
    std::env::var(format!("RETAKE_BENCH_{name}")).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

async fn start(dir: &Path, recordings: usize) -> Result<SocketAddr, Box<dyn std::error::Error>> {
    let opened = Store::open(dir, &Ownership::default(), engine::now())?;
    let engine = Engine::new(Settings { mode: Mode::ReplayOrError, ..Settings::default() }, opened.store)?;
    let scrubber = Scrubber::new(Salt([7; 32]), false);
    let mut adding = tokio::task::JoinSet::new();
    for at in 0..recordings {
        let request = Request { body: body(at, "").into(), ..request() };
        let recording = recording(&scrubber, &request, at);
        let engine = engine.clone();
        adding.spawn(async move { engine.import(recording, Vec::new()).await });
    }
    while let Some(added) = adding.join_next().await {
        added??;
    }
    let proxy = Proxy::bind(SocketAddr::from(([127, 0, 0, 1], 0)), engine, Access::default()).await?;
    let address = proxy.address();
    tokio::spawn(proxy.run(std::future::pending()));
    Ok(address)
}

fn request() -> Request {
    Request {
        method: "POST".into(),
        mount: "openai".into(),
        target: "/v1/chat/completions".into(),
        headers: [("content-type", "application/json")].into_iter().collect(),
        ..Request::default()
    }
}

fn body(at: usize, user: &str) -> String {
    format!(
        r#"{{"model":"gpt-5-mini","messages":[{{"role":"system","content":"You are terse."}},{{"role":"user","content":"Question {at}: what follows?"}}],"temperature":0.2{user}}}"#
    )
}

fn recording(scrubber: &Scrubber, request: &Request, at: usize) -> Recording {
    let request = scrubber.scrub(request);
    let mut random = [0; 16];
    random[..8].copy_from_slice(&(at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    random[8..].copy_from_slice(&(at as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9).to_be_bytes());
    Recording {
        id: RecordingId::from_random(random),
        hash: request.hash(),
        request,
        response: Response {
            status: 200,
            headers: [("content-type", "application/json"), ("x-request-id", "req_bench")]
                .into_iter()
                .collect(),
            log: ByteLog::whole(ANSWER, Duration::from_millis(900)),
        },
        strategy: Strategy::STANDARD,
        name: None,
        tags: Vec::new(),
        protected: false,
        scope: None,
        playback: Playback::Newest,
        completeness: Completeness::Whole,
        media: Vec::new(),
        provenance: Provenance {
            recorded_at: Timestamp(1_760_000_000_000 + i64::try_from(at).unwrap_or_default()),
            ..Provenance::default()
        },
    }
}

/// The yardstick: axum with the same answer and nothing else.
async fn bare_axum() -> std::io::Result<SocketAddr> {
    use axum::routing::post;
    use axum::serve::ListenerExt;
    let answer = || async { ([("content-type", "application/json"), ("x-request-id", "req_bench")], ANSWER) };
    let app = axum::Router::new().route("/openai/v1/chat/completions", post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    tokio::spawn(axum::serve(listener, app).into_future());
    Ok(address)
}

struct Load {
    rate: f64,
    p50: u64,
    p99: u64,
}

/// Keeps `connections` busy for a while, each sending the next request when the answer to the last is complete.
async fn load(
    address: SocketAddr,
    connections: usize,
    length: Duration,
    cosmetic: bool,
) -> Result<Load, Box<dyn std::error::Error>> {
    let requests: Arc<Vec<Vec<u8>>> = Arc::new((0..REQUESTS).map(|at| wire(at, cosmetic)).collect());
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..connections {
        let (requests, stop, count) = (Arc::clone(&requests), Arc::clone(&stop), Arc::clone(&count));
        clients.spawn(async move { client_of(address, &requests, client, &stop, &count).await });
    }
    let started = Instant::now();
    tokio::time::sleep(length).await;
    stop.store(true, Ordering::Relaxed);
    let elapsed = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = count.load(Ordering::Relaxed) as f64 / elapsed;
    let mut times = Vec::new();
    while let Some(client) = clients.join_next().await {
        times.extend(client?.map_err(|error| error.to_string())?);
    }
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    Ok(Load { rate, p50: at(50), p99: at(99) })
}

fn wire(at: usize, cosmetic: bool) -> Vec<u8> {
    let user = if cosmetic { format!(r#","user":"user-{at}""#) } else { String::new() };
    let body = body(at, &user);
    let head = format!(
        "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nauthorization: Bearer sk-bench-0000000000000000\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

async fn client_of(
    address: SocketAddr,
    requests: &[Vec<u8>],
    offset: usize,
    stop: &AtomicBool,
    count: &AtomicU64,
) -> std::io::Result<Vec<u64>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut buffer, mut times) = (Vec::with_capacity(8192), Vec::new());
    for at in offset.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let started = Instant::now();
        stream.write_all(&requests[at % requests.len()]).await?;
        buffer.clear();
        while !complete(&buffer)? {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        times.push(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(times)
}

/// Whether all of an answer with a declared length is there; anything but 200 ends the run.
fn complete(buffer: &[u8]) -> std::io::Result<bool> {
    let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
    let text = std::str::from_utf8(&buffer[..head]).map_err(std::io::Error::other)?;
    if !text.starts_with("HTTP/1.1 200") {
        return Err(std::io::Error::other(String::from_utf8_lossy(buffer).into_owned()));
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|len| len.parse::<usize>().ok());
    Ok(length.is_some_and(|length| buffer.len() >= head + 4 + length))
}
