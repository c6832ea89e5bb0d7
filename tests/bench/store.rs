//! Budgets 6, 7, 19, 20, 21 and 24, in one run: `cargo bench --bench store`.
//!
//! The program itself runs in a process of its own on stores of many recordings: how long it takes to the first answer and
//! to the first miss, how much memory it takes and how much its index takes on the disk; then calls of 16 connections fill a store.
//! `RETAKE_BENCH_RECORDINGS`, `RETAKE_BENCH_MANY`, `RETAKE_BENCH_SECONDS` and `RETAKE_BENCH_ROUNDS` change the size; with
//! `RETAKE_BENCH_STRICT=1` a missed budget is a failure. `RETAKE_BENCH_STORES` names a folder in which stores that were filled are
//! kept for the next run.

#![expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[path = "shared/bare.rs"]
mod bare;
#[path = "store/process.rs"]
mod process;
#[path = "shared/mod.rs"]
mod shared;
#[path = "shared/unseen.rs"]
mod unseen;

use bare::bare_axum;
use process::Process;
use retake::engine;
use retake::store::{Ownership, Store, StoreStats};
use shared::load::{REQUESTS, Series, one};
use shared::stock::filled;
use shared::table::{Budget, Must, Table};
use shared::{Failure, shown, size};
use unseen::{fresh, missing};

/// Connections that fill a store.
const FILLING: usize = 16;
/// The time in which a process reads back what misses are explained with.
const SETTLING: Duration = Duration::from_secs(1);
/// How long is waited for what is made in the background.
const PREPARING: Duration = Duration::from_secs(60);
/// How long a process is left alone before its memory is idle.
const IDLE: Duration = Duration::from_secs(3);

/// A store of so many recordings, and what is asked of it.
struct Stock {
    recordings: usize,
    /// Milliseconds to the first answer.
    start: f64,
    /// Megabytes.
    idle: f64,
}

fn main() -> Result<(), Failure> {
    let (usual, many) = (size("RECORDINGS", 10_000).max(REQUESTS), size("MANY", 100_000).max(REQUESTS));
    let rounds = size("ROUNDS", 5).max(1);
    let stocks = [
        Stock { recordings: 0, start: 30.0, idle: 15.0 },
        Stock { recordings: usual, start: 60.0, idle: 40.0 },
        Stock { recordings: many, start: 250.0, idle: 120.0 },
    ];
    let place = tempfile::tempdir()?;
    let place = std::env::var_os("RETAKE_BENCH_STORES").map_or_else(|| place.path().into(), PathBuf::from);
    let runtime = tokio::runtime::Runtime::new()?;
    let mut table = Table::default();
    runtime.block_on(async {
        for stock in &stocks {
            stocked(&place, stock, rounds, &mut table).await?;
        }
        let length = Duration::from_secs(size("SECONDS", 4) as u64);
        filling(rounds, length, &mut table).await
    })?;
    table.conclude()
}

/// What a store of so many recordings costs.
async fn stocked(place: &Path, stock: &Stock, rounds: usize, table: &mut Table) -> Result<(), Failure> {
    let Stock { recordings, .. } = *stock;
    let store = place.join(format!("store-{recordings}"));
    if !Store::exists(&store) {
        let started = Instant::now();
        filled(&store, recordings, 1).await?.close(Duration::from_secs(60)).await;
        println!("{recordings} recordings were imported in {:.1} s", started.elapsed().as_secs_f64());
    }
    outlined(&store, recordings).await?;
    let mut start =
        Budget::new(format!("6: {recordings}, start to first answer, ms"), Must::Stay(stock.start));
    let mut idle = Budget::new(format!("20: {recordings}, memory when idle, MB"), Must::Stay(stock.idle));
    let mut miss = Budget::new(format!("24: {recordings}, first miss, ms"), Must::Stay(50.0));
    for _ in 0..rounds {
        let (bare, bare_start) = bare_start().await?;
        drop(bare);
        let (process, answered) = Process::answering(&store, recordings > 0).await?;
        start.round(answered, bare_start);
        tokio::time::sleep(IDLE).await;
        let resident = process.resident();
        if let Some(resident) = resident {
            idle.round(resident, 1.0);
        }
        process.end().await?;
        println!(
            "{recordings} recordings: first answer after {answered:.1} ms, {:.1} MB idle",
            resident.unwrap_or_default()
        );
        if recordings > 0 {
            let (first, after) = first_miss(&store, recordings).await?;
            miss.round(first, 1.0);
            println!("{recordings} recordings: first miss {first:.1} ms, {after:.1} MB then");
        }
    }
    table.extend([start]);
    table.extend(Some(idle).filter(|_| cfg!(target_os = "linux")));
    if recordings > 0 {
        let opened = Store::open(&store, &Ownership::default(), engine::now())?.store;
        let StoreStats { journal_bytes, index_bytes, .. } = opened.stats()?;
        opened.close();
        println!("{recordings} recordings: journal {journal_bytes}, index {index_bytes} bytes");
        let mut disk = Budget::new(format!("21: {recordings}, index over journal"), Must::Stay(1.5));
        #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
        disk.round(index_bytes as f64 / journal_bytes as f64, 1.0);
        table.extend([miss, disk]);
    }
    Ok(())
}

/// Waits until a process has made what misses are explained with, which it does for stores that lack it.
async fn outlined(store: &Path, recordings: usize) -> Result<(), Failure> {
    let started = Instant::now();
    let (process, _) = Process::answering(store, recordings > 0).await?;
    while recordings > 0 && !store.join("index/outlines").exists() && started.elapsed() < PREPARING {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    process.end().await
}

/// Milliseconds of the first miss of a process, a second after its start, and its memory in megabytes then.
async fn first_miss(store: &Path, recordings: usize) -> Result<(f64, f64), Failure> {
    let (process, _) = Process::answering(store, true).await?;
    tokio::time::sleep(SETTLING).await;
    let (first, answer) = one(process.address, missing(recordings)).await?;
    // A miss that is not explained would be quick.
    if !answer.contains("temperature") {
        return Err(format!("the miss does not say what differs: {answer}").into());
    }
    let resident = process.resident().unwrap_or_default();
    process.end().await?;
    Ok((first, resident))
}

/// The yardstick of starts: a process of this program that answers nothing but for its version.
async fn bare_start() -> Result<(std::process::Output, f64), Failure> {
    let started = Instant::now();
    let output = tokio::process::Command::new(process::program()).arg("--version").output().await?;
    Ok((output, started.elapsed().as_secs_f64() * 1000.0))
}

/// Budget 19: calls that are all recorded.
async fn filling(rounds: usize, length: Duration, table: &mut Table) -> Result<(), Failure> {
    let bare = bare_axum().await?;
    let mut rate = Budget::new("19: recordings a second, 16 connections", Must::Reach(6000.0));
    for _ in 0..rounds {
        let yardstick = shown("bare axum", bare, FILLING, Series::recorded(), length / 4).await?;
        let store = tempfile::tempdir()?;
        let upstream = format!("openai=http://{bare}/openai");
        let process = Process::start(store.path(), &["--mode", "record", "--upstream", &upstream]).await?;
        let filled = shown("recording", process.address, FILLING, fresh(), length).await?;
        rate.round(filled.rate, yardstick.rate);
        process.end().await?;
    }
    table.extend([rate]);
    Ok(())
}
