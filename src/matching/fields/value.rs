//! Canonical values, and how people see them in one line.

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, Engine as _};

use crate::dialect::PlainValue;
use crate::model::{Fingerprint, Hash};
use crate::wire::json;
use crate::wire::json::Json;

/// The value of one field in canonical form. Two are equal exactly when they mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FieldValue {
    Null,
    Bool(bool),
    /// Exact decimal value, canonical.
    Number(Box<str>),
    Text(Box<str>),
    /// A text too long to keep: its hash and its beginning.
    Long {
        hash: Hash,
        len: u64,
        head: Box<str>,
    },
    /// Pictures, sound, files: the media type where it is part of the value, and the contents' hash.
    Media {
        kind: Box<str>,
        hash: Hash,
        len: u64,
    },
    /// A long list of numbers (tokens, vectors): the hash of their canonical forms.
    Numbers {
        hash: Hash,
        count: u64,
    },
    EmptyObject,
    EmptyArray,
    /// An id echoed from an earlier answer: the how many-th different one of the request.
    Echo(u32),
    /// An earlier answer: the fingerprint of all fields of the request that it answered.
    Earlier(Fingerprint),
    /// Bytes that are compared as they are.
    Bytes {
        hash: Hash,
        len: u64,
    },
}

const UNPADDED: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
static EITHER: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, UNPADDED);
static EITHER_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, UNPADDED);

/// Limit of a text that is kept, in bytes.
const KEPT: usize = 2048;
/// Length from which on a string of base64 characters is taken for media.
const MEDIA: usize = 256;
/// Count of numbers of a list that get a field each.
const LISTED: usize = 32;
/// Limit of a value that is shown, in characters.
const SHOWN: usize = 80;

impl FieldValue {
    /// A string of a JSON body.
    pub(crate) fn of_text(text: &str) -> Self {
        if let Some(media) = media(text) {
            return media;
        }
        Self::plain(text)
    }

    /// A text that holds no media.
    pub(crate) fn plain(text: &str) -> Self {
        if text.len() <= KEPT {
            return Self::Text(text.into());
        }
        let head: String = text.chars().take(SHOWN).collect();
        Self::Long { hash: Hash::of(text.as_bytes()), len: text.len() as u64, head: head.into() }
    }

    pub(crate) fn number(text: &str) -> Self {
        Self::Number(json::canonical_number(text).into())
    }

    /// A list that holds nothing but numbers and is too long to have a field for each.
    pub(crate) fn of_numbers(items: &[Json<'_>]) -> Option<Self> {
        if items.len() <= LISTED {
            return None;
        }
        let mut text = String::with_capacity(items.len() * 8);
        for item in items {
            let Json::Number(number) = item else { return None };
            text.push_str(&json::canonical_number(number));
            text.push(' ');
        }
        Some(Self::Numbers { hash: Hash::of(text.as_bytes()), count: items.len() as u64 })
    }

    /// A part of a form, where all values are texts: numbers and booleans are what they spell.
    pub(crate) fn of_part(data: &[u8], file: bool) -> Self {
        match std::str::from_utf8(data) {
            Ok("true") if !file => Self::Bool(true),
            Ok("false") if !file => Self::Bool(false),
            Ok(text) if !file && json::is_number(text) => Self::number(text),
            Ok(text) if !file => Self::plain(text),
            _ => Self::Media { kind: "".into(), hash: Hash::of(data), len: data.len() as u64 },
        }
    }

    /// Contents of a kind that counts.
    pub(crate) fn of_content(kind: &str, data: &[u8]) -> Self {
        Self::Media { kind: kind.trim().into(), hash: Hash::of(data), len: data.len() as u64 }
    }

    /// Bytes in base64, in either alphabet, padded or not; none where the text is none of these.
    pub(crate) fn of_base64(text: &str) -> Option<Self> {
        let engine = if text.contains(['-', '_']) { &EITHER_URL_SAFE } else { &EITHER };
        engine.decode(text).ok().map(|data| Self::of_content("", &data))
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self::Bytes { hash: Hash::of(bytes), len: bytes.len() as u64 }
    }

    pub(crate) fn is(&self, plain: PlainValue) -> bool {
        match (self, plain) {
            (Self::Text(text), PlainValue::Text(wanted)) => **text == *wanted,
            (Self::Number(number), PlainValue::Number(wanted)) => **number == *wanted,
            (Self::Bool(value), PlainValue::Bool(wanted)) => *value == wanted,
            (Self::EmptyObject | Self::EmptyArray, PlainValue::Empty) => true,
            _ => false,
        }
    }

    /// The memory that it takes beside itself, in bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Number(text) | Self::Text(text) => text.len(),
            Self::Long { head, .. } => head.len(),
            Self::Media { kind, .. } => kind.len(),
            _ => 0,
        }
    }

    /// The value in bytes for hashing: a tag, and its content. The caller writes the length.
    pub(crate) fn bytes(&self) -> (u8, Vec<u8>) {
        let sized = |hash: &Hash, len: u64| [&hash.0[..], &len.to_le_bytes()].concat();
        match self {
            Self::Null => (0, Vec::new()),
            Self::Bool(value) => (1, vec![u8::from(*value)]),
            Self::Number(number) => (2, number.as_bytes().to_vec()),
            Self::Text(text) => (3, text.as_bytes().to_vec()),
            Self::Long { hash, len, .. } => (4, sized(hash, *len)),
            Self::Media { kind, hash, len } => (5, [&sized(hash, *len), kind.as_bytes()].concat()),
            Self::EmptyObject => (6, Vec::new()),
            Self::EmptyArray => (7, Vec::new()),
            Self::Echo(nth) => (8, nth.to_le_bytes().to_vec()),
            Self::Bytes { hash, len } => (9, sized(hash, *len)),
            Self::Numbers { hash, count } => (10, sized(hash, *count)),
            Self::Earlier(fingerprint) => (11, fingerprint.0.to_vec()),
        }
    }

    /// The value in one line of at most 80 characters, beginning near byte `from` of a text.
    pub(crate) fn shown(&self, from: usize) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => shorten(number, 0),
            Self::Text(text) if text.len() + 2 <= SHOWN && misleading(text) => format!("\"{text}\""),
            Self::Text(text) => shorten(text, from),
            Self::Long { hash, len, head } => {
                let tail = format!("… <sha256 {}, {}>", hash.short(), size(*len));
                let room = SHOWN.saturating_sub(tail.chars().count());
                one_line(head).chars().take(room).chain(tail.chars()).collect()
            }
            Self::Media { hash, len, .. } | Self::Bytes { hash, len } => {
                format!("<sha256 {}, {}>", hash.short(), size(*len))
            }
            Self::Numbers { hash, count } => format!("<sha256 {}, {count} numbers>", hash.short()),
            Self::EmptyObject => "{}".to_owned(),
            Self::EmptyArray => "[]".to_owned(),
            Self::Echo(nth) => format!("<id {nth}>"),
            Self::Earlier(fingerprint) => format!("<answer to {}>", Hash(fingerprint.0).short()),
        }
    }

    /// The offset at which this text begins to differ from another, in bytes.
    pub(crate) fn differs_at(&self, other: &Self) -> usize {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => {
                one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
            }
            _ => 0,
        }
    }
}

/// A data URI or a long base64 string as the hash of its contents.
fn media(text: &str) -> Option<FieldValue> {
    let (kind, encoded) = match text.strip_prefix("data:").and_then(|rest| rest.split_once(',')) {
        Some((kind, encoded)) => (kind.strip_suffix(";base64")?, encoded),
        None if text.len() >= MEDIA && is_base64(text.as_bytes()) => ("", text),
        None => return None,
    };
    // Some SDKs write the alphabet of URLs (RFC 4648, section 5): the same picture all the same.
    let urls = encoded.contains(['-', '_']);
    let data = if urls { URL_SAFE.decode(encoded) } else { STANDARD.decode(encoded) }.ok()?;
    // Something that is empty or plain text in a `data:` coat still counts by content.
    Some(FieldValue::Media {
        kind: kind.to_ascii_lowercase().into(),
        hash: Hash::of(&data),
        len: data.len() as u64,
    })
}

/// True if the bytes can be base64: only the characters of its two alphabets, no line breaks, a length that fits.
pub(crate) fn is_base64(bytes: &[u8]) -> bool {
    let content = bytes.strip_suffix(b"==").or_else(|| bytes.strip_suffix(b"=")).unwrap_or(bytes);
    bytes.len().is_multiple_of(4)
        && content.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'))
}

/// A text that would look like another kind of value.
fn misleading(text: &str) -> bool {
    text.is_empty() || json::is_number(text) || ["null", "true", "false", "{}", "[]"].contains(&text)
}

/// The text in one line of at most 80 characters, from a little before byte `from` on.
pub(crate) fn shorten(text: &str, from: usize) -> String {
    let line = one_line(text);
    if line.chars().count() <= SHOWN {
        return line;
    }
    let mut start = if from > SHOWN / 2 { from - SHOWN / 4 } else { 0 };
    while !line.is_char_boundary(start) {
        start -= 1;
    }
    let mut shown = String::new();
    if start > 0 {
        shown.push('…');
    }
    let room = SHOWN - shown.chars().count();
    let rest = &line[start..];
    if rest.chars().count() <= room {
        shown.push_str(rest);
    } else {
        shown.extend(rest.chars().take(room - 1));
        shown.push('…');
    }
    shown
}

/// Control characters as spaces of the same length in bytes.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            std::iter::repeat_n(
                if c.is_control() { ' ' } else { c },
                if c.is_control() { c.len_utf8() } else { 1 },
            )
        })
        .collect()
}

/// A length for people: `812 B`, `1.4 MiB`.
fn size(len: u64) -> String {
    let tenths = |unit: u64| (len * 10 / unit / 10, len * 10 / unit % 10);
    match len {
        0..1024 => format!("{len} B"),
        1024..1_048_576 => format!("{}.{} KiB", tenths(1024).0, tenths(1024).1),
        _ => format!("{}.{} MiB", tenths(1_048_576).0, tenths(1_048_576).1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_is_known_by_its_contents() {
        let picture = STANDARD.encode(vec![7; 600]);
        let FieldValue::Media { len: 600, .. } = FieldValue::of_text(&picture) else { panic!("media") };
        assert_ne!(
            FieldValue::of_text(&picture),
            FieldValue::of_text(&format!("data:image/png;base64,{picture}"))
        );
        assert_eq!(
            FieldValue::of_text("data:image/PNG;base64,AAAA"),
            FieldValue::of_text("data:image/png;base64,AAAA")
        );
        assert!(matches!(FieldValue::of_text("data:text/plain,hello"), FieldValue::Text(_)));
        assert!(matches!(FieldValue::of_text("AAAA"), FieldValue::Text(_)));
        assert!(matches!(FieldValue::of_text("data:image/png;base64,?"), FieldValue::Text(_)));
    }

    #[test]
    fn what_people_see_fits_in_a_line() {
        let long = format!("{}X{}", "a".repeat(300), "b".repeat(300));
        let shown = FieldValue::of_text(&long).shown(300);
        assert!(shown.contains('X') && shown.chars().count() <= 80, "{shown}");
        let longer = "ä\n".repeat(4000);
        let shown = FieldValue::of_text(&longer).shown(0);
        assert!(
            shown.chars().count() <= 80 && shown.contains("<sha256 ") && !shown.contains('\n'),
            "{shown}"
        );
        assert_eq!(FieldValue::of_text("2").shown(0), "\"2\"");
        assert_eq!(FieldValue::number("2.0").shown(0), "2");
        assert_eq!(size(1_500_000), "1.4 MiB");
    }
}
