//! Event streams (`text/event-stream`) as the WHATWG HTML standard parses them (section 9.2.6, "Interpreting an event
//! stream"), read from recorded bytes.

/// One event of an event stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The `event` field; empty without one.
    pub name: String,
    /// The `data` fields, joined by line feeds; `None` without any. The standard drops such an event, and providers that
    /// name the end of a stream rely on it being seen.
    pub data: Option<Vec<u8>>,
    /// Offset in the body behind the line that completed it.
    pub end: usize,
}

/// The events of a body. Line ends may be CR, LF or CRLF; comments, other fields and a byte order mark are skipped; the last
/// event counts even without a blank line behind it.
pub fn events(body: &[u8]) -> impl Iterator<Item = SseEvent> + '_ {
    let mark = if body.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut lines = StreamLines { body, at: mark };
    std::iter::from_fn(move || {
        let mut event = SseEvent::default();
        let is_begun = |event: &SseEvent| event.data.is_some() || !event.name.is_empty();
        for line in lines.by_ref() {
            event.end = line.end;
            if line.text.is_empty() {
                if is_begun(&event) {
                    return Some(event);
                }
                continue;
            }
            let (field, value) = match line.text.iter().position(|b| *b == b':') {
                Some(colon) => (&line.text[..colon], &line.text[colon + 1..]),
                None => (line.text, &b""[..]),
            };
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match field {
                b"event" => event.name = String::from_utf8_lossy(value).into_owned(),
                b"data" => match &mut event.data {
                    None => event.data = Some(value.to_vec()),
                    Some(data) => {
                        data.push(b'\n');
                        data.extend_from_slice(value);
                    }
                },
                _ => {}
            }
        }
        is_begun(&event).then_some(event)
    })
}

/// Lines that end in LF, CRLF or CR, mixed as they come.
pub(crate) struct StreamLines<'a> {
    body: &'a [u8],
    /// Where the next line begins.
    pub(crate) at: usize,
}

/// One line, without what ends it.
pub(crate) struct StreamLine<'a> {
    pub(crate) text: &'a [u8],
    /// Offset behind what ends it. Behind the CR of a CRLF that an event waits for: the LF may arrive much later.
    pub(crate) end: usize,
}

impl<'a> StreamLines<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0 }
    }
}

impl<'a> Iterator for StreamLines<'a> {
    type Item = StreamLine<'a>;

    fn next(&mut self) -> Option<StreamLine<'a>> {
        let rest = self.body.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let Some(len) = rest.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
            self.at = self.body.len();
            return Some(StreamLine { text: rest, end: self.at });
        };
        let end = start + len + 1;
        let crlf = rest[len] == b'\r' && rest.get(len + 1) == Some(&b'\n');
        self.at = end + usize::from(crlf);
        Some(StreamLine { text: &rest[..len], end })
    }
}

#[cfg(test)]
mod tests {
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
            assert_eq!((all[0].name.as_str(), all[0].data.as_deref()), ("a", Some(&b"1\n2"[..])));
            assert_eq!(all[1].data.as_deref(), Some(&b"[DONE]"[..]));
            assert!(all[1].end <= text.len());
        }
    }

    #[test]
    fn empty_data_is_data_and_a_name_alone_is_seen() {
        let all: Vec<_> = events(b"data\ndata\n\nevent: end\n\n").collect();
        assert_eq!(all[0], SseEvent { name: String::new(), data: Some(b"\n".to_vec()), end: 11 });
        assert_eq!(all[1], SseEvent { name: "end".into(), data: None, end: 23 });
    }
}
