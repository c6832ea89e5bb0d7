//! Heads of answers, and retake's own refusals.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::dialect::{ErrorShape, Refusal};
use crate::engine::call::answer::body::AnswerBody;
use crate::engine::call::answer::call_types::Answer;
use crate::engine::call::answer::hops::{LOOP, LOOPED};
use crate::model::{
    ByteLog, Headers, Outcome, RecordingId, Response, Strategy, is_hop_by_hop, is_own, speaks_for_origin,
};

/// retake's own refusal, as an answer and as a response to remember. SDKs are told not to try again, because nothing
/// would change; only of an upstream that cannot be reached they decide as they would without a proxy.
pub(crate) fn refusal(shape: ErrorShape, outcome: Outcome, refusal: &Refusal<'_>) -> (Answer, Response) {
    let body = serde_json::to_vec(&shape.body(refusal)).unwrap_or_default();
    let mut own = Headers::default();
    own.push("content-type", "application/json");
    if !matches!(refusal.status, 502 | 504) {
        own.push("x-should-retry", "false");
    }
    if let Some((name, value)) = shape.header(refusal.status) {
        own.push(name, value);
    }
    let response =
        Response { status: refusal.status, headers: own, log: ByteLog::whole(body, Duration::ZERO) };
    let mut headers = header_map("", &response);
    mark(&mut headers, outcome, None, None);
    if refusal.code == LOOPED {
        headers.insert(LOOP, HeaderValue::from_static("true"));
    }
    (
        Answer { status: refusal.status, headers, body: AnswerBody::Whole(response.log.bytes.clone()) },
        response,
    )
}

/// The headers of a response as they go out: without framing, connection and date, which the server sets, without
/// any that only retake itself may send, and without those that speak for the origin of the upstream.
///
/// The length stays where there is no body that could tell it: in an answer to HEAD and in a 304 (RFC 9110, section
/// 8.6).
pub(crate) fn header_map(method: &str, response: &Response) -> HeaderMap {
    let bodiless = method == "HEAD" || response.status == 304;
    let mut map = HeaderMap::with_capacity(response.headers.0.len() + 4);
    for (name, value) in response.headers.iter() {
        let dropped = is_hop_by_hop(name) || is_own(name) || speaks_for_origin(name);
        if dropped || name == "date" || name == "content-length" && !bodiless {
            continue;
        }
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
        {
            map.append(name, value);
        }
    }
    map
}

/// Adds what every answer says about itself.
pub(crate) fn mark(
    headers: &mut HeaderMap,
    outcome: Outcome,
    recording: Option<&RecordingId>,
    matched: Option<&Strategy>,
) {
    headers.insert("x-retake-result", HeaderValue::from_static(outcome.as_str()));
    if matches!(outcome, Outcome::Replay | Outcome::Mock) {
        headers.insert("x-lumenfall-replay-result", HeaderValue::from_static(outcome.as_str()));
    }
    if let Some(id) = recording.and_then(|id| HeaderValue::from_str(id.as_str()).ok()) {
        headers.insert("x-lumenfall-recording-id", id.clone());
        headers.insert("x-retake-recording-id", id);
    }
    if let Some(matched) = matched.and_then(strategy_value) {
        headers.insert(MATCHED, matched);
    }
}

/// The header with the strategy that matched.
pub(crate) const MATCHED: &str = "x-retake-match";

pub(crate) fn strategy_value(strategy: &Strategy) -> Option<HeaderValue> {
    HeaderValue::from_str(&strategy.to_string()).ok()
}

/// The answer to a call whose answer was to be complete and is not.
pub(crate) fn cut(shape: ErrorShape) -> Answer {
    let text = "the upstream broke off in the middle of the answer";
    refusal(shape, Outcome::Error, &Refusal::new(502, "UPSTREAM_CUT", text)).0
}
