//! The effects of a retag in words.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Retagged;
use crate::engine::wording::{self, RetagEffect};
use crate::matching::BlastRadius;
use crate::model::{RecordingId, Strategy};
use crate::reading::sanitize;
use crate::tui::widgets::line::{Tone, Toned, sentence, thousands};

/// The effects on past calls and on other recordings.
pub(super) fn lines(retagged: &[Retagged]) -> Vec<Toned> {
    let rule = |strategy: &Strategy| matches!(strategy, Strategy::Rule(_));
    if retagged.iter().any(|one| rule(&one.before) || rule(&one.after)) {
        let text =
            "What that does to past calls is not known: rules ask for words, the history keeps hashes.";
        return std::iter::once(Toned::of(Tone::Dim, text)).chain(among(retagged)).collect();
    }
    let all = retagged.iter().fold(BlastRadius::default(), |sum, one| BlastRadius {
        calls: sum.calls.max(one.radius.calls),
        miss_to_hit: sum.miss_to_hit + one.radius.miss_to_hit,
        hit_to_miss: sum.hit_to_miss + one.radius.hit_to_miss,
        from_others: sum.from_others + one.radius.from_others,
        to_others: sum.to_others + one.radius.to_others,
        indistinguishable: Vec::new(),
    });
    let mut line = Toned::of(Tone::Dim, format!("Of {} past calls  ", thousands(all.calls)));
    let mut parts: Vec<(Tone, String)> =
        wording::effects(&all).into_iter().map(|(effect, text)| (tone(effect), text)).collect();
    if parts.is_empty() {
        line = Toned::default();
        parts.push((Tone::Plain, format!("{}.", sentence(&wording::no_effect(all.calls)))));
    }
    for (nth, (tone, text)) in parts.into_iter().enumerate() {
        line = line.and(Tone::Dim, if nth > 0 { ", " } else { "" }).and(tone, text);
    }
    let twins: BTreeSet<&RecordingId> =
        retagged.iter().flat_map(|one| &one.radius.indistinguishable).collect();
    let twins: Vec<_> = twins.into_iter().collect();
    let mut lines = vec![line];
    lines.extend(among(retagged));
    if !twins.is_empty() {
        let text = format!("No longer told apart from {}: the newest answers", wording::named(&twins, 2));
        lines.push(Toned::of(Tone::Warning, text));
    }
    lines
}

fn tone(effect: RetagEffect) -> Tone {
    match effect {
        RetagEffect::Mends => Tone::Good,
        RetagEffect::Breaks => Tone::Bad,
        RetagEffect::Takes | RetagEffect::Gives => Tone::Warning,
    }
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
