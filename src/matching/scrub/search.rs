//! The edits that a text or a JSON document needs: credentials by their place first, then what has the shape of a
//! secret. They are found here and not made: whoever asks splices.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use bytes::Bytes;
use regex::bytes::Regex;

use super::effort::Effort;
use super::json_values::{JsonElement, JsonValue, JsonValues};
use super::scrubber::{MountNames, Scrubber};
use super::secret;
use super::secret::{SecretKind, is_template, looks_like_key};
use super::secret_name::{Folded, NameClass, NamePlace, REDACTED, is_documented};
use crate::matching::fields::value;
use crate::wire::json::Unescaped;
use crate::wire::{json, percent, without_mark};

/// A range and what takes its place.
pub(crate) type ScrubEdit = (Range<usize>, String);

/// The verdict on a value by its place.
pub(crate) enum ByPlace {
    /// No verdict: its shape decides.
    Unknown,
    /// A value that stays, because it is empty or was replaced before.
    Kept,
    /// Text that takes its place.
    Replaced(String),
}

impl ByPlace {
    /// The constant placeholder, where `value` is not that already.
    fn redacted(value: &[u8]) -> Self {
        if value == REDACTED.as_bytes() { Self::Kept } else { Self::Replaced(REDACTED.to_owned()) }
    }
}

/// Limit of pairs of a query or a form: each is decoded by itself.
const PAIRS: usize = 100_000;

/// Limit of texts inside texts: JSON in a JSON string, a link in a form's field.
const NESTED: u8 = 6;

/// True if a key's values are given out by providers at random and wanted back as they were: ids, signatures, what only
/// they can read. A piece of one can look like a key by chance.
pub(crate) fn is_opaque(name: &[u8]) -> bool {
    let is_id = name == b"id" || [b"_id", b"-id", &b"Id"[..], b"ID"].iter().any(|end| name.ends_with(end));
    is_id
        || matches!(
            Folded::of(name).bytes(),
            b"signature"
                | b"thoughtsignature"
                | b"encryptedcontent"
                | b"encryptedindex"
                | b"obfuscation"
                | b"systemfingerprint"
                | b"b64json"
                | b"etag"
        )
}

/// A search through one request or answer.
#[derive(Clone, Copy)]
pub(crate) struct SecretSearch<'a> {
    pub(crate) scrubber: &'a Scrubber,
    /// The credentials that the request carries.
    pub(crate) own: &'a [Bytes],
    /// The effort that is left.
    pub(crate) effort: &'a Effort,
    /// The mount, for what is documented there.
    pub(crate) mount: &'a str,
    /// Names of the mount's own.
    pub(crate) names: &'a MountNames,
    /// True if secrets are looked for by their shape: where nothing can have one, only places count.
    pub(crate) shapes: bool,
    /// True if only echoes of credentials are looked for: personal data and what looks like a key stay.
    pub(crate) echoes: bool,
    /// Strings that stay as they are: links that lead to what is stored.
    pub(crate) links: &'a [&'a str],
    pub(crate) depth: u8,
}

/// `?name=value` and the like in any text: links, connection strings, forms.
static PARAMETER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?-u)(?:^|[?&;#]|(?P<apart>[\s"'(,]))(?P<name>[A-Za-z0-9_.%\[\]-]{2,64})=(?P<value>[^&;#,\s"'<>\\`)\]}]+)"#)
        .ok()
});

/// `X-Api-Key: value` and the like, as people paste commands and requests.
static HEADER_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = "authorization|proxy-authorization|cookie|[a-z]{0,16}-?(?:api|auth|access|secret)-(?:key|token)|x-[a-z-]*(?:key|token|secret)";
    let value = r#"(?:(?:bearer|basic|token|key|apikey)[ \t]+)?(?P<value>[^\s"'<>\\,;]{8,})"#;
    Regex::new(&format!(r#"(?i-u)(?:^|[\s"'])(?:{names}):[ \t]*{value}"#)).ok()
});

/// The password in a link, or what stands there alone.
static USER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?-u)://(?P<user>[^/?#\s"'<>@:\\]*)(?::(?P<password>[^/?#\s"'<>\\]+))?@"#).ok()
});

impl<'a> SecretSearch<'a> {
    /// A search with a mount's names.
    pub(crate) fn new(scrubber: &'a Scrubber, mount: &'a str, own: &'a [Bytes], effort: &'a Effort) -> Self {
        let names = scrubber.names(mount);
        Self { scrubber, own, effort, mount, names, shapes: true, echoes: false, links: &[], depth: 0 }
    }

    /// This search without a look for shapes where `bytes` can have none.
    pub(crate) fn over(self, bytes: &[u8]) -> Self {
        Self { shapes: self.scrubber.suspects(bytes, self.own), ..self }
    }

    /// The edits in a decoded text, which may be JSON itself; in order, apart.
    pub(crate) fn text(&self, text: &[u8]) -> Vec<ScrubEdit> {
        if text.is_empty() || is_media(text) || self.is_link(text) {
            return Vec::new();
        }
        let start = without_mark(text).trim_ascii_start().first();
        if self.depth < NESTED && matches!(start, Some(b'{' | b'[' | b'"')) {
            let edits = Self { depth: self.depth + 1, ..*self }.json(text);
            let clear = !self.shapes && !text.contains(&b'=');
            if !edits.is_empty() || clear || json::parse(text) != Err(json::JsonFlaw::Invalid) {
                return edits;
            }
        }
        self.plain(text)
    }

    fn is_link(&self, text: &[u8]) -> bool {
        self.links.iter().any(|link| link.as_bytes() == text)
    }

    /// The edits in a text that is nothing else.
    pub(crate) fn plain(&self, text: &[u8]) -> Vec<ScrubEdit> {
        let mut edits = Vec::new();
        if text.contains(&b'=') {
            self.parameters(text, false, &mut edits);
        }
        if text.contains(&b'@') {
            self.users(text, &mut edits);
        }
        if self.shapes && !self.echoes && text.contains(&b':') {
            let lines = HEADER_LINE.iter().flat_map(|shape| shape.captures_iter(text));
            let lines = lines.take_while(|_| self.effort.look());
            let values = lines.filter_map(|line| line.name("value"));
            let values =
                values.filter(|value| !is_template(value.as_bytes()) && secret::has_digits(value.as_bytes()));
            edits.extend(values.map(|value| (value.range(), self.scrubber.tag("key", value.as_bytes()))));
        }
        if self.shapes {
            let found = self.find(text).into_iter();
            let place = |(range, kind): (Range<usize>, _)| {
                let tag = self.scrubber.placeholder(kind, &text[range.clone()]);
                (range, tag)
            };
            edits.extend(found.map(place));
        }
        self.effort.count_secrets(edits.len());
        apart(edits)
    }

    fn find(&self, text: &[u8]) -> Vec<(Range<usize>, SecretKind)> {
        if self.echoes {
            self.scrubber.echoes(text, self.own, self.effort)
        } else {
            self.scrubber.find(text, self.own, self.effort)
        }
    }

    /// Parameters of links, of connection strings, of a form: those of a tool's server are credentials also where their
    /// names are ambiguous.
    fn parameters(&self, text: &[u8], server: bool, edits: &mut Vec<ScrubEdit>) {
        for captures in PARAMETER.iter().flat_map(|shape| shape.captures_iter(text)) {
            if !self.effort.look() {
                return;
            }
            let (Some(name), Some(given)) = (captures.name("name"), captures.name("value")) else { continue };
            let loose = captures.name("apart").is_some();
            // In prose and code a word behind a name means itself.
            if is_template(given.as_bytes())
                || loose && (given.len() < 8 || !secret::has_digits(given.as_bytes()))
            {
                continue;
            }
            let name = percent::form_decoded(&String::from_utf8_lossy(name.as_bytes()));
            let folded = Folded::of(name.as_bytes());
            let edit = match self.class(&folded, NamePlace::Query) {
                NameClass::Credential => Some(REDACTED.to_owned()),
                NameClass::Ambiguous | NameClass::Suspect if server => Some(REDACTED.to_owned()),
                NameClass::Ambiguous | NameClass::Suspect if looks_like_key(given.as_bytes()) => {
                    Some(self.scrubber.tag(folded.word(), given.as_bytes()))
                }
                _ => None,
            };
            edits.extend(
                edit.filter(|_| given.as_bytes() != REDACTED.as_bytes()).map(|edit| (given.range(), edit)),
            );
        }
    }

    /// The address of a tool's server: whatever in it can be a key.
    fn server(&self, text: &[u8]) -> Vec<ScrubEdit> {
        let mut edits = Vec::new();
        self.parameters(text, true, &mut edits);
        self.users(text, &mut edits);
        let path = text.iter().position(|b| matches!(b, b'?' | b'#')).unwrap_or(text.len());
        let mut at = 0;
        for segment in text[..path].split(|b| *b == b'/') {
            if looks_like_key(segment) {
                edits.push((at..at + segment.len(), REDACTED.to_owned()));
            }
            at += segment.len() + 1;
        }
        self.effort.count_secrets(edits.len());
        edits.extend(self.plain(text));
        apart(edits)
    }

    /// Passwords in links, and keys that stand in their place.
    fn users(&self, text: &[u8], edits: &mut Vec<ScrubEdit>) {
        for captures in USER.iter().flat_map(|shape| shape.captures_iter(text)) {
            if !self.effort.look() {
                return;
            }
            let password = captures.name("password");
            let alone =
                captures.name("user").filter(|user| password.is_none() && looks_like_key(user.as_bytes()));
            let secret = password.or(alone).filter(|secret| !is_template(secret.as_bytes()));
            let secret = secret.filter(|secret| secret.as_bytes() != REDACTED.as_bytes());
            edits.extend(secret.map(|secret| (secret.range(), REDACTED.to_owned())));
        }
    }

    /// The class of a name on this mount.
    pub(crate) fn class(&self, name: &Folded, place: NamePlace) -> NameClass {
        let is = |names: &[String]| names.iter().any(|known| known.as_bytes() == name.bytes());
        match name.class(place) {
            _ if is(&self.names.secret) => NameClass::Credential,
            NameClass::Ambiguous | NameClass::Suspect if is(&self.names.public) => NameClass::Plain,
            class => class,
        }
    }

    /// The edits in a JSON text, valid or not: in order, apart.
    pub(crate) fn json(&self, text: &[u8]) -> Vec<ScrubEdit> {
        let mut edits = Vec::new();
        let mut values = JsonValues::new(text, &self.names.secret, &self.names.public);
        for item in values.by_ref() {
            // Numbers cost next to nothing, and embeddings have millions.
            if !matches!(&item, JsonElement::Value(value) if !value.quoted) && !self.effort.look() {
                break;
            }
            match item {
                JsonElement::Key(range) if self.shapes => {
                    edits.extend(self.of_raw(text, &range, |decoded| self.plain(decoded)));
                }
                JsonElement::Key(_) => {}
                JsonElement::Value(value) => edits.extend(self.value(text, &value)),
            }
        }
        if values.is_too_deep() {
            self.effort.give_up();
        }
        apart(edits)
    }

    /// The edits in one value.
    pub(crate) fn value(&self, text: &[u8], value: &JsonValue) -> Vec<ScrubEdit> {
        match self.by_place(text, value) {
            ByPlace::Replaced(edit) => {
                self.effort.count_secrets(1);
                vec![(value.range.clone(), edit)]
            }
            ByPlace::Kept => Vec::new(),
            ByPlace::Unknown => self.of_raw(text, &value.range, |decoded| self.string(text, value, decoded)),
        }
    }

    /// The verdict on a value by its place alone.
    pub(crate) fn by_place(&self, text: &[u8], value: &JsonValue) -> ByPlace {
        let raw = &text[value.range.clone()];
        if !value.quoted {
            let number =
                value.class == NameClass::Credential && std::str::from_utf8(raw).is_ok_and(json::is_number);
            return if number { ByPlace::Replaced(format!("\"{REDACTED}\"")) } else { ByPlace::Kept };
        }
        match value.class {
            _ if raw.is_empty() => ByPlace::Kept,
            NameClass::Credential => ByPlace::redacted(raw),
            NameClass::Ambiguous if secret::has_scheme(raw) => ByPlace::redacted(raw),
            NameClass::Ambiguous | NameClass::Suspect if looks_like_key(raw) => {
                let word = Folded::of(&text[value.name.clone()]).word();
                ByPlace::Replaced(self.scrubber.tag(word, raw))
            }
            _ => ByPlace::Unknown,
        }
    }

    /// The edits in a string on which its place gives no verdict.
    pub(crate) fn string(&self, text: &[u8], value: &JsonValue, decoded: &[u8]) -> Vec<ScrubEdit> {
        if value.server {
            return self.server(decoded);
        }
        if self.shapes && is_opaque(&text[value.name.clone()]) {
            let mut found = self.find(decoded);
            found.retain(|(_, kind)| *kind != SecretKind::Key);
            found.extend(self.scrubber.echoes(decoded, self.own, self.effort));
            let tags = found.into_iter().map(|(range, kind)| {
                let tag = self.scrubber.placeholder(kind, &decoded[range.clone()]);
                (range, tag)
            });
            let edits: Vec<_> = tags.collect();
            self.effort.count_secrets(edits.len());
            return apart(edits);
        }
        self.text(decoded)
    }

    /// The edits in a query or a form: by each parameter's name, else by the shape of its value.
    pub(crate) fn query(&self, query: &str) -> Vec<ScrubEdit> {
        let mut edits = Vec::new();
        if percent::pairs(query).nth(PAIRS).is_some() {
            self.effort.give_up();
            return edits;
        }
        let mut at = 0;
        for pair in query.split('&') {
            if !self.effort.look() {
                break;
            }
            let start = at;
            at += pair.len() + 1;
            let (name, given) = pair.split_once('=').unwrap_or((pair, ""));
            let range = start + pair.len() - given.len()..start + pair.len();
            let decoded = percent::form_decoded(name);
            let (value, _) = percent::decoded_with_places(given);
            match self.parameter(&Folded::of(decoded.as_bytes()), &value) {
                ByPlace::Replaced(edit) => {
                    self.effort.count_secrets(1);
                    edits.push((range, escaped(&edit)));
                }
                ByPlace::Kept => {}
                ByPlace::Unknown => {
                    edits.extend(of_percent(name, start, |name| self.plain(name)));
                    edits.extend(of_percent(given, range.start, |value| self.text(value)));
                }
            }
        }
        edits
    }

    /// The edits of a raw string, by those of the string without escapes.
    pub(crate) fn of_raw(
        &self,
        text: &[u8],
        range: &Range<usize>,
        search: impl FnOnce(&[u8]) -> Vec<ScrubEdit>,
    ) -> Vec<ScrubEdit> {
        let raw = &text[range.clone()];
        if is_media(raw) {
            return Vec::new();
        }
        let unescaped = self.unescaped(raw);
        let (mut edits, map) = match &unescaped {
            None => (search(raw), &[][..]),
            Some(unescaped) => (search(unescaped.text.as_bytes()), &unescaped.map[..]),
        };
        for (edit, _) in &mut edits {
            *edit = range.start + before(map, edit.start)..range.start + before(map, edit.end);
        }
        edits
    }

    /// A raw string without its escapes; none where it has none, or is not to be read.
    pub(crate) fn unescaped(&self, raw: &[u8]) -> Option<Unescaped> {
        let escapes = memchr::memchr_iter(b'\\', raw).count();
        if escapes == 0 || !self.effort.resolves(escapes) {
            return None;
        }
        json::unescape(std::str::from_utf8(raw).ok()?)
    }

    /// The verdict on the value of a parameter or a part by its name.
    pub(crate) fn parameter(&self, name: &Folded, value: &[u8]) -> ByPlace {
        let class = self.class(name, NamePlace::Query);
        let documented = class == NameClass::Ambiguous && is_documented(self.mount, name);
        match class {
            _ if value.is_empty() => ByPlace::Kept,
            _ if class == NameClass::Credential || documented => ByPlace::redacted(value),
            // What an older version of retake took for a credential has no other value any more.
            NameClass::Ambiguous if secret::is_placeholder(value) => ByPlace::Kept,
            NameClass::Ambiguous => ByPlace::Replaced(self.scrubber.tag(name.word(), value)),
            NameClass::Suspect if looks_like_key(value) => {
                ByPlace::Replaced(self.scrubber.tag(name.word(), value))
            }
            _ => ByPlace::Unknown,
        }
    }
}

/// The edits of a percent-encoded text that begins at `start`.
pub(crate) fn of_percent(
    text: &str,
    start: usize,
    search: impl FnOnce(&[u8]) -> Vec<ScrubEdit>,
) -> Vec<ScrubEdit> {
    let (decoded, map) = percent::decoded_with_places(text);
    let place = |(range, edit): ScrubEdit| {
        let range = start + before(&map, range.start)..start + before(&map, range.end);
        (range, escaped(&edit))
    };
    search(&decoded).into_iter().map(place).collect()
}

/// A placeholder as it stands in a target or a form.
fn escaped(placeholder: &str) -> String {
    placeholder.replace('<', "%3C").replace('>', "%3E")
}

/// The edits in order, without those that overlap one that was found before them: places go before shapes.
pub(crate) fn apart(mut edits: Vec<ScrubEdit>) -> Vec<ScrubEdit> {
    if edits.windows(2).all(|two| two[0].0.end <= two[1].0.start) {
        return edits;
    }
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    edits.retain(|(range, _)| {
        let next = taken.range(range.start..).next();
        let last = taken.range(..range.start).next_back();
        let free = next.is_none_or(|(start, _)| range.end <= *start)
            && last.is_none_or(|(_, end)| *end <= range.start);
        if free {
            taken.insert(range.start, range.end);
        }
        free
    });
    edits.sort_by_key(|(range, _)| range.start);
    edits
}

/// The offset in the raw text of an offset in the decoded one.
pub(crate) fn before(map: &[(usize, usize)], offset: usize) -> usize {
    match map.partition_point(|(decoded, _)| *decoded <= offset).checked_sub(1).and_then(|at| map.get(at)) {
        Some((decoded, raw)) => raw + (offset - decoded),
        None => offset,
    }
}

/// Test for a data URI, or base64 all through.
pub(crate) fn is_media(text: &[u8]) -> bool {
    let is_data = |rest: &[u8]| {
        let comma = rest.iter().take(256).position(|b| *b == b',');
        comma.is_some_and(|at| rest[..at].ends_with(b";base64") && value::is_base64(&rest[at + 1..]))
    };
    text.strip_prefix(b"data:").map_or_else(|| text.len() >= 256 && value::is_base64(text), is_data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_first_stays() {
        let edits = |ranges: &[Range<usize>]| -> Vec<ScrubEdit> {
            ranges.iter().map(|range| (range.clone(), String::new())).collect()
        };
        let kept = apart(edits(&[5..9, 0..2, 8..12, 2..5, 1..3, 9..10, 4..20]));
        assert_eq!(kept, edits(&[0..2, 2..5, 5..9, 9..10]));
        let many: Vec<_> = (0..200_000).rev().map(|at| at * 2..at * 2 + 1).collect();
        assert_eq!(apart(edits(&many)).len(), many.len());
    }
}
