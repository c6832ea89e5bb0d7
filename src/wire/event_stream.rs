//! Streams: event streams (`text/event-stream`) as the WHATWG HTML standard parses them (section 9.2.6, "Interpreting an
//! event stream"), and rows of JSON, read from recorded bytes, with the places where their data stands.
//!
//! Arrival times are no concern of it, nor what the data means.

use std::ops::Range;

use super::media_type::is_rows;
use super::without_mark;
use crate::model::Headers;

/// The framing of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamForm {
    Sse,
    Rows,
}

impl StreamForm {
    /// The form that the content type names; where it says nothing, the form that the beginning of the body has. `None`
    /// for what is no stream.
    pub(crate) fn of(headers: &Headers, body: &[u8]) -> Option<Self> {
        match headers.media_type().as_str() {
            "text/event-stream" => Some(Self::Sse),
            rows if is_rows(rows) => Some(Self::Rows),
            "" | "text/plain" | "application/octet-stream"
                if body.starts_with(b"data:") || body.starts_with(b"event:") =>
            {
                Some(Self::Sse)
            }
            _ => None,
        }
    }
}

/// One event of a stream, one row, or a whole body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamFrame {
    /// The `event` field; empty without one.
    pub name: String,
    /// The `data` fields, joined by line feeds.
    pub data: Vec<u8>,
    /// (offset in the data, offset in the body) at the beginning of each line of the data; none without a `data` field.
    lines: Vec<(usize, usize)>,
    /// Offset in the body at which it was complete. Before the LF of a CRLF, which may arrive much later.
    pub(crate) complete: usize,
    /// Offset in the body behind it and what ends it.
    pub(crate) end: usize,
}

impl StreamFrame {
    /// The data as text; `None` where it is not UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.data).ok()
    }

    /// Range in the body of a range within one line of the data.
    pub(crate) fn place(&self, range: &Range<usize>) -> Range<usize> {
        let line = self.lines.partition_point(|(begins, _)| *begins <= range.start);
        let (begins, at) = line.checked_sub(1).and_then(|nth| self.lines.get(nth)).copied().unwrap_or((0, 0));
        let start = at + range.start - begins;
        start..start + range.len()
    }

    pub(crate) fn is_one_line(&self) -> bool {
        self.lines.len() == 1
    }

    fn whole(data: &[u8], start: usize, complete: usize, end: usize) -> Self {
        Self { data: data.to_vec(), lines: vec![(0, start)], complete, end, ..Self::default() }
    }

    fn add(&mut self, line: &[u8], at: usize) {
        if !self.lines.is_empty() {
            self.data.push(b'\n');
        }
        self.lines.push((self.data.len(), at));
        self.data.extend_from_slice(line);
    }
}

/// The frames of a decoded body that have data; of a body that is no stream, all of it.
pub(crate) fn frames(form: Option<StreamForm>, body: &[u8]) -> Vec<StreamFrame> {
    match form {
        // What has no data is no event for a reader.
        Some(StreamForm::Sse) => events(body).filter(|event| !event.lines.is_empty()).collect(),
        Some(StreamForm::Rows) => StreamLines::new(body)
            .filter(|line| !line.text.trim_ascii().is_empty())
            .map(|line| StreamFrame::whole(line.text, line.start, line.complete, line.end))
            .collect(),
        None => vec![StreamFrame::whole(body, 0, body.len(), body.len())],
    }
}

/// The events of an event stream. Line ends may be CR, LF or CRLF; comments, other fields and a byte order mark are skipped;
/// the last event counts even without a blank line behind it. One without data counts as well: the standard drops it, and
/// providers that name the end of a stream rely on it being seen.
pub fn events(body: &[u8]) -> impl Iterator<Item = StreamFrame> + '_ {
    let mut lines = StreamLines::new(body);
    std::iter::from_fn(move || {
        let mut event = StreamFrame::default();
        let is_begun = |event: &StreamFrame| !event.lines.is_empty() || !event.name.is_empty();
        for line in lines.by_ref() {
            (event.complete, event.end) = (line.complete, line.end);
            match line.field() {
                (b"", _) if line.text.is_empty() && is_begun(&event) => return Some(event),
                (b"event", value) => event.name = String::from_utf8_lossy(value).into_owned(),
                (b"data", value) => event.add(value, line.start + line.text.len() - value.len()),
                _ => {}
            }
        }
        is_begun(&event).then_some(event)
    })
}

/// Lines that end in LF, CRLF or CR, mixed as they come; without a byte order mark.
pub(crate) struct StreamLines<'a> {
    body: &'a [u8],
    /// Offset of the next line.
    at: usize,
}

/// One line, without what ends it.
pub(crate) struct StreamLine<'a> {
    pub(crate) text: &'a [u8],
    /// Offset of its first byte.
    pub(crate) start: usize,
    /// Offset behind it and the first byte of what ends it.
    complete: usize,
    /// Offset behind it and all that ends it.
    pub(crate) end: usize,
}

impl<'a> StreamLines<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { body, at: body.len() - without_mark(body).len() }
    }
}

impl<'a> StreamLine<'a> {
    /// Name and value of the field on a line of an event stream; no value where there is no colon.
    pub(crate) fn field(&self) -> (&'a [u8], &'a [u8]) {
        let Some(colon) = self.text.iter().position(|b| *b == b':') else { return (self.text, b"") };
        let value = &self.text[colon + 1..];
        (&self.text[..colon], value.strip_prefix(b" ").unwrap_or(value))
    }
}

impl<'a> Iterator for StreamLines<'a> {
    type Item = StreamLine<'a>;

    fn next(&mut self) -> Option<StreamLine<'a>> {
        let rest = self.body.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let Some(len) = rest.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
            self.at = self.body.len();
            return Some(StreamLine { text: rest, start, complete: self.at, end: self.at });
        };
        let complete = start + len + 1;
        self.at = complete + usize::from(rest[len..].starts_with(b"\r\n"));
        Some(StreamLine { text: &rest[..len], start, complete, end: self.at })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edge_16_line_ends_comments_and_a_missing_blank_line_do_not_matter() {
        for text in [
            "event: a\ndata: 1\ndata: 2\n\ndata: [DONE]\n\n",
            "\u{feff}: hello\r\nevent:a\r\ndata:1\r\ndata:2\r\n\r\ndata: [DONE]",
            "event: a\rdata: 1\rdata: 2\r\r\rid: 7\rdata: [DONE]\r",
        ] {
            let all: Vec<_> = events(text.as_bytes()).collect();
            assert_eq!(all.len(), 2, "{text:?}");
            assert_eq!((all[0].name.as_str(), &all[0].data[..]), ("a", &b"1\n2"[..]));
            assert_eq!(all[1].data, b"[DONE]");
            assert!(all[1].end <= text.len());
        }
    }

    #[test]
    fn empty_data_is_data_and_a_name_alone_is_seen() {
        let all: Vec<_> = events(b"data\ndata\n\nevent: end\n\n").collect();
        let seen: Vec<_> = all.iter().map(|e| (&*e.name, &e.data[..], e.lines.len(), e.complete)).collect();
        assert_eq!(seen, [("", &b"\n"[..], 2, 11), ("end", b"", 0, 23)]);
    }

    #[test]
    fn data_is_found_where_it_stands() {
        let body = b"\xEF\xBB\xBF: x\r\nevent: one\r\ndata: ab\r\ndata:cd\r\n\r\ndata\n\ndata: tail";
        let all = frames(Some(StreamForm::Sse), body);
        let shown: Vec<_> = all.iter().map(|f| (f.name.as_str(), f.text().unwrap())).collect();
        assert_eq!(shown, [("one", "ab\ncd"), ("", ""), ("", "tail")]);
        assert_eq!(&body[all[0].place(&(3..5))], b"cd");
        assert_eq!(&body[all[0].place(&(1..2))], b"b");
        assert_eq!(&body[all[2].place(&(0..4))], b"tail");
        assert!(body[..all[0].end].ends_with(b"cd\r\n\r\n") && all[2].end == body.len());
    }

    proptest! {
        #[test]
        fn data_stands_where_it_is_said_to(
            text in prop::collection::vec(prop_oneof![
                Just("data:"), Just("data: "), Just("event: e"), Just("\n"), Just("\r\n"), Just("\r"), Just(":"), Just("{}"), Just("猫"), Just("\u{FEFF}"),
            ], 0..40),
            rows: bool,
        ) {
            let body = text.concat();
            let form = if rows { StreamForm::Rows } else { StreamForm::Sse };
            for frame in frames(Some(form), body.as_bytes()) {
                prop_assert!(frame.complete <= frame.end && frame.end <= body.len());
                for line in 0..frame.lines.len() {
                    let (begins, _) = frame.lines[line];
                    let until = frame.lines.get(line + 1).map_or(frame.data.len(), |(next, _)| next - 1);
                    prop_assert_eq!(&body.as_bytes()[frame.place(&(begins..until))], &frame.data[begins..until]);
                }
            }
        }
    }
}
