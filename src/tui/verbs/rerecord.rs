//! Recording answers anew: the price first, then the question.

use crate::engine::Rerecord;
use crate::model::{RecordingId, Usd};
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::overlay::question::QuestionOverlay;
use crate::tui::protocol::mutation::{Mutation, count_recordings};
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::line::{Tone, Toned, fit, thousands};

/// The most recordings that are listed in the question.
const LISTED: usize = 8;

/// Asks the client for the price; its answer becomes the question.
pub fn plan(ids: &[RecordingId]) -> ActionOutcome {
    if ids.is_empty() {
        return ActionOutcome::info("No recording is selected");
    }
    AppRequest::Query(RemoteQuery::RerecordPlan(ids.to_vec())).into()
}

/// The question about a plan.
#[must_use]
pub fn question(ids: &[RecordingId], plan: &[Rerecord], context: &Context) -> QuestionOverlay {
    let able: Vec<&Rerecord> = plan.iter().filter(|one| one.problem.is_none()).collect();
    let mut lines: Vec<Toned> = plan.iter().take(LISTED).map(|one| planned(one, context)).collect();
    if plan.len() > LISTED {
        lines.push(Toned::of(Tone::Dim, format!("and {} more", thousands(plan.len() - LISTED))));
    }
    lines.push(Toned::default());
    if able.is_empty() {
        lines.push(Toned::of(Tone::Warning, "None of them can be re-recorded."));
    } else {
        lines.push(Toned::of(Tone::Warning, cost(&able)));
        let text = "The new answers wait for review; until then the old ones answer.";
        lines.push(Toned::of(Tone::Plain, text));
    }
    lines.push(Toned::default());
    let count = able.len();
    QuestionOverlay::new(
        format!("Re-record {}?", count_recordings(ids.len())),
        lines,
        if count > 0 { format!("Re-record {}", thousands(count)) } else { "nothing to do".into() },
        Mutation::Rerecord(able.iter().map(|one| one.recording.clone()).collect()),
    )
    .typed_when_many(count)
}

fn cost(able: &[&Rerecord]) -> String {
    let prices = able.iter().filter_map(|one| one.price);
    let total = Usd(prices.fold(0_u64, |sum, usd| sum.saturating_add(usd.0)));
    let unpriced = able.iter().filter(|one| one.price.is_none()).count();
    match (able.len() - unpriced, unpriced) {
        (0, _) => "Price unknown.".to_owned(),
        (_, 0) => format!("Costs about {total}."),
        (_, some) => format!("Costs about {total}, and {} without a price.", thousands(some)),
    }
}

fn planned(one: &Rerecord, context: &Context) -> Toned {
    let row = context.row(&one.recording);
    let name = row.map(|row| row.hash.short()).unwrap_or_default();
    let model = row.and_then(|row| row.model.as_deref()).unwrap_or("-");
    let price = one.price.map_or_else(|| "price unknown".into(), |price| format!("about {price}"));
    let line =
        Toned::of(Tone::Accent, fit(&name, 10, false)).and(Tone::Plain, fit(&sanitize(model), 22, false));
    match &one.problem {
        None => line.and(Tone::Dim, price),
        Some(problem) => line.and(Tone::Warning, sanitize(problem)),
    }
}
