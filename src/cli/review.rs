//! `retake rerecord` and `review`: a new answer beside the old one, until somebody has looked at both.

use std::collections::HashSet;
use std::process::ExitCode;

use clap::Args;

use super::exit::{Exit, Usage};
use super::label::print_ids;
use super::pick::Which;
use super::progress::Progress;
use super::table::{Column, Table};
use super::{Common, list, pick, print};
use crate::client::Client;
use crate::engine::{Rerecord, Verdict};
use crate::model::{RecordingId, Usd};
use crate::reading::human;

/// Which recordings are recorded anew.
#[derive(Args)]
pub(super) struct Anew {
    #[command(flatten)]
    which: Which,
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

/// What becomes of what waits.
#[derive(Args)]
pub(super) struct Review {
    /// accept (it takes the old one's place), keep (both stay) or reject; without it, list what waits
    #[arg(value_parser = verdict)]
    verdict: Option<Verdict>,
    /// Ids of new recordings that wait, or unique beginnings; --all for every one
    #[arg(value_name = "ID", requires = "verdict")]
    ids: Vec<String>,
    /// All that wait
    #[arg(long, requires = "verdict", conflicts_with = "ids")]
    all: bool,
    /// JSON
    #[arg(long)]
    json: bool,
}

fn verdict(text: &str) -> Result<Verdict, String> {
    match text {
        "accept" => Ok(Verdict::Accept),
        "keep" | "keep-both" => Ok(Verdict::KeepBoth),
        "reject" => Ok(Verdict::Reject),
        _ => Err("expected accept, keep or reject".into()),
    }
}

pub(super) async fn rerecord(common: &Common, anew: Anew) -> anyhow::Result<ExitCode> {
    list::refuse_withheld(common)?;
    list::at_store_asking(common, async |client| {
        let rows = pick::all(client, &anew.which).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        let plan = client.rerecord_plan(&ids).await?;
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
            said(&done);
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

fn agreed(plan: &[Rerecord], able: usize) -> Result<bool, Usage> {
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
        return Err(Usage(format!("{calls} to upstreams for {price}: nobody can be asked; add --yes")));
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

fn said(done: &[Rerecord]) {
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

/// Those that could be asked for and lack an answer do so because of their upstreams.
fn code(done: &[Rerecord], able: usize) -> ExitCode {
    match done.iter().filter(|one| one.problem.is_none()).count() {
        fine if fine == done.len() => ExitCode::SUCCESS,
        fine if fine < able => Exit::Upstream.into(),
        _ => Exit::NotFound.into(),
    }
}

pub(super) async fn review(common: &Common, review: Review) -> anyhow::Result<ExitCode> {
    list::at_store(common, async |client| {
        let waiting = client.reviews().await?;
        let Some(verdict) = review.verdict else {
            if review.json {
                print::json(&waiting)?;
            } else if waiting.is_empty() {
                print::note("nothing waits for review; `retake rerecord ID…` asks upstreams once more");
            } else {
                for row in &waiting {
                    let old = row.review.as_ref().map(ToString::to_string).unwrap_or_default();
                    print::line(&format!("{} waits beside {old}  {} {}", row.id, row.status, row.endpoint));
                }
            }
            return Ok(ExitCode::SUCCESS);
        };
        let mut ids: Vec<RecordingId> = Vec::new();
        if review.all {
            ids = waiting.iter().map(|row| row.id.clone()).collect();
            if ids.is_empty() && !review.json {
                print::note("nothing waits for review");
                return Ok(ExitCode::SUCCESS);
            }
        } else if review.ids.is_empty() {
            return Err(Usage("which? give ids of what `retake review` lists, or --all".into()).into());
        }
        ids.extend(pick::named(client, &review.ids).await?.iter().map(|row| row.id.clone()));
        let decided = client.review(&ids, verdict).await?;
        let ids: HashSet<_> = ids.iter().collect();
        let (meant, replaced): (Vec<_>, Vec<_>) = decided.iter().cloned().partition(|id| ids.contains(id));
        if review.json {
            print_ids(&decided, "", true);
            return Ok(ExitCode::SUCCESS);
        }
        let said = match verdict {
            Verdict::Accept => "is accepted",
            Verdict::KeepBoth => "stays beside the old one",
            Verdict::Reject => "went to the trash",
        };
        print_ids(&meant, said, false);
        print_ids(&replaced, "gave way and went to the trash", false);
        Ok(ExitCode::SUCCESS)
    })
    .await
}
