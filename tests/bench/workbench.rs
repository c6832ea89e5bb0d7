//! Budgets 11, 12 and 13, and what heavy traffic costs the screen, in one run: `cargo bench --bench workbench`.
//!
//! A screen without a terminal takes keys and events, does at once what workers would do, and draws frames of 200x50
//! as the bytes that a terminal would get; the built program is measured in a terminal of its own. Words on the
//! command line choose parts: `cargo bench --bench workbench -- frames search traffic terminal`.
//! `RETAKE_BENCH_MANY`, `RETAKE_BENCH_RECORDINGS`, `RETAKE_BENCH_FRAMES`, `RETAKE_BENCH_SECONDS` and
//! `RETAKE_BENCH_ROUNDS` change the size; with `RETAKE_BENCH_STRICT=1` a missed budget is a failure.

#![expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]

use std::time::Duration;

#[path = "workbench/frames.rs"]
mod frames;
#[path = "workbench/screen.rs"]
mod screen;
#[path = "workbench/search.rs"]
mod search;
#[path = "shared/mod.rs"]
mod shared;
#[path = "workbench/terminal.rs"]
mod terminal;
#[path = "workbench/traffic.rs"]
mod traffic;
#[path = "workbench/world.rs"]
mod world;

use shared::table::Table;
use shared::{Failure, size};

/// Rows of the screen that others are held against, and calls on it.
const FEW: u64 = 1_000;
/// Calls on the large one: as many as are remembered.
const CALLS: u64 = retake::model::Snapshot::CALLS as u64;

struct Sizes {
    /// Rows of the large screen.
    many: u64,
    /// Recordings behind the program in a terminal.
    recordings: usize,
    /// Frames of a scene in a round.
    frames: usize,
    rounds: usize,
    /// How long each load of a round lasts.
    length: Duration,
}

/// Takes its measures and puts them into the table.
type Part = fn(&Sizes, &mut Table) -> Result<(), Failure>;

const PARTS: [(&str, Part); 4] = [
    ("frames", frames::measure),
    ("search", search::measure),
    ("traffic", traffic::measure),
    ("terminal", terminal::measure),
];

fn main() -> Result<(), Failure> {
    let sizes = Sizes {
        many: size("MANY", 100_000) as u64,
        recordings: size("RECORDINGS", 10_000).max(shared::load::REQUESTS),
        frames: size("FRAMES", 200).max(10),
        rounds: size("ROUNDS", 5).max(1),
        length: Duration::from_secs(size("SECONDS", 2) as u64),
    };
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut table = Table::default();
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            part(&sizes, &mut table)?;
        }
    }
    table.conclude()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The time that so many in a hundred stay below.
fn percentile(mut times: Vec<Duration>, share: usize) -> Duration {
    times.sort_unstable();
    let at = (times.len() * share).div_ceil(100).clamp(1, times.len().max(1)) - 1;
    times.get(at).copied().unwrap_or_default()
}
