//! Query strings: parameters in order, and which of them are credentials.

/// Parameters that carry a credential or a signature: never fields, never stored.
const SECRET: &[&str] = &[
    "key",
    "api_key",
    "apikey",
    "api-key",
    "access_token",
    "auth_token",
    "authorization",
    "auth",
    "token",
    "secret",
    "client_secret",
    "password",
    "sig",
    "signature",
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-date",
    "x-amz-expires",
    "x-goog-signature",
    "x-goog-credential",
    "subscription-key",
];

/// Whether a parameter of this (decoded) name carries a credential.
pub(super) fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

/// Names and values, decoded, in order; credentials are left out.
pub(super) fn parameters(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    raw(query).map(|(name, value)| (decoded(name), decoded(value))).filter(|(name, _)| !is_secret(name))
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
        let all: Vec<_> = parameters("b=%7E+x&&a=1&a=&c&KEY=sk-1&api_key=2&d=%ff").collect();
        let wanted = [("b", "~ x"), ("a", "1"), ("a", ""), ("c", ""), ("d", "%FF")];
        assert_eq!(all, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
