//! Scrubbing: from a request as it came to one that may be stored. The only way to a [`Scrubbed`] request.
//!
//! Incoming requests go through the same door before they are compared, so scrubbing never breaks a match. Only what
//! is found is replaced, in place: all other bytes of the body stay as they are.

use std::ops::Range;

use bytes::Bytes;

use super::effort::Effort;
use super::scrubber::Scrubber;
use super::search::{ByPlace, ScrubEdit, SecretSearch, is_media, of_percent};
use super::secret;
use super::secret::credentials;
use super::secret_name::{Folded, REDACTED};
use super::withheld;
use super::withheld::WithheldReason;
use crate::model::{Headers, Request, Scrubbed};
use crate::wire::body_kind::BodyKind;
use crate::wire::content_coding::decoded;
use crate::wire::multipart;

/// Limit of searches in one text: a replacement can lay bare what stood directly behind it.
pub(crate) const PASSES: usize = 16;

impl Scrubber {
    /// The request without credentials, with the headers on the list only, and with placeholders for email addresses
    /// and everything that looks like a key. A compressed body in which something is found is stored uncompressed.
    #[must_use]
    pub fn scrub(&self, request: &Request) -> Scrubbed {
        let mut own = secret::credentials_of_head(request);
        let mut scrubbed = scrubbed_body(request, self, &own);
        // Most bodies hold no credential, and looking for one takes as long as reading the body.
        if matches!(scrubbed, Ok(Some(_))) {
            own = credentials(request);
            scrubbed = if secret::has_countless_credentials(request) {
                Err(WithheldReason::Unsearched)
            } else {
                scrubbed_body(request, self, &own)
            };
        }
        let effort = Effort::of_request();
        let search = SecretSearch::new(self, &request.mount, &own, &effort);
        let (body, plain) = match scrubbed {
            Ok(Some(scrubbed)) => scrubbed,
            Ok(None) => (request.body.clone(), false),
            Err(withheld) => (withheld.placeholder(self, &request.body).into(), false),
        };
        let mut headers = Headers::default();
        for (name, value) in request.headers.iter().filter(|(name, _)| self.keeps(name)) {
            if plain && name == "content-encoding" {
                continue;
            }
            let kept = name.starts_with("content-");
            let scrubbed = if kept { None } else { repeated(value, |value| search.plain(value)) };
            headers.push(name, scrubbed.map_or_else(|| value.clone(), Bytes::from));
        }
        Scrubbed::vouched(Request {
            method: request.method.clone(),
            mount: request.mount.clone(),
            target: target(&request.target, search),
            headers,
            body,
        })
    }

    /// A sentence about a request, without what [`Scrubber::scrub`] would take out of the request itself.
    #[must_use]
    pub fn sentence(&self, text: &str, request: &Request) -> String {
        let own = credentials(request);
        let effort = Effort::of_request();
        let search = SecretSearch::new(self, &request.mount, &own, &effort);
        let scrubbed = repeated(text.as_bytes(), |text| search.plain(text));
        scrubbed.map_or_else(|| text.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A target as it may be stored: the path by its looks, the query by its names.
fn target(target: &str, search: SecretSearch<'_>) -> String {
    let scrubbed = repeated(target.as_bytes(), |target| {
        let Ok(target) = std::str::from_utf8(target) else { return Vec::new() };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut edits = of_percent(path, 0, |path| search.plain(path));
        let behind = path.len() + 1;
        edits.extend(search.query(query).into_iter().map(|(range, edit)| (moved(&range, behind), edit)));
        edits
    });
    scrubbed.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| target.to_owned())
}

/// The body, and whether its content encoding is gone; none where nothing is to be replaced. `own` are the credentials that
/// are looked for everywhere.
fn scrubbed_body(
    request: &Request,
    scrubber: &Scrubber,
    own: &[Bytes],
) -> Result<Option<(Bytes, bool)>, WithheldReason> {
    if withheld::reason(&request.body).is_some() {
        return Ok(None);
    }
    let effort = Effort::of_request();
    let search = SecretSearch::new(scrubber, &request.mount, own, &effort);
    let body = decoded(&request.headers, &request.body).ok_or(WithheldReason::Undecoded)?;
    let found = repeated(&body, |body| pass(&request.headers, body, search.over(body)));
    if effort.is_spent() {
        return Err(WithheldReason::Unsearched);
    }
    let binary = found.is_none() && std::str::from_utf8(&body).is_err();
    let found = found.or_else(|| secret::mask(&body, search.own).filter(|_| binary).map(Vec::from));
    let was_encoded = matches!(body, std::borrow::Cow::Owned(_));
    Ok(found.map(|body| (Bytes::from(body), was_encoded)))
}

/// The edits in a body.
fn pass(headers: &Headers, body: &[u8], search: SecretSearch<'_>) -> Vec<ScrubEdit> {
    match BodyKind::of(headers, body) {
        BodyKind::Multipart => {
            let content_type = headers.text("content-type").unwrap_or_default();
            let Ok(parts) = multipart::parse(content_type, body) else { return search.text(body) };
            parts.into_iter().flat_map(|part| of_part(body, part, search)).collect()
        }
        BodyKind::Form => match std::str::from_utf8(body) {
            Ok(form) => search.query(form),
            Err(_) => Vec::new(),
        },
        _ if std::str::from_utf8(body).is_err() => search.json(body),
        _ => search.text(body),
    }
}

/// The edits in a part: by its name, else by its content. Of a file the name tells only what never is anything else.
fn of_part(body: &[u8], part: multipart::MultipartPart, search: SecretSearch<'_>) -> Vec<ScrubEdit> {
    let data = &body[part.data.clone()];
    let mut edits: Vec<_> = inside(&part.head, search.plain(&body[part.head.clone()])).collect();
    if std::str::from_utf8(data).is_err() || is_media(data) {
        return edits;
    }
    let name = Folded::of(part.name.as_bytes());
    let named = !part.file || secret::is_always_secret(&part.name);
    match if named { search.parameter(&name, data) } else { ByPlace::Unknown } {
        ByPlace::Replaced(edit) => edits.push((part.data, edit)),
        ByPlace::Kept => {}
        ByPlace::Unknown => edits.extend(inside(&part.data, search.text(data))),
    }
    edits
}

/// Edits of a part of a text as edits of the text.
fn inside(range: &Range<usize>, edits: Vec<ScrubEdit>) -> impl Iterator<Item = ScrubEdit> + use<> {
    let start = range.start;
    edits.into_iter().map(move |(range, edit)| (moved(&range, start), edit))
}

fn moved(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// A text, searched until nothing is found: a replacement can lay bare what stood directly behind it. None where nothing
/// was found.
pub(crate) fn repeated(text: &[u8], search: impl Fn(&[u8]) -> Vec<ScrubEdit>) -> Option<Vec<u8>> {
    let mut current: Option<Vec<u8>> = None;
    for _ in 0..PASSES {
        let text = current.as_deref().unwrap_or(text);
        let edits = search(text);
        if edits.is_empty() {
            break;
        }
        current = Some(spliced(text, &edits));
    }
    current
}

/// `bytes` with the ranges of the edits (in order, apart) replaced.
pub(crate) fn spliced(bytes: &[u8], edits: &[ScrubEdit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for (range, edit) in edits {
        out.extend_from_slice(&bytes[at..range.start]);
        out.extend_from_slice(edit.as_bytes());
        at = range.end;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

/// The placeholders in a request: what stood there is gone. `redacted` in a body is one of them; in headers and queries it
/// is none, because the keys that belong there are sent anew.
#[must_use]
pub fn placeholders(request: &Request) -> Vec<String> {
    let texts = [request.target.as_bytes(), &request.body];
    let ranges = texts.into_iter().flat_map(|text| secret::placeholder_ranges(text).map(move |at| &text[at]));
    let mut found: Vec<_> = ranges.map(|found| String::from_utf8_lossy(found).into_owned()).collect();
    found.retain(|found| found.starts_with('<'));
    found.extend(secret::is_given(request).then(|| REDACTED.to_owned()));
    found.sort();
    found.dedup();
    found
}
