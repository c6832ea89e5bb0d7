//! Page at `/__retake/`, for people who try the address: what this is, how it goes, where to read on. It needs no token
//! and says nothing that is secret: no name, path or text of any recording or call.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};

use crate::model::Outcome;
use crate::proxy::shared::ProxyState;

/// Places to read on: the path or command, and what is there.
const FURTHER: [(&str, &str); 5] = [
    ("/__retake/openapi.json", "the control API, an OpenAPI document"),
    ("/__retake/health", "whether this is a retake, and which"),
    ("retake token", "prints the token that the rest of the control API needs"),
    ("retake attach", "shows this proxy on a screen"),
    ("retake --help", "what else there is"),
];

pub(super) async fn landing(State(shared): State<Arc<ProxyState>>, headers: HeaderMap) -> Response {
    let facts = facts(&shared);
    let wants_html = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|kinds| kinds.to_str().is_ok_and(|kinds| kinds.contains("text/html")));
    let (kind, text) = if wants_html {
        ("text/html; charset=utf-8", html(&facts))
    } else {
        ("text/plain; charset=utf-8", plain(&facts))
    };
    let head = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (head, text).into_response()
}

fn facts(shared: &ProxyState) -> [(&'static str, String); 4] {
    let metrics = shared.engine.metrics();
    let calls: u64 = Outcome::ALL.iter().map(|outcome| metrics.counters.of(*outcome)).sum();
    [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("mode", shared.engine.mode().to_string()),
        ("recordings", metrics.recordings.to_string()),
        ("calls since it started", calls.to_string()),
    ]
}

fn plain(facts: &[(&str, String)]) -> String {
    let mut text = "retake: records, replays and mocks AI API calls\n\n".to_owned();
    for (name, fact) in facts {
        let _ = writeln!(text, "{name:24}{fact}");
    }
    text.push('\n');
    for (place, what) in FURTHER {
        let _ = writeln!(text, "{place:24}{what}");
    }
    text
}

/// Versions, modes and numbers need no escaping.
fn html(facts: &[(&str, String)]) -> String {
    let mut text = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>retake</title>\n\
                    <h1>retake</h1>\n<p>It records, replays and mocks AI API calls.</p>\n<ul>\n"
        .to_owned();
    for (name, fact) in facts {
        let _ = writeln!(text, "<li>{name}: {fact}</li>");
    }
    text.push_str("</ul>\n<ul>\n");
    for (place, what) in FURTHER {
        let place = if place.starts_with('/') {
            format!("<a href=\"{place}\">{place}</a>")
        } else {
            format!("<code>{place}</code>")
        };
        let _ = writeln!(text, "<li>{place}: {what}</li>");
    }
    text.push_str("</ul>\n</html>\n");
    text
}
