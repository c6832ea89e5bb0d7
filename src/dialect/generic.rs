//! The dialect of upstreams that retake knows nothing about: every field decides, nothing is rewritten.

use super::endpoint::Endpoint;
use super::rules::Rules;

/// Rules without fields of their own. The usual places of the input only weigh in the likeness of near misses. The form
/// of the answer that a call asks for decides where it is not JSON: some APIs send an event stream, a file or a job by
/// these headers alone.
static RULES: Rules = Rules {
    input: &["messages", "prompt", "input", "contents", "text", "query"],
    negotiated: &[("accept", &["application/json", "text/plain"]), ("prefer", &[])],
    ..Rules::NONE
};

pub(super) fn endpoint(path: &str) -> Endpoint {
    let template = super::path::normal(path);
    let name = super::path::behind_version(&template).1.to_owned();
    Endpoint { name, template, vars: Vec::new(), rules: &RULES }
}
