//! `retake review`: a new answer beside the old one, until somebody has looked at both.

use std::collections::HashSet;
use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::api::{ReviewRequest, ReviewsRequest};
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::{door, print, selection};
use crate::engine::ReviewVerdict;
use crate::model::RecordingId;

/// Arguments of `retake review`.
#[derive(Args)]
pub(crate) struct ReviewArgs {
    /// accept (it takes the old one's place), keep (both stay) or reject; without it, list what waits
    #[arg(value_parser = verdicts())]
    verdict: Option<ReviewVerdict>,
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
        let mut ids: Vec<RecordingId> = Vec::new();
        if review.all {
            ids = waiting.iter().map(|row| row.id.clone()).collect();
            if ids.is_empty() && !review.json {
                print::note("nothing waits for review");
                return Ok(ExitCode::SUCCESS);
            }
        } else if review.ids.is_empty() {
            return Err(UsageError("which? give ids of what `retake review` lists, or --all".into()).into());
        }
        ids.extend(selection::named(client, &review.ids).await?.iter().map(|row| row.id.clone()));
        let decided = client.run(ReviewRequest { ids: ids.clone(), verdict }).await?.ids;
        let ids: HashSet<_> = ids.iter().collect();
        let (meant, replaced): (Vec<_>, Vec<_>) = decided.iter().cloned().partition(|id| ids.contains(id));
        if review.json {
            print::ids(&decided, "", true);
            return Ok(ExitCode::SUCCESS);
        }
        let said = match verdict {
            ReviewVerdict::Accept => "is accepted",
            ReviewVerdict::KeepBoth => "stays beside the old one",
            ReviewVerdict::Reject => "went to the trash",
        };
        print::ids(&meant, said, false);
        print::ids(&replaced, "gave way and went to the trash", false);
        Ok(ExitCode::SUCCESS)
    })
    .await
}
