//! The load: requests over connections that are kept, each sent when the answer to the last is complete.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::servers::body;

/// Different requests that are sent.
pub(super) const REQUESTS: usize = 64;

/// What a round measured: answers a second, and microseconds to an answer.
#[derive(Clone, Copy)]
pub(super) struct Load {
    pub(super) rate: f64,
    pub(super) p50: u64,
    pub(super) p99: u64,
}

/// What is sent.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// The recorded requests.
    Recorded,
    /// The same with a cosmetic field of their own.
    Cosmetic,
    /// The same with a cosmetic field that is never the same.
    Fresh,
    /// The same with another temperature, which nothing answers.
    Missing,
}

/// Keeps `connections` busy for a while, each sending the next request when the answer to the last is complete.
pub(super) async fn load(
    address: SocketAddr,
    connections: usize,
    length: Duration,
    kind: Kind,
) -> Result<Load, Box<dyn std::error::Error>> {
    let requests: Arc<Vec<Vec<u8>>> = Arc::new((0..REQUESTS).map(|at| wire(at, kind, 0)).collect());
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..connections {
        let (requests, stop, count) = (Arc::clone(&requests), Arc::clone(&stop), Arc::clone(&count));
        clients.spawn(async move { client_of(address, (&requests, kind), client, &stop, &count).await });
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

/// A request as it is sent; `nth` tells fresh ones apart.
fn wire(at: usize, kind: Kind, nth: usize) -> Vec<u8> {
    let user = match kind {
        Kind::Cosmetic => format!(r#","user":"user-{at}""#),
        Kind::Fresh => format!(r#","user":"user-{nth:012}""#),
        Kind::Recorded | Kind::Missing => String::new(),
    };
    let body = body(at, &user);
    let body = if kind == Kind::Missing { body.replace("0.2", "0.3") } else { body };
    let head = format!(
        "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nauthorization: Bearer sk-bench-0000000000000000\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

async fn client_of(
    address: SocketAddr,
    (requests, kind): (&[Vec<u8>], Kind),
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
        // Made before the clock runs.
        let fresh = (kind == Kind::Fresh).then(|| wire(at % REQUESTS, kind, (offset << 32) + at));
        let started = Instant::now();
        stream.write_all(fresh.as_deref().unwrap_or(&requests[at % requests.len()])).await?;
        buffer.clear();
        while !complete(&buffer, kind)? {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        times.push(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(times)
}

/// Whether all of an answer with a declared length is there; another status than the expected one ends the run.
fn complete(buffer: &[u8], kind: Kind) -> std::io::Result<bool> {
    let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
    let text = std::str::from_utf8(&buffer[..head]).map_err(std::io::Error::other)?;
    let expected = if kind == Kind::Missing { "HTTP/1.1 404" } else { "HTTP/1.1 200" };
    if !text.starts_with(expected) {
        return Err(std::io::Error::other(String::from_utf8_lossy(buffer).into_owned()));
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|len| len.parse::<usize>().ok());
    Ok(length.is_some_and(|length| buffer.len() >= head + 4 + length))
}
