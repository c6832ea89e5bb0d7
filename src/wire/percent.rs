//! Percent coding (RFC 3986, section 2.1), and the pairs of queries and forms (WHATWG URL, section 5).

use std::borrow::Cow;

/// Percent-decoded, or as it is where that gives no UTF-8.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap_or(Cow::Borrowed(text))
}

/// Names and values as sent, in order.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Percent-decoded with `+` as a space; as sent, escapes in upper case, where that gives no UTF-8.
pub(crate) fn form_decoded(text: &str) -> String {
    String::from_utf8(decoded_with_places(&text.replace('+', " ")).0)
        .unwrap_or_else(|_| text.to_ascii_uppercase())
}

/// Percent-decoded bytes, and (offset decoded, offset raw) at the start of each escape and behind it.
pub(crate) fn decoded_with_places(text: &str) -> (Vec<u8>, Vec<(usize, usize)>) {
    let raw = text.as_bytes();
    let (mut out, mut map) = (Vec::with_capacity(raw.len()), Vec::new());
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        if let Some(byte) = escape(&raw[at..]) {
            map.push((out.len(), at));
            out.push(byte);
            at += 3;
            map.push((out.len(), at));
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    (out, map)
}

/// The byte of an escape (`%41`) at the front of `raw`; `None` where none stands there.
pub(crate) fn escape(raw: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*raw.get(at)?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    (raw.first() == Some(&b'%')).then_some(digit(1)? * 16 + digit(2)?)
}
