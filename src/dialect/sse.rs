//! Event streams: reading the events of recorded bytes.

/// One event of an event stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The `event:` field; empty without one.
    pub name: String,
    /// The `data:` lines, joined by line feeds.
    pub data: Vec<u8>,
}

/// The events of a `text/event-stream` body. Line ends may be CR, LF or CRLF; comments and a byte order mark are
/// skipped; the last event counts even without a blank line behind it.
pub fn events(body: &[u8]) -> impl Iterator<Item = SseEvent> + '_ {
    let mut rest = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    std::iter::from_fn(move || {
        let mut event = SseEvent::default();
        let mut seen = false;
        while !rest.is_empty() {
            let line = take_line(&mut rest);
            if line.is_empty() {
                if seen {
                    return Some(event);
                }
                continue;
            }
            let (field, value) = match line.iter().position(|b| *b == b':') {
                Some(at) => (&line[..at], line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..])),
                None => (line, &b""[..]),
            };
            match field {
                b"data" => {
                    if !event.data.is_empty() {
                        event.data.push(b'\n');
                    }
                    event.data.extend_from_slice(value);
                    seen = true;
                }
                b"event" => {
                    event.name = String::from_utf8_lossy(value).into_owned();
                    seen = true;
                }
                _ => {}
            }
        }
        seen.then_some(event)
    })
}

/// Cuts the first line, with its end, from `rest`.
fn take_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let all = *rest;
    let end = all.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(all.len());
    let skip = if all[end..].starts_with(b"\r\n") { 2 } else { 1 };
    *rest = all.get(end + skip..).unwrap_or_default();
    &all[..end]
}

/// Whether a value other than `null` stands at the pointer, where `*` is any array index.
pub(super) fn has(value: &serde_json::Value, pointer: &str) -> bool {
    let Some((name, rest)) = pointer.strip_prefix('/').map(|p| p.split_at(p.find('/').unwrap_or(p.len())))
    else {
        return !value.is_null();
    };
    match value {
        serde_json::Value::Array(items) if name == "*" => items.iter().any(|item| has(item, rest)),
        _ => value.get(name).is_some_and(|inner| has(inner, rest)),
    }
}

/// As Python sees it, because that is what the SDK asks.
pub(super) fn truthy(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => false,
        serde_json::Value::Bool(yes) => *yes,
        serde_json::Value::Number(number) => number.as_f64() != Some(0.0),
        serde_json::Value::String(text) => !text.is_empty(),
        serde_json::Value::Array(items) => !items.is_empty(),
        serde_json::Value::Object(members) => !members.is_empty(),
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
            assert_eq!((all[0].name.as_str(), &all[0].data[..]), ("a", &b"1\n2"[..]));
            assert_eq!(all[1].data, b"[DONE]");
        }
    }
}
