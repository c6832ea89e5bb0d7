//! A body as readable text.
//!
//! The text shows what is there: keys in their order, numbers with the digits they were written with, both of two equal
//! keys. Only base64 gives way to a word about it. It is not sanitized; a screen does that line by line.

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::Bytes;

use super::decoded::decoded;
use super::events::events_in;
use super::human::size;
use super::multipart::parts;
use crate::model::Headers;
use crate::wire::event_stream::StreamForm;
use crate::wire::json_text::{JsonToken, JsonTokens, is_json, unquoted};
use crate::wire::sniff::{base64_len, data_uri, dimensions, sniff, sniff_base64};

/// The most a pretty body has, in bytes: thousands of lines, more than anyone scrolls through.
pub(super) const LIMIT: usize = 256 << 10;
/// Base64 shorter than this stays: an id, a key of a cache, a signature.
const BASE64: usize = 256;
/// Width to which lines of numbers are filled, in characters.
const WIDTH: usize = 100;
/// Length of a binary body's beginning that is shown, in bytes.
const DUMPED: usize = 256;

/// `body` as text of at most 256 KiB, for people: JSON indented by two spaces, streams with an event or a row on each
/// line, multipart by its parts, base64 of 256 characters and more as `<image 1.4 MiB png>`, binary as the beginning of
/// a hex dump. A last line says what was left out. A `content-encoding` is decoded first.
#[must_use]
pub fn pretty(headers: &Headers, body: &Bytes) -> String {
    pretty_up_to(headers, body, LIMIT)
}

/// [`pretty`] with another limit, in bytes.
#[must_use]
pub fn pretty_up_to(headers: &Headers, body: &Bytes, limit: usize) -> String {
    let mut page = PrettyPage { text: String::new(), limit, whole: false };
    match decoded(headers, body) {
        Err(problem) => {
            _ = writeln!(page.text, "<{problem}>");
            page.dump(body);
        }
        Ok(body) => page.body(headers, &body),
    }
    page.text
}

/// A body as a text that somebody can edit: all of it, JSON indented by two spaces, all else as it is. A `content-encoding`
/// is decoded first. None where it is no text.
#[must_use]
pub fn editable(headers: &Headers, body: &Bytes) -> Option<String> {
    let body = decoded(headers, body).ok()?;
    let text = std::str::from_utf8(&body).ok()?;
    if StreamForm::of(headers, &body).is_some() || !is_json(text) {
        return Some(text.to_owned());
    }
    let mut page = PrettyPage { text: String::new(), limit: usize::MAX, whole: true };
    page.json(text);
    Some(page.text)
}

/// Text up to a limit.
struct PrettyPage {
    text: String,
    limit: usize,
    /// True if files stay as they are.
    whole: bool,
}

impl PrettyPage {
    fn body(&mut self, headers: &Headers, body: &Bytes) {
        if let Some(form) = StreamForm::of(headers, body) {
            return self.events(form, body);
        }
        let parts = parts(headers, body);
        if !parts.is_empty() {
            let mut shown = 0;
            for part in parts {
                let quoted = part.file.map(|file| format!(" \"{file}\"")).unwrap_or_default();
                let fine = self.push(&part.name)
                    && self.push(": ")
                    && self.part(part.content_type.as_deref(), part.content);
                if !(fine && self.push(&quoted) && self.push("\n")) {
                    return self.note(shown, body.len());
                }
                shown += part.content.len();
            }
            return;
        }
        let text = std::str::from_utf8(body).ok().filter(|text| !text.contains('\0'));
        match text {
            Some(text) if is_json(text) => self.json(text),
            Some(text) => self.plain(text),
            None if headers.media_type().starts_with("text/") => self.plain(&String::from_utf8_lossy(body)),
            None => self.dump(body),
        }
    }

    fn plain(&mut self, text: &str) {
        if !self.push(text) {
            self.note(self.limit, text.len());
        }
    }

    /// The value of one part of a multipart body: short text as it is, files and all else in a word.
    fn part(&mut self, content_type: Option<&str>, content: &[u8]) -> bool {
        match std::str::from_utf8(content) {
            Ok(text)
                if content_type.is_none_or(|kind| kind.starts_with("text/") || kind.contains("json")) =>
            {
                self.push(text)
            }
            _ => {
                let kind = sniff(content).or(content_type).unwrap_or("binary");
                self.push(&format!("<{kind} {}>", size(content.len() as u64)))
            }
        }
    }

    fn events(&mut self, form: StreamForm, body: &[u8]) {
        let all = events_in(form, body, &[]);
        for (shown, event) in all.iter().enumerate() {
            let name = event.name.as_ref().map(|name| format!("{name}  ")).unwrap_or_default();
            let data = on_one_line(&event.data).replace('\n', "\n    ");
            if !(self.push(&name) && self.push(&data) && self.push("\n")) {
                _ = write!(self.text, "\n… {} of {} events left out", all.len() - shown, all.len());
                return;
            }
        }
    }

    /// JSON over several lines. No recursion: how deep a recording nests is not ours to decide.
    fn json(&mut self, text: &str) {
        let mut tokens = JsonTokens(text);
        let mut depth = 0_usize;
        while let Some(token) = tokens.next() {
            let empty = tokens.0.trim_start().starts_with(['}', ']']);
            let fine = match token {
                JsonToken::Open('[') if is_numbers(tokens.clone()) => self.numbers(&mut tokens, depth),
                JsonToken::Open(bracket) if empty => {
                    let close = if bracket == '{' { "}" } else { "]" };
                    tokens.next();
                    self.push(bracket.encode_utf8(&mut [0; 4])) && self.push(close)
                }
                JsonToken::Open(bracket) => {
                    depth += 1;
                    self.push(bracket.encode_utf8(&mut [0; 4])) && self.line(depth)
                }
                JsonToken::Close(bracket) => {
                    depth = depth.saturating_sub(1);
                    self.line(depth) && self.push(bracket.encode_utf8(&mut [0; 4]))
                }
                JsonToken::Comma => self.push(",") && self.line(depth),
                JsonToken::Colon => self.push(": "),
                JsonToken::Text(text) if self.whole => self.push(text),
                JsonToken::Text(text) => self.push(&shown(text)),
                JsonToken::Scalar(text) => self.push(text),
            };
            if !fine {
                return self.note(text.len() - tokens.0.len(), text.len());
            }
        }
        self.push("\n");
    }

    /// The rest of an array of numbers: one line if it fits, else lines filled up.
    fn numbers(&mut self, tokens: &mut JsonTokens<'_>, depth: usize) -> bool {
        let numbers: Vec<&str> = tokens
            .take_while(|token| *token != JsonToken::Close(']'))
            .filter_map(|token| if let JsonToken::Scalar(text) = token { Some(text) } else { None })
            .collect();
        if numbers.iter().map(|n| n.len() + 2).sum::<usize>() + depth * 2 <= WIDTH {
            return self.push(&format!("[{}]", numbers.join(", ")));
        }
        let mut fine = self.push("[") && self.line(depth + 1);
        let mut column = depth * 2 + 2;
        for (at, number) in numbers.iter().enumerate() {
            let last = at + 1 == numbers.len();
            if column + number.len() > WIDTH && column > depth * 2 + 2 {
                fine = fine && self.line(depth + 1);
                column = depth * 2 + 2;
            }
            column += number.len() + 2;
            fine = fine && self.push(number) && self.push(if last { "" } else { ", " });
        }
        fine && self.line(depth) && self.push("]")
    }

    fn dump(&mut self, body: &[u8]) {
        let kind = sniff(body).map(|kind| format!(" {kind}")).unwrap_or_default();
        let sides = dimensions(body).map(|(width, height)| format!(", {width}x{height}")).unwrap_or_default();
        _ = writeln!(self.text, "<{}{kind}{sides}>", size(body.len() as u64));
        for (row, bytes) in body[..body.len().min(DUMPED)].chunks(16).enumerate() {
            let hex: String = bytes.iter().fold(String::new(), |mut hex, byte| {
                _ = write!(hex, "{byte:02x} ");
                hex
            });
            let ascii: String =
                bytes.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '.' }).collect();
            _ = writeln!(self.text, "{:08x}  {hex:<48} {ascii}", row * 16);
        }
        if body.len() > DUMPED {
            self.note(DUMPED, body.len());
        }
    }

    fn line(&mut self, depth: usize) -> bool {
        self.push("\n") && (0..depth).all(|_| self.push("  "))
    }

    /// Adds as much of `text` as there is room for; says whether that was all.
    fn push(&mut self, text: &str) -> bool {
        let room = self.limit.saturating_sub(self.text.len());
        let end = (0..=room.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        self.text.push_str(&text[..end]);
        end == text.len()
    }

    fn note(&mut self, shown: usize, all: usize) {
        let line = if self.text.ends_with('\n') { "" } else { "\n" };
        let left = all.saturating_sub(shown);
        _ = write!(self.text, "{line}… {} of {} left out", size(left as u64), size(all as u64));
    }
}

/// True if the tokens up to the end of this array are numbers and the like, and there is at least one.
fn is_numbers(tokens: JsonTokens<'_>) -> bool {
    let mut any = false;
    for token in tokens {
        match token {
            JsonToken::Scalar(_) => any = true,
            JsonToken::Comma => {}
            JsonToken::Close(_) => return any,
            JsonToken::Open(_) | JsonToken::Colon | JsonToken::Text(_) => return false,
        }
    }
    false
}

/// JSON on one line, with files in a word; any other text as it is.
#[must_use]
pub fn on_one_line(text: &str) -> Cow<'_, str> {
    if is_json(text) { Cow::Owned(compact(text)) } else { Cow::Borrowed(text) }
}

fn compact(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(1024));
    for token in JsonTokens(text) {
        match token {
            JsonToken::Open(bracket) | JsonToken::Close(bracket) => line.push(bracket),
            JsonToken::Comma => line.push_str(", "),
            JsonToken::Colon => line.push_str(": "),
            JsonToken::Text(text) => line.push_str(&shown(text)),
            JsonToken::Scalar(text) => line.push_str(text),
        }
    }
    line
}

/// A string as shown: base64 in a word, letters that are written as `\u…` as letters, all else as written.
pub(super) fn shown(token: &str) -> Cow<'_, str> {
    if token.len() < BASE64 {
        return lettered(token);
    }
    let text = unquoted(token);
    let payload = data_uri(&text).unwrap_or(&text);
    if payload.len() < BASE64 || !is_base64(payload) {
        return lettered(token);
    }
    let size = size(base64_len(payload));
    match sniff_base64(payload).and_then(|kind| kind.split_once('/')) {
        Some((kind @ ("image" | "audio" | "video"), form)) => format!("\"<{kind} {size} {form}>\"").into(),
        Some((_, form)) => format!("\"<{form} {size}>\"").into(),
        None if looks_random(payload) => format!("\"<base64 {size}>\"").into(),
        None => token.into(),
    }
}

/// A string token with the letters that its `\uXXXX` escapes stand for. Escapes of quotes, of control characters and
/// of halves of pairs stay.
fn lettered(token: &str) -> Cow<'_, str> {
    if !token.contains("\\u") {
        return token.into();
    }
    let (mut out, mut rest) = (String::with_capacity(token.len()), token);
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // An escape of one character; a pair of halves takes two escapes of six.
        let (len, letter) = match (escaped(rest), rest.get(6..).and_then(escaped)) {
            (Some(unit), next) => match char::decode_utf16([Some(unit), next].into_iter().flatten()).next() {
                Some(Ok(letter)) => (6 * letter.len_utf16(), Some(letter)),
                _ => (6, None),
            },
            (None, _) => (1 + rest[1..].chars().next().map_or(0, char::len_utf8), None),
        };
        match letter.filter(|letter| !letter.is_control() && !matches!(letter, '"' | '\\')) {
            Some(letter) => out.push(letter),
            None => out.push_str(&rest[..len]),
        }
        rest = &rest[len..];
    }
    out.push_str(rest);
    out.into()
}

/// The UTF-16 unit of a `\uXXXX` escape at the beginning of a text.
fn escaped(text: &str) -> Option<u16> {
    let digits =
        text.strip_prefix("\\u")?.get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len() - digits.len() <= 2
        && digits.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'))
}

/// A long word or a hexadecimal number is made of base64's letters too, but not of all kinds of them.
fn looks_random(text: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

#[cfg(test)]
#[path = "pretty_tests.rs"]
mod tests;
