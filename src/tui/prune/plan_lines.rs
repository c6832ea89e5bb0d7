//! A prune plan in words.

use std::collections::BTreeSet;

use crate::reading::human;
use crate::reading::human::size;
use crate::reading::sanitize;
use crate::retention::{PrunePlan, Reason, Removal, Why};
use crate::tui::widgets::line::{Tone, Toned, and_more, thousands};

/// Sums, what would miss, and what stays, in up to three lines.
#[must_use]
pub fn totals(plan: &PrunePlan) -> Vec<Toned> {
    let totals = &plan.totals;
    let mut lines = Vec::new();
    if plan.remove.is_empty() {
        lines.push(Toned::of(Tone::Plain, "Nothing would be deleted."));
    } else {
        let cost = match (totals.recordings - totals.unpriced, totals.unpriced) {
            (0, _) => "to record again: price unknown".to_owned(),
            (_, 0) => format!("to record again about {}", totals.cost),
            (_, unknown) => {
                format!("to record again about {}, {} without a price", totals.cost, thousands(unknown))
            }
        };
        let hits = human::counted(totals.hits, "hit");
        lines.push(
            Toned::of(Tone::Strong, format!("{} would be deleted", thousands(totals.recordings)))
                .and(Tone::Plain, format!(", {}, {hits}; {cost}", size(totals.bytes))),
        );
    }
    let scopes: BTreeSet<&str> = plan
        .remove
        .iter()
        .filter(|removal| removal.instead.is_none())
        .flat_map(|removal| removal.scopes.iter().map(|used| &*used.scope))
        .collect();
    let mut warned = Toned::default();
    if !scopes.is_empty() {
        let named: Vec<_> = scopes.iter().take(4).map(|scope| sanitize(scope)).collect();
        let mut more = and_more(scopes.len() - named.len());
        if plan.remove.iter().any(Removal::has_more_scopes) {
            more += ", and maybe others";
        }
        warned = warned.and(Tone::Warning, format!("Would miss: {}{more}. ", named.join(", ")));
    }
    if totals.in_use > 0 {
        let were =
            if totals.in_use == 1 { "1 was".into() } else { format!("{} were", thousands(totals.in_use)) };
        warned = warned.and(Tone::Warning, format!("{were} hit in the last 15 minutes."));
    }
    lines.extend(Some(warned).filter(|warned| !warned.0.is_empty()));
    if !plan.spared.is_empty() {
        let spared: u64 = plan.spared.iter().map(|one| one.bytes).sum();
        lines.push(Toned::of(Tone::Dim, format!("{} kept, {}", thousands(plan.spared.len()), size(spared))));
    }
    lines
}

/// The reasons to remove a recording, in one line.
#[must_use]
pub fn why(removal: &Removal) -> String {
    let mut reasons: Vec<String> = removal
        .why
        .iter()
        .map(|why| match why {
            Why::Term(term) => term.clone(),
            Why::DuplicateOf(other) => format!("the same as {other}"),
            Why::SupersededBy(other) => format!("superseded by {other}"),
        })
        .collect();
    if removal.in_use {
        reasons.insert(0, "hit a moment ago".into());
    }
    reasons.join(", ")
}

/// The reason to keep a recording.
#[must_use]
pub fn against(reason: &Reason) -> String {
    match reason {
        Reason::Protected => "protected".into(),
        Reason::Kept => "spared by you".into(),
        Reason::Review { of } => format!("under review with {of}"),
        Reason::UseUnknown { .. } => "earlier use unknown, which is not unused".into(),
        Reason::PriceUnknown => "its price is not known".into(),
        Reason::Job { with } => format!("part of the same job as {with}"),
    }
}
