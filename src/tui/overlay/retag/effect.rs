//! The effects of a retag in words.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Retagged;
use crate::matching::BlastRadius;
use crate::model::{RecordingId, Strategy};
use crate::reading::sanitize;
use crate::tui::widgets::line::{Tone, Toned, and_more, thousands};

/// The effects on past calls and on other recordings.
pub(super) fn lines(retagged: &[Retagged]) -> Vec<Toned> {
    let rule = |strategy: &Strategy| matches!(strategy, Strategy::Rule(_));
    if retagged.iter().any(|one| rule(&one.before) || rule(&one.after)) {
        let text =
            "What that does to past calls is not known: rules ask for words, the history keeps hashes.";
        return std::iter::once(Toned::of(Tone::Dim, text)).chain(among(retagged)).collect();
    }
    let sum = |of: fn(&BlastRadius) -> u64| retagged.iter().map(|one| of(&one.radius)).sum::<u64>();
    let calls = retagged.iter().map(|one| one.radius.calls).max().unwrap_or(0);
    let told = [
        (sum(|radius| radius.miss_to_hit), Tone::Good, "would hit instead of miss"),
        (sum(|radius| radius.from_others), Tone::Warning, "would come here from other recordings"),
        (sum(|radius| radius.to_others), Tone::Warning, "would go to other recordings"),
        (sum(|radius| radius.hit_to_miss), Tone::Bad, "would miss"),
    ];
    let calls = thousands(calls);
    let mut line = Toned::of(Tone::Dim, format!("Of {calls} past calls  "));
    let mut parts: Vec<(Tone, String)> = told
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, tone, text)| (tone, format!("{} {text}", thousands(count))))
        .collect();
    if parts.is_empty() {
        line = Toned::default();
        parts.push((Tone::Plain, format!("None of {calls} past calls would change.")));
    }
    for (nth, (tone, text)) in parts.into_iter().enumerate() {
        line = line.and(Tone::Dim, if nth > 0 { ", " } else { "" }).and(tone, text);
    }
    let twins: BTreeSet<&RecordingId> =
        retagged.iter().flat_map(|one| &one.radius.indistinguishable).collect();
    let mut lines = vec![line];
    lines.extend(among(retagged));
    if !twins.is_empty() {
        let named: Vec<String> = twins.iter().take(2).map(ToString::to_string).collect();
        let more = and_more(twins.len() - named.len());
        let text = format!("No longer told apart from {}{more}: the newest answers", named.join(", "));
        lines.push(Toned::of(Tone::Warning, text));
    }
    lines
}

/// The effects among the recordings themselves: which of them could not be told apart, and what they lack.
fn among(retagged: &[Retagged]) -> Vec<Toned> {
    let mut lines = Vec::new();
    let colliding = retagged.iter().filter(|one| one.collisions > 0).count();
    if colliding > 0 {
        let text = format!(
            "{} of these {} could no longer be told apart from each other: the newest answers",
            thousands(colliding),
            thousands(retagged.len())
        );
        lines.push(Toned::of(Tone::Warning, text));
    }
    let mut lacking: BTreeMap<&str, usize> = BTreeMap::new();
    retagged.iter().flat_map(|one| &one.absent).for_each(|name| *lacking.entry(name).or_default() += 1);
    let told: Vec<String> = lacking
        .iter()
        .map(|(name, count)| match retagged.len() {
            1 => format!("`{name}`"),
            all => format!("`{name}` in {} of {}", thousands(*count), thousands(all)),
        })
        .collect();
    if !told.is_empty() {
        let specific = retagged.iter().any(|one| matches!(one.after, Strategy::Specific { .. }));
        let then = if specific { ": these answer calls that have none either" } else { "" };
        let text = format!("Not there: {}{then}", told.join(", "));
        lines.push(Toned::of(Tone::Plain, sanitize(&text)));
    }
    lines
}
