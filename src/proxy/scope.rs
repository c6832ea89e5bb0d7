//! Scopes of calls that name theirs in the path: it is cut off before anything else looks at that.

use std::sync::Arc;

use axum::extract::Request;
use http::Uri;
use http::request::Parts;
use http::uri::PathAndQuery;

use crate::api::scope::{named, split};

/// The scope that a path names, as it was sent. The path is free of it.
#[derive(Clone)]
struct Prefix(Box<str>);

/// Cuts `/@NAME` off the path and keeps the name beside the request, so that nothing else needs to know of it.
pub(super) fn cut(mut request: Request) -> Request {
    let named = request.uri().path_and_query().and_then(|target| split(target.as_str()));
    let named = named.map(|(name, rest)| (Prefix(name.into()), PathAndQuery::try_from(rest)));
    if let Some((prefix, Ok(rest))) = named {
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(rest);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(prefix);
        }
    }
    request
}

/// The scope of a call; the text of an error says what is allowed.
pub(super) fn of(head: &Parts) -> Result<Option<Arc<str>>, String> {
    named(&head.headers, head.extensions.get::<Prefix>().map(|Prefix(name)| &**name))
}

/// The prefix by which a call's path named its scope, as it was sent.
pub(super) fn prefix_of(head: &Parts) -> Option<Arc<str>> {
    head.extensions.get::<Prefix>().map(|Prefix(name)| format!("/@{name}").into())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::api::scope::scope_prefix;
    use crate::model::LONGEST_SCOPE;

    fn scope(target: &str, header: Option<&str>) -> (String, Result<Option<String>, String>) {
        let mut request = http::Request::builder().uri(target);
        if let Some(header) = header {
            request = request.header("x-retake-scope", header);
        }
        let (head, _) = cut(request.body(Body::empty()).unwrap()).into_parts();
        (head.uri.to_string(), of(&head).map(|scope| scope.map(|name| name.to_string())))
    }

    #[test]
    fn paths_and_headers_name_scopes() {
        for (target, header, rest, name) in [
            ("/openai/v1/x", None, "/openai/v1/x", None),
            ("/openai/v1/x", Some("t 1"), "/openai/v1/x", Some("t 1")),
            ("/@t1/openai/v1/x?a=%20b", None, "/openai/v1/x?a=%20b", Some("t1")),
            ("/@a%2Fb%20c::d/v1/x", None, "/v1/x", Some("a/b c::d")),
            ("/@t1/v1/x", Some("t1"), "/v1/x", Some("t1")),
            ("/@t1", None, "/@t1", None),
            ("/@t1?x=/v1", None, "/@t1?x=/v1", None),
        ] {
            assert_eq!(scope(target, header), (rest.to_owned(), Ok(name.map(str::to_owned))), "{target}");
        }
    }

    #[test]
    fn the_prefix_of_a_name_names_it() {
        for name in ["t1", "tests/a.py::test_b[x, 1]", "A @ B"] {
            let (rest, scope) = scope(&format!("{}/v1/x", scope_prefix(name).unwrap()), None);
            assert_eq!((rest.as_str(), scope), ("/v1/x", Ok(Some(name.to_owned()))));
        }
        assert!(scope_prefix("a;b").unwrap_err().contains("1 to 128"));
    }

    #[test]
    fn wrong_names_are_told_what_is_allowed() {
        let long = "x".repeat(LONGEST_SCOPE + 1);
        for (target, header) in [
            ("/@/v1/x", None),
            ("/@a%00/v1/x", None),
            ("/@%ff/v1/x", None),
            ("/v1/x", Some("a;b")),
            ("/v1/x", Some(long.as_str())),
        ] {
            let text = scope(target, header).1.unwrap_err();
            assert!(text.contains("1 to 128"), "{target}: {text}");
        }
        let text = scope("/@one/v1/x", Some("two")).1.unwrap_err();
        assert!(text.contains("`two`") && text.contains("`one`"), "{text}");
    }
}
