//! `retake keep`: a call of the history becomes a recording after the fact.

use std::process::ExitCode;

use clap::Args;

use crate::api::KeepRequest;
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::{door, print};
use crate::client::Client;
use crate::model::{CallId, RecordingId};

/// Arguments of `retake keep`.
#[derive(Args)]
pub(crate) struct KeepArgs {
    /// The call's number, as `retake calls` shows it
    #[arg(value_name = "CALL", value_parser = number)]
    number: u64,
    /// Where the call has no answer, ask the upstream for one without asking first
    #[arg(long, short)]
    yes: bool,
    /// One JSON object with the id of the recording
    #[arg(long)]
    json: bool,
}

fn number(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("call_").unwrap_or(text);
    digits.parse().map_err(|_| "expected a call's number, such as 12 or call_12".to_owned())
}

pub(crate) async fn run(common: &Common, call: KeepArgs) -> anyhow::Result<ExitCode> {
    door::refuse_withheld(common)?;
    door::at_upstream_store(common, async |client| {
        let Some(id) = keep_call(client, &call).await? else {
            print::note("nothing was kept");
            return Ok(ExitCode::SUCCESS);
        };
        print::ids(&[id], &format!("keeps call {}", call.number), call.json);
        Ok(ExitCode::SUCCESS)
    })
    .await
}

async fn keep_call(client: &Client, call: &KeepArgs) -> anyhow::Result<Option<RecordingId>> {
    let question = match client.run(KeepRequest { id: CallId(call.number), fetch: call.yes }).await {
        Ok(id) => return Ok(Some(id)),
        Err(error) if error.wants_consent() => error.to_string(),
        Err(error) => return Err(error.into()),
    };
    if !print::can_ask() {
        return Err(UsageError(format!("{question}, and that was not agreed to (--yes)")).into());
    }
    if !print::confirmed(&format!("{question}. Ask it now?")) {
        return Ok(None);
    }
    Ok(Some(client.run(KeepRequest { id: CallId(call.number), fetch: true }).await?))
}
