//! What the screen needs of an exchange's reading: harmless text, readable bodies, a stream's text and events, pictures.
//!
//! The one place that knows where these views come from.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use crate::model::{Headers, MediaId, MediaRef, Response};

/// A picture of an exchange, not decoded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Where it stands in the answer, for people.
    pub field: String,
    /// Its media type.
    pub content_type: String,
    /// Its length in bytes.
    pub len: u64,
    /// Where its bytes are.
    pub source: Source,
}

/// Where a picture's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the exchange itself.
    Inline(Bytes),
    /// Downloaded, kept under this id.
    Media(MediaId),
}

/// Bodies are shown up to this many bytes.
pub const SHOWN: usize = 256 * 1024;

/// `text` with all that a terminal could act on, or that hides or reorders text, replaced by something visible.
#[must_use]
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str("    "),
            '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('·')),
            '\u{7f}' => out.push('␡'),
            '\u{fe0e}' | '\u{fe0f}' => {}
            _ if is_harmless(c) => out.push(c),
            _ => out.push('·'),
        }
    }
    Cow::Owned(out)
}

fn is_harmless(c: char) -> bool {
    !matches!(c,
        '\u{80}'..='\u{9F}' | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}'
        | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A size for people: `312 B`, `1.4 MiB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "for people")]
pub fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
        if value < 1023.5 || unit == "TiB" {
            return if unit == "B" || value >= 99.5 {
                format!("{value:.0} {unit}")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1024.0;
    }
    String::new()
}

/// A time in microseconds for people: `<1ms`, `3ms`, `1.8s`, `2m05s`.
#[must_use]
pub fn duration(micros: u64) -> String {
    let millis = micros / 1000;
    match millis {
        0 => "<1ms".into(),
        1..1000 => format!("{millis}ms"),
        1000..60_000 => format!("{}.{}s", millis / 1000, millis % 1000 / 100),
        _ => format!("{}m{:02}s", millis / 60_000, millis / 1000 % 60),
    }
}

/// A body as readable lines: JSON indented, media by a placeholder, all else as text; sanitized and bounded.
#[must_use]
pub fn body_lines(headers: &Headers, bytes: &Bytes) -> Vec<String> {
    let kind = headers.media_type();
    if is_media(&kind) {
        return vec![placeholder(&kind, bytes.len())];
    }
    let text = match serde_json::from_slice::<Value>(bytes) {
        Ok(mut value) if matches!(value, Value::Object(_) | Value::Array(_)) => {
            replace_media(&mut value);
            serde_json::to_string_pretty(&value).unwrap_or_default()
        }
        _ => String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).into_owned(),
    };
    let cut = (0..=SHOWN.min(text.len())).rfind(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut lines: Vec<String> = text[..cut].lines().map(|line| sanitize(line).into_owned()).collect();
    if cut < text.len() {
        lines.push(format!("… {} more", size((text.len() - cut) as u64)));
    }
    lines
}

/// The text that a streamed answer adds up to; none when the answer is no stream or holds no text.
#[must_use]
pub fn assembled(response: &Response) -> Option<String> {
    let text: String = events(response).iter().filter_map(|(_, _, data)| delta(data)).collect();
    (!text.is_empty()).then_some(text)
}

/// The events of a streamed answer: when, name, data.
#[must_use]
pub fn events(response: &Response) -> Vec<(Duration, String, String)> {
    if response.headers.media_type() != "text/event-stream" {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut rest = String::new();
    for (at, piece) in response.log.iter() {
        rest.push_str(&String::from_utf8_lossy(&piece).replace("\r\n", "\n"));
        while let Some((event, after)) = rest.split_once("\n\n") {
            let field = |name: &str| {
                let lines = event.lines().filter_map(|line| line.strip_prefix(name));
                lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
            };
            found.push((at, field("event:"), field("data:")));
            rest = after.to_owned();
        }
    }
    found
}

/// The pictures of an answer, in the order in which they stand in it; downloaded ones last.
#[must_use]
pub fn pictures(response: &Response, media: &[MediaRef]) -> Vec<Picture> {
    let mut found = Vec::new();
    let kind = response.headers.media_type();
    if kind.starts_with("image/") {
        found.push(inline("body", &kind, response.log.bytes.clone()));
    } else if let Ok(value) = serde_json::from_slice::<Value>(&response.log.bytes) {
        collect(&value, "", &mut found);
    }
    found.extend(media.iter().filter(|m| m.content_type.starts_with("image/") && m.body.is_some()).map(
        |m| Picture {
            field: m.field.clone(),
            content_type: m.content_type.clone(),
            len: m.len,
            source: Source::Media(m.id.clone()),
        },
    ));
    found
}

fn inline(field: &str, kind: &str, bytes: Bytes) -> Picture {
    Picture {
        field: field.into(),
        content_type: kind.into(),
        len: bytes.len() as u64,
        source: Source::Inline(bytes),
    }
}

fn collect(value: &Value, at: &str, found: &mut Vec<Picture>) {
    match value {
        Value::String(text) => {
            if let Some((kind, bytes)) = embedded(text).filter(|(kind, _)| kind.starts_with("image/")) {
                found.push(inline(at, &kind, bytes));
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| collect(item, &format!("{at}/{i}"), found));
        }
        Value::Object(map) => map.iter().for_each(|(key, item)| collect(item, &format!("{at}/{key}"), found)),
        _ => {}
    }
}

/// Media type and bytes of a text that is a data URI or base64 of something known.
fn embedded(text: &str) -> Option<(String, Bytes)> {
    let (named, encoded) = match text.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        Some((kind, encoded)) => (Some(kind.to_owned()), encoded),
        None if text.len() >= 64 => (None, text),
        None => return None,
    };
    let head = STANDARD.decode(encoded.get(..encoded.len().min(24) / 4 * 4)?).ok()?;
    let kind = sniff(&head).map(String::from).or(named)?;
    Some((kind, STANDARD.decode(encoded).ok()?.into()))
}

fn sniff(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some("audio/wav"),
        [b'I', b'D', b'3', ..] => Some("audio/mpeg"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("video/mp4"),
        _ => None,
    }
}

fn replace_media(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((kind, bytes)) = embedded(text) {
                *text = placeholder(&kind, bytes.len());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(replace_media),
        Value::Object(map) => map.values_mut().for_each(replace_media),
        _ => {}
    }
}

fn is_media(kind: &str) -> bool {
    ["image/", "audio/", "video/"].iter().any(|class| kind.starts_with(class))
        || kind == "application/octet-stream"
}

fn placeholder(kind: &str, len: usize) -> String {
    let (class, form) = kind.split_once('/').unwrap_or(("data", kind));
    sanitize(&format!("<{class} {} {form}>", size(len as u64))).into_owned()
}

fn delta(data: &str) -> Option<String> {
    let value: Value = serde_json::from_str(data).ok()?;
    let places = ["/choices/0/delta/content", "/delta/text", "/candidates/0/content/parts/0/text", "/delta"];
    places.iter().find_map(|place| value.pointer(place).and_then(Value::as_str).map(String::from))
}
