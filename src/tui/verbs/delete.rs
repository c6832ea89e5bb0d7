//! The question before recordings are deleted.

use std::collections::BTreeSet;

use crate::model::{RecordingId, Row};
use crate::reading::human::size;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::ActionOutcome;
use crate::tui::overlay::question::QuestionOverlay;
use crate::tui::protocol::mutation::{Mutation, count_recordings};
use crate::tui::widgets::line::{Tone, Toned, age, fit, short_size, thousands};

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
    line.and(Tone::Dim, format!("  {} hit{}{last}", used.count, if used.count == 1 { "" } else { "s" }))
}

/// The scopes that would miss, and whether somebody uses the recordings right now.
fn consequences(going: &[&Row], context: &Context) -> Vec<Toned> {
    let mut lines = Vec::new();
    let mut scopes: BTreeSet<String> = BTreeSet::new();
    for row in going {
        let used = row.usage.scopes_everywhere();
        scopes.extend(used.keys().map(|scope| sanitize(scope).into_owned()));
    }
    if !scopes.is_empty() {
        let named: Vec<_> = scopes.iter().take(SCOPES).cloned().collect();
        let more = scopes.len() - named.len();
        let mut more = if more > 0 { format!(" and {more} more") } else { String::new() };
        if going.iter().any(|row| row.usage.has_more_scopes()) {
            more += ", and maybe others";
        }
        lines.push(Toned::of(Tone::Warning, format!("Would miss: {}{more}", named.join(", "))));
    }
    let recent = |row: &&&Row| row.usage.everywhere().last.is_some_and(|at| context.now.since(at) < RECENT);
    let recent = going.iter().filter(recent).count();
    if recent > 0 {
        let were = if recent == 1 { "was" } else { "were" };
        lines.push(Toned::of(Tone::Warning, format!("{recent} {were} hit in the last 15 minutes.")));
    }
    lines
}
