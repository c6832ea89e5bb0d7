//! `retake calls`: what was asked, and what became of it.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use crate::cli::common::Common;
use crate::cli::table::{Column, Table};
use crate::cli::{door, print};
use crate::model::Call;
use crate::query::{QueryKind, help};
use crate::reading::human;

/// The calls that are listed.
#[derive(Args)]
#[command(after_long_help = help(QueryKind::Calls))]
pub(crate) struct CallsArgs {
    /// Only calls that the filter shows, such as result:miss model:gpt-5*
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    /// Only so many, the newest
    #[arg(long, value_name = "COUNT")]
    last: Option<usize>,
    /// One JSON array, the oldest call first
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, which: CallsArgs) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        let filter = which.filter.join(" ");
        let mut calls = client.calls(&filter).await?;
        calls.drain(..calls.len().saturating_sub(which.last.unwrap_or(usize::MAX)));
        if which.json {
            print::json(&calls)?;
        } else if calls.is_empty() && filter.is_empty() {
            print::note("no calls yet; point something at the proxy, or see `retake demo`");
        } else if calls.is_empty() {
            print::note("no call is shown by this filter");
        } else {
            table(&calls).print();
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

fn table(calls: &[Arc<Call>]) -> Table {
    const COLUMNS: [Column; 11] = [
        Column::new("CALL", 0).right(),
        Column::new("WHEN", 4),
        Column::new("RESULT", 0),
        Column::new("ST", 3),
        Column::new("ENDPOINT", 1).between(12, 24),
        Column::new("MODEL", 2).between(10, 20),
        Column::new("SCOPE", 6).between(8, 16).optional(),
        Column::new("TOOK", 3).right(),
        Column::new("SIZE", 5).right(),
        Column::new("RECORDING", 4),
        Column::new("WHY, OR PROMPT", 1).between(24, usize::MAX),
    ];
    let mut table = Table::new(&COLUMNS);
    for call in calls {
        let dash = || "–".to_owned();
        let prompt = call.prompt.as_deref().unwrap_or_default();
        table.row([
            call.id.0.to_string(),
            print::when(call.at.0),
            call.label().to_owned(),
            call.status.map_or_else(dash, |status| status.to_string()),
            call.endpoint.to_string(),
            call.model.as_deref().map_or_else(dash, str::to_owned),
            call.scope.as_deref().unwrap_or_default().to_owned(),
            call.total.map_or_else(dash, human::duration),
            human::size(call.response_len),
            call.recording.as_ref().map_or_else(dash, ToString::to_string),
            call.reason.as_deref().unwrap_or(prompt).to_owned(),
        ]);
    }
    table
}
