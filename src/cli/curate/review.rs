//! `retake review`: a new answer beside the old one, until somebody has looked at both.

use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::api::{ReviewRequest, ReviewsRequest};
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::selection::Selectors;
use crate::cli::{door, print, selection};
use crate::client::Client;
use crate::client::ClientError;
use crate::engine::{ReviewVerdict, VerbError};
use crate::model::{RecordingId, Row};

/// Arguments of `retake review`.
#[derive(Args)]
pub(crate) struct ReviewArgs {
    /// accept (it takes the old one's place), keep (both stay) or reject; without it, list what waits
    #[arg(value_parser = verdicts())]
    verdict: Option<ReviewVerdict>,
    /// Ids of new recordings that wait, or unique beginnings; --all for every one
    #[arg(value_name = "ID", requires = "verdict")]
    ids: Vec<String>,
    /// All that wait and whose hash begins so, in place of ids
    #[arg(long, value_name = "PREFIX", requires = "verdict", conflicts_with = "ids")]
    hash: Option<String>,
    /// All that wait and that a filter shows, in place of ids
    #[arg(
        long = "where", id = "filter", value_name = "FILTER", requires = "verdict", conflicts_with_all = ["ids", "hash"]
    )]
    filter: Option<String>,
    /// All that wait
    #[arg(long, requires = "verdict", conflicts_with_all = ["ids", "hash", "filter"])]
    all: bool,
    /// Only say what would become of them
    #[arg(long, short = 'n', requires = "verdict")]
    dry_run: bool,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// The words for a verdict, which completions offer.
fn verdicts() -> impl TypedValueParser<Value = ReviewVerdict> {
    let words = ["accept", "keep", "reject"].map(PossibleValue::new);
    let words = words.map(|word| if word.matches("keep", false) { word.alias("keep-both") } else { word });
    PossibleValuesParser::new(words).map(|word| match word.as_str() {
        "accept" => ReviewVerdict::Accept,
        "reject" => ReviewVerdict::Reject,
        _ => ReviewVerdict::KeepBoth,
    })
}

pub(crate) async fn run(common: &Common, review: ReviewArgs) -> anyhow::Result<ExitCode> {
    door::at_store(common, async |client| {
        let waiting = client.run(ReviewsRequest::default()).await?.items;
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
        let ids = chosen(client, &review, &waiting).await?;
        if ids.is_empty() {
            if review.json {
                print::ids(&[], "", true);
            } else {
                print::note("nothing waits for review");
            }
            return Ok(ExitCode::SUCCESS);
        }
        let decided = if review.dry_run {
            would_change(&waiting, &ids, verdict)?
        } else {
            client.run(ReviewRequest { ids: ids.clone(), verdict }).await?.ids
        };
        let ids: HashSet<_> = ids.iter().collect();
        let (meant, replaced): (Vec<_>, Vec<_>) = decided.iter().cloned().partition(|id| ids.contains(id));
        if review.json {
            print::ids(&decided, "", true);
            return Ok(ExitCode::SUCCESS);
        }
        let said = match (verdict, review.dry_run) {
            (ReviewVerdict::Accept, false) => "is accepted",
            (ReviewVerdict::KeepBoth, false) => "stays beside the old one",
            (ReviewVerdict::Reject, false) => "went to the trash",
            (ReviewVerdict::Accept, true) => "would be accepted",
            (ReviewVerdict::KeepBoth, true) => "would stay beside the old one",
            (ReviewVerdict::Reject, true) => "would go to the trash",
        };
        let gone = if review.dry_run {
            "would give way and go to the trash"
        } else {
            "gave way and went to the trash"
        };
        print::ids(&meant, said, false);
        print::ids(&replaced, gone, false);
        Ok(ExitCode::SUCCESS)
    })
    .await
}

/// The recordings that are decided about.
async fn chosen(
    client: &Client,
    review: &ReviewArgs,
    waiting: &[Arc<Row>],
) -> anyhow::Result<Vec<RecordingId>> {
    let which =
        Selectors { ids: review.ids.clone(), hash: review.hash.clone(), filter: review.filter.clone() };
    if review.all {
        return Ok(waiting.iter().map(|row| row.id.clone()).collect());
    }
    if which.is_empty() {
        let text = "which? give ids of what `retake review` lists, --where, --hash or --all";
        return Err(UsageError(text.into()).into());
    }
    let rows = selection::all(client, &which).await?;
    // Who names one is told that it does not wait.
    let meant = |row: &&Arc<Row>| !which.is_vague() || row.review.is_some();
    Ok(rows.iter().filter(meant).map(|row| row.id.clone()).collect())
}

/// The recordings that a decision would change: those that wait, and those that would give way.
fn would_change(
    waiting: &[Arc<Row>],
    ids: &[RecordingId],
    verdict: ReviewVerdict,
) -> anyhow::Result<Vec<RecordingId>> {
    let mut changed = ids.to_vec();
    for id in ids {
        let row = waiting.iter().find(|row| row.id == *id);
        let row = row.ok_or_else(|| ClientError::from(VerbError::Decided(id.clone())))?;
        let old = row.review.clone().filter(|old| verdict == ReviewVerdict::Accept && !changed.contains(old));
        changed.extend(old);
    }
    Ok(changed)
}
