//! The timing of an answer: the events of a stream, or the pieces of any other answer, on an axis of time.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::text::{self, EVENTS, micros};
use crate::model::Response;
use crate::reading::human::counted;
use crate::reading::human::{duration, size};
use crate::reading::{added, assembled, sanitize};
use crate::tui::widgets::line::{Tone, Toned, cut, fit, thousands};

/// More pieces than this are drawn as if they had come together.
const PIECES: usize = 400;
/// Width in columns from which on the text stands beside the events.
const BESIDE: usize = 92;
/// Columns of the bar that stands for the time before an event.
const BAR: usize = 8;

/// The timing of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamTimeline {
    /// Time, and name with the beginning of the data, of each event.
    events: Vec<(Duration, Toned)>,
    /// The number of all events.
    count: usize,
    /// The text that the events add up to.
    text: Vec<Toned>,
    /// Time and length in bytes of each piece.
    pieces: Vec<(Duration, u64)>,
    first: Option<Duration>,
    total: Duration,
}

impl StreamTimeline {
    pub(crate) fn of(response: &Response) -> Self {
        let log = &response.log;
        let pieces = log.pieces.iter().map(|piece| (Duration::from_micros(piece.at), piece.len));
        let pieces: Vec<_> = pieces.collect();
        let events = text::events(response);
        let said_text = if events.is_empty() { None } else { assembled(response) };
        let said_text: String = said_text.unwrap_or_default().chars().take(text::SHOWN).collect();
        Self {
            count: events.len(),
            events: events.iter().take(EVENTS).map(|event| (event.0, event_text(event))).collect(),
            text: said_text.lines().map(|line| Toned::of(Tone::Plain, sanitize(line))).collect(),
            first: pieces.first().map(|(at, _)| *at),
            total: log.ended(),
            pieces,
        }
    }

    /// The times that were taken when it was recorded: the last piece may be earlier than the end.
    pub(crate) fn timed(&mut self, first: Duration, total: Duration) {
        self.first = Some(first);
        self.total = self.total.max(total);
    }

    /// The times of the first byte and of the last one.
    #[must_use]
    pub fn times(&self) -> (Option<Duration>, Duration) {
        (self.first, self.total)
    }

    /// The numbers, then what arrived on lines of `width` columns.
    #[must_use]
    pub fn lines(&self, width: usize, ascii: bool) -> Vec<Toned> {
        let mut lines = self.numbers();
        if self.pieces.is_empty() {
            return lines;
        }
        lines.push(Toned::default());
        if self.count == 0 {
            self.axis(width, ascii, &mut lines);
            return lines;
        }
        let beside = width >= BESIDE && !self.text.is_empty();
        let (left, gutter) = if beside { (width * 3 / 5, " │ ") } else { (width, "") };
        let gutter = if ascii && beside { " | " } else { gutter };
        let room = width.saturating_sub(left + 3);
        let events = self.timeline(left, ascii);
        if !beside {
            lines.extend(events);
            return lines;
        }
        let said_text: Vec<Toned> = self.text.iter().flat_map(|line| line.wrapped(room)).collect();
        for row in 0..events.len().max(said_text.len()) {
            let mut line = events.get(row).cloned().unwrap_or_default();
            let used = line.text().width();
            line = line.and(Tone::Plain, " ".repeat(left.saturating_sub(used))).and(Tone::Dim, gutter);
            line.0.extend(said_text.get(row).into_iter().flat_map(|line| line.0.clone()));
            lines.push(line);
        }
        lines
    }

    fn numbers(&self) -> Vec<Toned> {
        let number_line =
            |name: &str, value: String| Toned::of(Tone::Dim, fit(name, 12, false)).and(Tone::Plain, value);
        let bytes: u64 = self.pieces.iter().map(|(_, len)| len).sum();
        let first = self.first.map_or_else(|| "-".into(), |at| duration(micros(at)));
        let mut lines =
            vec![number_line("first byte", first), number_line("total", duration(micros(self.total)))];
        if self.count > 0 {
            lines.push(number_line(
                "events",
                format!("{} in {}", thousands(self.count), counted(self.pieces.len(), "chunk")),
            ));
        } else {
            lines.push(number_line(
                "chunks",
                format!("{} with {}; no stream", thousands(self.pieces.len()), size(bytes)),
            ));
        }
        if let Some(gap) = self.longest_gap() {
            lines.push(number_line("longest gap", duration(micros(gap))));
        }
        lines
    }

    /// A line for each event: when it came, a bar for the time since the one before, what it says.
    fn timeline(&self, width: usize, ascii: bool) -> Vec<Toned> {
        let mut before = Duration::ZERO;
        let gap = |at: Duration, before: &mut Duration| {
            let gap = at.saturating_sub(*before);
            *before = at;
            micros(gap)
        };
        let gaps: Vec<u64> = self.events.iter().map(|(at, _)| gap(*at, &mut before)).collect();
        let longest = gaps.iter().copied().max().unwrap_or(0).max(1);
        let mark = if ascii { "=" } else { "━" };
        let mut lines: Vec<Toned> = self
            .events
            .iter()
            .zip(gaps)
            .map(|((at, event), gap)| {
                // What is no thousandth of the longest one is no gap to look at.
                let full = u128::from(gap) * BAR as u128;
                let columns =
                    if gap.saturating_mul(1000) < longest { 0 } else { full.div_ceil(u128::from(longest)) };
                let bar = mark.repeat(usize::try_from(columns).unwrap_or(BAR).min(BAR));
                let line = Toned::of(Tone::Dim, format!("{:>7} ", duration(micros(*at))))
                    .and(Tone::Accent, format!("{bar:>BAR$} "));
                let mut room = width.saturating_sub(BAR + 9);
                event.0.iter().fold(line, |line, (tone, text)| {
                    let text = cut(text, room);
                    room -= text.width();
                    line.and(*tone, text)
                })
            })
            .collect();
        if self.count > self.events.len() {
            let more = format!("… {} more events", thousands(self.count - self.events.len()));
            lines.push(Toned::of(Tone::Dim, more));
        }
        lines
    }

    /// Each piece on an axis from the request to the end.
    fn axis(&self, width: usize, ascii: bool, lines: &mut Vec<Toned>) {
        let axis = width.saturating_sub(20);
        if axis < 8 {
            return;
        }
        let end = fit(&duration(micros(self.total)), axis - 1, true);
        lines.push(Toned::of(Tone::Dim, format!("{:9}0{end}", "")));
        let mut before = Duration::ZERO;
        for (at, len) in self.merged() {
            lines.push(self.bar(before, at, len, (axis, ascii)));
            before = at;
        }
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
        let size = size(len);
        Toned::of(Tone::Dim, format!("{:>8} ", duration(micros(to))))
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

/// The text that an event adds; of one that adds nothing its name and its data.
fn event_text((_, name, data): &(Duration, String, String)) -> Toned {
    let begun = |text: &str| sanitize(&text.chars().take(400).collect::<String>()).into_owned();
    match added(data) {
        Some(said_text) => Toned::of(Tone::Text, begun(&format!("\"{}\"", said_text.replace('\n', "\\n")))),
        None if name.is_empty() => Toned::of(Tone::Plain, begun(data)),
        None => Toned::of(Tone::Key, format!("{} ", begun(name))).and(Tone::Plain, begun(data)),
    }
}
