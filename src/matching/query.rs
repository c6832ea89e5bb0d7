//! Query strings: parameters in order, and which of them are credentials.

use super::secret_name::{Folded, NameClass, Place, REDACTED, is_documented};

/// Whether a parameter of a scrubbed query (decoded) carried a credential: it is no field.
fn was_secret(mount: &str, name: &str, value: &str) -> bool {
    let name = Folded::of(name.as_bytes());
    match name.class(Place::Query) {
        NameClass::Credential => true,
        NameClass::Ambiguous => value == REDACTED || is_documented(mount, &name),
        NameClass::Suspect | NameClass::Plain => false,
    }
}

/// Names and values of a scrubbed query, decoded, in order; credentials are left out.
pub(super) fn parameters<'a>(mount: &'a str, query: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    raw(query)
        .map(|(name, value)| (decoded(name), decoded(value)))
        .filter(|(name, value)| !was_secret(mount, name, value))
}

/// Names and values as sent, in order.
pub(super) fn raw(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Percent-decoded with `+` as a space; as sent, escapes in upper case, where that gives no UTF-8.
pub(super) fn decoded(text: &str) -> String {
    String::from_utf8(percent_decoded(&text.replace('+', " ")).0)
        .unwrap_or_else(|_| text.to_ascii_uppercase())
}

/// Percent-decoded bytes, and (offset decoded, offset raw) at the start of each escape and behind it.
pub(super) fn percent_decoded(text: &str) -> (Vec<u8>, Vec<(usize, usize)>) {
    let raw = text.as_bytes();
    let (mut out, mut map) = (Vec::with_capacity(raw.len()), Vec::new());
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        let digit = |i: usize| {
            raw.get(i).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok())
        };
        if let (b'%', Some(high), Some(low)) = (byte, digit(at + 1), digit(at + 2)) {
            map.push((out.len(), at));
            out.push(high * 16 + low);
            at += 3;
            map.push((out.len(), at));
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    (out, map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edge_37_parameters_are_decoded_and_credentials_left_out() {
        let all: Vec<_> = parameters("own", "b=%7E+x&&a=1&a=&c&KEY=redacted&api_key=2&d=%ff&key=k").collect();
        let wanted = [("b", "~ x"), ("a", "1"), ("a", ""), ("c", ""), ("d", "%FF"), ("key", "k")];
        assert_eq!(all, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
