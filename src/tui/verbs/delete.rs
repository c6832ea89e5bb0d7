//! The question before recordings are deleted.

use crate::engine::wording;
use crate::model::{RecordingId, Row};
use crate::reading::human;
use crate::reading::human::size;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::ActionOutcome;
use crate::tui::overlay::question::QuestionOverlay;
use crate::tui::protocol::mutation::{Mutation, count_recordings};
use crate::tui::widgets::line::{Tone, Toned, age, fit, sentence, short_size, thousands};

/// The most recordings that are listed in the question.
const LISTED: usize = 8;
/// The most scopes that are named.
const SCOPES: usize = 4;
/// A hit this recent means that somebody uses the recording right now, in milliseconds.
const RECENT: u64 = 15 * 60 * 1000;

/// Asks before recordings are deleted; protected ones stay.
pub fn ask(ids: &[RecordingId], context: &Context) -> ActionOutcome {
    let rows = context.rows(ids);
    let going: Vec<&Row> = rows.iter().copied().filter(|row| !row.protected).collect();
    let mut lines: Vec<Toned> = rows.iter().take(LISTED).map(|row| listed(row, context)).collect();
    if rows.len() > LISTED {
        lines.push(Toned::of(Tone::Dim, format!("… and {} more", thousands(rows.len() - LISTED))));
    }
    lines.push(Toned::default());
    let bytes: u64 = going.iter().map(|row| row.size).sum();
    let frees = format!("Frees {}. Kept in the trash for 7 days; u undoes it.", size(bytes));
    lines.push(Toned::of(Tone::Plain, frees));
    lines.extend(consequences(&going, context));
    lines.push(Toned::default());
    let question = QuestionOverlay::new(
        format!("Delete {}?", count_recordings(ids.len())),
        lines,
        format!("Delete {}", thousands(going.len())),
        Mutation::Remove(going.iter().map(|row| row.id.clone()).collect()),
    );
    ActionOutcome::open(question.typed_when_many(going.len()))
}

fn listed(row: &Row, context: &Context) -> Toned {
    let model = sanitize(row.model.as_deref().unwrap_or("-")).into_owned();
    let line = Toned::of(Tone::Accent, fit(&row.hash.short(), 10, false))
        .and(Tone::Plain, fit(&model, 20, false))
        .and(Tone::Plain, fit(&short_size(row.size), 6, true));
    if row.protected {
        return line.and(Tone::Warning, "  protected: kept");
    }
    let used = row.usage.everywhere();
    let last = used.last.map(|at| format!(", last {}", age(at, context.now))).unwrap_or_default();
    line.and(Tone::Dim, format!("  {}{last}", human::counted(used.count, "hit")))
}

/// The scopes that would miss, and whether somebody uses the recordings right now.
fn consequences(going: &[&Row], context: &Context) -> Vec<Toned> {
    let mut lines = Vec::new();
    let used: Vec<_> = going.iter().map(|row| row.usage.scopes_everywhere()).collect();
    let scopes = used.iter().flat_map(|scopes| scopes.keys()).map(|scope| &**scope);
    let perhaps = going.iter().any(|row| row.usage.has_more_scopes());
    let missing = wording::would_miss(scopes, perhaps, SCOPES);
    lines.extend(missing.map(|text| Toned::of(Tone::Warning, sentence(&text))));
    let recent = |row: &&&Row| row.usage.everywhere().last.is_some_and(|at| context.now.since(at) < RECENT);
    let recent = going.iter().filter(recent).count();
    if recent > 0 {
        lines.push(Toned::of(Tone::Warning, format!("{}.", wording::hit_lately(recent))));
    }
    lines
}
