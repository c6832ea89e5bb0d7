//! `retake prune`: what can go, and what that would cost.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;

use crate::api::PruneRequest;
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::progress::Progress;
use crate::cli::table::{Column, Table};
use crate::cli::{door, print, selection};
use crate::client::Client;
use crate::engine::wording;
use crate::model::RecordingId;
use crate::query::{QueryKind, help};
use crate::reading::human;
use crate::retention::{PrunePlan, Removal, Spared};

/// Arguments of `retake prune`.
#[derive(Args)]
#[command(after_long_help = help(QueryKind::Recordings))]
pub(crate) struct PruneArgs {
    /// What goes, in the filter language: superseded:yes, dup:yes, unused:90d, age:>180d, 'hits:0 size:>1M'
    #[arg(required = true, value_name = "FILTER")]
    filter: Vec<String>,
    /// Only say what would go, and what speaks against it
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// A recording that stays, whatever the filter says; repeatable
    #[arg(long, value_name = "ID")]
    keep: Vec<String>,
    /// Do not ask
    #[arg(long, short, conflicts_with = "dry_run")]
    yes: bool,
    /// The plan as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, asked: PruneArgs) -> anyhow::Result<ExitCode> {
    let filter = asked.filter.join(" ");
    if filter.trim().is_empty() {
        return Err(UsageError(
            "an empty filter means everything; say what is to go, such as `unused:90d`".into(),
        )
        .into());
    }
    door::at_store(common, async |client| {
        let keep: BTreeSet<_> =
            selection::named(client, &asked.keep).await?.iter().map(|row| row.id.clone()).collect();
        let work = Progress::start("planning", None);
        let plan = client.run(PruneRequest { query: filter.clone(), keep: keep.clone(), only: None, apply: false }).await?;
        work.done();
        let ask = !asked.dry_run && !asked.yes && !plan.remove.is_empty();
        if !asked.json || ask {
            shown(&plan, asked.json);
        }
        let plan = if asked.dry_run || plan.remove.is_empty() {
            plan
        } else if ask && !agreed(&plan)? {
            print::note("nothing was removed");
            return Ok(ExitCode::SUCCESS);
        } else {
            carried_out(client, &filter, &keep, &plan).await?
        };
        if asked.json {
            print::json(&plan)?;
        } else if !asked.dry_run && !plan.remove.is_empty() {
            let (many, size) = (recordings(plan.totals.recordings), human::size(plan.totals.bytes));
            print::note(&format!(
                "{many} ({size}) went to the trash; `retake undo` brings them back, `retake compact` frees the space \
                 after 7 days"
            ));
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// Removes what was shown, and nothing that came to match since.
async fn carried_out(
    client: &Client,
    filter: &str,
    keep: &BTreeSet<RecordingId>,
    plan: &PrunePlan,
) -> anyhow::Result<PrunePlan> {
    let only = plan.remove.iter().map(|removal| removal.id.clone()).collect();
    let work = Progress::start("removing", None);
    let done = client
        .run(PruneRequest { query: filter.to_owned(), keep: keep.clone(), only: Some(only), apply: true })
        .await?;
    work.done();
    Ok(done)
}

fn agreed(plan: &PrunePlan) -> Result<bool, UsageError> {
    let many = recordings(plan.totals.recordings);
    if !print::can_ask() {
        return Err(UsageError(format!("nobody can be asked whether to remove {many}; add --yes")));
    }
    Ok(print::confirmed(&format!("Move {many} to the trash?")))
}

/// Writes the plan for people; where programs read stdout, to stderr.
fn shown(plan: &PrunePlan, aside: bool) {
    let say = |line: &str| if aside { print::note(line) } else { print::line(line) };
    if !plan.remove.is_empty() {
        for line in table(&plan.remove).lines(print::width()) {
            say(&line);
        }
    }
    for line in summary_lines(plan) {
        print::note(&line);
    }
}

fn table(remove: &[Removal]) -> Table {
    const COLUMNS: [Column; 7] = [
        Column::new("ID", 0),
        Column::new("HASH", 5),
        Column::new("SIZE", 3).right(),
        Column::new("HITS", 2).right(),
        Column::new("LAST HIT", 4),
        Column::new("COST", 3).right(),
        Column::new("WHY", 1).between(12, usize::MAX),
    ];
    let mut table = Table::new(&COLUMNS);
    for removal in remove {
        let last = removal.last_hit.map_or_else(|| "never".into(), |at| print::date(at.0));
        table.row([
            removal.id.to_string(),
            removal.hash.short(),
            human::size(removal.bytes),
            removal.hits.to_string(),
            last,
            removal.cost.map_or_else(|| "?".into(), |cost| cost.to_string()),
            wording::removal_reasons(removal),
        ]);
    }
    table
}

/// The lines about what the table does not show.
fn summary_lines(plan: &PrunePlan) -> Vec<String> {
    let mut lines = Vec::new();
    let totals = &plan.totals;
    if plan.remove.is_empty() {
        lines.push("nothing to prune".to_owned());
    } else {
        let (many, size) = (recordings(totals.recordings), human::size(totals.bytes));
        let hits = human::counted(totals.hits, "hit");
        lines.push(format!("{many}, {size}, {hits}; {}", wording::cost_again(totals)));
    }
    lines.extend(wording::plan_would_miss(plan, 8));
    lines.extend((totals.in_use > 0).then(|| wording::hit_lately(totals.in_use)));
    let mut reasons: Vec<(String, Vec<&RecordingId>)> = Vec::new();
    for Spared { id, reason, .. } in &plan.spared {
        let reason = wording::keep_reason(reason, |at| print::date(at.0));
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, ids)) => ids.push(id),
            None => reasons.push((reason, vec![id])),
        }
    }
    lines.extend(reasons.iter().map(|(reason, ids)| spared(reason, ids)));
    lines
}

/// Recordings that stay for the same reason, in one line.
fn spared(reason: &str, ids: &[&RecordingId]) -> String {
    let stay = if ids.len() == 1 { "stays" } else { "stay" };
    format!("{stay}, {reason}: {}", wording::named(ids, 3))
}

fn recordings(count: impl TryInto<u64>) -> String {
    human::counted(count, "recording")
}
