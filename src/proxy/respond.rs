//! The HTTP response of an answer.

use std::time::Instant;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::guard::RequestFault;
use crate::dialect::Refusal;
use crate::engine::{Answer, AnswerBody, Engine};
use crate::model;

/// A request that is no call, and why.
pub(super) struct Refused {
    pub(super) request: model::Request,
    pub(super) fault: RequestFault,
}

/// The response that carries an answer.
pub(super) fn response(answer: Answer) -> Response {
    let body = match answer.body {
        AnswerBody::Whole(bytes) => Body::from(bytes),
        body => Body::new(body),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    *response.headers_mut() = answer.headers;
    response
}

/// The response to a request that is no call; it stands in the history too.
pub(super) fn refused(engine: &Engine, refused: &Refused, started: Instant) -> Response {
    let Refused { request, fault: RequestFault { status, code, message } } = refused;
    response(engine.reject(request, started, &Refusal::new(*status, code, message)))
}

/// The response when answering panicked: the engine is sound, this one call is not.
pub(super) fn panicked() -> Response {
    tracing::error!("answering a call panicked");
    let text = r#"{"error":{"message":"retake failed to answer this call; this is a bug, please report it","type":"retake_error","param":null,"code":"INTERNAL"}}"#;
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert("x-retake-result", HeaderValue::from_static("error"));
    response.headers_mut().insert("x-should-retry", HeaderValue::from_static("false"));
    response
}
