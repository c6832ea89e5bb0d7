//! `retake stats`: what there is, and what it was good for.

use std::process::ExitCode;

use crate::api::StatsRequest;
use crate::cli::common::Common;
use crate::cli::table::{Column, Table};
use crate::cli::{door, print};
use crate::engine::{PastCalls, Stats};
use crate::model::{Gap, Outcome, Timestamp};
use crate::reading::human::{self, thousands};

pub(crate) async fn run(common: &Common, json: bool) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        let stats = client.run(StatsRequest {}).await?;
        if json {
            print::json(&stats)?;
        } else {
            shown(&stats);
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

fn remembered(PastCalls { calls, limit, since }: PastCalls) -> String {
    let Some(since) = since else { return "no calls".to_owned() };
    let rest = if calls < limit { "" } else { " (older ones were forgotten)" };
    format!("{} since {}{rest}", human::counted(calls, "call"), print::when(since.0))
}

fn shown(stats: &Stats) {
    let unpriced = match stats.unpriced_hits {
        0 => String::new(),
        1 => " (1 hit without a known price)".into(),
        many => format!(" ({} hits without a known price)", thousands(many)),
    };
    let trash = if stats.store.trash == 0 {
        String::new()
    } else {
        format!(", {} in the trash", thousands(stats.store.trash))
    };
    let unknown = match stats.use_gaps.as_slice() {
        [] => String::new(),
        [.., Gap { from: Timestamp(0), to }] => {
            format!(" (hits before {} may be missing)", print::date(to.0))
        }
        [earlier @ .., Gap { from, to }] => {
            let more = if earlier.is_empty() { "" } else { ", and some before" };
            let (from, to) = (print::date(from.0), print::date(to.0));
            format!(" (hits between {from} and {to} may be missing{more})")
        }
    };
    for (label, value) in [
        ("recordings", format!("{} with {}{trash}", thousands(stats.recordings), human::size(stats.bytes))),
        ("protected", thousands(stats.protected)),
        (
            "silent",
            thousands(stats.silent) + " (partial, not verified, or under review: they answer nothing)",
        ),
        ("never hit", format!("{}{unknown}", thousands(stats.never_hit))),
        ("hits", format!("{}, saved {}{unpriced}", thousands(stats.hits), stats.saved)),
        ("history", remembered(stats.history)),
        (
            "on disk",
            format!(
                "{} bodies, {} journal, {} index",
                human::size(stats.store.body_bytes),
                human::size(stats.store.journal_bytes),
                human::size(stats.store.index_bytes)
            ),
        ),
    ] {
        print::line(&format!("{label:<11} {value}"));
    }
    if !stats.endpoints.is_empty() {
        print::line("");
        endpoints(stats).print();
    }
    if stats.calls.outcomes.iter().any(|count| *count > 0) {
        print::line("");
        outcomes(stats).print();
    }
}

fn endpoints(stats: &Stats) -> Table {
    const COLUMNS: [Column; 5] = [
        Column::new("ENDPOINT", 0).between(12, usize::MAX),
        Column::new("RECORDINGS", 1).right(),
        Column::new("SIZE", 2).right(),
        Column::new("HITS", 1).right(),
        Column::new("SAVED", 2).right(),
    ];
    let mut table = Table::new(&COLUMNS);
    for (endpoint, share) in &stats.endpoints {
        table.row([
            endpoint.clone(),
            thousands(share.recordings),
            human::size(share.bytes),
            thousands(share.hits),
            share.saved.to_string(),
        ]);
    }
    table
}

/// The outcomes of calls since the proxy started.
fn outcomes(stats: &Stats) -> Table {
    const COLUMNS: [Column; 4] = [
        Column::new("RESULT", 0),
        Column::new("CALLS", 0).right(),
        Column::new("P50", 1).right(),
        Column::new("P95", 1).right(),
    ];
    let mut table = Table::new(&COLUMNS);
    for outcome in Outcome::ALL.into_iter().filter(|outcome| stats.calls.of(*outcome) > 0) {
        let times = stats.latencies.get(outcome.as_str());
        let time = |micros: Option<u64>| micros.map_or_else(|| "–".into(), human::duration);
        table.row([
            outcome.label().to_owned(),
            thousands(stats.calls.of(outcome)),
            time(times.map(|times| times.p50)),
            time(times.map(|times| times.p95)),
        ]);
    }
    table
}
