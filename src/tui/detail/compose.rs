//! The lines of a page: what it is about, then the content.

use super::facts::{match_lines, media_lines, meta_lines};
use super::state::DetailPane;
use crate::model::{Call, Row};
use crate::reading::human::{duration, size};
use crate::reading::sanitize;
use crate::tui::content::page::{DetailPage, heading};
use crate::tui::content::subject::DetailSubject;
use crate::tui::contract::context::Context;
use crate::tui::input::action::Action;
use crate::tui::input::binding::KeyScope;
use crate::tui::widgets::line::{Tone, Toned, clock, cut};

impl DetailPane {
    /// The recording that it is about, or that answered the call that it is about.
    fn row<'a>(&self, context: &'a Context) -> Option<&'a Row> {
        match self.subject.as_ref()? {
            DetailSubject::Recording(id) => context.row(id),
            DetailSubject::Call(_, recording) => context.row(recording.as_ref()?),
        }
    }

    /// The lines of the page in front, wrapped.
    pub fn compose(&self, context: &Context, width: usize) -> Vec<Toned> {
        let Some(subject) = &self.subject else {
            return vec![Toned::of(Tone::Dim, "Nothing is selected.")];
        };
        let mut lines = match subject {
            DetailSubject::Call(id, _) => {
                context.call(*id).map(|call| about_call(call, context, width)).unwrap_or_default()
            }
            DetailSubject::Recording(id) => {
                context.row(id).map(|row| about_row(row, context, width)).unwrap_or_default()
            }
        };
        lines.push(Toned::default());
        match (&self.pages, self.page) {
            (None, _) if self.loading => lines.push(Toned::of(Tone::Dim, "loading")),
            (None, _) => lines.push(Toned::of(Tone::Dim, "No longer in memory.")),
            (Some(pages), DetailPage::Request) => lines.extend(pages.request.iter().cloned()),
            (Some(pages), DetailPage::Response) => lines.extend(pages.response.iter().cloned()),
            (Some(pages), DetailPage::Stream) => {
                lines.extend(pages.stream.lines(width, context.options.theme.ascii));
            }
            (Some(pages), DetailPage::Image) => {
                lines.push(Toned::of(Tone::Dim, "There is no picture in this answer."));
                if !pages.media.is_empty() {
                    lines.extend(heading("sounds and films: o opens the first one"));
                    lines.extend(media_lines(pages));
                }
            }
            (Some(_), DetailPage::Why) => {}
            (Some(pages), DetailPage::Match) => lines.extend(match_lines(self.row(context), pages, context)),
            (Some(pages), DetailPage::Meta) => lines.extend(meta_lines(self.row(context), pages, context)),
        }
        if self.sideways.is_some() {
            return lines;
        }
        lines.iter().flat_map(|line| line.wrapped(width)).collect()
    }
}

fn about_call(call: &Call, context: &Context, width: usize) -> Vec<Toned> {
    let tone = Tone::of_outcome(call.outcome);
    let status = call.status.map_or_else(String::new, |status| format!(" {status}"));
    let mut lines = vec![
        Toned::of(tone, call.label())
            .and(Tone::Strong, status)
            .and(Tone::Plain, sanitize(&format!("  {} {} {}", call.method, call.mount, call.endpoint))),
    ];
    // Why comes before anything else.
    if let Some(reason) = &call.reason {
        lines.push(Toned::of(tone, sanitize(reason)));
    }
    if call.cosmetic {
        lines.push(Toned::of(Tone::Dim, "Hit, though ignored fields differ."));
    }
    let model = call.model.as_deref().unwrap_or("-");
    let took = call.total.map_or_else(|| "under way".into(), duration);
    let at = clock(call.at, &context.options.zone, "%H:%M:%S");
    lines.push(
        Toned::of(Tone::Plain, sanitize(model)).and(Tone::Dim, format!("  {at}  {took}  {}", call.mode)),
    );
    if let Some(id) = &call.recording {
        let key = context.key(KeyScope::Live, Action::Jump);
        lines.push(Toned::of(Tone::Accent, id.as_str()).and(Tone::Dim, format!("  {key} opens it")));
    }
    if let Some(prompt) = &call.prompt {
        lines.push(prompt_line(prompt, width));
    }
    lines
}

fn about_row(row: &Row, context: &Context, width: usize) -> Vec<Toned> {
    let mut lines = vec![
        Toned::of(Tone::Accent, row.hash.short())
            .and(Tone::Strong, format!(" {}", row.status))
            .and(Tone::Plain, sanitize(&format!("  {} {} {}", row.method, row.mount, row.endpoint))),
    ];
    if !row.completeness.replayable() {
        lines.push(Toned::of(Tone::Warning, format!("Not replayed: {}.", row.completeness.word())));
    } else if let Some(failure) = row.failure {
        let passes = failure.may_pass(row.status);
        let then = if passes { "replay-or-record asks again" } else { "it answers like any other" };
        let text = format!("The upstream {}: {then}.", failure.sentence(row.status));
        lines.push(Toned::of(Tone::Warning, text));
    }
    let at = clock(row.recorded_at, &context.options.zone, "%Y-%m-%d");
    let model = row.model.as_deref().unwrap_or("-");
    let cost = format!("  {}  {}  {at}", size(row.size), duration(row.total));
    lines.push(Toned::of(Tone::Plain, sanitize(model)).and(Tone::Dim, cost));
    let strategy = sanitize(&row.strategy.to_string()).into_owned();
    let protection = if row.protected { "  protected" } else { "" };
    lines.push(Toned::of(Tone::Plain, row.id.as_str()).and(Tone::Dim, format!("  {strategy}{protection}")));
    let names = row.name.iter().map(|name| (Tone::Strong, name.clone()));
    let tags = row.tags.iter().map(|tag| (Tone::Accent, format!("#{tag}")));
    let mut labels = Toned::default();
    for (nth, (tone, text)) in names.chain(tags).enumerate() {
        labels = labels.and(Tone::Plain, if nth > 0 { "  " } else { "" }).and(tone, sanitize(&text));
    }
    if !labels.0.is_empty() {
        lines.push(labels);
    }
    if let Some(prompt) = &row.prompt {
        lines.push(prompt_line(prompt, width));
    }
    lines
}

/// A prompt on two lines: all of it stands in the request.
fn prompt_line(prompt: &str, width: usize) -> Toned {
    let prompt = sanitize(prompt);
    Toned::of(Tone::Dim, "prompt ").and(Tone::Plain, cut(&prompt, (width * 2).saturating_sub(16)))
}
