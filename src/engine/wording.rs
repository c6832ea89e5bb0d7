//! Sentences about matching and pruning, the same on the command line and on the screen.

use std::collections::BTreeSet;

use crate::matching::{BlastRadius, Change};
use crate::model::{RecordingId, Timestamp};
use crate::reading::{human, sanitize};
use crate::retention::{PrunePlan, Reason, Removal, Totals, Why};

/// A field that differs, with what was recorded and what came, fit for a terminal.
#[must_use]
pub fn change_line(change: &Change) -> String {
    let side =
        |value: &Option<String>| value.as_deref().map_or("absent".into(), |text| sanitize(text).into_owned());
    let mark = if change.significant { "≠" } else { "~" };
    let field = change.field.to_string();
    format!("  {mark} {}: {} → {}", sanitize(&field), side(&change.recorded), side(&change.incoming))
}

/// What a change of strategy does to past calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetagEffect {
    /// Misses become hits.
    Mends,
    /// Hits become misses.
    Breaks,
    /// Hits of others come here.
    Takes,
    /// Hits go to others.
    Gives,
}

/// The effects of a change of strategy, each with its count; those that are none are left out.
#[must_use]
pub fn effects(radius: &BlastRadius) -> Vec<(RetagEffect, String)> {
    let effects = [
        (RetagEffect::Mends, radius.miss_to_hit, "past miss would hit", "past misses would hit"),
        (RetagEffect::Breaks, radius.hit_to_miss, "past hit would miss", "past hits would miss"),
        (RetagEffect::Takes, radius.from_others, "call taken from others", "calls taken from others"),
        (RetagEffect::Gives, radius.to_others, "call left to others", "calls left to others"),
    ];
    let effects = effects.into_iter().filter(|(_, count, ..)| *count > 0);
    effects
        .map(|(effect, count, one, many)| {
            (effect, format!("{} {}", human::thousands(count), if count == 1 { one } else { many }))
        })
        .collect()
}

/// That a change of strategy does nothing to past calls.
#[must_use]
pub fn no_effect(calls: u64) -> String {
    match calls {
        0 => "there are no past calls that could change".to_owned(),
        1 => "the 1 past call would not change".to_owned(),
        many => format!("none of {} past calls would change", human::thousands(many)),
    }
}

/// The effects of a change of strategy on past calls, with the number of these.
#[must_use]
pub fn radius(radius: &BlastRadius) -> String {
    let effects = effects(radius);
    let mut text = if effects.is_empty() {
        no_effect(radius.calls)
    } else {
        let effects: Vec<_> = effects.into_iter().map(|(_, text)| text).collect();
        format!("{} (of {})", effects.join(", "), human::counted(radius.calls, "past call"))
    };
    if !radius.indistinguishable.is_empty() {
        text = format!("{text}; no longer told apart from {}", named(&radius.indistinguishable, 3));
    }
    text
}

/// The same in few words, for a list of changes; `None` where nothing changes.
#[must_use]
pub fn brief_radius(radius: &BlastRadius) -> Option<String> {
    let mut effects: Vec<_> = effects(radius).into_iter().map(|(_, text)| text).collect();
    let twins = radius.indistinguishable.len();
    effects.extend((twins > 0).then(|| format!("no longer told apart from {}", human::thousands(twins))));
    (!effects.is_empty()).then(|| effects.join(", "))
}

/// The first so many of a list, and how many more there are.
pub fn named<T: ToString>(all: &[T], most: usize) -> String {
    let named: Vec<_> = all.iter().take(most).map(ToString::to_string).collect();
    format!("{}{}", named.join(", "), human::and_more(all.len().saturating_sub(most)))
}

/// What recording again costs what a plan removes.
#[must_use]
pub fn cost_again(totals: &Totals) -> String {
    match (totals.recordings - totals.unpriced, totals.unpriced) {
        (0, _) => "to record again: price unknown".to_owned(),
        (_, 0) => format!("to record again about {}", totals.cost),
        (_, unknown) => {
            format!("to record again about {}, {} without a price", totals.cost, human::thousands(unknown))
        }
    }
}

/// The scopes that would miss, of which only the first are named; `None` where none would. `perhaps` is whether more may
/// that nobody counted.
#[must_use]
pub fn would_miss<'a>(
    scopes: impl IntoIterator<Item = &'a str>,
    perhaps: bool,
    most: usize,
) -> Option<String> {
    let scopes: BTreeSet<_> = scopes.into_iter().map(sanitize).collect();
    let scopes: Vec<_> = scopes.into_iter().collect();
    let others = if perhaps { ", and maybe others" } else { "" };
    (!scopes.is_empty()).then(|| format!("would miss: {}{others}", named(&scopes, most)))
}

/// The scopes that would miss when a plan is carried out.
#[must_use]
pub fn plan_would_miss(plan: &PrunePlan, most: usize) -> Option<String> {
    let alone = plan.remove.iter().filter(|removal| removal.instead.is_none());
    let scopes = alone.flat_map(|removal| &removal.scopes).map(|used| &*used.scope);
    would_miss(scopes, plan.remove.iter().any(Removal::has_more_scopes), most)
}

/// That somebody seems to use so many recordings.
#[must_use]
pub fn hit_lately(count: usize) -> String {
    let were = if count == 1 { "was" } else { "were" };
    format!("{} {were} hit in the last 15 minutes", human::thousands(count))
}

/// The reasons to remove a recording, in one line.
#[must_use]
pub fn removal_reasons(removal: &Removal) -> String {
    let mut reasons = Vec::new();
    reasons.extend(removal.in_use.then(|| "hit a moment ago".to_owned()));
    reasons.extend(removal.why.iter().map(|why| match why {
        Why::Term(term) => term.clone(),
        Why::DuplicateOf(other) => format!("the same as {other}"),
        Why::SupersededBy(other) => format!("superseded by {other}"),
    }));
    let known = |id: &RecordingId| {
        removal
            .why
            .iter()
            .any(|why| matches!(why, Why::DuplicateOf(other) | Why::SupersededBy(other) if other == id))
    };
    let instead = removal.instead.as_ref().filter(|id| !known(id));
    reasons.extend(instead.map(|id| format!("{id} answers instead")));
    reasons.join(", ")
}

/// The reason to keep a recording; `date` writes a time.
#[must_use]
pub fn keep_reason(reason: &Reason, date: impl Fn(Timestamp) -> String) -> String {
    match reason {
        Reason::Protected => "protected".into(),
        Reason::Kept => "spared by you".into(),
        Reason::Review { of } => format!("under review with {of}"),
        Reason::UseUnknown { before } => format!("use before {} unknown", date(*before)),
        Reason::PriceUnknown => "price unknown".into(),
        Reason::Job { with } => format!("part of the same job as {with}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radius_in_words() {
        let none = |calls| radius(&BlastRadius { calls, ..BlastRadius::default() });
        assert_eq!(none(0), "there are no past calls that could change");
        assert_eq!(none(1), "the 1 past call would not change");
        assert_eq!(none(3_484), "none of 3,484 past calls would change");
        let some = BlastRadius { calls: 3_484, miss_to_hit: 2, from_others: 1, ..BlastRadius::default() };
        assert_eq!(radius(&some), "2 past misses would hit, 1 call taken from others (of 3,484 past calls)");
        assert_eq!(brief_radius(&some).unwrap(), "2 past misses would hit, 1 call taken from others");
        assert_eq!(brief_radius(&BlastRadius::default()), None);
    }

    #[test]
    fn a_prune_in_words() {
        let scopes = ["b", "a", "b", "c"];
        assert_eq!(would_miss(scopes, false, 8).unwrap(), "would miss: a, b, c");
        assert_eq!(would_miss(scopes, true, 2).unwrap(), "would miss: a, b and 1 more, and maybe others");
        assert_eq!(would_miss([], true, 2), None);
        assert_eq!(
            [1, 3_000].map(hit_lately),
            ["1 was hit in the last 15 minutes", "3,000 were hit in the last 15 minutes"]
        );
        let unknown = Reason::UseUnknown { before: Timestamp(0) };
        assert_eq!(keep_reason(&unknown, |_| "11-30 04:03".into()), "use before 11-30 04:03 unknown");
        let totals = Totals { recordings: 3, unpriced: 1, ..Totals::default() };
        assert!(cost_again(&totals).ends_with(", 1 without a price"));
    }
}
