//! The events of a body with the places where their data stands, so that they can be replaced.

use std::ops::Range;

use super::events::StreamForm;
use crate::wire::event_stream::StreamLines;

/// One event of a stream, a row, or a whole body.
#[derive(Debug, Default)]
pub(crate) struct StreamFrame {
    /// The name in `event:`.
    pub(crate) name: String,
    /// The `data:` fields, joined by newlines.
    pub(crate) data: Vec<u8>,
    /// Where each line of the data begins, in the data and in the body.
    lines: Vec<(usize, usize)>,
    /// Where the frame ends in the body, with what ends it.
    pub(crate) end: usize,
}

impl StreamFrame {
    /// The data as text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.data).ok()
    }

    /// Where in the body something stands that is within one line of the data.
    pub(crate) fn place(&self, range: &Range<usize>) -> Range<usize> {
        let line = self.lines.partition_point(|(begins, _)| *begins <= range.start);
        let (begins, at) = line.checked_sub(1).and_then(|nth| self.lines.get(nth)).copied().unwrap_or((0, 0));
        let start = at + range.start - begins;
        start..start + range.len()
    }

    /// Whether the data stands in one piece.
    pub(crate) fn one_line(&self) -> bool {
        self.lines.len() == 1
    }

    fn add(&mut self, line: &[u8], at: usize) {
        if !self.lines.is_empty() {
            self.data.push(b'\n');
        }
        self.lines.push((self.data.len(), at));
        self.data.extend_from_slice(line);
    }
}

/// The frames of a decoded body, the same as [`crate::reading::events()`] shows; of a body that is no stream, all of it.
pub(crate) fn frames(form: Option<StreamForm>, body: &[u8]) -> Vec<StreamFrame> {
    match form {
        Some(StreamForm::Sse) => sse(body),
        Some(StreamForm::Rows) => rows(body),
        None => {
            let mut frame = StreamFrame { end: body.len(), ..StreamFrame::default() };
            frame.add(body, 0);
            vec![frame]
        }
    }
}

fn rows(body: &[u8]) -> Vec<StreamFrame> {
    let mut frames = Vec::new();
    let mut lines = StreamLines::new(body);
    loop {
        let start = lines.at;
        let Some(line) = lines.next() else { return frames };
        if !line.text.trim_ascii().is_empty() {
            let mut frame = StreamFrame { end: lines.at, ..StreamFrame::default() };
            frame.add(line.text, start);
            frames.push(frame);
        }
    }
}

fn sse(body: &[u8]) -> Vec<StreamFrame> {
    let skipped = if body.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let mut frames = Vec::new();
    let mut frame = StreamFrame::default();
    let mut lines = StreamLines::new(&body[skipped..]);
    loop {
        let start = skipped + lines.at;
        let Some(line) = lines.next() else { break };
        frame.end = skipped + lines.at;
        if line.text.is_empty() {
            let whole = std::mem::take(&mut frame);
            frames.extend(Some(whole).filter(|frame| !frame.lines.is_empty()));
            continue;
        }
        let colon = line.text.iter().position(|b| *b == b':');
        let (field, value) = match colon {
            Some(colon) => (&line.text[..colon], &line.text[colon + 1..]),
            None => (line.text, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => frame.name = String::from_utf8_lossy(value).into_owned(),
            b"data" => frame.add(value, start + line.text.len() - value.len()),
            _ => {}
        }
    }
    frames.extend(Some(frame).filter(|frame| !frame.lines.is_empty()));
    frames
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{ByteLog, Response};
    use crate::reading;

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
        fn frames_are_the_events_that_readers_see(
            text in prop::collection::vec(prop_oneof![
                Just("data:"), Just("data: "), Just("event: e"), Just("\n"), Just("\r\n"), Just("\r"), Just(":"), Just("{}"), Just("猫"), Just("\u{FEFF}"),
            ], 0..40),
            rows: bool,
        ) {
            let body = text.concat();
            let kind = if rows { "application/x-ndjson" } else { "text/event-stream" };
            let form = if rows { StreamForm::Rows } else { StreamForm::Sse };
            let headers = [("content-type", kind)].into_iter().collect();
            let response = Response { status: 200, headers, log: ByteLog::whole(body.clone(), Duration::ZERO) };
            let seen: Vec<_> = reading::events(&response).into_iter().map(|e| (e.name.unwrap_or_default(), e.data)).collect();
            let all = frames(Some(form), body.as_bytes());
            let found: Vec<_> = all.iter().map(|f| (f.name.clone(), f.text().unwrap().to_owned())).collect();
            prop_assert_eq!(found, seen);
            for frame in &all {
                prop_assert!(frame.end <= body.len());
                for line in 0..frame.lines.len() {
                    let (begins, _) = frame.lines[line];
                    let until = frame.lines.get(line + 1).map_or(frame.data.len(), |(next, _)| next - 1);
                    prop_assert_eq!(&body.as_bytes()[frame.place(&(begins..until))], &frame.data[begins..until]);
                }
            }
        }
    }
}
