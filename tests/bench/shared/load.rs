//! The load: requests over connections that are kept, each sent when the answer to the last is complete.

use std::io::Write as _;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::stock::body;

/// Different requests that are sent.
pub(crate) const REQUESTS: usize = 64;
/// Where the number stands in a request that is never the same twice, and how long it is.
pub(crate) const NUMBER: &str = "000000000000";
/// The next of these numbers, which no load of this run repeats.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// What a load measured.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Answers a second.
    pub(crate) rate: f64,
    /// Milliseconds to an answer.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// The requests that a load sends in turns, and the status it expects.
pub(crate) struct Series {
    requests: Vec<Wire>,
    status: &'static str,
}

/// A request as it is sent.
#[derive(Clone)]
struct Wire {
    bytes: Vec<u8>,
    /// Where a number makes it another request every time. It is written over the last one, because a request that
    /// were put together anew would cost the loader what the yardstick does not.
    number: Option<Range<usize>>,
}

impl Series {
    /// The first recorded requests.
    pub(crate) fn recorded() -> Self {
        Self::of("200", |at| body(at, "0.2", ""))
    }

    /// Requests of these bodies; where [`NUMBER`] stands in one, it never is the same twice.
    pub(crate) fn of(status: &'static str, body: impl Fn(usize) -> String) -> Self {
        Self { requests: (0..REQUESTS).map(|at| Wire::new(&body(at))).collect(), status }
    }
}

impl Wire {
    fn new(body: &str) -> Self {
        let head = format!(
            "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nauthorization: Bearer sk-bench-0123456789abcdef\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let number = body.find(NUMBER).map(|at| head.len() + at..head.len() + at + NUMBER.len());
        Self { bytes: [head.as_bytes(), body.as_bytes()].concat(), number }
    }

    /// The bytes to send, other ones each time if there is a number.
    fn next(&mut self) -> std::io::Result<&[u8]> {
        if let Some(number) = self.number.clone() {
            write!(&mut self.bytes[number], "{:012}", NEXT.fetch_add(1, Ordering::Relaxed))?;
        }
        Ok(&self.bytes)
    }
}

/// Keeps `connections` busy for a while, each sending the next request when the answer to the last is complete.
pub(crate) async fn load(
    address: SocketAddr,
    connections: usize,
    length: Duration,
    series: Series,
) -> Result<Load, Box<dyn std::error::Error>> {
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..connections {
        let (requests, status) = (series.requests.clone(), series.status);
        let (stop, count) = (Arc::clone(&stop), Arc::clone(&count));
        clients.spawn(async move { client_of(address, (requests, status), client, &stop, &count).await });
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
    let at = |share: usize| times.get(times.len() * share / 100).map(milliseconds);
    let (Some(p50), Some(p99)) = (at(50), at(99)) else { return Err("no call was answered".into()) };
    Ok(Load { rate, p50, p99 })
}

/// Sends the first request of a series: milliseconds to its answer, and the answer.
pub(crate) async fn one(address: SocketAddr, mut series: Series) -> std::io::Result<(f64, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let mut buffer = Vec::new();
    let started = Instant::now();
    exchange(&mut stream, series.requests[0].next()?, series.status, &mut buffer).await?;
    Ok((milliseconds(&started.elapsed()), String::from_utf8_lossy(&buffer).into_owned()))
}

fn milliseconds(time: &Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

async fn client_of(
    address: SocketAddr,
    (mut requests, status): (Vec<Wire>, &str),
    offset: usize,
    stop: &AtomicBool,
    count: &AtomicU64,
) -> std::io::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut buffer, mut times) = (Vec::with_capacity(8192), Vec::new());
    for at in offset.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let request = requests[at % REQUESTS].next()?;
        let started = Instant::now();
        exchange(&mut stream, request, status, &mut buffer).await?;
        times.push(started.elapsed());
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(times)
}

async fn exchange(
    stream: &mut TcpStream,
    request: &[u8],
    status: &str,
    buffer: &mut Vec<u8>,
) -> std::io::Result<()> {
    stream.write_all(request).await?;
    buffer.clear();
    while !complete(buffer, status)? {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// Whether all of an answer with a declared length is there; another status than the expected one ends the run.
fn complete(buffer: &[u8], status: &str) -> std::io::Result<bool> {
    let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
    let text = std::str::from_utf8(&buffer[..head]).map_err(std::io::Error::other)?;
    if !text.strip_prefix("HTTP/1.1 ").is_some_and(|rest| rest.starts_with(status)) {
        let answer = String::from_utf8_lossy(buffer);
        return Err(std::io::Error::other(format!("{status} was expected, and this came: {answer}")));
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|len| len.parse::<usize>().ok());
    Ok(length.is_some_and(|length| buffer.len() >= head + 4 + length))
}
