//! What the benchmarks share: stores, load, and the table of budgets.

use std::net::SocketAddr;
use std::time::Duration;

pub(crate) mod load;
pub(crate) mod stock;
pub(crate) mod table;

use load::{Load, Series, load};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// A number of the environment, `RETAKE_BENCH_` before its name.
pub(crate) fn size(name: &str, default: usize) -> usize {
    std::env::var(format!("RETAKE_BENCH_{name}")).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Loads a server and prints what came of it.
pub(crate) async fn shown(
    what: &str,
    server: SocketAddr,
    connections: usize,
    series: Series,
    length: Duration,
) -> Result<Load, Failure> {
    let measured = load(server, connections, length, series).await?;
    let Load { rate, p50, p99 } = measured;
    println!("c={connections:<3} {what:<24} {rate:>8.0}/s  p50 {p50:>7.3} ms  p99 {p99:>7.3} ms");
    Ok(measured)
}
