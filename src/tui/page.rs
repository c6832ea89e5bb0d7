//! What the sub-tabs of the detail pane show, worked out once per exchange, away from the UI thread.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::effect::Subject;
use super::line::{Tone, Toned, fit};
use super::text::{self, Picture};
use crate::model::{ByteLog, Exchange, Headers, MediaRef, Recording, Request, Response};

/// A sub-tab of the detail pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// Why a call was answered as it was.
    Why,
    /// The request.
    Request,
    /// The response.
    #[default]
    Response,
    /// Its pictures.
    Image,
    /// When which piece arrived.
    Timing,
}

/// The content of all sub-tabs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pages {
    /// The request.
    pub request: Vec<Toned>,
    /// The response.
    pub response: Vec<Toned>,
    /// When which piece arrived.
    pub timing: Timing,
    /// The response's pictures.
    pub pictures: Vec<Picture>,
}

/// When which piece of an answer arrived.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timing {
    pieces: Vec<(Duration, u64)>,
    first: Option<Duration>,
    total: Duration,
}

/// More pieces than this are drawn as if they had come together.
const PIECES: usize = 400;
/// Events of a stream that are listed one by one.
const EVENTS: usize = 2_000;

impl Page {
    /// All sub-tabs in order.
    pub const ALL: [Self; 5] = [Self::Why, Self::Request, Self::Response, Self::Image, Self::Timing];

    /// Its title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Why => "Why",
            Self::Request => "Request",
            Self::Response => "Response",
            Self::Image => "Image",
            Self::Timing => "Timing",
        }
    }

    /// Whether it says something about this: only a call has a why.
    #[must_use]
    pub fn fits(self, subject: Option<&Subject>) -> bool {
        self != Self::Why || matches!(subject, Some(Subject::Call(..)))
    }

    /// The one after it, or before.
    #[must_use]
    pub fn neighbour(self, forward: bool) -> Self {
        let at = Self::ALL.iter().position(|page| *page == self).unwrap_or(0);
        let by = if forward { 1 } else { Self::ALL.len() - 1 };
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

impl Pages {
    /// Of a recording.
    #[must_use]
    pub fn of_recording(recording: &Recording) -> Self {
        let mut pages = Self::of(&recording.request, Some(&recording.response), &recording.media);
        pages.timing.first = Some(Duration::from_micros(recording.provenance.first_byte));
        pages.timing.total = pages.timing.total.max(Duration::from_micros(recording.provenance.total));
        pages
    }

    /// Of an exchange that is not stored.
    #[must_use]
    pub fn of_exchange(exchange: &Exchange) -> Self {
        Self::of(&exchange.request, exchange.response.as_ref(), &[])
    }

    fn of(request: &Request, response: Option<&Response>, media: &[MediaRef]) -> Self {
        let awaited = || vec![Toned::of(Tone::Dim, "no answer yet")];
        Self {
            request: request_lines(request),
            response: response.map_or_else(awaited, |response| response_lines(response, media)),
            timing: response.map(|response| Timing::of(&response.log)).unwrap_or_default(),
            pictures: response.map(|response| text::pictures(response, media)).unwrap_or_default(),
        }
    }
}

fn request_lines(request: &Request) -> Vec<Toned> {
    let place = format!(" /{}{}", request.mount, request.target);
    let mut lines = vec![
        Toned::of(Tone::Strong, text::sanitize(&request.method)).and(Tone::Plain, text::sanitize(&place)),
        Toned::default(),
    ];
    lines.extend(body(&request.headers, &request.body));
    lines.extend(headers(&request.headers));
    lines
}

fn response_lines(response: &Response, media: &[MediaRef]) -> Vec<Toned> {
    let events = text::events(response);
    let mut lines = Vec::new();
    if events.is_empty() {
        lines.extend(body(&response.headers, &response.log.bytes));
    } else {
        if let Some(text) = text::assembled(response) {
            let text: String = text.chars().take(text::SHOWN).collect();
            lines.extend(text.lines().map(|line| Toned::of(Tone::Plain, text::sanitize(line))));
        }
        lines.extend(heading(&format!("{} events", events.len())));
        lines.extend(events.iter().take(EVENTS).map(event_line));
    }
    if !media.is_empty() {
        lines.extend(heading("media"));
        lines.extend(media.iter().map(media_line));
    }
    lines.extend(headers(&response.headers));
    lines
}

fn body(headers: &Headers, bytes: &bytes::Bytes) -> Vec<Toned> {
    if bytes.is_empty() {
        return vec![Toned::of(Tone::Dim, "no body")];
    }
    text::body_lines(headers, bytes).iter().map(|line| Toned::json(line)).collect()
}

fn headers(headers: &Headers) -> Vec<Toned> {
    let line = |(name, value): (&str, &bytes::Bytes)| {
        Toned::of(Tone::Key, text::sanitize(name))
            .and(Tone::Dim, ": ")
            .and(Tone::Plain, text::sanitize(&String::from_utf8_lossy(value)))
    };
    let mut lines = if headers.0.is_empty() { Vec::new() } else { heading("headers") };
    lines.extend(headers.iter().map(line));
    lines
}

fn heading(text: &str) -> Vec<Toned> {
    vec![Toned::default(), Toned::of(Tone::Dim, format!("-- {text} --"))]
}

fn event_line((at, name, data): &(Duration, String, String)) -> Toned {
    let data: String = data.chars().take(400).collect();
    Toned::of(Tone::Dim, format!("{:>7} ", text::duration(micros(*at))))
        .and(Tone::Key, if name.is_empty() { String::new() } else { format!("{} ", text::sanitize(name)) })
        .and(Tone::Plain, text::sanitize(&data))
}

fn media_line(media: &MediaRef) -> Toned {
    let state = media.problem.as_ref().map_or_else(|| text::size(media.len), Clone::clone);
    Toned::of(Tone::Key, text::sanitize(&media.field))
        .and(Tone::Plain, text::sanitize(&format!(" {} {state} ", media.content_type)))
        .and(Tone::Dim, text::sanitize(&media.url))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Timing {
    fn of(log: &ByteLog) -> Self {
        let pieces: Vec<_> =
            log.pieces.iter().map(|piece| (Duration::from_micros(piece.at), piece.len)).collect();
        Self { first: pieces.first().map(|(at, _)| *at), total: log.ended(), pieces }
    }

    /// The numbers, then each piece on an axis of time, on lines of `width` columns.
    #[must_use]
    pub fn lines(&self, width: usize, ascii: bool) -> Vec<Toned> {
        let bytes: u64 = self.pieces.iter().map(|(_, len)| len).sum();
        let known =
            |name: &str, value: String| Toned::of(Tone::Dim, fit(name, 12, false)).and(Tone::Plain, value);
        let first = self.first.map_or_else(|| "-".into(), |at| text::duration(micros(at)));
        let mut lines = vec![
            known("first byte", first),
            known("total", text::duration(micros(self.total))),
            known("pieces", format!("{} with {}", self.pieces.len(), text::size(bytes))),
        ];
        if let Some(gap) = self.longest_gap() {
            lines.push(known("longest gap", text::duration(micros(gap))));
        }
        let axis = width.saturating_sub(20);
        if axis < 8 || self.pieces.is_empty() {
            return lines;
        }
        let end = fit(&text::duration(micros(self.total)), axis - 1, true);
        lines.push(Toned::default());
        lines.push(Toned::of(Tone::Dim, format!("{:9}0{end}", "")));
        let mut before = Duration::ZERO;
        for (at, len) in self.merged() {
            lines.push(self.bar(before, at, len, (axis, ascii)));
            before = at;
        }
        lines
    }

    fn bar(&self, from: Duration, to: Duration, len: u64, (axis, ascii): (usize, bool)) -> Toned {
        let total = micros(self.total).max(1);
        let place = |time: Duration| {
            let at = u128::from(micros(time)) * axis as u128 / u128::from(total);
            usize::try_from(at).unwrap_or(axis).min(axis)
        };
        let (start, end) = (place(from), place(to).max(1));
        let start = start.min(end - 1);
        let (wait, mark) = if ascii { ("-", "#") } else { ("─", "█") };
        let size = text::size(len);
        Toned::of(Tone::Dim, format!("{:>8} ", text::duration(micros(to))))
            .and(Tone::Plain, " ".repeat(start))
            .and(Tone::Dim, wait.repeat(end - 1 - start))
            .and(Tone::Accent, mark)
            .and(
                Tone::Dim,
                format!("{} {:>9}", " ".repeat(axis - end), fit(&size, size.width().min(9), true)),
            )
    }

    fn merged(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let together = self.pieces.len().div_ceil(PIECES).max(1);
        self.pieces.chunks(together).map(|chunk| {
            let at = chunk.last().map_or(Duration::ZERO, |(at, _)| *at);
            (at, chunk.iter().map(|(_, len)| len).sum())
        })
    }

    fn longest_gap(&self) -> Option<Duration> {
        self.pieces.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0)).max()
    }
}
