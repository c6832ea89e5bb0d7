//! A prune plan in words.

use crate::engine::wording;
use crate::reading::human;
use crate::reading::human::size;
use crate::retention::PrunePlan;
use crate::tui::widgets::line::{Tone, Toned, sentence, thousands};

/// Sums, what would miss, and what stays, in up to three lines.
#[must_use]
pub fn totals(plan: &PrunePlan) -> Vec<Toned> {
    let totals = &plan.totals;
    let mut lines = Vec::new();
    if plan.remove.is_empty() {
        lines.push(Toned::of(Tone::Plain, "Nothing would be deleted."));
    } else {
        let cost = wording::cost_again(totals);
        let hits = human::counted(totals.hits, "hit");
        lines.push(
            Toned::of(Tone::Strong, format!("{} would be deleted", thousands(totals.recordings)))
                .and(Tone::Plain, format!(", {}, {hits}; {cost}", size(totals.bytes))),
        );
    }
    let mut warned = Toned::default();
    if let Some(missing) = wording::plan_would_miss(plan, 4) {
        warned = warned.and(Tone::Warning, format!("{}. ", sentence(&missing)));
    }
    if totals.in_use > 0 {
        warned = warned.and(Tone::Warning, format!("{}.", wording::hit_lately(totals.in_use)));
    }
    lines.extend(Some(warned).filter(|warned| !warned.0.is_empty()));
    if !plan.spared.is_empty() {
        let spared: u64 = plan.spared.iter().map(|one| one.bytes).sum();
        lines.push(Toned::of(Tone::Dim, format!("{} kept, {}", thousands(plan.spared.len()), size(spared))));
    }
    lines
}
