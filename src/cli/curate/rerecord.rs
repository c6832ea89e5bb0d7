//! `retake rerecord`: a new answer of an upstream, which waits for review beside the old one.

use std::process::ExitCode;

use clap::Args;

use crate::api::RerecordRequest;
use crate::cli::common::Common;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::progress::Progress;
use crate::cli::selection::Selectors;
use crate::cli::table::{Column, Table};
use crate::cli::{door, print, selection};
use crate::client::Client;
use crate::engine::Rerecord;
use crate::model::Usd;
use crate::reading::human;

/// The recordings that are recorded anew.
#[derive(Args)]
pub(crate) struct RerecordArgs {
    #[command(flatten)]
    which: Selectors,
    /// Say what it would cost, and ask nobody
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// One JSON array: recording, price, problem, new recording
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, anew: RerecordArgs) -> anyhow::Result<ExitCode> {
    door::refuse_withheld(common)?;
    door::at_upstream_store(common, async |client| {
        let rows = selection::all(client, &anew.which).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        let plan = client.run(RerecordRequest { ids, dry_run: true }).await?;
        // Without a question what follows says the same.
        let able = plan.iter().filter(|one| one.problem.is_none()).count();
        if !anew.json && (anew.dry_run || (!anew.yes && able > 0)) {
            table(&plan).print();
        }
        if anew.dry_run {
            if anew.json {
                print::json(&plan)?;
            }
            return Ok(code(&plan, able));
        }
        if able > 0 && !anew.yes && !agreed(&plan, able)? {
            print::note("nothing was asked");
            return Ok(ExitCode::SUCCESS);
        }
        let done = all(client, plan, able).await?;
        if anew.json {
            print::json(&done)?;
        } else {
            print_results(&done);
        }
        Ok(code(&done, able))
    })
    .await
}

/// Asks for all that can be asked for, one after the other.
async fn all(client: &Client, plan: Vec<Rerecord>, able: usize) -> anyhow::Result<Vec<Rerecord>> {
    let work = Progress::start("recording anew", Some(able as u64));
    let mut done = Vec::with_capacity(plan.len());
    for one in plan {
        if one.problem.is_some() {
            done.push(one);
            continue;
        }
        done.push(client.rerecord(&one.recording).await?);
        work.advance(1);
    }
    work.done();
    Ok(done)
}

fn agreed(plan: &[Rerecord], able: usize) -> Result<bool, UsageError> {
    let known: Vec<Usd> =
        plan.iter().filter(|one| one.problem.is_none()).filter_map(|one| one.price).collect();
    let sum: Usd = known.iter().copied().sum();
    let price = match able - known.len() {
        0 => format!("about {sum}"),
        unknown if known.is_empty() => {
            format!("an unknown price ({} without one)", human::thousands(unknown))
        }
        unknown => format!("about {sum} and {} whose price is unknown", human::thousands(unknown)),
    };
    let calls = human::counted(able, "call");
    if !print::can_ask() {
        return Err(UsageError(format!("{calls} to upstreams for {price}: nobody can be asked; add --yes")));
    }
    Ok(print::confirmed(&format!("Make {calls} to upstreams for {price}?")))
}

fn table(plan: &[Rerecord]) -> Table {
    const COLUMNS: [Column; 3] = [
        Column::new("RECORDING", 0),
        Column::new("PRICE", 1).right(),
        Column::new("PROBLEM", 1).between(16, usize::MAX),
    ];
    let mut table = Table::new(&COLUMNS);
    for one in plan {
        table.row([
            one.recording.to_string(),
            one.price.map_or_else(|| "unknown".into(), |price| price.to_string()),
            one.problem.clone().unwrap_or_else(|| "–".into()),
        ]);
    }
    table
}

fn print_results(done: &[Rerecord]) {
    for one in done {
        match (&one.new, &one.problem) {
            (Some(new), _) => print::line(&format!("{new} waits for review beside {}", one.recording)),
            (None, Some(problem)) => print::error(&format!("{}: {problem}", one.recording)),
            (None, None) => {}
        }
    }
    if done.iter().any(|one| one.new.is_some()) {
        print::note("`retake diff OLD NEW` compares them, `retake review accept|keep|reject ID…` decides");
    }
}

/// The exit code: recordings that could be asked for and lack an answer do so because of their upstreams.
fn code(done: &[Rerecord], able: usize) -> ExitCode {
    match done.iter().filter(|one| one.problem.is_none()).count() {
        fine if fine == done.len() => ExitCode::SUCCESS,
        fine if fine < able => Exit::Upstream.into(),
        _ => Exit::NotFound.into(),
    }
}
