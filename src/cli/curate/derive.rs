//! `retake derive`: recordings that fail, made of ones that did not.

use std::process::ExitCode;

use clap::Args;

use crate::api::{DeriveRequest, RecordingRequest};
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::selection::Selectors;
use crate::cli::{door, print, selection};
use crate::client::Client;
use crate::editing::{self, Fault};
use crate::engine::VerbError;
use crate::model::{RecordingId, check_scope};

/// Arguments of `retake derive`.
#[derive(Args)]
pub(crate) struct DeriveArgs {
    /// Ids of recordings, or unique beginnings, and the fault behind them: 429, 429 retry-after=20 (seconds), 500, 529
    /// (Anthropic), cut@3 and stall@3 (after so many events, or bytes), malformed, slow x5 or slow 10s
    #[arg(required = true, value_name = "ID… FAULT")]
    words: Vec<String>,
    /// All whose hash begins so, in place of ids
    #[arg(long, value_name = "PREFIX", conflicts_with = "filter")]
    hash: Option<String>,
    /// All that a filter shows, in place of ids; `retake list --help` says what it may hold
    #[arg(long = "where", id = "filter", value_name = "FILTER")]
    filter: Option<String>,
    /// Only calls in this scope get it
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,
    /// Only say of which it would be made, and whether it can be
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// One JSON object with the ids of the new recordings; with --dry-run those of the others
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, failing: DeriveArgs) -> anyhow::Result<ExitCode> {
    let (which, fault) = failing.parts()?;
    door::at_store(common, async |client| {
        let rows = selection::all(client, &which).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        if failing.dry_run {
            could_fail(client, &ids, fault, failing.scope.as_deref()).await?;
            print::ids(&ids, &format!("would get a copy that fails as `{fault}`"), failing.json);
            return Ok(ExitCode::SUCCESS);
        }
        let mut made = Vec::with_capacity(ids.len());
        for id in &ids {
            let (fault, scope) = (fault.to_string(), failing.scope.clone());
            made.push(client.run(DeriveRequest { id: id.clone(), fault, scope }).await?);
        }
        if failing.json {
            print::ids(&made, "", true);
            return Ok(ExitCode::SUCCESS);
        }
        for (new, id) in made.iter().zip(&ids) {
            print::line(&format!("{new} fails as `{fault}`, made of {id}"));
        }
        print::note(&match &failing.scope {
            Some(scope) => {
                format!("calls in the scope {scope} get it from now on; `retake undo` removes it")
            }
            None => "it answers instead of the other from now on; --scope gives it to some calls only, \
                     `retake undo` removes it"
                .to_owned(),
        });
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// Whether all of them can fail so.
async fn could_fail(
    client: &Client,
    ids: &[RecordingId],
    fault: Fault,
    scope: Option<&str>,
) -> anyhow::Result<()> {
    scope.map_or(Ok(()), check_scope).map_err(|error| UsageError(error.to_string()))?;
    for id in ids {
        let recording = client.run(RecordingRequest { id: id.clone() }).await?;
        editing::derive(&recording, fault).map_err(|error| UsageError(VerbError::from(error).to_string()))?;
    }
    Ok(())
}

impl DeriveArgs {
    /// The recordings, and the fault: a text that stands behind ids as one word or as several (`429 retry-after=20`).
    fn parts(&self) -> Result<(Selectors, Fault), UsageError> {
        let vague = self.hash.is_some() || self.filter.is_some();
        // What stands first is an id, which may begin with digits.
        let begins = |at: usize| self.words[at..].join(" ").parse::<Fault>();
        let from = usize::from(!vague);
        let found = (from..self.words.len()).find_map(|at| Some((at, begins(at).ok()?)));
        let Some((at, fault)) = found else {
            let text = match self.words.get(from..).filter(|rest| !rest.is_empty()) {
                Some(rest) => rest.join(" ").parse::<Fault>().err().map(|error| error.to_string()),
                None => Some("no fault is named; write retake derive ID… FAULT".into()),
            };
            return Err(UsageError(text.unwrap_or_default()));
        };
        if vague && at > 0 {
            let text = "name recordings by their ids or with --where or --hash, not both";
            return Err(UsageError(text.into()));
        }
        let ids = self.words[..at].to_vec();
        Ok((Selectors { ids, hash: self.hash.clone(), filter: self.filter.clone() }, fault))
    }
}
