//! Query strings: parameters in order, and which of them are credentials.

use super::secret_name::{Folded, NameClass, NamePlace, REDACTED, is_documented};
use crate::wire::percent;

/// True if a parameter of a scrubbed query (decoded) carried a credential: it is no field.
fn was_secret(mount: &str, name: &str, value: &str) -> bool {
    let name = Folded::of(name.as_bytes());
    match name.class(NamePlace::Query) {
        NameClass::Credential => true,
        NameClass::Ambiguous => value == REDACTED || is_documented(mount, &name),
        NameClass::Suspect | NameClass::Plain => false,
    }
}

/// Names and values of a scrubbed query, decoded, in order; credentials are left out.
pub(crate) fn parameters<'a>(mount: &'a str, query: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    percent::pairs(query)
        .map(|(name, value)| (percent::form_decoded(name), percent::form_decoded(value)))
        .filter(|(name, value)| !was_secret(mount, name, value))
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
