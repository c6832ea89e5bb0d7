//! `retake keep`: a call of the history becomes a recording after the fact.

use std::process::ExitCode;

use clap::Args;

use crate::api::{CallRequest, KeepRequest};
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::{door, print};
use crate::client::{Client, ClientError};
use crate::engine::VerbError;
use crate::model::{CallId, Outcome, RecordingId};

/// Arguments of `retake keep`.
#[derive(Args)]
pub(crate) struct KeepArgs {
    /// The call's number, as `retake calls` shows it
    #[arg(value_name = "CALL", value_parser = number)]
    number: u64,
    /// Where the call has no answer, ask the upstream for one without asking first
    #[arg(long, short)]
    yes: bool,
    /// Only say what keeping it would do
    #[arg(long, short = 'n', conflicts_with = "yes")]
    dry_run: bool,
    /// One JSON object with the id of the recording; with --dry-run without any
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
        if call.dry_run {
            print::ids(&[], "", call.json);
            if !call.json {
                print::line(&planned(client, call.number).await?);
            }
            return Ok(ExitCode::SUCCESS);
        }
        let Some(id) = keep_call(client, &call).await? else {
            print::note("nothing was kept");
            return Ok(ExitCode::SUCCESS);
        };
        print::ids(&[id], &format!("keeps call {}", call.number), call.json);
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// What keeping a call would do.
async fn planned(client: &Client, number: u64) -> anyhow::Result<String> {
    let id = CallId(number);
    let shown = client.run(CallRequest { id }).await?;
    let answered = shown.exchange.is_some_and(|exchange| exchange.response.is_some());
    let refused = |error: VerbError| Err(ClientError::from(error).into());
    if !shown.call.done {
        return refused(VerbError::UnderWay(number));
    }
    if let Some(recording) = shown.call.recording.clone() {
        return refused(VerbError::Recorded { call: number, recording });
    }
    match shown.call.outcome {
        Some(Outcome::Live | Outcome::Mock) if answered => Ok(format!("call {number} would be kept")),
        Some(Outcome::Live | Outcome::Mock) => refused(VerbError::Forgotten(number)),
        // Without leave to ask an upstream nothing happens, and the refusal says what would.
        Some(Outcome::Miss) => match client.run(KeepRequest { id, fetch: false }).await {
            Err(error) if error.wants_consent() => Ok(error.to_string()),
            Err(error) => Err(error.into()),
            Ok(recording) => refused(VerbError::Recorded { call: number, recording }),
        },
        _ => refused(VerbError::NothingToKeep(number)),
    }
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
