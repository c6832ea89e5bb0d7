//! Budgets 1, 2, 3 and 10 against a bare axum answer, in one run: `cargo bench --bench replay`.
//!
//! All servers answer the same bytes on loopback to the same loader, in turns; only ratios count, because rates drift with
//! the machine. `RETAKE_BENCH_RECORDINGS`, `RETAKE_BENCH_MANY`, `RETAKE_BENCH_SECONDS` and `RETAKE_BENCH_ROUNDS` change the
//! size; with `RETAKE_BENCH_STRICT=1` a missed budget is a failure.

#![expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]

use std::net::SocketAddr;
use std::time::Duration;

#[path = "replay/load.rs"]
mod load;
#[path = "replay/servers.rs"]
mod servers;

use load::{Kind, Load, REQUESTS, load};

type Failure = Box<dyn std::error::Error>;

/// A figure that must not pass a bound, and what it came to in each round.
struct Budget {
    name: &'static str,
    /// Whether more is better.
    at_least: bool,
    bound: f64,
    rounds: Vec<f64>,
}

struct Servers {
    bare: SocketAddr,
    /// On the usual number of recordings, on a hundred, and on very many.
    usual: SocketAddr,
    few: SocketAddr,
    many: SocketAddr,
}

fn main() -> Result<(), Failure> {
    let (usual, many) = (size("RECORDINGS", 10_000), size("MANY", 100_000));
    let (seconds, rounds) = (size("SECONDS", 2), size("ROUNDS", 5));
    let dirs = [tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?];
    // Servers and loader have threads of their own, as they have in life: who shares a thread with the loader would
    // be spared the waking up.
    let runtime = tokio::runtime::Runtime::new()?;
    let servers = runtime.block_on(async {
        Ok::<_, Failure>(Servers {
            bare: servers::bare_axum().await?,
            usual: servers::start(dirs[0].path(), usual).await?,
            few: servers::start(dirs[1].path(), 100).await?,
            many: servers::start(dirs[2].path(), many).await?,
        })
    })?;
    println!(
        "{usual} and {many} recordings, {REQUESTS} different requests, {rounds} rounds of {seconds} s each"
    );
    let length = Duration::from_secs(seconds as u64);
    let missed = tokio::runtime::Runtime::new()?.block_on(measure(&servers, length, rounds))?;
    if missed > 0 && std::env::var_os("RETAKE_BENCH_STRICT").is_some_and(|value| value == "1") {
        return Err(format!("{missed} budgets were missed").into());
    }
    Ok(())
}

async fn measure(servers: &Servers, length: Duration, rounds: usize) -> Result<usize, Failure> {
    let mut missed = 0;
    for connections in [32, 1] {
        let mut budgets = budgets(connections);
        let mut bare = Vec::new();
        for _ in 0..rounds {
            let yardstick = load(servers.bare, connections, length, Kind::Recorded).await?;
            let exact = load(servers.usual, connections, length, Kind::Recorded).await?;
            let cosmetic = load(servers.usual, connections, length, Kind::Cosmetic).await?;
            let fresh = load(servers.usual, connections, length, Kind::Fresh).await?;
            let few = load(servers.few, connections, length, Kind::Recorded).await?;
            let many = load(servers.many, connections, length, Kind::Recorded).await?;
            for (what, measured) in [
                ("bare axum", yardstick),
                ("replay", exact),
                ("cosmetic field differs", cosmetic),
                ("never the same twice", fresh),
                ("100 recordings", few),
                ("many recordings", many),
            ] {
                show(connections, what, measured, yardstick);
            }
            bare.push(yardstick.rate);
            let over = |one: u64, other: u64| number(one) / number(other.max(1));
            let figures = if connections == 1 {
                vec![over(exact.p50, yardstick.p50), over(exact.p99, yardstick.p99)]
            } else {
                let of_bare = |load: Load| load.rate / yardstick.rate;
                vec![of_bare(exact), of_bare(cosmetic), of_bare(fresh), many.rate / few.rate]
            };
            budgets.iter_mut().zip(figures).for_each(|(budget, figure)| budget.rounds.push(figure));
        }
        let spread = bare.iter().copied().fold(0.0, f64::max) / bare.iter().copied().fold(f64::MAX, f64::min);
        println!("c={connections}: the bare server's own rate varied by {spread:.2}");
        missed += budgets.iter().filter(|budget| !budget.met()).count();
    }
    Ok(missed + misses(servers, length).await?)
}

fn budgets(connections: usize) -> Vec<Budget> {
    let budget = |name, at_least, bound| Budget { name, at_least, bound, rounds: Vec::new() };
    if connections == 1 {
        vec![budget("2: p50 over bare", false, 1.15), budget("2: p99 over bare", false, 1.5)]
    } else {
        vec![
            budget("1: replay over bare", true, 0.8),
            budget("1: cosmetic field differs", true, 0.6),
            budget("1: never the same twice", true, 0.6),
            budget("3: many recordings over 100", true, 0.9),
        ]
    }
}

/// Budget 10: a miss among many recordings of one endpoint, explained in its answer.
async fn misses(servers: &Servers, length: Duration) -> Result<usize, Failure> {
    // The first one reads all requests of the endpoint.
    let first = load(servers.many, 1, Duration::from_millis(1), Kind::Missing).await?;
    let hit = load(servers.many, 1, length, Kind::Recorded).await?;
    let miss = load(servers.many, 1, length, Kind::Missing).await?;
    println!("miss: the first took {} ms; hits p50 {} µs", first.p50 / 1000, hit.p50);
    let budget =
        |name, time: u64| Budget { name, at_least: false, bound: 10.0, rounds: vec![number(time) / 1000.0] };
    let budgets = [budget("10: miss explained, p50 in ms", miss.p50), budget("10: the same, p99", miss.p99)];
    Ok(budgets.iter().filter(|budget| !budget.met()).count())
}

fn show(connections: usize, what: &str, load: Load, yardstick: Load) {
    let Load { rate, p50, p99 } = load;
    let share = rate / yardstick.rate;
    println!("c={connections:<3} {what:<24} {rate:>8.0}/s {share:.2}  p50 {p50:>4} µs  p99 {p99:>5} µs");
}

impl Budget {
    /// Prints the median and says whether it is within the bound.
    fn met(&self) -> bool {
        let mut rounds = self.rounds.clone();
        rounds.sort_by(f64::total_cmp);
        let median = rounds[rounds.len() / 2];
        let met = if self.at_least { median >= self.bound } else { median <= self.bound };
        let (sign, word) = (if self.at_least { "≥" } else { "≤" }, if met { "ok" } else { "missed" });
        let all: Vec<_> = self.rounds.iter().map(|figure| format!("{figure:.2}")).collect();
        println!(
            "{:<34} {median:>6.2}  must {sign} {:<5} {word:<7} ({})",
            self.name,
            self.bound,
            all.join(" ")
        );
        met
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn number(value: u64) -> f64 {
    value as f64
}

fn size(name: &str, default: usize) -> usize {
    std::env::var(format!("RETAKE_BENCH_{name}")).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}
