//! JSON text, piece by piece and exactly as written.
//!
//! A parser would turn `1.0` into a float, `2^64+1` into another number and drop one of two equal keys; a view of a
//! recording must show what is there. It would also copy every picture of an answer only to count them.

use super::{pointer, without_mark};

/// One piece of a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonToken<'a> {
    /// `{` or `[`.
    Open(char),
    /// `}` or `]`.
    Close(char),
    Comma,
    Colon,
    /// A string with its quotes, escapes untouched.
    Text(&'a str),
    /// A number, `true`, `false`, `null`, or whatever else stands there.
    Scalar(&'a str),
}

/// The tokens of `0`, without the space between them. Never fails: what is no JSON becomes scalars.
#[derive(Clone)]
pub(crate) struct JsonTokens<'a>(pub(crate) &'a str);

/// One step from the root of a JSON text to a value in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonStep<'a> {
    /// A key, with its quotes, as written.
    Key(&'a str),
    Index(usize),
}

/// Limit of nesting; that of `serde_json`.
const DEPTH: usize = 128;

pub(crate) fn is_json(text: &str) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(without_mark(text.as_bytes())).is_ok()
}

/// Shows each string value of `text` with the way to it. Ends early where arrays and objects are nested too deep.
pub(crate) fn strings<'a>(text: &'a str, mut visit: impl FnMut(&[JsonStep<'a>], &'a str)) {
    let mut path: Vec<JsonStep<'a>> = Vec::new();
    let mut tokens = JsonTokens(text).peekable();
    while let Some(token) = tokens.next() {
        match token {
            JsonToken::Open('[') => path.push(JsonStep::Index(0)),
            JsonToken::Open(_) => path.push(JsonStep::Key("\"\"")),
            JsonToken::Close(_) => _ = path.pop(),
            JsonToken::Comma => {
                if let Some(JsonStep::Index(index)) = path.last_mut() {
                    *index += 1;
                }
            }
            JsonToken::Text(text) if tokens.peek() == Some(&JsonToken::Colon) => {
                if let Some(JsonStep::Key(key)) = path.last_mut() {
                    *key = text;
                }
            }
            JsonToken::Text(text) => visit(&path, text),
            JsonToken::Colon | JsonToken::Scalar(_) => {}
        }
        if path.len() > DEPTH {
            return;
        }
    }
}

/// The JSON pointer (RFC 6901) of a way.
pub(crate) fn pointer(path: &[JsonStep<'_>]) -> String {
    path.iter().fold(String::new(), |mut pointer, step| {
        pointer.push('/');
        match step {
            JsonStep::Key(key) => pointer.push_str(&pointer::escaped(&unquoted(key))),
            JsonStep::Index(index) => pointer.push_str(&index.to_string()),
        }
        pointer
    })
}

/// The content of a string token: without quotes, escapes resolved.
pub(crate) fn unquoted(token: &str) -> std::borrow::Cow<'_, str> {
    let inner = token.strip_prefix('"').unwrap_or(token);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if inner.contains('\\')
        && let Ok(text) = serde_json::from_str::<String>(token)
    {
        return text.into();
    }
    inner.into()
}

impl<'a> Iterator for JsonTokens<'a> {
    type Item = JsonToken<'a>;

    fn next(&mut self) -> Option<JsonToken<'a>> {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r', '\u{feff}']);
        let (token, len) = match self.0.as_bytes().first()? {
            b'{' => (JsonToken::Open('{'), 1),
            b'[' => (JsonToken::Open('['), 1),
            b'}' => (JsonToken::Close('}'), 1),
            b']' => (JsonToken::Close(']'), 1),
            b',' => (JsonToken::Comma, 1),
            b':' => (JsonToken::Colon, 1),
            b'"' => {
                let len = string_len(self.0.as_bytes());
                (JsonToken::Text(&self.0[..len]), len)
            }
            _ => {
                let ends =
                    |c: char| matches!(c, '{' | '}' | '[' | ']' | ',' | ':' | '"' | ' ' | '\t' | '\n' | '\r');
                let len = self.0.find(ends).unwrap_or(self.0.len());
                (JsonToken::Scalar(&self.0[..len]), len)
            }
        };
        self.0 = &self.0[len..];
        Some(token)
    }
}

/// Length of the string that `bytes` begin with, quotes included; all of them where it does not end.
fn string_len(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(skip) =
        bytes.get(at..).and_then(|rest| rest.iter().position(|b| matches!(b, b'"' | b'\\')))
    {
        match bytes[at + skip] {
            b'"' => return at + skip + 1,
            // Whatever is escaped is one character; a cut-off text may end right here or inside it.
            _ => at += skip + 1 + bytes.get(at + skip + 1).map_or(0, |b| utf8_len(*b)),
        }
    }
    bytes.len()
}

fn utf8_len(first: u8) -> usize {
    match first {
        0..=0xBF => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_come_with_their_pointers() {
        let text = r#"{"a/b":["x",{"c\"":"y\n"},["z"]],"d":1,"e":"w"}"#;
        let mut seen = Vec::new();
        strings(text, |path, token| seen.push(format!("{} {}", pointer(path), unquoted(token))));
        assert_eq!(seen, ["/a~1b/0 x", "/a~1b/1/c\" y\n", "/a~1b/2/0 z", "/e w"]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_broken(text in r#"[\[\]{}:,"\\a1 猫]{0,40}"#) {
            let length: usize = JsonTokens(&text).map(|t| match t { JsonToken::Text(s) | JsonToken::Scalar(s) => s.len(), _ => 1 }).sum();
            prop_assert!(length <= text.len());
            strings(&text, |path, token| { pointer(path); unquoted(token); });
        }
    }
}
