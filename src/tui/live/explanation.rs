//! The explanation of the selected call: asked of the client, and laid out line by line.

use unicode_width::UnicodeWidthStr;

use super::causes::short;
use super::state::{ExplanationCursor, LiveTab};
use crate::engine::{ExplainedHit, Explanation, FixKind, Near};
use crate::matching::Change;
use crate::model::{Call, CallId, Outcome};
use crate::reading::human::duration;
use crate::reading::sanitize;
use crate::tui::contract::context::Context;
use crate::tui::contract::outcome::{ActionOutcome, AppRequest};
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::overlay::fix_items::radius;
use crate::tui::protocol::query::RemoteQuery;
use crate::tui::widgets::layout::ScreenClass;
use crate::tui::widgets::line::{Tone, Toned, clock, thousands};
use crate::tui::widgets::theme::Theme;

impl LiveTab {
    /// Asks why the selected call was answered as it was, when that is another one than before. What changed meanwhile is
    /// asked for anew, but only when `anew`: not more often than once a second.
    pub fn explain(&mut self, anew: bool, context: &mut Context) -> Option<RemoteQuery> {
        let call = self.selected_call(context).filter(|call| has_reasons(call)).map(|call| call.id);
        let cursor = self.explanation;
        if call == cursor.call && !(cursor.stale && anew) {
            return None;
        }
        let mut near = cursor.near;
        if call != cursor.call {
            // Of calls that missed for the same reason the old answer will do until the new one is here.
            let cause = |id: CallId| context.call(id).and_then(|call| call.cause.clone());
            let same = cursor.call.and_then(cause).is_some_and(|before| call.and_then(cause) == Some(before));
            if !same {
                near = 0;
                context.cache.explanation.forget();
            }
        }
        self.explanation = ExplanationCursor { call, near, stale: false };
        call.map(RemoteQuery::Explain)
    }

    /// The explanation of the selected call, once it is known.
    #[must_use]
    pub fn explanation<'a>(&self, context: &'a Context) -> Option<&'a Explanation> {
        self.selected_call(context).filter(|call| self.explanation.call == Some(call.id))?;
        context.cache.explanation.value()?.as_deref()
    }

    /// The near recording that is shown.
    #[must_use]
    pub fn near<'a>(&self, context: &'a Context) -> Option<&'a Near> {
        let near = &self.explanation(context)?.near;
        near.get(self.explanation.near.min(near.len().checked_sub(1)?))
    }

    /// Shows the next near recording, or the one before.
    pub fn step_near(&mut self, forward: bool, context: &Context) -> ActionOutcome {
        let count = self.explanation(context).map_or(0, |explanation| explanation.near.len());
        if count == 0 {
            return ActionOutcome::done();
        }
        self.explanation.near = (self.explanation.near + if forward { 1 } else { count - 1 }) % count;
        AppRequest::RecomposeDetail.into()
    }

    /// The page: what happened, then why, then what can be done about it.
    pub fn explanation_lines(&self, call: &Call, width: usize, context: &Context) -> Vec<Toned> {
        let mut lines = vec![what_happened(call, context)];
        let tight = context.areas.class == ScreenClass::Stacked && !context.in_detail;
        let air = || (!tight).then(Toned::default);
        lines.extend(air());
        if !call.done {
            lines.push(Toned::of(Tone::Dim, "Still under way; the explanation comes when it is done."));
            return lines;
        }
        if !has_reasons(call) {
            lines.extend(recorded(call, context));
            return lines;
        }
        match &context.cache.explanation.result {
            None => lines.push(Toned::of(Tone::Dim, "working it out")),
            Some(Err(problem)) => lines.push(Toned::of(Tone::Bad, sanitize(problem))),
            Some(Ok(None)) => lines.extend(forgotten(call)),
            Some(Ok(Some(why))) => {
                lines.extend(why.opaque.as_deref().map(compared_as_it_is));
                match (&why.hit, &why.passed_over) {
                    (Some(hit), _) => lines.extend(hit_lines(call, hit, width, context)),
                    (None, Some(passed_over)) => lines.push(Toned::of(Tone::Warning, sanitize(passed_over))),
                    (None, None) => lines.extend(self.missed(call, why, width, context)),
                }
                if why.hit.is_none() || call.outcome != Some(Outcome::Replay) {
                    lines.extend(air());
                    lines.extend(self.ways(call, why, context));
                }
            }
        }
        lines
    }

    /// No recording answers.
    fn missed(&self, call: &Call, why: &Explanation, width: usize, context: &Context) -> Vec<Toned> {
        let Some(near) = self.near(context) else {
            let none = call.reason.clone().unwrap_or_else(|| "No recording comes near this call.".into());
            return vec![Toned::of(Tone::Plain, sanitize(&none))];
        };
        let nth = if why.near.len() > 1 {
            let at = self.explanation.near.min(why.near.len() - 1) + 1;
            format!("  {} of {} (, . others)", thousands(at), thousands(why.near.len()))
        } else {
            String::new()
        };
        let tie = if near.tie { ", another is as near" } else { "" };
        let mut lines = vec![
            Toned::of(Tone::Dim, "Nearest ")
                .and(Tone::Accent, near.recording.as_str())
                .and(Tone::Strong, format!(" {}%", near.likeness))
                .and(Tone::Plain, sanitize(&format!(" {}{tie}", near.strategy)))
                .and(Tone::Dim, nth),
        ];
        lines.extend(changes(&near.changes, width, &context.options.theme));
        if near.changes.iter().all(|change| !change.significant) {
            let reason = call.reason.as_deref().unwrap_or("It has the same fields, and cannot answer.");
            lines.push(Toned::of(Tone::Plain, sanitize(reason)));
        }
        lines
    }

    /// The ways to fix a miss, with the keys.
    fn ways(&self, call: &Call, why: &Explanation, context: &Context) -> Vec<Toned> {
        let key = |action| context.options.keymap.key_of(action);
        let mut lines = Vec::new();
        let mut way = |action, text: String, note: String| {
            if let Some(key) = key(action) {
                let line = Toned::of(Tone::Accent, format!("{key:>3}  ")).and(Tone::Plain, sanitize(&text));
                lines.push(line.and(Tone::Dim, if note.is_empty() { note } else { format!("  {note}") }));
            }
        };
        if why.hit.is_none() {
            let (text, note) = self.matching_way(why, context).unzip();
            let mut ways = [
                text.map(|text| (Action::Fix, text, note.unwrap_or_default())),
                recording_way(call).map(|(action, text, note)| (action, text.to_owned(), note.to_owned())),
            ];
            // Another prompt wants an answer of its own: that is said before how this recording could give its own.
            let first = self.near(context).and_then(|near| near.fixes.first());
            if first.is_some_and(|fix| fix.kind == FixKind::Record) {
                ways.reverse();
                if call.outcome == Some(Outcome::Mock) {
                    let note = "then make the call again".to_owned();
                    way(Action::Mode, "record it: choose replay-or-record".to_owned(), note);
                }
            }
            ways.into_iter().flatten().for_each(|(action, text, note)| way(action, text, note));
        }
        if !why.near.is_empty() {
            way(Action::Compare, "compare all of it".into(), String::new());
        }
        if !lines.is_empty() {
            lines.insert(0, Toned::of(Tone::Strong, "Fix it"));
        }
        lines
    }

    /// The strategy that ignores least, and what else it would do.
    fn matching_way(&self, why: &Explanation, context: &Context) -> Option<(String, String)> {
        let retags = |near: &Near| near.fixes.iter().filter(|fix| fix.kind != FixKind::Record).count();
        let fix = self.near(context)?.fixes.iter().find(|fix| fix.kind != FixKind::Record)?;
        let more = why.near.iter().map(retags).sum::<usize>() - 1;
        let more = if more > 0 { format!("; {more} more ways") } else { String::new() };
        let note = format!("{}{more}", radius(&fix.radius));
        Some(match fix.caution() {
            None => (format!("make it match: {}", fix.strategy), note),
            Some(caution) => (format!("or loosen it: {}", fix.strategy), format!("{caution}; {note}")),
        })
    }
}

fn what_happened(call: &Call, context: &Context) -> Toned {
    let tone = Tone::of_outcome(call.outcome);
    let status = call.status.map_or_else(String::new, |status| format!(" {status}"));
    let model = call.model.as_deref().map_or_else(String::new, |model| format!("  {model}"));
    let at = clock(call.at, &context.options.zone, "%H:%M:%S");
    let took = call.total.map_or_else(String::new, |took| format!(" {}", duration(took)));
    Toned::of(tone, call.label())
        .and(Tone::Strong, status)
        .and(Tone::Plain, sanitize(&format!("  {} {}{model}", call.mount, call.endpoint)))
        .and(Tone::Dim, format!("  {at}{took} {}", call.mode))
}

/// A recording answers.
fn hit_lines(call: &Call, hit: &ExplainedHit, width: usize, context: &Context) -> Vec<Toned> {
    let id = Toned::of(Tone::Accent, hit.recording.as_str());
    let mut lines = Vec::new();
    if call.outcome == Some(Outcome::Replay) && call.recording.as_ref() == Some(&hit.recording) {
        lines.push(id.and(Tone::Plain, " answered: ").and(Tone::Plain, sanitize(&hit.because)));
    } else {
        let now = Toned::of(Tone::Good, "Now ").and(Tone::Accent, hit.recording.as_str());
        lines.push(now.and(Tone::Plain, " answers it: ").and(Tone::Plain, sanitize(&hit.because)));
        lines.push(Toned::of(Tone::Dim, "Make the call again and it hits."));
    }
    lines.extend(changes(&hit.changes, width, &context.options.theme));
    let next = hit.next.as_ref().map_or_else(
        || Toned::of(Tone::Dim, "Without it nothing would answer."),
        |next| Toned::of(Tone::Dim, "Without it ").and(Tone::Plain, next.as_str()).and(Tone::Dim, " would."),
    );
    lines.push(Toned::of(Tone::Dim, "match ").and(Tone::Plain, sanitize(&hit.strategy.to_string())));
    lines.push(next);
    lines
}

/// The fields that differ, significant ones first.
fn changes(changes: &[Change], width: usize, theme: &Theme) -> Vec<Toned> {
    let names = changes.iter().map(|change| short(&change.field.to_string()).width());
    let column = names.max().unwrap_or(0).min(width / 3);
    let (counts, ignored): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.significant);
    counts.into_iter().chain(ignored).flat_map(|one| change(one, column, width, theme)).collect()
}

/// `≠ seed  7 → 8`; where that is too long for a line, each value on its own.
fn change(change: &Change, column: usize, width: usize, theme: &Theme) -> Vec<Toned> {
    let (mark, tone) =
        if change.significant { (theme.mark("≠ ", "! "), Tone::Warning) } else { ("~ ", Tone::Dim) };
    let field = sanitize(short(&change.field.to_string())).into_owned();
    let value = |value: &Option<String>| {
        value.as_deref().map_or_else(|| "absent".to_owned(), |value| sanitize(value).into_owned())
    };
    let (recorded, incoming) = (value(&change.recorded), value(&change.incoming));
    let name = Toned::of(tone, mark).and(Tone::Key, format!("{field:column$}  "));
    let ignored = if change.significant { "" } else { "  ignored" };
    let taken = name.text().width() + recorded.width() + incoming.width() + 3 + ignored.len();
    if taken <= width {
        let arrow = format!(" {} ", theme.mark("→", "->"));
        let line = name.and(Tone::Dim, recorded).and(Tone::Dim, arrow).and(value_tone(change), incoming);
        return vec![line.and(Tone::Dim, ignored)];
    }
    let side = |sign: &str, tone, text| Toned::of(Tone::Dim, format!("  {sign} ")).and(tone, text);
    vec![
        Toned::of(tone, mark).and(Tone::Key, field).and(Tone::Dim, ignored),
        side("-", Tone::Dim, recorded),
        side("+", value_tone(change), incoming),
    ]
}

/// The way to make a recording of a call: action, words, and a note.
fn recording_way(call: &Call) -> Option<(Action, &'static str, &'static str)> {
    match call.outcome {
        Some(Outcome::Miss) => Some((Action::RecordNow, "record it now", "asks first, with the price")),
        Some(Outcome::Live | Outcome::Mock) => Some((Action::Keep, "keep this answer as a recording", "")),
        _ => None,
    }
}

fn value_tone(change: &Change) -> Tone {
    if change.significant { Tone::Strong } else { Tone::Plain }
}

/// True if the client can say why: not while it is under way, and what became a recording asked nobody else.
fn has_reasons(call: &Call) -> bool {
    call.done && call.outcome != Some(Outcome::Record)
}

/// The reason why the comparison has no fields of the body to show.
fn compared_as_it_is(why: &str) -> Toned {
    Toned::of(Tone::Dim, "The body is compared as it is, byte for byte: ").and(Tone::Plain, sanitize(why))
}

fn recorded(call: &Call, context: &Context) -> Vec<Toned> {
    let mut lines =
        vec![Toned::of(Tone::Plain, format!("The mode is {}, and the upstream was asked.", call.mode))];
    if let Some(id) = &call.recording {
        let line = Toned::of(Tone::Plain, "Its answer is ").and(Tone::Accent, id.as_str());
        let key = context.key(KeyScope::Live, Action::Jump);
        lines.push(line.and(Tone::Dim, format!("  {key} opens it")));
    }
    lines.extend(call.reason.as_ref().map(|reason| Toned::of(Tone::Warning, sanitize(reason))));
    lines
}

fn forgotten(call: &Call) -> Vec<Toned> {
    let mut lines = Vec::new();
    if let Some(reason) = &call.reason {
        lines.push(Toned::of(Tone::Plain, sanitize(reason)));
    } else if call.cosmetic {
        lines.push(Toned::of(Tone::Plain, "Hit, though ignored fields differ."));
    }
    let why = "Its request is no longer in memory and cannot be compared: memory holds the newest calls of \
               this run, up to 8 MiB each.";
    lines.push(Toned::of(Tone::Dim, why));
    lines
}
