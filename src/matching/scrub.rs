//! Scrubbing: from a request as it came to one that may be stored. The only way to a [`Scrubbed`] request.
//!
//! Incoming requests go through the same door before they are compared, so scrubbing never breaks a match. Only what
//! is found is replaced, in place: all other bytes of the body stay as they are.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use hmac::{Hmac, Mac};
use regex::bytes::Regex;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::body_kind::BodyKind;
use super::secret::{self, Kind, REDACTED, credentials, find};
use super::{json, multipart, query, value};
use crate::dialect::decoded;
use crate::model::{Headers, KEPT_HEADERS, Request, Scrubbed};

/// How often a text is searched: a replacement can lay bare what stood directly behind it.
const PASSES: usize = 16;

/// What placeholders are derived from. It travels with a store and its fixtures, so that the same address gets the
/// same placeholder everywhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

/// Makes requests storable.
#[derive(Clone, Debug)]
pub struct Scrubber {
    salt: Salt,
    keep_personal: bool,
    patterns: Arc<[(String, Regex)]>,
    /// Headers that a configuration compares, so that they are kept.
    headers: Arc<[String]>,
}

/// Personal data of a project's own kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrubPattern {
    /// The word in the placeholders: small letters, digits and `-`.
    pub name: String,
    /// A regular expression for what is replaced.
    pub pattern: String,
}

/// How a found secret is written into its surroundings.
#[derive(Clone, Copy)]
enum Coat {
    Plain,
    Percent,
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl Scrubber {
    /// A scrubber. With `keep_personal` email addresses stay; credentials never do.
    #[must_use]
    pub fn new(salt: Salt, keep_personal: bool) -> Self {
        Self { salt, keep_personal, patterns: Arc::default(), headers: Arc::default() }
    }

    /// The same scrubber, which keeps these headers (lower case) as well.
    #[must_use]
    pub fn keeping(self, headers: &Arc<[String]>) -> Self {
        Self { headers: Arc::clone(headers), ..self }
    }

    fn keeps(&self, name: &str) -> bool {
        KEPT_HEADERS.contains(&name) || self.headers.iter().any(|own| own == name)
    }

    /// The same scrubber, which replaces what these patterns find as well.
    ///
    /// # Errors
    /// The place of a pattern that cannot be, and a sentence about it.
    pub fn with_patterns(mut self, patterns: &[ScrubPattern]) -> Result<Self, (usize, String)> {
        let compiled = patterns.iter().enumerate().map(|(at, ScrubPattern { name, pattern })| {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if name.is_empty()
                || !name.bytes().all(fits)
                || !name.starts_with(|c: char| c.is_ascii_lowercase())
            {
                return Err((at, format!("the name `{name}` must be of small letters, digits and -")));
            }
            let found = Regex::new(pattern).map_err(|error| (at, format!("`{pattern}`: {error}")))?;
            if found.is_match(b"") {
                return Err((
                    at,
                    format!("the pattern `{pattern}` finds the empty text; let it find something"),
                ));
            }
            Ok((name.clone(), found))
        });
        self.patterns = compiled.collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// The request without credentials, with the headers on the list only, and with placeholders for email addresses
    /// and everything that looks like a key. A compressed body in which something is found is stored uncompressed.
    #[must_use]
    pub fn scrub(&self, request: &Request) -> Scrubbed {
        let own = credentials(request);
        let (body, plain) = self.body(request, &own);
        let mut headers = Headers::default();
        for (name, value) in request.headers.iter().filter(|(name, _)| self.keeps(name)) {
            if plain && name == "content-encoding" {
                continue;
            }
            let kept = name.starts_with("content-");
            let scrubbed = if kept { None } else { self.text(value, &own, Coat::Plain) };
            headers.push(name, scrubbed.map_or_else(|| value.clone(), Bytes::from));
        }
        Scrubbed::vouched(Request {
            method: request.method.clone(),
            mount: request.mount.clone(),
            target: self.target(request, &own),
            headers,
            body,
        })
    }

    /// A sentence about a request, without what [`Scrubber::scrub`] would take out of the request itself.
    #[must_use]
    pub fn sentence(&self, text: &str, request: &Request) -> String {
        let scrubbed = self.text(text.as_bytes(), &credentials(request), Coat::Plain);
        scrubbed.map_or_else(|| text.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn target(&self, request: &Request, own: &[Bytes]) -> String {
        let path = self.percent(request.path(), own);
        match request.target.split_once('?') {
            Some((_, query)) => format!("{path}?{}", self.query(query, own)),
            None => path,
        }
    }

    /// A query or a form: credentials by the parameter's name, all else by its looks.
    fn query(&self, query: &str, own: &[Bytes]) -> String {
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() && query::is_secret(&query::decoded(name)) => {
                format!("{name}={REDACTED}")
            }
            _ => pair.to_owned(),
        };
        let pairs: Vec<String> = query.split('&').map(pair).collect();
        self.percent(&pairs.join("&"), own)
    }

    fn percent(&self, text: &str, own: &[Bytes]) -> String {
        let scrubbed = self.text(text.as_bytes(), own, Coat::Percent);
        scrubbed.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
    }

    /// The body, and whether its content encoding is gone.
    fn body(&self, request: &Request, own: &[Bytes]) -> (Bytes, bool) {
        let same = || (request.body.clone(), false);
        let Some(body) = decoded(&request.headers, &request.body) else { return same() };
        let mut current: Option<Vec<u8>> = None;
        for _ in 0..PASSES {
            let body = current.as_deref().unwrap_or(&body);
            if !secret::suspicious(body, own) && !self.patterns.iter().any(|(_, found)| found.is_match(body))
            {
                break;
            }
            let Some(next) = self.pass(&request.headers, body, own) else { break };
            current = Some(next);
        }
        let was_encoded = matches!(body, std::borrow::Cow::Owned(_));
        current.map_or_else(same, |bytes| (Bytes::from(bytes), was_encoded))
    }

    /// One search through a body; none where nothing was found.
    fn pass(&self, headers: &Headers, body: &[u8], own: &[Bytes]) -> Option<Vec<u8>> {
        let kind = BodyKind::of(headers, body);
        if kind == BodyKind::Multipart
            && let Ok(parts) = multipart::parse(headers.text("content-type").unwrap_or_default(), body)
        {
            let ranges = parts.into_iter().flat_map(|part| [part.head, part.data]);
            return splice(
                body,
                ranges.filter_map(|range| Some((range.clone(), self.textual(&body[range], own)?))),
            );
        }
        if kind == BodyKind::Form
            && let Ok(form) = std::str::from_utf8(body)
        {
            let scrubbed = self.query(form, own);
            return (scrubbed != form).then(|| scrubbed.into_bytes());
        }
        self.textual(body, own).or_else(|| {
            let binary = std::str::from_utf8(body).is_err();
            binary.then(|| secret::mask(body, own)).flatten().map(Vec::from)
        })
    }

    /// A text, JSON or not; binary data is left alone.
    fn textual(&self, text: &[u8], own: &[Bytes]) -> Option<Vec<u8>> {
        std::str::from_utf8(text).ok()?;
        if !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) {
            return if is_media(text) { None } else { self.once(text, own, Coat::Plain) };
        }
        let tokens = strings(text).filter_map(|range| Some((range.clone(), self.string(&text[range], own)?)));
        splice(text, tokens).or_else(|| {
            let invalid = json::parse(text) == Err(json::Flaw::Invalid);
            invalid.then(|| self.once(text, own, Coat::Plain)).flatten()
        })
    }

    /// The content of a JSON string, escapes and all.
    fn string(&self, raw: &[u8], own: &[Bytes]) -> Option<Vec<u8>> {
        if is_media(raw) {
            return None;
        }
        let unescaped =
            if raw.contains(&b'\\') { json::unescape(std::str::from_utf8(raw).ok()?) } else { None };
        let Some(unescaped) = unescaped else { return self.once(raw, own, Coat::Plain) };
        let found = self.find(unescaped.text.as_bytes(), own);
        let pieces = found.into_iter().map(|(range, kind)| {
            let placeholder = self.placeholder(kind, &unescaped.text.as_bytes()[range.clone()]);
            (before(&unescaped.map, range.start)..before(&unescaped.map, range.end), placeholder.into_bytes())
        });
        splice(raw, pieces)
    }

    /// What is to be replaced in a text: credentials and personal data first, then what the patterns find beside them.
    /// Placeholders that stand there already are left alone.
    fn find(&self, text: &[u8], own: &[Bytes]) -> Vec<(Range<usize>, Kind)> {
        let mut found = find(text, own, !self.keep_personal);
        if self.patterns.is_empty() {
            return found;
        }
        let mut taken: Vec<Range<usize>> = found.iter().map(|(range, _)| range.clone()).collect();
        taken.extend(PLACEHOLDER.iter().flat_map(|shape| shape.find_iter(text)).map(|there| there.range()));
        for (nth, (_, pattern)) in self.patterns.iter().enumerate() {
            for there in pattern.find_iter(text).filter(|there| !there.is_empty()) {
                let apart = |range: &Range<usize>| range.end <= there.start() || there.end() <= range.start;
                if taken.iter().all(apart) {
                    taken.push(there.range());
                    found.push((there.range(), Kind::Pattern(nth)));
                }
            }
        }
        found.sort_by_key(|(range, _)| range.start);
        found
    }

    /// A short text, searched until nothing is found.
    fn text(&self, text: &[u8], own: &[Bytes], coat: Coat) -> Option<Vec<u8>> {
        let mut current = self.once(text, own, coat)?;
        for _ in 1..PASSES {
            let Some(next) = self.once(&current, own, coat) else { break };
            current = next;
        }
        Some(current)
    }

    fn once(&self, text: &[u8], own: &[Bytes], coat: Coat) -> Option<Vec<u8>> {
        let Coat::Percent = coat else {
            let found = self.find(text, own);
            let place = |(range, kind): (Range<usize>, Kind)| {
                (range.clone(), self.placeholder(kind, &text[range]).into_bytes())
            };
            return splice(text, found.into_iter().map(place));
        };
        let (decoded, map) = query::percent_decoded(std::str::from_utf8(text).ok()?);
        let pieces = self.find(&decoded, own).into_iter().map(|(range, kind)| {
            let placeholder =
                self.placeholder(kind, &decoded[range.clone()]).replace('<', "%3C").replace('>', "%3E");
            (before(&map, range.start)..before(&map, range.end), placeholder.into_bytes())
        });
        splice(text, pieces)
    }

    /// `<email-1a2b3c4d>`, `<key-1a2b3c4d>`: the same for the same value under the same salt.
    fn placeholder(&self, kind: Kind, value: &[u8]) -> String {
        let word = match kind {
            Kind::Email => "email",
            Kind::Key => "key",
            Kind::Pattern(nth) => self.patterns.get(nth).map_or("", |(name, _)| name),
        };
        let tag = <Hmac<Sha256> as Mac>::new_from_slice(&self.salt.0).map_or([0; 4], |mac| {
            let digest = mac.chain_update(value).finalize().into_bytes();
            [digest[0], digest[1], digest[2], digest[3]]
        });
        format!("<{word}-{:08x}>", u32::from_be_bytes(tag))
    }
}

/// The placeholders in a request: what stood there is gone. `redacted`, which stands for credentials, is none: those are
/// sent anew.
#[must_use]
pub fn placeholders(request: &Request) -> Vec<String> {
    let Some(pattern) = &*PLACEHOLDER else { return Vec::new() };
    let texts = [request.target.as_bytes(), &request.body];
    let found = texts.into_iter().flat_map(|text| pattern.find_iter(text));
    let mut found: Vec<_> =
        found.map(|found| String::from_utf8_lossy(found.as_bytes()).into_owned()).collect();
    found.retain(|found| found.starts_with('<'));
    found.sort();
    found.dedup();
    found
}

/// What a placeholder looks like.
static PLACEHOLDER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?-u)<[a-z][a-z0-9-]*-[0-9a-f]{8}>|redacted").ok());

/// Where an offset of the decoded text stands in the raw one.
fn before(map: &[(usize, usize)], offset: usize) -> usize {
    match map.partition_point(|(decoded, _)| *decoded <= offset).checked_sub(1).and_then(|at| map.get(at)) {
        Some((decoded, raw)) => raw + (offset - decoded),
        None => offset,
    }
}

/// `bytes` with the ranges (in order, apart) replaced; none without ranges.
fn splice(bytes: &[u8], pieces: impl Iterator<Item = (Range<usize>, Vec<u8>)>) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    let mut at = 0;
    for (range, piece) in pieces {
        let out = out.get_or_insert_with(|| Vec::with_capacity(bytes.len()));
        out.extend_from_slice(&bytes[at..range.start]);
        out.extend_from_slice(&piece);
        at = range.end;
    }
    out.as_mut()?.extend_from_slice(&bytes[at..]);
    out
}

/// The contents of all strings of a JSON text, keys included. It looks at quotes and backslashes only, so it works
/// at any depth and on broken texts.
fn strings(text: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text.get(at..)?.iter().position(|b| *b == b'"')? + 1;
        let mut end = start;
        while let Some(byte) = text.get(end).filter(|b| **b != b'"') {
            end += if *byte == b'\\' { 2 } else { 1 };
        }
        let end = end.min(text.len());
        at = end + 1;
        Some(start..end)
    })
}

/// Whether a text is a data URI or base64 all through.
fn is_media(text: &[u8]) -> bool {
    let is_data = |rest: &[u8]| {
        let comma = rest.iter().take(256).position(|b| *b == b',');
        comma.is_some_and(|at| rest[..at].ends_with(b";base64") && value::is_base64(&rest[at + 1..]))
    };
    text.strip_prefix(b"data:").map_or_else(|| text.len() >= 256 && value::is_base64(text), is_data)
}
