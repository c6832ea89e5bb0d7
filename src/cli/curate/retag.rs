//! `retake retag`: what recordings answer, changed; with what that does said before or after.

use std::collections::BTreeMap;
use std::process::ExitCode;

use crate::api::RetagRequest;
use crate::cli::browse::explain;
use crate::cli::common::Common;
use crate::cli::exit::Usage;
use crate::cli::{door, print, selection};
use crate::engine::{MatchSettings, Retagged};
use crate::model::{ParseStrategyError, Playback, Strategy};
use crate::reading::{human, sanitize};

/// What is to be changed.
#[derive(clap::Args)]
pub(crate) struct RetagArgs {
    /// Ids of recordings, or unique beginnings, and the strategy behind them: standard, 'standard -FIELD…', strict,
    /// 'specific FIELD,FIELD', pinned, 'rule …'
    #[arg(required = true, value_name = "ID… STRATEGY")]
    words: Vec<String>,
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
    let (ids, tag) = change.parts()?;
    let client = door::open(common)?;
    let outcome = async {
        let found: Vec<_> = selection::named(&client, ids).await?.iter().map(|row| row.id.clone()).collect();
        Ok::<_, anyhow::Error>(
            client.run(RetagRequest { ids: found, settings: tag, dry_run: change.dry_run }).await?,
        )
    };
    let outcome = outcome.await;
    client.close().await;
    let retagged = outcome?;
    if change.json {
        print::json(&retagged)?;
    } else {
        for one in &retagged {
            said(one, change.dry_run);
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
    /// The ids, and the strategy: a text that stands behind them as one word or as several (`standard -seed`).
    fn parts(&self) -> Result<(&[String], MatchSettings), Usage> {
        let playback = self.playback.as_deref().map(str::parse::<Playback>).transpose();
        let playback = playback.map_err(|error| Usage(format!("--playback: {error}")))?;
        let word = |text: &str| {
            let first = text.split_whitespace().next().unwrap_or_default();
            ["standard", "strict", "specific", "pinned", "rule"].contains(&first)
        };
        let at = self.words.iter().position(|text| word(text)).filter(|at| *at > 0);
        if at.is_none() && playback.is_some() {
            return Ok((&self.words, MatchSettings { strategy: None, playback }));
        }
        let at = at.ok_or_else(|| {
            let last = self.words.last().map(String::as_str).unwrap_or_default();
            match last.parse::<Strategy>() {
                Err(error) => Usage(error.to_string()),
                Ok(_) => Usage("no recording is named; write retake retag ID… STRATEGY".into()),
            }
        })?;
        let strategy = self.words[at..].join(" ").parse();
        let strategy = strategy.map_err(|error: ParseStrategyError| Usage(error.to_string()))?;
        Ok((&self.words[..at], MatchSettings { strategy: Some(strategy), playback }))
    }
}

fn said(one: &Retagged, dry_run: bool) {
    let verb = if dry_run { "would change" } else { "changed" };
    let (id, before, after) = (&one.recording, &one.before, &one.after);
    print::line(&format!("{id} {verb}: {before} → {after}, plays {}", one.playback));
    if [before, after].iter().any(|strategy| matches!(strategy, Strategy::Rule(_))) {
        // A zero would be read as "nothing".
        print::line(
            "  what that does to past calls is not known: rules ask for words, and the history keeps hashes",
        );
    } else {
        print::line(&format!("  {}", explain::radius(&one.radius)));
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

/// Which of them could not be told apart from each other any more.
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

/// The commands that take the change back.
fn undo(retagged: &[Retagged]) -> Vec<String> {
    let mut by_strategy: BTreeMap<&Strategy, Vec<&str>> = BTreeMap::new();
    for one in retagged.iter().filter(|one| one.before != one.after) {
        by_strategy.entry(&one.before).or_default().push(one.recording.as_str());
    }
    let command = |(strategy, ids): (&Strategy, Vec<&str>)| {
        let text = strategy.to_string().replace('\'', r"'\''");
        format!("to take it back: retake retag {} '{text}'", ids.join(" "))
    };
    by_strategy.into_iter().map(command).collect()
}
