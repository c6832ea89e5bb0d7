//! Credentials and personal data: where a request carries them, and what they look like in text.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use memchr::memmem::Finder;
use regex::bytes::Regex;

use super::effort::Effort;
use super::json_values::{JsonElement, JsonValues};
use super::secret_name::{Folded, NameClass, NamePlace, REDACTED, class, is_documented, is_ordinary_header};
use crate::model::Request;
use crate::wire::body_kind::BodyKind;
use crate::wire::{multipart, percent};

/// The shortest credential that is looked for elsewhere, in bytes: a shorter one would be found by chance.
const SHORTEST: usize = 16;

/// Limit of credentials in a body, each of 256 bytes on average: whatever is searched is searched for all of them.
const COUNTED: usize = 64;

/// The kind of a found secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretKind {
    Email,
    Key,
    /// The configuration's own, by its place.
    Pattern(usize),
}

/// The secret values that a request carries in headers, query and body: whole values, tokens without their scheme, user
/// name and password of basic authentication. Longest first. They live in memory only.
#[must_use]
pub fn credentials(request: &Request) -> Vec<Bytes> {
    let (of_body, _) = credentials_of_body(request);
    let mut all = of_head(request);
    all.extend(of_body);
    listed(all)
}

/// True if a request's body holds more credentials than anything can be searched for: nobody can say then that an
/// answer repeats none of them.
#[must_use]
pub fn has_countless_credentials(request: &Request) -> bool {
    credentials_of_body(request).1
}

/// The credentials in a body that can be told from words, and whether there are too many.
fn credentials_of_body(request: &Request) -> (Vec<Vec<u8>>, bool) {
    let (mut all, mut bytes) = (HashSet::new(), 0);
    let mut countless = false;
    in_body(request, &mut |value| {
        if is_distinctive(value) && !all.contains(value) {
            bytes += value.len();
            countless = all.len() == COUNTED || bytes > COUNTED * 256;
            all.insert(value.to_vec());
        }
        !countless
    });
    (all.into_iter().collect(), countless)
}

/// The credentials of headers and query alone.
pub(crate) fn credentials_of_head(request: &Request) -> Vec<Bytes> {
    listed(of_head(request))
}

/// The values that can be told from words, longest first.
fn listed(mut all: Vec<Vec<u8>>) -> Vec<Bytes> {
    all.retain(|value| is_distinctive(value));
    all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    all.dedup();
    all.into_iter().map(Bytes::from).collect()
}

fn of_head(request: &Request) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for (name, value) in request.headers.iter().filter(|(name, _)| !is_date(name)) {
        let value = value.trim_ascii();
        if !is_secret_header(name) {
            // Gateways have names of their own for keys; what looks like one is one.
            if !is_ordinary_header(name) {
                let words = value.split(|b| b.is_ascii_whitespace() || matches!(b, b',' | b';' | b'"'));
                all.extend(words.filter(|word| looks_like_key(word)).map(<[u8]>::to_vec));
            }
            continue;
        }
        all.push(value.to_vec());
        if name == "cookie" {
            let values = value.split(|b| *b == b';').filter_map(|pair| pair.splitn(2, |b| *b == b'=').nth(1));
            all.extend(values.map(|value| value.trim_ascii().to_vec()));
        } else if let Some(at) = value.iter().position(|b| *b == b' ') {
            let token = value[at..].trim_ascii();
            if value[..at].eq_ignore_ascii_case(b"basic") {
                basic(token, &mut all);
            }
            all.push(token.to_vec());
        }
    }
    in_form(request.query(), &request.mount, &mut |value| {
        all.push(value.to_vec());
        true
    });
    all
}

/// True if what a signature is made with is a time, which anybody may write.
fn is_date(name: &str) -> bool {
    name.eq_ignore_ascii_case("x-amz-date") || name.eq_ignore_ascii_case("x-amz-expires")
}

/// True if a credential stood in the body of a scrubbed request.
pub(crate) fn is_given(request: &Request) -> bool {
    let mut given = false;
    in_body(request, &mut |value| {
        given |= value == REDACTED.as_bytes();
        !given
    });
    given
}

/// Gives the credentials of a form to `take`, until that has enough.
fn in_form(form: &str, mount: &str, take: &mut impl FnMut(&[u8]) -> bool) {
    for (name, value) in percent::pairs(form) {
        let written = percent::form_decoded(name);
        let name = Folded::of(written.as_bytes());
        if is_date(&written) {
            continue;
        }
        if name.class(NamePlace::Query) == NameClass::Credential || is_documented(mount, &name) {
            let decoded = percent::decoded_with_places(value).0;
            if !take(&decoded) || !take(value.as_bytes()) {
                return;
            }
        }
    }
}

/// Gives the credentials of a body to `take`, until that has enough.
fn in_body(request: &Request, take: &mut impl FnMut(&[u8]) -> bool) {
    let body = &request.body;
    match BodyKind::of(&request.headers, body) {
        BodyKind::Json => {
            for item in JsonValues::new(body, &[], &[]) {
                if let JsonElement::Value(value) = item
                    && value.class == NameClass::Credential
                    && !take(&body[value.range])
                {
                    return;
                }
            }
        }
        BodyKind::Form => in_form(std::str::from_utf8(body).unwrap_or_default(), &request.mount, take),
        BodyKind::Multipart => {
            let content_type = request.headers.text("content-type").unwrap_or_default();
            let parts = multipart::parse(content_type, body).unwrap_or_default();
            let mut secret = parts.into_iter().filter(|part| is_always_secret(&part.name) && !part.file);
            _ = secret.all(|part| take(&body[part.data]));
        }
        BodyKind::Empty | BodyKind::Other => {}
    }
}

/// `bytes` with every occurrence of a credential replaced by as many asterisks; none where there is no occurrence.
/// Short ones and words are not looked for.
#[must_use]
pub fn mask(bytes: &[u8], credentials: &[Bytes]) -> Option<Bytes> {
    let mut masked: Option<Vec<u8>> = None;
    for range in echoes(bytes, credentials) {
        masked.get_or_insert_with(|| bytes.to_vec())[range].fill(b'*');
    }
    masked.map(Bytes::from)
}

/// The places of credentials that can be told from ordinary words.
pub(crate) fn echoes<'a>(
    bytes: &'a [u8],
    credentials: &'a [Bytes],
) -> impl Iterator<Item = Range<usize>> + 'a {
    // The length first: a text is searched for nothing that is longer than itself.
    let distinctive = credentials.iter().filter(|credential| credential.len() <= bytes.len());
    let distinctive = distinctive.filter(|credential| is_distinctive(credential));
    distinctive.flat_map(|credential| occurrences(bytes, credential))
}

/// True if a value is long and random enough to be looked for anywhere: `lm-studio`, `not-needed-for-local-use` and
/// `my-llama3-server-key` are words, and words stand in answers.
pub(crate) fn is_distinctive(value: &[u8]) -> bool {
    value.len() >= SHORTEST && is_random(value)
}

/// True if a value can be a key: long, random, and of the letters that keys are made of. An id such as a UUID is none,
/// where nothing else says so.
pub(crate) fn looks_like_key(value: &[u8]) -> bool {
    let fits =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=');
    (20..=2048).contains(&value.len()) && value.iter().all(fits) && !is_uuid(value) && is_random(value)
}

/// True if a part of the value between separators is no word: long and with a digit in it, or changing between letters
/// and digits again and again.
fn is_random(value: &[u8]) -> bool {
    value.split(|b| !b.is_ascii_alphanumeric()).any(|part| {
        let changes =
            part.windows(2).filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit()).count();
        changes >= 1 && part.len() >= 16 || changes >= 3 && part.len() >= 8
    })
}

/// 8, 4, 4, 4 and 12 hexadecimal digits (RFC 9562).
fn is_uuid(value: &[u8]) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts = value.split(|b| *b == b'-');
    value.len() == 36
        && parts.zip(lengths).all(|(part, len)| part.len() == len && part.iter().all(u8::is_ascii_hexdigit))
}

/// True if a value is no mere word: letters and digits in one.
pub(crate) fn has_digits(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
        && !is_placeholder(value)
}

/// True if a value names the way in which it is a credential: `Bearer …`, `Basic …`.
pub(crate) fn has_scheme(value: &[u8]) -> bool {
    let (scheme, rest) = value.split_at(value.iter().position(|b| *b == b' ').unwrap_or(value.len()));
    let known = [&b"bearer"[..], b"basic", b"token", b"apikey"];
    let rest = rest.trim_ascii();
    known.iter().any(|known| scheme.eq_ignore_ascii_case(known)) && !rest.is_empty() && !rest.contains(&b' ')
}

/// True if a value stands for one that people fill in: `$API_KEY`, `{token}`, `<key>`, `YOUR_KEY`.
pub(crate) fn is_template(value: &[u8]) -> bool {
    matches!(value.first(), None | Some(b'$' | b'{' | b'<' | b'[' | b'%'))
        || value.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"your"))
}

/// True if a name is that of a credential on a mount, although somebody says that it is none.
pub(crate) fn cannot_be_public(mount: &str, name: &str) -> bool {
    let name = Folded::of(name.as_bytes());
    name.class(NamePlace::Query) == NameClass::Credential || is_documented(mount, &name)
}

/// True if a name is that of a credential wherever it stands.
pub(crate) fn is_always_secret(name: &str) -> bool {
    class(name.as_bytes(), NamePlace::Json) == NameClass::Credential
}

/// True if a value of a scrubbed body takes the place of a credential: it is no field.
pub(crate) fn was_given(name: &str, value: &[u8]) -> bool {
    value == REDACTED.as_bytes() && class(name.as_bytes(), NamePlace::Header) == NameClass::Credential
}

/// The shape of a placeholder.
static PLACEHOLDER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?-u)<[a-z][a-z0-9-]*-[0-9a-f]{8}>|redacted").ok());

/// The places of placeholders.
pub(crate) fn placeholder_ranges(text: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    PLACEHOLDER.iter().flat_map(|shape| shape.find_iter(text)).map(|there| there.range())
}

/// True if a value is a placeholder and nothing else.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    placeholder_ranges(value).next().is_some_and(|range| range == (0..value.len()))
}

/// True if a header of a request or an answer carries a credential.
#[must_use]
pub fn is_secret_header(name: &str) -> bool {
    class(name.as_bytes(), NamePlace::Header) == NameClass::Credential
}

fn basic(token: &[u8], all: &mut Vec<Vec<u8>>) {
    let Ok(pair) = STANDARD.decode(token) else { return };
    if let Some(password) = pair.splitn(2, |b| *b == b':').nth(1) {
        all.push(password.to_vec());
    }
    all.push(pair);
}

/// The places of `needle`, overlapping ones included.
pub(crate) fn occurrences<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
    let (mut from, finder) = (0, Finder::new(needle));
    std::iter::from_fn(move || {
        if needle.is_empty() {
            return None;
        }
        let at = from + finder.find(bytes.get(from..)?)?;
        from = at + 1;
        Some(at..at + needle.len())
    })
}

static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u)[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}").ok()
});

static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let shapes = [
        r"sk[-_][A-Za-z0-9_-]{16,}",
        r"[rp]k_(?:live|test)_[A-Za-z0-9]{16,}",
        r"AIza[0-9A-Za-z_-]{30,}",
        r"gh[pousr]_[A-Za-z0-9]{20,}",
        r"github_pat_[A-Za-z0-9_]{20,}",
        r"glpat-[A-Za-z0-9_-]{16,}",
        r"(?:AKIA|ASIA)[0-9A-Z]{16}",
        r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"(?:hf|gsk|r8|xai|pplx|fw|nvapi|csk|ek)[_-][A-Za-z0-9]{20,}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s]*-----END [A-Z ]*PRIVATE KEY-----",
        r"[Bb][Ee][Aa][Rr][Ee][Rr][ \t]+(?P<token>[A-Za-z0-9._~+/-]{12,}=*)",
        // Who knows the address of a webhook may post there.
        r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
        r"discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{20,}",
        r"bot[0-9]{8,}:[A-Za-z0-9_-]{30,}",
        // Who has a presigned link has the file: its signature is a key.
        r"[?&](?:[Xx]-(?:[Aa]mz|[Gg]oog)-)?(?:[Ss]ig|[Ss]ignature|[Ss]ecurity-[Tt]oken)=(?P<signature>[A-Za-z0-9%+/_.~-]{16,}=*)",
    ];
    Regex::new(&format!("(?-u){}", shapes.join("|"))).ok()
});

/// A JSON web token. It stands by itself: one that begins and never ends is looked for up to the end of the text, and among
/// the other shapes that would happen once for each of them.
static TOKEN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?-u)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}").ok());

/// The signs of any secret, or of an escape that may hide it: texts without are not searched.
static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let hints = "@|sk[-_]|[rp]k_|AIza|gh[pousr]_|github_pat_|glpat-|AKIA|ASIA|xox|hf[_-]|gsk[_-]|r8[_-]|xai[_-]\
        |pplx[_-]|fw[_-]|nvapi[_-]|csk[_-]|ek[_-]|eyJ|PRIVATE KEY|hooks\\.slack|/webhooks/|bot[0-9]|(?i:key|token|secret|authorization|cookie):|[Ss]ig|[Tt]oken=|[Bb][Ee][Aa][Rr][Ee][Rr]|\\\\[u/]|%[2-7]";
    Regex::new(&format!("(?-u){hints}")).ok()
});

/// True if a search can find anything in `bytes`. Never wrong when it says no.
pub(crate) fn suspicious(bytes: &[u8], own: &[Bytes]) -> bool {
    HINT.as_ref().is_none_or(|hint| hint.is_match(bytes)) || echoes(bytes, own).next().is_some()
}

/// The secrets in a decoded text, in order, not overlapping. `own` are the request's own credentials.
pub(crate) fn find(
    text: &[u8],
    own: &[Bytes],
    emails: bool,
    effort: &Effort,
) -> Vec<(Range<usize>, SecretKind)> {
    let mut found: Vec<(Range<usize>, SecretKind)> = Vec::new();
    found.extend(echoes(text, own).take(effort.enough()).map(|range| (range, SecretKind::Key)));
    for captures in
        [&KEY, &TOKEN].into_iter().flat_map(|key| key.iter()).flat_map(|key| key.captures_iter(text))
    {
        if !effort.look() {
            return found;
        }
        let Some(whole) = captures.get(0) else { continue };
        let (range, fits) = match (captures.name("token"), captures.name("signature")) {
            (Some(token), _) => (token.range(), looks_random(token.as_bytes())),
            (None, Some(signature)) => (signature.range(), true),
            (None, None) => (whole.range(), stands_alone(text, &whole.range())),
        };
        if fits {
            found.push((range, SecretKind::Key));
        }
    }
    if emails {
        let all = EMAIL.iter().flat_map(|email| email.find_iter(text));
        // Behind the placeholder of a link's password stands its host.
        let all = all.filter(|email| !email.as_bytes().starts_with(b"redacted@"));
        found.extend(all.take(effort.enough()).map(|email| (email.range(), SecretKind::Email)));
    }
    found.sort_by(|(a, _), (b, _)| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));
    let mut end = 0;
    found.retain(|(range, _)| {
        let apart = range.start >= end;
        end = if apart { range.end } else { end };
        apart
    });
    found
}

/// Test for a token: behind the word `Bearer` stands prose more often.
fn looks_random(token: &[u8]) -> bool {
    token.len() >= 24 || token.iter().any(u8::is_ascii_digit)
}

/// True if a match is neither the end of a longer word nor a piece of base64 that looks like a key by chance.
fn stands_alone(text: &[u8], range: &Range<usize>) -> bool {
    let base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    if text[..range.start].last().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
        return false;
    }
    if !text[range.clone()].iter().all(base64) {
        return true;
    }
    let before = text[..range.start].iter().rev().take(256).take_while(|b| base64(b)).count();
    let behind = text[range.end..].iter().take(256).take_while(|b| base64(b)).count();
    before + behind < 128
}

#[cfg(test)]
#[path = "secret_tests.rs"]
mod tests;
