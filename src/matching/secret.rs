//! Credentials and personal data: where a request carries them, and what they look like in text.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use regex::bytes::Regex;

use super::query;
use crate::model::Request;

/// What stands in place of a credential in a query, the same for all: keys differ between people, and a recording
/// answers all of them.
pub(super) const REDACTED: &str = "redacted";

/// Headers whose values are credentials.
const HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "apikey",
    "x-goog-api-key",
    "cookie",
    "x-amz-security-token",
    "x-auth-token",
    "x-access-token",
    "ocp-apim-subscription-key",
    "xi-api-key",
    "x-key",
];
/// Shorter ones are not looked for elsewhere: they would be found by chance.
const SHORTEST: usize = 8;

/// What a found secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Email,
    Key,
    /// The configuration's own, by its place.
    Pattern(usize),
}

/// The secret values that a request carries in headers and query: whole values, tokens without their scheme,
/// user name and password of basic authentication. Longest first. They live in memory only.
#[must_use]
pub fn credentials(request: &Request) -> Vec<Bytes> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for (name, value) in request.headers.iter().filter(|(name, _)| is_secret_header(name)) {
        let value = value.trim_ascii();
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
    for (name, value) in
        query::raw(request.query()).filter(|(name, _)| query::is_secret(&query::decoded(name)))
    {
        let harmless = name.to_ascii_lowercase().starts_with("x-amz-") && value.len() <= 16;
        if value != REDACTED && !harmless {
            all.push(query::percent_decoded(value).0);
            all.push(value.as_bytes().to_vec());
        }
    }
    all.retain(|value| value.len() >= SHORTEST);
    all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    all.dedup();
    all.into_iter().map(Bytes::from).collect()
}

/// `bytes` with every occurrence of a credential replaced by as many asterisks; none where there is no occurrence.
/// Credentials of less than 8 bytes are not looked for.
#[must_use]
pub fn mask(bytes: &[u8], credentials: &[Bytes]) -> Option<Bytes> {
    let mut masked: Option<Vec<u8>> = None;
    for credential in credentials.iter().filter(|credential| credential.len() >= SHORTEST) {
        for range in occurrences(bytes, credential) {
            masked.get_or_insert_with(|| bytes.to_vec())[range].fill(b'*');
        }
    }
    masked.map(Bytes::from)
}

/// Whether a header of this name (lower case) carries a credential.
pub(super) fn is_secret_header(name: &str) -> bool {
    let endings = ["-api-key", "-token", "-secret", "-password"];
    HEADERS.contains(&name) || endings.iter().any(|ending| name.ends_with(ending))
}

fn basic(token: &[u8], all: &mut Vec<Vec<u8>>) {
    let Ok(pair) = STANDARD.decode(token) else { return };
    if let Some(password) = pair.splitn(2, |b| *b == b':').nth(1) {
        all.push(password.to_vec());
    }
    all.push(pair);
}

/// Where `needle` occurs, overlapping ones included.
fn occurrences<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let first = *needle.first()?;
        loop {
            let at = from + bytes.get(from..)?.iter().position(|b| *b == first)?;
            from = at + 1;
            if bytes[at..].starts_with(needle) {
                return Some(at..at + needle.len());
            }
        }
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
        r"(?:hf|gsk|r8|xai|pplx)[_-][A-Za-z0-9]{20,}",
        r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s]*-----END [A-Z ]*PRIVATE KEY-----",
        r"[Bb][Ee][Aa][Rr][Ee][Rr][ \t]+(?P<token>[A-Za-z0-9._~+/-]{12,}=*)",
        // Who has a presigned link has the file: its signature is a key.
        r"[?&](?:[Xx]-(?:[Aa]mz|[Gg]oog)-)?(?:[Ss]ig|[Ss]ignature|[Ss]ecurity-[Tt]oken)=(?P<signature>[A-Za-z0-9%+/_.~-]{16,}=*)",
    ];
    Regex::new(&format!("(?-u){}", shapes.join("|"))).ok()
});

/// What any secret has in it, or an escape that may hide it: texts without are not searched.
static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let hints = "@|sk[-_]|[rp]k_|AIza|gh[pousr]_|github_pat_|glpat-|AKIA|ASIA|xox|hf[_-]|gsk[_-]|r8[_-]|xai[_-]\
        |pplx[_-]|eyJ|PRIVATE KEY|[Ss]ig|[Tt]oken=|[Bb][Ee][Aa][Rr][Ee][Rr]|\\\\[u/]|%[2-7]";
    Regex::new(&format!("(?-u){hints}")).ok()
});

/// Whether a search can find anything in `bytes`. Never wrong when it says no.
pub(super) fn suspicious(bytes: &[u8], own: &[Bytes]) -> bool {
    HINT.as_ref().is_none_or(|hint| hint.is_match(bytes))
        || own.iter().any(|credential| occurrences(bytes, credential).next().is_some())
}

/// The secrets in a decoded text, in order, not overlapping. `own` are the request's own credentials.
pub(super) fn find(text: &[u8], own: &[Bytes], emails: bool) -> Vec<(Range<usize>, Kind)> {
    let mut found: Vec<(Range<usize>, Kind)> = Vec::new();
    for credential in own {
        found.extend(occurrences(text, credential).map(|range| (range, Kind::Key)));
    }
    for captures in KEY.iter().flat_map(|key| key.captures_iter(text)) {
        let Some(whole) = captures.get(0) else { continue };
        let (range, fits) = match (captures.name("token"), captures.name("signature")) {
            (Some(token), _) => (token.range(), looks_random(token.as_bytes())),
            (None, Some(signature)) => (signature.range(), true),
            (None, None) => (whole.range(), stands_alone(text, &whole.range())),
        };
        if fits {
            found.push((range, Kind::Key));
        }
    }
    if emails {
        let all = EMAIL.iter().flat_map(|email| email.find_iter(text));
        found.extend(all.map(|email| (email.range(), Kind::Email)));
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

/// Behind the word `Bearer` stands prose more often than a token.
fn looks_random(token: &[u8]) -> bool {
    token.len() >= 24 || token.iter().any(u8::is_ascii_digit)
}

/// Whether a match is neither the end of a longer word nor a piece of base64 that looks like a key by chance.
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
mod tests {
    use super::*;
    use crate::model::Headers;

    #[test]
    fn credentials_are_found_in_headers_and_query() {
        let request = Request {
            target: "/v1/x?key=AIzaSecret%2B1&b=2&sig=short".into(),
            headers: Headers::from_iter([
                ("authorization", "Basic dXNlcjpzM2NyZXQtcGFzcw=="),
                ("x-api-key", "sk-ant-12345"),
                ("cookie", "a=session-1234; b=1"),
                ("accept", "text/long-enough"),
            ]),
            ..Request::default()
        };
        let found = credentials(&request);
        for wanted in [
            "s3cret-pass",
            "user:s3cret-pass",
            "sk-ant-12345",
            "session-1234",
            "AIzaSecret+1",
            "AIzaSecret%2B1",
        ] {
            assert!(found.iter().any(|c| c == wanted.as_bytes()), "{wanted}");
        }
        assert!(!found.iter().any(|c| c == "short" || c == "text/long-enough" || c == "b=1"));
        let bearer = Request {
            headers: Headers::from_iter([("authorization", "Bearer sk-1234")]),
            ..Request::default()
        };
        assert_eq!(credentials(&bearer), ["Bearer sk-1234"]);
        let bearer = Request {
            headers: Headers::from_iter([("authorization", "bearer  sk-12345678")]),
            ..Request::default()
        };
        assert!(credentials(&bearer).contains(&Bytes::from("sk-12345678")));
    }

    #[test]
    fn echoes_are_masked_in_the_same_length() {
        let credentials = [Bytes::from("secret-1234"), Bytes::from("short")];
        assert_eq!(
            mask(b"a secret-1234, secret-1234 short", &credentials).unwrap(),
            "a ***********, *********** short"
        );
        assert_eq!(mask(b"nothing", &credentials), None);
        assert_eq!(mask(b"aaaaaaaaa", &[Bytes::from("aaaaaaaa")]).unwrap(), "*********");
        assert_eq!(mask(b"", &[Bytes::new()]), None);
    }

    #[test]
    fn keys_are_known_by_their_shape_and_words_and_base64_are_left() {
        let kinds = |text: &str| {
            find(text.as_bytes(), &[], true)
                .iter()
                .map(|(r, _)| text[r.clone()].to_owned())
                .collect::<Vec<_>>()
        };
        for key in [
            "sk-proj-abcdefghij0123456789",
            "sk-ant-api03-abcdefghijklmn",
            "AIzaSyA1234567890abcdefghijklmnopqrstuv",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "AKIAIOSFODNN7EXAMPLE",
            "xoxb-123456789012-abc",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_def-123",
            "jane.doe+x@mail.example.com",
        ] {
            assert_eq!(kinds(&format!("see {key}, please")), [key]);
            assert!(suspicious(key.as_bytes(), &[]), "{key}");
        }
        assert_eq!(kinds("Authorization: Bearer abc123def456ghi"), ["abc123def456ghi"]);
        let signed = "https://bucket.example/cat.png?X-Amz-Date=1&X-Amz-Signature=0123456789abcdef0123&x=1";
        assert_eq!(kinds(signed), ["0123456789abcdef0123"]);
        assert_eq!(kinds("https://cdn.example/a?sig=AbCdEf0123456789%2B%3D"), ["AbCdEf0123456789%2B%3D"]);
        for plain in [
            "a task-force-of-many-people",
            "bearer of bad news",
            "@app.route",
            "a@b",
            "Bearer certificate-based",
            "?sig=short&design=abcdefghijklmnopqrst",
            "risk-abcdefghijklmnopqrst",
        ] {
            assert_eq!(kinds(plain), [] as [String; 0], "{plain}");
        }
        let chance = format!("{}AKIAIOSFODNN7EXAMPLE{}", "/Ab+".repeat(40), "x".repeat(99));
        assert_eq!(kinds(&chance), [] as [String; 0]);
    }
}
