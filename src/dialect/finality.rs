//! Reads whose answer is the last word, and those that may be answered differently the next time.

use serde_json::Value;

use super::endpoint::Endpoint;
use super::rules::ReadFinality;
use crate::model::Response;
use crate::wire::content_coding::decoded;
use crate::wire::json_excerpt::json_excerpt;

/// Pointers at which answers report progress.
const STATES: &[&str] = &[
    "/status",
    "/state",
    "/processing_status",
    "/job_status",
    "/phase",
    "/metadata/state",
    "/data/status",
    "/data/state",
    "/job/status",
    "/task/status",
    "/data/task_status",
    "/task_status",
    "/result/status",
];
/// States after which nothing comes, in the words that APIs use for them, without what some put in front
/// (`JOB_STATE_SUCCEEDED`).
const FINALS: &[&str] = &[
    "complete",
    "completed",
    "succeed",
    "succeeded",
    "success",
    "successful",
    "done",
    "finished",
    "ready",
    "processed",
    "ended",
    "failed",
    "failure",
    "fail",
    "error",
    "errored",
    "cancelled",
    "canceled",
    "expired",
    "incomplete",
    "rejected",
    "aborted",
    "timed_out",
    "timeout",
    "stopped",
    "terminated",
    "partially_succeeded",
];
const PREFIXES: &[&str] = &["job_state_", "batch_state_", "state_", "status_"];

/// Test for a successful answer that is final.
pub(super) fn is_final(endpoint: &Endpoint, response: &Response) -> bool {
    match endpoint.rules.reads {
        ReadFinality::Fixed => return true,
        ReadFinality::Mutable => return false,
        ReadFinality::ByAnswer => {}
    }
    let kind = response.headers.media_type();
    let text = kind.is_empty() || kind.starts_with("text/") || kind.contains("json") || kind.contains("xml");
    if !text || kind == "text/event-stream" {
        // Nobody is told "not yet" in a picture.
        return true;
    }
    let body = decoded(&response.headers, &response.log.bytes).unwrap_or_default();
    let Ok(answer) = json_excerpt(&body) else { return false };
    if let Some(job) = endpoint.rules.poll {
        return job.is_final(&answer);
    }
    if let Some(done) = answer.get("done").and_then(Value::as_bool) {
        return done;
    }
    let state = STATES.iter().find_map(|pointer| answer.pointer(pointer).and_then(Value::as_str));
    state.is_some_and(is_final_word)
}

fn is_final_word(state: &str) -> bool {
    let word = state.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let word = PREFIXES.iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(&word);
    FINALS.contains(&word)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::dialect::Dialect;
    use crate::model::{ByteLog, Headers};

    fn last(dialect: Dialect, target: &str, kind: &'static str, body: &str) -> bool {
        let (method, path) = target.split_once(' ').unwrap();
        let log = ByteLog::whole(body.to_owned(), Duration::ZERO);
        let response = Response { status: 200, headers: Headers::from_iter([("content-type", kind)]), log };
        dialect.is_final(&dialect.endpoint(method, path), &response)
    }

    const VIDEO: &str = "GET /v1/projects/p/locations/l/publishers/google/models/veo/operations/o";
    /// Endpoints, each with an answer that is not the last word, and one that is.
    const ANSWERS: &[(Dialect, &str, &str, &str)] = &[
        (Dialect::OpenAi, "GET /v1/batches/b", r#"{"status":"finalizing"}"#, r#"{"status":"completed"}"#),
        (Dialect::OpenAi, "GET /v1/evals/e/runs/r", r#"{"status":"queued"}"#, r#"{"status":"failed"}"#),
        (
            Dialect::OpenAi,
            "GET /v1/threads/t/runs/r",
            r#"{"status":"requires_action"}"#,
            r#"{"status":"expired"}"#,
        ),
        (
            Dialect::OpenAi,
            "GET /v1/vector_stores/v/files/f",
            r#"{"status":"in_progress"}"#,
            r#"{"status":"completed"}"#,
        ),
        (Dialect::OpenAi, "GET /v1/files/f", r#"{"status":"uploaded"}"#, r#"{"status":"processed"}"#),
        (
            Dialect::Anthropic,
            "GET /v1/messages/batches/b",
            r#"{"processing_status":"canceling"}"#,
            r#"{"processing_status":"ended"}"#,
        ),
        (
            Dialect::Gemini,
            "GET /v1beta/models/veo/operations/o",
            r#"{"name":"x"}"#,
            r#"{"name":"x","done":true}"#,
        ),
        (
            Dialect::Gemini,
            "GET /v1beta/batches/b",
            r#"{"metadata":{"state":"BATCH_STATE_RUNNING"}}"#,
            r#"{"done":true,"metadata":{}}"#,
        ),
        (Dialect::Gemini, "GET /v1beta/files/f", r#"{"state":"PROCESSING"}"#, r#"{"state":"ACTIVE"}"#),
        (Dialect::Gemini, VIDEO, r#"{"name":"x","done":false}"#, r#"{"done":true}"#),
        (
            Dialect::Generic,
            "GET /fal-ai/x/requests/r/status",
            r#"{"status":"IN_QUEUE"}"#,
            r#"{"status":"COMPLETED"}"#,
        ),
        (Dialect::Generic, "GET /v1/predictions/p", r#"{"status":"starting"}"#, r#"{"status":"canceled"}"#),
        (Dialect::Generic, "GET /jobs/1", r#"{"state":"pending"}"#, r#"{"state":"JOB_STATE_SUCCEEDED"}"#),
        (
            Dialect::Generic,
            "GET /jobs/1",
            r#"{"data":{"status":"running"}}"#,
            r#"{"data":{"status":"Timed out"}}"#,
        ),
    ];

    #[test]
    fn the_last_word_is_known_by_table_or_by_what_it_says() {
        let json = "application/json";
        for (dialect, target, open, done) in ANSWERS.iter().copied() {
            assert!(!last(dialect, target, json, open), "{target} {open}");
            assert!(last(dialect, target, json, done), "{target} {done}");
        }
        assert!(!last(Dialect::Generic, "GET /jobs", json, "[]"), "a list may grow");
        assert!(!last(Dialect::Generic, "GET /jobs/1", "text/plain", "pending"));
        assert!(last(Dialect::Generic, "GET /jobs/1/result", "image/png", "PNG"));
        assert!(
            !last(Dialect::OpenAi, "GET /v1/vector_stores/v", json, r#"{"status":"completed"}"#),
            "files are added to it"
        );
        assert!(last(Dialect::OpenAi, "GET /v1/models", json, r#"{"data":[]}"#), "nobody waits for a model");
    }
}
