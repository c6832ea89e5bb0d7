//! The dialect of upstreams that retake knows nothing about: every field decides, nothing is rewritten.

use super::{Endpoint, Refusal, Rules};

/// Where the input usually is; it only weighs in the likeness of near misses.
static RULES: Rules =
    Rules { input: &["messages", "prompt", "input", "contents", "text", "query"], ..Rules::NONE };

pub(super) fn endpoint(path: &str) -> Endpoint {
    let template = super::path::normal(path);
    let name = super::path::behind_version(&template).1.to_owned();
    Endpoint { name, template, vars: Vec::new(), rules: &RULES }
}

pub(super) fn refusal(refusal: &Refusal<'_>) -> serde_json::Value {
    serde_json::json!({ "error": { "message": refusal.message, "status": refusal.status, "code": refusal.code } })
}
