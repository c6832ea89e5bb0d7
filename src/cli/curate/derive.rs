//! `retake derive`: a recording that fails, made of one that did not.

use std::process::ExitCode;

use clap::Args;

use crate::api::DeriveRequest;
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::{door, print, selection};
use crate::editing::Fault;

/// Arguments of `retake derive`.
#[derive(Args)]
pub(crate) struct DeriveArgs {
    /// The recording's id, or a unique beginning of it
    id: String,
    /// 429, 429 retry-after=20 (seconds), 500, 529 (Anthropic), cut@3 and stall@3 (after so many events, or bytes),
    /// malformed, slow x5 or slow 10s
    #[arg(required = true, value_name = "FAULT")]
    fault: Vec<String>,
    /// Only calls in this scope get it
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,
    /// One JSON object with the id of the new recording
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, failing: DeriveArgs) -> anyhow::Result<ExitCode> {
    let fault: Fault = failing.fault.join(" ").parse().map_err(|error| UsageError(format!("{error}")))?;
    door::at_store(common, async |client| {
        let row = selection::one(client, &failing.id).await?;
        let new = client.run(DeriveRequest { id: row.id.clone(), fault: fault.to_string(), scope: failing.scope.clone() }).await?;
        print::ids(std::slice::from_ref(&new), &format!("fails as `{fault}`, made of {}", row.id), failing.json);
        if !failing.json {
            print::note(&match &failing.scope {
                Some(scope) => format!("calls in the scope {scope} get it from now on; `retake undo` removes it"),
                None => "it answers instead of the other from now on; --scope gives it to some calls only, `retake undo` removes it".to_owned(),
            });
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}
