//! Budgets 1, 2, 3 and 10, in one run: `cargo bench --bench replay`.
//!
//! All servers answer the same bytes on loopback to the same loader, in turns; where figures are ratios, the rates they
//! are made of were taken one after the other, because rates drift with the machine. `RETAKE_BENCH_RECORDINGS`,
//! `RETAKE_BENCH_MANY`, `RETAKE_BENCH_SECONDS` and `RETAKE_BENCH_ROUNDS` change the size; with `RETAKE_BENCH_STRICT=1`
//! a missed budget is a failure.

#![expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

#[path = "shared/bare.rs"]
mod bare;
#[path = "replay/series.rs"]
mod series;
#[path = "replay/servers.rs"]
mod servers;
#[path = "shared/mod.rs"]
mod shared;
#[path = "shared/unseen.rs"]
mod unseen;

use bare::bare_axum;
use shared::load::{REQUESTS, Series, one};
use shared::stock::{ENDPOINTS, of_chat};
use shared::table::{Budget, Must, Table};
use shared::{Failure, shown, size};
use unseen::{fresh, missing};

/// Connections under full load.
const BUSY: usize = 32;

struct Sizes {
    /// Recordings of budgets 1 and 2.
    usual: usize,
    /// Recordings of budgets 3 and 10.
    many: usize,
    rounds: usize,
    /// How long each load of a round lasts.
    length: Duration,
}

struct Servers {
    bare: SocketAddr,
    usual: SocketAddr,
    few: SocketAddr,
    many: SocketAddr,
    /// As many as `many`, but not of one endpoint.
    spread: SocketAddr,
}

fn main() -> Result<(), Failure> {
    let sizes = Sizes {
        usual: size("RECORDINGS", 10_000).max(REQUESTS),
        many: size("MANY", 100_000).max(REQUESTS),
        rounds: size("ROUNDS", 5).max(1),
        length: Duration::from_secs(size("SECONDS", 2) as u64),
    };
    let dirs = [tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?];
    // Servers and loader have threads of their own, as they have in life: who shares a thread with the loader would
    // be spared the waking up.
    let runtime = tokio::runtime::Runtime::new()?;
    let started = Instant::now();
    let servers = runtime.block_on(async {
        Ok::<_, Failure>(Servers {
            bare: bare_axum().await?,
            usual: servers::start(dirs[0].path(), sizes.usual, 1).await?,
            few: servers::start(dirs[1].path(), 100, 1).await?,
            many: servers::start(dirs[2].path(), sizes.many, 1).await?,
            spread: servers::start(dirs[3].path(), sizes.many, ENDPOINTS.len()).await?,
        })
    })?;
    println!("filled in {:.1} s", started.elapsed().as_secs_f64());
    let table = tokio::runtime::Runtime::new()?.block_on(measured(&servers, &sizes))?;
    table.conclude()
}

async fn measured(servers: &Servers, sizes: &Sizes) -> Result<Table, Failure> {
    let Sizes { usual, many, rounds, length } = sizes;
    println!(
        "{usual} and {many} recordings, {REQUESTS} different requests, {rounds} rounds, {} s each load",
        length.as_secs()
    );
    let mut table = Table::default();
    full_load(servers, sizes, &mut table).await?;
    one_connection(servers, sizes, &mut table).await?;
    let spread = ENDPOINTS.len();
    misses("of one endpoint", servers.many, (sizes, 1), &mut table).await?;
    misses(&format!("of {spread} endpoints"), servers.spread, (sizes, spread), &mut table).await?;
    Ok(table)
}

/// Budgets 1 and 3: rates.
async fn full_load(servers: &Servers, sizes: &Sizes, table: &mut Table) -> Result<(), Failure> {
    let mut exact = Budget::new("1: replay over bare, c=32", Must::Reach(0.8));
    let mut cosmetic = Budget::new("1: the same 64 cosmetic changes", Must::Reach(0.6));
    let mut unseen = Budget::new("1: never the same change twice", Must::Reach(0.6));
    let mut many = Budget::new("3: many recordings over 100", Must::Reach(0.9));
    for _ in 0..sizes.rounds {
        let bare = shown("bare axum", servers.bare, BUSY, Series::recorded(), sizes.length).await?;
        for (budget, what, series) in [
            (&mut exact, "recorded requests", Series::recorded()),
            (&mut cosmetic, "64 cosmetic changes", series::cosmetic()),
            (&mut unseen, "never the same twice", fresh()),
        ] {
            let replay = shown(what, servers.usual, BUSY, series, sizes.length).await?;
            budget.round(replay.rate / bare.rate, bare.rate);
        }
        let small = shown("100 recordings", servers.few, BUSY, Series::recorded(), sizes.length).await?;
        let large = shown("many recordings", servers.many, BUSY, Series::recorded(), sizes.length).await?;
        many.round(large.rate / small.rate, small.rate);
    }
    table.extend([exact, cosmetic, unseen, many]);
    Ok(())
}

/// Budget 2: times.
async fn one_connection(servers: &Servers, sizes: &Sizes, table: &mut Table) -> Result<(), Failure> {
    let mut p50 = Budget::new("2: p50 over bare, c=1", Must::Stay(1.15));
    let mut p99 = Budget::new("2: p99 over bare, c=1", Must::Stay(1.5));
    for _ in 0..sizes.rounds {
        let bare = shown("bare axum", servers.bare, 1, Series::recorded(), sizes.length).await?;
        let replay = shown("recorded requests", servers.usual, 1, Series::recorded(), sizes.length).await?;
        p50.round(replay.p50 / bare.p50, bare.p50);
        p99.round(replay.p99 / bare.p99, bare.p99);
    }
    table.extend([p50, p99]);
    Ok(())
}

/// Budget 10: misses that are explained in their answers, and hits between them.
async fn misses(
    what: &str,
    server: SocketAddr,
    (sizes, endpoints): (&Sizes, usize),
    table: &mut Table,
) -> Result<(), Failure> {
    let series = || missing(of_chat(sizes.many, endpoints));
    let (first, answer) = one(server, series()).await?;
    // A miss that is not explained would be quick.
    if !answer.contains("temperature") {
        return Err(format!("the miss does not say what differs: {answer}").into());
    }
    println!("the first miss among {} {what} took {first:.1} ms", sizes.many);
    let mut p50 = Budget::new(format!("10: miss {what}, p50 in ms"), Must::Stay(10.0));
    let mut p99 = Budget::new(format!("10: miss {what}, p99 in ms"), Must::Stay(10.0));
    for _ in 0..sizes.rounds {
        let hit = shown(&format!("hit {what}"), server, 1, Series::recorded(), sizes.length).await?;
        let miss = shown(&format!("miss {what}"), server, 1, series(), sizes.length).await?;
        p50.round(miss.p50, hit.p50);
        p99.round(miss.p99, hit.p99);
    }
    table.extend([p50, p99]);
    Ok(())
}
