//! Jobs: a submit, and polls that ask for its state until it is final.

use std::sync::Arc;

use super::decoded::decoded;
use crate::dialect::endpoint_of;
use crate::model::{Request, Response, Scrubbed};
use crate::wire::json_excerpt::json_excerpt;

/// The job whose state a request asks for.
pub(crate) fn polled(request: &Request) -> Option<Arc<str>> {
    let (_, endpoint) = endpoint_of(request);
    let job = endpoint.rules.poll?;
    if job.poll_id.is_some() && request.method == "POST" {
        let body = json_excerpt(&request.body).unwrap_or_default();
        return job.poll_id(&body).map(Into::into);
    }
    endpoint.vars.into_iter().find(|(name, _)| name == "id").map(|(_, id)| id.into())
}

/// The job that a submit's answer names.
pub(crate) fn submitted(request: &Scrubbed, response: &Response) -> Option<Arc<str>> {
    let (_, endpoint) = endpoint_of(request);
    let job = endpoint.rules.submit?;
    job.id(&answer_json(response)).map(Into::into)
}

/// Test for a request that submits a job, as far as it tells.
pub(crate) fn submits(request: &Request) -> bool {
    let (_, endpoint) = endpoint_of(request);
    endpoint.rules.submit.is_some_and(|job| {
        job.flag.is_none_or(|flag| {
            let plain = decoded(&request.headers, &request.body).unwrap_or_default();
            let body = json_excerpt(&plain).unwrap_or_default();
            body.pointer(flag) == Some(&true.into())
        })
    })
}

/// The body of an answer as JSON; `null` where it is none.
pub(crate) fn answer_json(response: &Response) -> serde_json::Value {
    let body = decoded(&response.headers, &response.log.bytes).unwrap_or_default();
    json_excerpt(&body).unwrap_or_default()
}
