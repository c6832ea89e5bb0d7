//! References: URLs as they stand in answers, absolute or relative to where the answer came from.

use fluent_uri::UriRef;
use http::Uri;

/// The URL that `reference` means in an answer from `from` (RFC 3986, section 5). None where it is none of
/// HTTP. Percent-encoding stays as it is.
pub(crate) fn resolved(from: &Uri, reference: &str) -> Option<Uri> {
    let from = from.to_string();
    let base = fluent_uri::Uri::parse(&*from).ok()?;
    let target = UriRef::parse(reference.trim()).ok()?.resolve_against(&base).ok()?;
    if !matches!(target.scheme().as_str(), "http" | "https") {
        return None;
    }
    // A fragment is the client's business.
    let text = target.as_str().split('#').next().unwrap_or_default();
    text.parse().ok().filter(|uri: &Uri| uri.host().is_some_and(|host| !host.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved() {
        let from: Uri = "https://a.example/x/y?z".parse().unwrap();
        let to = |reference: &str| resolved(&from, reference).map(|uri| uri.to_string());
        for (reference, url) in [
            ("https://b.example/p#part", "https://b.example/p"),
            ("//b.example/p", "https://b.example/p"),
            ("/p%2Fq?r=%20", "https://a.example/p%2Fq?r=%20"),
            ("p", "https://a.example/x/p"),
            ("../p", "https://a.example/p"),
            ("?page=2", "https://a.example/x/y?page=2"),
            ("./", "https://a.example/x/"),
            ("", "https://a.example/x/y?z"),
            ("/../../p", "https://a.example/p"),
        ] {
            assert_eq!(to(reference).as_deref(), Some(url), "{reference}");
        }
        for none in
            ["javascript:alert(1)", "mailto:a@b.example", "http://", "a b", "\\\\evil\\x", "https://[::1"]
        {
            assert_eq!(to(none), None, "{none}");
        }
    }
}
