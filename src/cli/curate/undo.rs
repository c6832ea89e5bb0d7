//! `retake undo`, `redo` and `steps`.

use std::process::ExitCode;

use clap::Args;

use crate::api::{RedoRequest, StepsRequest, UndoRequest};
use crate::cli::common::Common;
use crate::cli::table::{Column, Table};
use crate::cli::{door, print};
use crate::client::ClientError;
use crate::engine::VerbError;
use crate::model::StepRow;

/// Arguments of `retake undo`.
#[derive(Args)]
pub(crate) struct UndoArgs {
    /// So many steps
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Only say which steps those are
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// One JSON array of the steps
    #[arg(long)]
    json: bool,
}

pub(crate) async fn undo(common: &Common, how: &UndoArgs) -> anyhow::Result<ExitCode> {
    go(common, how, true).await
}

pub(crate) async fn redo(common: &Common, how: &UndoArgs) -> anyhow::Result<ExitCode> {
    go(common, how, false).await
}

async fn go(common: &Common, how: &UndoArgs, back: bool) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        if how.dry_run {
            let next = next(client.run(StepsRequest::default()).await?.items, how.steps, back)?;
            if how.json {
                print::json(&next)?;
            } else {
                for step in &next {
                    print::line(&format!("would {} {step}", if back { "undo" } else { "redo" }));
                }
            }
            return Ok(ExitCode::SUCCESS);
        }
        let mut done: Vec<StepRow> = Vec::new();
        let mut failed = None;
        for _ in 0..how.steps {
            match if back { client.run(UndoRequest {}).await } else { client.run(RedoRequest {}).await } {
                Ok(step) => done.push(step),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
            if let (false, Some(step)) = (how.json, done.last()) {
                print::line(&format!("{} {step}", if back { "undid" } else { "redid" }));
            }
        }
        if how.json {
            print::json(&done)?;
        }
        failed.map_or(Ok(ExitCode::SUCCESS), |error| Err(error.into()))
    })
    .await
}

/// The steps that would be gone through, the first one first.
fn next(mut steps: Vec<StepRow>, count: u32, back: bool) -> Result<Vec<StepRow>, ClientError> {
    let most = count.try_into().unwrap_or(usize::MAX);
    let done = steps.iter().rposition(|step| !step.undone);
    let next: Vec<_> = if back {
        steps.into_iter().rev().filter(|step| !step.undone).take(most).collect()
    } else {
        // A new step ends what could be done again: only what lies behind the last one that stands is left.
        steps.drain(done.map_or(0, |last| last + 1)..).take(most).collect()
    };
    if next.is_empty() {
        return Err(VerbError::NoStep(if back { "undo" } else { "redo" }).into());
    }
    Ok(next)
}

/// Lists what can be undone, the newest first.
pub(crate) async fn steps(common: &Common, json: bool) -> anyhow::Result<ExitCode> {
    const COLUMNS: [Column; 4] = [
        Column::new("STEP", 1).right(),
        Column::new("WHEN", 2),
        Column::new("WHAT", 0).between(16, usize::MAX),
        Column::new("STATE", 1),
    ];
    door::at_store(common, async |client| {
        let steps = client.run(StepsRequest::default()).await?.items;
        if json {
            print::json(&steps)?;
            return Ok(ExitCode::SUCCESS);
        }
        if steps.is_empty() {
            print::note("nothing was changed yet");
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = Table::new(&COLUMNS);
        for step in steps.iter().rev() {
            table.row([
                step.id.0.to_string(),
                print::date(step.at.0),
                step.to_string(),
                if step.undone { "undone" } else { "done" }.to_owned(),
            ]);
        }
        table.print();
        Ok(ExitCode::SUCCESS)
    })
    .await
}
