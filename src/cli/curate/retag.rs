//! `retake retag`: what recordings answer, changed; with what that does said before or after.

use std::collections::BTreeMap;
use std::process::ExitCode;

use crate::api::RetagRequest;
use crate::cli::common::Common;
use crate::cli::exit::UsageError;
use crate::cli::selection::Selectors;
use crate::cli::{door, print, selection};
use crate::engine::{MatchSettings, Retagged, wording};
use crate::model::{ParseStrategyError, Playback, Strategy};
use crate::reading::{human, sanitize};

/// Arguments of `retake retag`.
#[derive(clap::Args)]
pub(crate) struct RetagArgs {
    /// Ids of recordings, or unique beginnings, and the strategy behind them: standard, 'standard -FIELD…', strict,
    /// 'specific FIELD,FIELD', pinned, 'rule …'
    #[arg(required_unless_present = "playback", value_name = "ID… STRATEGY")]
    words: Vec<String>,
    /// All whose hash begins so, in place of ids
    #[arg(long, value_name = "PREFIX", conflicts_with = "filter")]
    hash: Option<String>,
    /// All that a filter shows, in place of ids; `retake list --help` says what it may hold
    #[arg(long = "where", value_name = "FILTER")]
    filter: Option<String>,
    /// How takes of the same request play: newest, sequence or cycle
    #[arg(long, value_name = "HOW")]
    playback: Option<String>,
    /// Say what it would do, and change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// One JSON array
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(common: &Common, change: RetagArgs) -> anyhow::Result<ExitCode> {
    let (selection, tag) = change.parts()?;
    let client = door::open(common)?;
    let outcome = async {
        let found: Vec<_> =
            selection::all(&client, &selection).await?.iter().map(|row| row.id.clone()).collect();
        let request = RetagRequest { ids: found, settings: tag, dry_run: change.dry_run };
        Ok::<_, anyhow::Error>(client.run(request).await?)
    };
    let outcome = outcome.await;
    client.close().await;
    let retagged = outcome?;
    if change.json {
        print::json(&retagged)?;
    } else {
        for one in &retagged {
            print_retagged(one, change.dry_run);
        }
        print_collisions(&retagged, change.dry_run);
        if !change.dry_run {
            for line in undo(&retagged) {
                print::note(&line);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl RetagArgs {
    /// The recordings, and the strategy: a text that stands behind ids as one word or as several (`standard -seed`).
    fn parts(&self) -> Result<(Selectors, MatchSettings), UsageError> {
        let playback = self.playback.as_deref().map(str::parse::<Playback>).transpose();
        let playback = playback.map_err(|error| UsageError(format!("--playback: {error}")))?;
        let vague = self.hash.is_some() || self.filter.is_some();
        let is_strategy = |text: &String| {
            let first = text.split_whitespace().next().unwrap_or_default();
            ["standard", "strict", "specific", "pinned", "rule"].contains(&first)
        };
        let at = self.words.iter().position(is_strategy).filter(|at| vague || *at > 0);
        let (ids, words) = match at {
            Some(at) => self.words.split_at(at),
            None if playback.is_some() => (&self.words[..], &[][..]),
            None => {
                let last = self.words.last().map(String::as_str).unwrap_or_default();
                return Err(match last.parse::<Strategy>() {
                    Err(error) => UsageError(error.to_string()),
                    Ok(_) => UsageError("no recording is named; write retake retag ID… STRATEGY".into()),
                });
            }
        };
        if vague && !ids.is_empty() {
            return Err(UsageError(
                "name recordings by their ids or with --where or --hash, not both".into(),
            ));
        }
        if !vague && ids.is_empty() {
            return Err(UsageError("no recording is named; write retake retag ID… STRATEGY".into()));
        }
        let strategy = (!words.is_empty()).then(|| words.join(" ").parse()).transpose();
        let strategy = strategy.map_err(|error: ParseStrategyError| UsageError(error.to_string()))?;
        let selection = Selectors { ids: ids.to_vec(), hash: self.hash.clone(), filter: self.filter.clone() };
        Ok((selection, MatchSettings { strategy, playback }))
    }
}

fn print_retagged(one: &Retagged, dry_run: bool) {
    let verb = if dry_run { "would change" } else { "changed" };
    let (id, before, after) = (&one.recording, &one.before, &one.after);
    print::line(&format!("{id} {verb}: {before} → {after}, plays {}", one.playback));
    if [before, after].iter().any(|strategy| matches!(strategy, Strategy::Rule(_))) {
        // A zero would be read as "nothing".
        print::line(
            "  what that does to past calls is not known: rules ask for words, and the history keeps hashes",
        );
    } else {
        print::line(&format!("  {}", wording::radius(&one.radius)));
    }
    if !one.absent.is_empty() {
        let names: Vec<_> = one.absent.iter().map(|name| format!("`{name}`")).collect();
        let then = match after {
            Strategy::Specific { .. } => ": it answers calls that have none either",
            _ => "",
        };
        print::line(&format!("  its request has no {}{then}", sanitize(&names.join(", "))));
    }
    if !one.ambiguous.is_empty() {
        let named: Vec<_> = one.ambiguous.iter().take(3).map(ToString::to_string).collect();
        let more = human::and_more(one.ambiguous.len().saturating_sub(3));
        print::line(&format!("  answers the same calls as {}{more}: the newest wins", named.join(", ")));
    }
}

/// Prints which of them could not be told apart from each other any more.
fn print_collisions(retagged: &[Retagged], dry_run: bool) {
    let colliding: Vec<_> = retagged.iter().filter(|one| one.collisions > 0).collect();
    if colliding.is_empty() {
        return;
    }
    let verb = if dry_run { "could" } else { "can" };
    let named: Vec<_> = colliding.iter().take(3).map(|one| one.recording.as_str()).collect();
    let more = human::and_more(colliding.len().saturating_sub(3));
    print::line(&format!(
        "{} of these {} {verb} no longer be told apart from each other, and the newest answers: {}{more}",
        human::thousands(colliding.len()),
        human::thousands(retagged.len()),
        named.join(", ")
    ));
}

/// The commands that undo the change.
fn undo(retagged: &[Retagged]) -> Vec<String> {
    let mut by_strategy: BTreeMap<&Strategy, Vec<&str>> = BTreeMap::new();
    for one in retagged.iter().filter(|one| one.before != one.after) {
        by_strategy.entry(&one.before).or_default().push(one.recording.as_str());
    }
    let command = |(strategy, ids): (&Strategy, Vec<&str>)| {
        let text = strategy.to_string().replace('\'', r"'\''");
        format!("to undo it: retake retag {} '{text}'", ids.join(" "))
    };
    by_strategy.into_iter().map(command).collect()
}
