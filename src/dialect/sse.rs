//! Event streams: reading the events of recorded bytes and finding the one that ends them.

use serde::Deserialize;

use super::Terminator;

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

/// Whether the stream's terminator, or an event that reports an error, is among its events.
pub(super) fn ended(terminator: Terminator, body: &[u8]) -> bool {
    #[derive(Deserialize, Default)]
    struct Peek {
        #[serde(default, rename = "type")]
        kind: Option<serde_json::Value>,
        #[serde(default)]
        error: Option<serde_json::Value>,
    }
    let (done, names) = match terminator {
        Terminator::Unknown => return true,
        Terminator::Done => (true, &[][..]),
        Terminator::Events(names) => (false, names),
        Terminator::DoneOr(names) => (true, names),
        Terminator::Fields(pointers) => return has_fields(pointers, body),
    };
    events(body).any(|event| {
        if event.data.trim_ascii() == b"[DONE]" {
            return done;
        }
        let Ok(peek) = serde_json::from_slice::<Peek>(&event.data) else { return false };
        let kind = peek.kind.as_ref().and_then(serde_json::Value::as_str).unwrap_or(&event.name);
        let ends = |name: &str| names.contains(&name) || name == "error";
        peek.error.as_ref().is_some_and(truthy) || ends(kind) || ends(&event.name)
    })
}

/// Whether an event's data has one of the fields, or an error.
fn has_fields(pointers: &[&str], body: &[u8]) -> bool {
    events(body).any(|event| {
        let Ok(data) = serde_json::from_slice::<serde_json::Value>(&event.data) else { return false };
        data.get("error").is_some_and(truthy) || pointers.iter().any(|pointer| has(&data, pointer))
    })
}

/// Whether a value other than `null` stands at the pointer, where `*` is any array index.
fn has(value: &serde_json::Value, pointer: &str) -> bool {
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
fn truthy(value: &serde_json::Value) -> bool {
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
            assert!(ended(Terminator::Done, text.as_bytes()));
        }
    }

    #[test]
    fn edge_13_a_cut_stream_has_not_ended() {
        let done = Terminator::Done;
        assert!(!ended(done, b"data: {\"choices\":[]}\n\ndata: [DON"));
        assert!(!ended(done, b"data: {\"content\":\"[DONE]\",\"error\":null}\n\n"));
        assert!(ended(done, b"data: {\"error\":{\"message\":\"x\"}}\n\n"));
        assert!(!ended(done, b""));
        let events = Terminator::Events(&["response.completed"]);
        assert!(!ended(events, b"event: response.created\ndata: {\"type\":\"response.created\"}\n\n"));
        assert!(!ended(events, b"event: response.completed\ndata: {\"type\":\"resp"));
        assert!(ended(events, b"data: {\"type\":\"response.completed\"}\n\n"));
        assert!(ended(events, b"event: error\ndata: {\"message\":\"x\"}\n\n"));
        assert!(ended(Terminator::Unknown, b"data: {}"));
    }
}
