//! The Match and Meta pages: what decides whether a recording answers a call, and where it comes from.

use crate::model::{Derivation, Ending, Outcome, RecordingId, Row};
use crate::reading::human::{counted, duration, size};
use crate::reading::sanitize;
use crate::tui::content::page::{ExchangePages, heading};
use crate::tui::content::page_facts::RecordingFacts;
use crate::tui::contract::context::Context;
use crate::tui::widgets::line::{Tone, Toned, age, clock, fit, thousands};

/// The most calls that are listed.
const CALLS: usize = 12;
/// The most scopes that are listed.
const SCOPES: usize = 12;

/// A name and its value.
fn fact(name: &str, value: impl AsRef<str>) -> Toned {
    Toned::of(Tone::Dim, fit(name, 13, false)).and(Tone::Plain, sanitize(value.as_ref()))
}

/// Strategy, fields and what it answered.
pub fn match_lines(row: Option<&Row>, pages: &ExchangePages, context: &Context) -> Vec<Toned> {
    let Some(row) = row else {
        return vec![Toned::of(Tone::Dim, "No recording answered this call.")];
    };
    let mut lines = vec![
        fact("strategy", row.strategy.to_string()),
        fact("playback", row.playback.to_string()),
        fact("hash", row.hash.to_string()),
    ];
    match pages.facts.as_ref().and_then(|facts| facts.deciding.as_ref()) {
        None => lines.push(Toned::of(Tone::Dim, "its fields are not known here")),
        Some(deciding) => {
            lines.push(fact("fingerprint", &deciding.fingerprint));
            let field = |decides: bool| {
                let tone = if decides { Tone::Key } else { Tone::Dim };
                let value = if decides { Tone::Plain } else { Tone::Dim };
                let these = deciding.fields.iter().filter(move |field| field.significant == decides);
                these.map(move |field| {
                    Toned::of(tone, format!("  {} ", sanitize(&field.field)))
                        .and(value, sanitize(&field.value))
                })
            };
            let decide = deciding.fields.iter().filter(|field| field.significant).count();
            lines.extend(heading(&format!("{decide} decide (significant)")));
            lines.extend(field(true));
            let ignored = deciding.fields.len() - decide;
            lines.extend(heading(&format!("{ignored} do not (cosmetic)")));
            lines.extend(field(false));
            if deciding.left_out > 0 {
                let more = format!("  … {} more fields", deciding.left_out);
                lines.push(Toned::of(Tone::Dim, more));
            }
        }
    }
    lines.extend(answers_of(&row.id, context));
    lines.extend(hits(row, context));
    lines
}

/// The newest calls that it answered.
fn answers_of(id: &RecordingId, context: &Context) -> Vec<Toned> {
    let calls = context.world.calls.iter().rev();
    let mut calls =
        calls.filter(|call| call.recording.as_ref() == Some(id) && call.outcome == Some(Outcome::Replay));
    let mut lines = heading("answered");
    for call in calls.by_ref().take(CALLS) {
        let at = clock(call.at, &context.options.zone, "%H:%M:%S");
        let scope = call.scope.as_deref().map(|scope| format!("  {scope}")).unwrap_or_default();
        let prompt = call.prompt.as_deref().unwrap_or_default();
        lines.push(
            Toned::of(Tone::Dim, format!("  {at} "))
                .and(Tone::Good, fit(call.label(), 5, false))
                .and(Tone::Plain, sanitize(prompt))
                .and(Tone::Dim, sanitize(&scope)),
        );
    }
    match calls.count() {
        0 if lines.len() == 2 => lines.push(Toned::of(Tone::Dim, "  no call that is remembered")),
        0 => {}
        more => lines.push(Toned::of(Tone::Dim, format!("  … {} more", thousands(more as u64)))),
    }
    lines
}

/// The lines about the origin of a recording, its cost and its use.
pub fn meta_lines(row: Option<&Row>, pages: &ExchangePages, context: &Context) -> Vec<Toned> {
    let Some(row) = row else {
        return vec![Toned::of(Tone::Dim, "No recording answered this call.")];
    };
    let mut lines = labels(row);
    if let Some(facts) = &pages.facts {
        lines.extend(origin(row, facts, context));
        lines.extend(cost(row, facts, pages));
        lines.extend(state(row, facts));
        lines.extend(files(facts, pages));
    }
    lines.extend(hits(row, context));
    lines
}

fn origin(row: &Row, facts: &RecordingFacts, context: &Context) -> Vec<Toned> {
    let from = &facts.provenance;
    let date = |at| clock(at, &context.options.zone, "%Y-%m-%d %H:%M:%S");
    let mut lines = heading("origin");
    let upstream = if from.upstream.is_empty() { "none: authored or imported" } else { &from.upstream };
    lines.push(fact("upstream", upstream));
    lines.push(fact("mount", &row.mount));
    lines.push(fact(
        "recorded",
        format!("{}, {} ago", date(from.recorded_at), age(from.recorded_at, context.now)),
    ));
    if from.stored_at != from.recorded_at {
        lines.push(fact("stored here", date(from.stored_at)));
    }
    lines.push(fact("by retake", &from.version));
    if let Some(source) = &row.source {
        let how = match source.how {
            Derivation::Duplicate => "a copy of",
            Derivation::Fault => "failing copy of",
            Derivation::Rerecord => "re-recorded for",
        };
        lines.push(fact("source", format!("{how} {}", source.recording)));
    }
    if let Some(job) = &row.job {
        lines.push(fact("job", job));
    }
    lines
}

fn labels(row: &Row) -> Vec<Toned> {
    let tags = if row.tags.is_empty() { "none".to_owned() } else { row.tags.join(", ") };
    vec![
        fact("id", row.id.as_str()),
        fact("name", row.name.as_deref().unwrap_or("none")),
        fact("tags", tags),
        fact("scope", row.scope.as_deref().unwrap_or("none: all see it")),
        fact("protected", if row.protected { "yes" } else { "no" }),
    ]
}

fn cost(row: &Row, facts: &RecordingFacts, pages: &ExchangePages) -> Vec<Toned> {
    let mut lines = heading("cost and time");
    lines.push(fact("cost", facts.price.map_or_else(|| "not known".into(), |price| price.to_string())));
    lines.push(match &row.tokens {
        Some(tokens) => fact(
            "tokens",
            format!(
                "{} in, {} cached, {} out",
                thousands(tokens.input),
                thousands(tokens.cached),
                thousands(tokens.output)
            ),
        ),
        None => fact("tokens", "not reported"),
    });
    let (first, total) = (facts.provenance.first_byte, facts.provenance.total);
    let split =
        format!("{} to the first byte, {} after it", duration(first), duration(total.saturating_sub(first)));
    lines.push(fact("time", format!("{} in all: {split}", duration(total))));
    lines.push(fact("size", format!("{}, {}", size(row.size), counted(pages.pictures.len(), "picture"))));
    lines
}

fn state(row: &Row, facts: &RecordingFacts) -> Vec<Toned> {
    let mut lines = heading("replay");
    let whole = row.completeness.replayable();
    let word = if whole { "complete, verified" } else { row.completeness.word() };
    let tone = if whole { Tone::Good } else { Tone::Warning };
    lines.push(Toned::of(Tone::Dim, fit("state", 13, false)).and(tone, word));
    if let Some(failure) = row.failure {
        let text = format!("the upstream {}", failure.sentence(row.status));
        lines.push(Toned::of(Tone::Dim, fit("failure", 13, false)).and(Tone::Warning, text));
    }
    if let Some(before) = &row.continues {
        lines.push(fact("plays", format!("behind {before}")));
    }
    if let Some(old) = &row.review {
        let text = format!("waits: re-recorded for {old}, answers nothing until that is decided");
        lines.push(Toned::of(Tone::Dim, fit("review", 13, false)).and(Tone::Warning, text));
    }
    let edited = if row.edited { "yes; c compares with what it was" } else { "no" };
    lines.push(fact("edited", edited));
    let pace = facts.pace.map_or_else(|| "proxy default".into(), |pace| pace.to_string());
    lines.push(fact("pace", pace));
    let ending = match row.ending {
        Ending::Clean => "clean",
        Ending::Cut => "the connection breaks",
        Ending::Stall => "nothing more comes, and the connection stays open",
    };
    lines.push(fact("ending", ending));
    lines
}

fn files(facts: &RecordingFacts, pages: &ExchangePages) -> Vec<Toned> {
    let mut lines = Vec::new();
    if !facts.files.is_empty() {
        lines.extend(heading("files behind its links"));
        for file in &facts.files {
            let state = file.problem.as_ref().map_or_else(|| size(file.len), Clone::clone);
            lines.push(
                Toned::of(Tone::Key, format!("  {} ", sanitize(&file.field)))
                    .and(Tone::Plain, sanitize(&format!("{} {state}", file.content_type))),
            );
        }
    }
    if !pages.media.is_empty() {
        lines.extend(heading("sounds and films"));
        lines.extend(media_lines(pages));
    }
    lines
}

/// The sounds and films of an answer: what they are, how large, how long.
#[must_use]
pub fn media_lines(pages: &ExchangePages) -> Vec<Toned> {
    let line = |medium: &crate::tui::content::page_facts::AnswerMedium| {
        let film = medium.film.map(|film| {
            let sides = film.dimensions.map(|(wide, high)| format!(" {wide}x{high}")).unwrap_or_default();
            let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            let plays = film.duration.map(|time| format!(" {}", duration(micros(time)))).unwrap_or_default();
            format!("  {}{sides}{plays}", film.container)
        });
        Toned::of(Tone::Key, format!("  {} ", sanitize(&medium.field)))
            .and(Tone::Plain, sanitize(&format!("{} {}", medium.content_type, size(medium.len))))
            .and(Tone::Strong, film.unwrap_or_default())
    };
    pages.media.iter().map(line).collect()
}

/// Hits here and elsewhere, and by scope.
fn hits(row: &Row, context: &Context) -> Vec<Toned> {
    let last = |last: Option<crate::model::Timestamp>| {
        last.map_or_else(|| "never".into(), |at| format!("{} ago", age(at, context.now)))
    };
    let usage = &row.usage;
    let mut lines = heading("hits");
    lines.push(fact("here", format!("{}, last {}", thousands(usage.hits), last(usage.last_hit))));
    for (name, there) in &usage.elsewhere {
        let hits = there.everywhere();
        lines.push(fact(&sanitize(name), format!("{}, last {}", thousands(hits.count), last(hits.last))));
    }
    let scopes = usage.scopes_everywhere();
    for (scope, hits) in scopes.iter().take(SCOPES) {
        let text = format!("{}, last {}", thousands(hits.count), last(hits.last));
        lines.push(
            Toned::of(Tone::Dim, "  scope ")
                .and(Tone::Key, sanitize(scope))
                .and(Tone::Plain, format!("  {text}")),
        );
    }
    if scopes.len() > SCOPES {
        let and = if usage.has_more_scopes() { ", and maybe earlier ones" } else { "" };
        let more = thousands(scopes.len() - SCOPES);
        lines.push(Toned::of(Tone::Dim, format!("  … {more} more scopes{and}")));
    }
    lines
}
