//! The pages of the detail pane, worked out once per exchange, away from the UI thread.

use std::time::Duration;

use super::page_facts::{self, AnswerMedium, RecordingFacts};
use super::stream::StreamTimeline;
use super::subject::DetailSubject;
use super::text::{self, AnswerPicture, BodyForm, BodyView};
use crate::model::{Exchange, Headers, MediaRef, Recording, Request, Response};
use crate::reading::human::counted;
use crate::reading::human::{duration, size};
use crate::reading::{assembled, sanitize};
use crate::tui::widgets::line::{Tone, Toned};

/// A sub-tab of the detail pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DetailPage {
    /// The reason for the answer to a call.
    Why,
    /// The request.
    Request,
    /// The response.
    #[default]
    Response,
    /// The timing of what arrived.
    Stream,
    /// The pictures.
    Image,
    /// The fields that decide whether it answers a call.
    Match,
    /// Origin, cost and use.
    Meta,
}

/// The content of all sub-tabs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExchangePages {
    /// The request.
    pub request: Vec<Toned>,
    /// The response.
    pub response: Vec<Toned>,
    /// The timing of what arrived.
    pub stream: StreamTimeline,
    /// The response's pictures.
    pub pictures: Vec<AnswerPicture>,
    /// The facts of a recording beside its bytes.
    pub facts: Option<RecordingFacts>,
    /// The sounds and films of the answer.
    pub media: Vec<AnswerMedium>,
    /// True if a body is longer than what is shown of it.
    pub cut: bool,
}

impl DetailPage {
    /// All sub-tabs in order.
    pub const ALL: [Self; 7] =
        [Self::Why, Self::Request, Self::Response, Self::Stream, Self::Image, Self::Match, Self::Meta];

    /// The title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Why => "Why",
            Self::Request => "Request",
            Self::Response => "Response",
            Self::Stream => "Stream",
            Self::Image => "Image",
            Self::Match => "Match",
            Self::Meta => "Meta",
        }
    }

    /// The title where room is short.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Request => "Req",
            Self::Response => "Resp",
            Self::Image => "Img",
            other => other.title(),
        }
    }

    /// True if it says something about this: only a call has a why.
    #[must_use]
    pub fn fits(self, subject: Option<&DetailSubject>) -> bool {
        self != Self::Why || matches!(subject, Some(DetailSubject::Call(..)))
    }

    /// The page after this one, or before.
    #[must_use]
    pub fn neighbour(self, forward: bool) -> Self {
        let at = Self::ALL.iter().position(|page| *page == self).unwrap_or(0);
        let by = if forward { 1 } else { Self::ALL.len() - 1 };
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

impl ExchangePages {
    /// The pages of a recording.
    #[must_use]
    pub fn of_recording(recording: &Recording, form: BodyForm) -> Self {
        let mut pages = Self::of(&recording.request, Some(&recording.response), &recording.media, form);
        pages.stream.timed(
            Duration::from_micros(recording.provenance.first_byte),
            Duration::from_micros(recording.provenance.total),
        );
        pages.facts = Some(RecordingFacts::of(recording));
        pages
    }

    /// The pages of an exchange that is not stored.
    #[must_use]
    pub fn of_exchange(exchange: &Exchange, form: BodyForm) -> Self {
        Self::of(&exchange.request, exchange.response.as_ref(), &[], form)
    }

    fn of(request: &Request, response: Option<&Response>, media: &[MediaRef], form: BodyForm) -> Self {
        let awaited = || (vec![Toned::of(Tone::Dim, "no answer yet")], false);
        let (request, request_cut) = request_lines(request, form);
        let (answer, answer_cut) =
            response.map_or_else(awaited, |response| response_lines(response, media, form));
        Self {
            request,
            response: answer,
            stream: response.map(StreamTimeline::of).unwrap_or_default(),
            pictures: response.map(|response| text::pictures(response, media)).unwrap_or_default(),
            facts: None,
            media: response.map(|response| page_facts::media(response, media)).unwrap_or_default(),
            cut: request_cut || answer_cut,
        }
    }
}

fn request_lines(request: &Request, form: BodyForm) -> (Vec<Toned>, bool) {
    let place = format!(" /{}{}", request.mount, request.target);
    let mut lines = vec![
        Toned::of(Tone::Strong, sanitize(&request.method)).and(Tone::Plain, sanitize(&place)),
        Toned::default(),
    ];
    let (body, cut) = body(&request.headers, &request.body, form);
    lines.extend(body);
    lines.extend(headers(&request.headers));
    (lines, cut)
}

fn response_lines(response: &Response, media: &[MediaRef], form: BodyForm) -> (Vec<Toned>, bool) {
    let events = if form.view == BodyView::Pretty { text::events(response) } else { Vec::new() };
    let (mut lines, cut) = if events.is_empty() {
        body(&response.headers, &response.log.bytes, form)
    } else {
        let assembled_text = assembled(response).unwrap_or_default();
        let assembled_text: String = assembled_text.chars().take(text::SHOWN).collect();
        let mut lines: Vec<_> =
            assembled_text.lines().map(|line| Toned::of(Tone::Plain, sanitize(line))).collect();
        // Nothing said needs no air below it.
        let air = usize::from(lines.is_empty());
        lines.extend(heading(&counted(events.len(), "event")).into_iter().skip(air));
        let shown = if form.whole { events.len() } else { text::EVENTS };
        lines.extend(events.iter().take(shown).map(event_line));
        (lines, events.len() > shown)
    };
    if !media.is_empty() {
        lines.extend(heading("media"));
        lines.extend(media.iter().map(media_line));
    }
    lines.extend(headers(&response.headers));
    (lines, cut)
}

fn body(headers: &Headers, bytes: &bytes::Bytes, form: BodyForm) -> (Vec<Toned>, bool) {
    if bytes.is_empty() {
        return (vec![Toned::of(Tone::Dim, "no body")], false);
    }
    let (lines, cut) = text::body_lines(headers, bytes, form);
    let toned = |line: &String| match form.view {
        BodyView::Pretty => Toned::json(line),
        BodyView::Raw => Toned::of(Tone::Plain, line),
        BodyView::Hex => {
            let (place, rest) = line.split_at(line.find("  ").unwrap_or(0));
            Toned::of(Tone::Dim, place).and(Tone::Plain, rest)
        }
    };
    (lines.iter().map(toned).collect(), cut)
}

fn headers(headers: &Headers) -> Vec<Toned> {
    let line = |(name, value): (&str, &bytes::Bytes)| {
        Toned::of(Tone::Key, sanitize(name))
            .and(Tone::Dim, ": ")
            .and(Tone::Plain, sanitize(&String::from_utf8_lossy(value)))
    };
    let mut lines = if headers.0.is_empty() { Vec::new() } else { heading("headers") };
    lines.extend(headers.iter().map(line));
    lines
}

/// A blank line and a heading.
#[must_use]
pub fn heading(text: &str) -> Vec<Toned> {
    vec![Toned::default(), Toned::of(Tone::Dim, format!("-- {text} --"))]
}

fn event_line((at, name, data): &(Duration, String, String)) -> Toned {
    let data: String = data.chars().take(400).collect();
    Toned::of(Tone::Dim, format!("{:>7} ", duration(text::micros(*at))))
        .and(Tone::Key, if name.is_empty() { String::new() } else { format!("{} ", sanitize(name)) })
        .and(Tone::Plain, sanitize(&data))
}

fn media_line(media: &MediaRef) -> Toned {
    let state = media.problem.as_ref().map_or_else(|| size(media.len), Clone::clone);
    Toned::of(Tone::Key, sanitize(&media.field))
        .and(Tone::Plain, sanitize(&format!(" {} {state} ", media.content_type)))
        .and(Tone::Dim, sanitize(&media.url))
}
