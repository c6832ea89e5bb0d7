//! JSON text as it is: duplicate keys kept, numbers by exact decimal value, a bounded depth.
//!
//! `serde_json::Value` is not used because it drops duplicate keys and rounds numbers beyond 64 bits, and both can
//! make two different requests look alike.

use std::borrow::Cow;
use std::fmt::Write;

use super::without_mark;

/// Limit of nesting. Deeper texts are compared as opaque bytes.
pub(crate) const DEPTH: usize = 128;

/// Limit of values in a text. Longer texts are compared as opaque bytes: each value takes many times the space in which
/// it is written.
pub(crate) const VALUES: usize = 1 << 20;

/// A JSON value that borrows from its text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    /// The number as written.
    Number(&'a str),
    /// The string, escapes resolved.
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    /// The members in order; a key may occur more than once.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Reasons why a text is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonFlaw {
    Invalid,
    Deep,
    /// More than [`VALUES`] values.
    Many,
}

/// Reads a JSON text; a byte order mark at its front is skipped.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json<'_>, JsonFlaw> {
    let text = std::str::from_utf8(without_mark(bytes)).map_err(|_| JsonFlaw::Invalid)?;
    let mut reader = JsonReader::new(text);
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    if reader.at == reader.text.len() { Ok(value) } else { Err(JsonFlaw::Invalid) }
}

/// The reason why a text is no JSON, as far as a few words can say it.
pub(crate) fn problem(bytes: &[u8]) -> &'static str {
    let Ok(text) = std::str::from_utf8(without_mark(bytes)) else { return "its JSON is not valid UTF-8" };
    let mut reader = JsonReader::new(text);
    reader.space();
    // Where reading ended is what could not be read; the sign of a number was taken off.
    reader.value(0).ok();
    let rest = reader.text.get(reader.at..).unwrap_or_default();
    if rest.starts_with("NaN") || rest.starts_with("Infinity") {
        return "its JSON holds NaN or Infinity, which JSON does not have";
    }
    "it is not valid JSON"
}

impl<'a> Json<'a> {
    /// The last member called `key`, which is the one that most parsers take.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'a>> {
        match self {
            Self::Object(members) => {
                members.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let members = match self {
            Self::Object(members) => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|(key, _)| &**key)
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; of one object, which some APIs take for a list of it, that object.
    pub(crate) fn listed(&self) -> &[Json<'a>] {
        match self {
            Self::Object(_) => std::slice::from_ref(self),
            other => other.items(),
        }
    }

    pub(crate) fn items(&self) -> &[Json<'a>] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }
}

struct JsonReader<'a> {
    text: &'a str,
    at: usize,
    /// Count of values that may still come.
    left: usize,
}

impl<'a> JsonReader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, left: VALUES }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, JsonFlaw> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(JsonFlaw::Invalid);
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, JsonFlaw> {
        self.left = self.left.checked_sub(1).ok_or(JsonFlaw::Many)?;
        match self.peek().ok_or(JsonFlaw::Invalid)? {
            b'{' | b'[' if depth >= DEPTH => Err(JsonFlaw::Deep),
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Json::Text),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number().map(Json::Number),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'a>, JsonFlaw> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Json::Array(items));
            }
            if !self.take(b',') {
                return Err(JsonFlaw::Invalid);
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, JsonFlaw> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(JsonFlaw::Invalid);
            }
            let key = self.string()?;
            self.space();
            if !self.take(b':') {
                return Err(JsonFlaw::Invalid);
            }
            self.space();
            members.push((key, self.value(depth + 1)?));
            self.space();
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return Err(JsonFlaw::Invalid);
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonFlaw> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut at = start;
        let mut escaped = false;
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(0..=0x1f) | None => return Err(JsonFlaw::Invalid),
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        let raw = &self.text[start..at];
        if escaped {
            resolve(raw, |_, _| ()).map(Cow::Owned).ok_or(JsonFlaw::Invalid)
        } else {
            Ok(Cow::Borrowed(raw))
        }
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<&'a str, JsonFlaw> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && !self.digits() {
            return Err(JsonFlaw::Invalid);
        }
        if self.take(b'.') && !self.digits() {
            return Err(JsonFlaw::Invalid);
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return Err(JsonFlaw::Invalid);
            }
        }
        Ok(&self.text[start..self.at])
    }
}

/// A string with its escapes resolved, and where each part of it stood.
pub(crate) struct Unescaped {
    pub(crate) text: String,
    /// (offset in the text, offset in the raw string) at the start of each escape and behind it; between two entries
    /// both advance alike.
    pub(crate) map: Vec<(usize, usize)>,
}

/// Resolves the escapes of a string's raw content. A lone surrogate, which no Rust string can hold, becomes a
/// noncharacter and its digits, so that different ones stay different.
pub(crate) fn unescape(raw: &str) -> Option<Unescaped> {
    let mut map = Vec::new();
    let text = resolve(raw, |text, raw| map.push((text, raw)))?;
    Some(Unescaped { text, map })
}

/// The resolved string. `note` is called at the places where the two no longer advance alike, or do so again.
fn resolve(raw: &str, mut note: impl FnMut(usize, usize)) -> Option<String> {
    let (mut text, mut at) = (String::with_capacity(raw.len()), 0);
    while let Some(skip) = raw.as_bytes()[at..].iter().position(|b| *b == b'\\') {
        text.push_str(&raw[at..at + skip]);
        at += skip;
        note(text.len(), at);
        at += escape(&raw.as_bytes()[at..], &mut text)?;
        note(text.len(), at);
    }
    text.push_str(&raw[at..]);
    Some(text)
}

/// Resolves the escape at the front of `raw`; its length.
fn escape(raw: &[u8], text: &mut String) -> Option<usize> {
    let plain = match raw.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let high = hex4(raw.get(2..6)?)?;
            let low = if raw.get(6..8) == Some(b"\\u") { raw.get(8..12).and_then(hex4) } else { None };
            if let (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) = (high, low) {
                text.push(char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?);
                return Some(12);
            }
            match char::from_u32(high) {
                Some(plain) => text.push(plain),
                None => {
                    let _ = write!(text, "\u{fdd0}{high:04x}");
                }
            }
            return Some(6);
        }
        _ => return None,
    };
    text.push(plain);
    Some(2)
}

fn hex4(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, b| Some(sum * 16 + char::from(*b).to_digit(16)?))
}

pub(crate) fn is_number(text: &str) -> bool {
    let mut reader = JsonReader::new(text);
    reader.number().is_ok() && reader.at == text.len()
}

/// A JSON number by its exact decimal value: `1`, `1.0`, `1e0` and `10e-1` are `1`, `-0` is `0`, and nothing is
/// rounded or expanded beyond 24 places. Exponents that no 64-bit integer holds are compared as written.
pub(crate) fn canonical_number(text: &str) -> String {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return "0".to_owned();
    }
    let sign = if negative { "-" } else { "" };
    let shift =
        i64::try_from(digits.len() - kept.len()).unwrap_or(0) - i64::try_from(fraction.len()).unwrap_or(0);
    let Some(exponent) = exponent.parse::<i64>().ok().and_then(|e| e.checked_add(shift)) else {
        return format!("{sign}{mantissa}e{}", exponent.trim_start_matches('+'));
    };
    let places = usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX);
    match exponent {
        0 => format!("{sign}{kept}"),
        1..=24 => format!("{sign}{kept}{}", "0".repeat(places)),
        -24..=-1 if places >= kept.len() => format!("{sign}0.{}{kept}", "0".repeat(places - kept.len())),
        -24..=-1 => format!("{sign}{}.{}", &kept[..kept.len() - places], &kept[kept.len() - places..]),
        _ => format!("{sign}{kept}e{exponent}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edge_3_numbers_are_equal_by_exact_value() {
        for (one, other) in [
            ("1", "1.0"),
            ("1", "1e0"),
            ("1", "10e-1"),
            ("1", "0.1E+1"),
            ("0", "-0"),
            ("0", "0e999999999999999999999"),
            ("100", "1e2"),
            ("0.5", "5e-1"),
            ("-1.50", "-1.5"),
            ("1e400", "10e399"),
            ("1e30", "1000000000000000000000000000000"),
        ] {
            assert_eq!(canonical_number(one), canonical_number(other), "{one} {other}");
        }
        for (one, other) in [
            ("9007199254740992", "9007199254740993"),
            ("9007199254740991", "9007199254740992"),
            ("18446744073709551617", "18446744073709551616"),
            ("1", "-1"),
            ("1e400", "1e401"),
            ("0.1", "0.10000000000000001"),
            ("1e99999999999999999999", "1e99999999999999999998"),
        ] {
            assert_ne!(canonical_number(one), canonical_number(other), "{one} {other}");
        }
        assert_eq!(canonical_number("-12.50"), "-12.5");
        assert_eq!(canonical_number("1e-3"), "0.001");
        for text in ["1e5", "0.001", "-12.5", "12e99", "1e99999999999999999999"] {
            assert_eq!(canonical_number(&canonical_number(text)), canonical_number(text), "idempotent");
        }
    }

    #[test]
    fn escapes_are_resolved_and_lone_surrogates_stay_apart() {
        let text = |raw: &str| parse(raw.as_bytes()).map(|json| json.as_text().unwrap().to_owned());
        assert_eq!(text(r#""\u0041\n\/\ud83d\ude00""#).unwrap(), "A\n/😀");
        assert_ne!(text(r#""\ud800""#).unwrap(), text(r#""\ud801""#).unwrap());
        assert!(text(r#""\ud800\u0041""#).unwrap().ends_with('A'));
        for wrong in [r#""\x""#, r#""\u12""#, r#""\u+123""#, "\"a\nb\"", r#""open"#, r#""\"#, "\"\\é\""] {
            assert_eq!(text(wrong), Err(JsonFlaw::Invalid), "{wrong}");
        }
    }

    #[test]
    fn duplicate_keys_stay_and_what_is_no_json_is_refused() {
        let Ok(Json::Object(members)) = parse(br#" {"a":1,"a":2} "#) else { panic!("an object") };
        assert_eq!(members.len(), 2);
        for wrong in [
            "",
            "{",
            "[1,]",
            "{\"a\":}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "nul",
            "[1] x",
            "{a:1}",
            "'a'",
            "{\"a\":1,}",
        ] {
            assert_eq!(parse(wrong.as_bytes()), Err(JsonFlaw::Invalid), "{wrong}");
        }
        assert_eq!(parse(b"\"\xff\""), Err(JsonFlaw::Invalid));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(DEPTH).as_bytes()).is_ok());
        assert_eq!(parse(nested(DEPTH + 1).as_bytes()), Err(JsonFlaw::Deep));
        assert_eq!(parse("[".repeat(1_000_000).as_bytes()), Err(JsonFlaw::Deep));
    }

    #[test]
    fn the_number_of_values_is_bounded() {
        let list = |values: usize| format!("[1{}]", ",1".repeat(values - 2));
        assert!(parse(list(VALUES).as_bytes()).is_ok());
        assert_eq!(parse(list(VALUES + 1).as_bytes()), Err(JsonFlaw::Many));
        let rows = format!("[[]{}", ",[]".repeat(VALUES));
        assert_eq!(parse(rows.as_bytes()), Err(JsonFlaw::Many), "whatever stands behind them");
    }
}
