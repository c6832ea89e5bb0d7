//! Reading the request of a verb: its path, its query, its body.

use axum::RequestExt as _;
use axum::extract::{FromRequest as _, Query, RawPathParams, Request};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Map, Value};

use super::failure::ControlFailure;
use crate::api::{Verb, read_request};
use crate::engine::Engine;

/// Reads the request of a verb.
pub(super) async fn verb<V: Verb>(engine: &Engine, mut request: Request) -> Result<V, ControlFailure> {
    let path = request.extract_parts::<RawPathParams>().await;
    let path = path.map_err(|_| bad("the path cannot be read: percent-encode it, as UTF-8"))?;
    let mut parameters: Vec<(String, String)> =
        path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let Query(query) = query.map_err(|_| bad("the query cannot be read: percent-encode it, as UTF-8"))?;
    if request.method() == Method::GET || request.method() == Method::HEAD {
        parameters.extend(query);
        return Ok(read_request(engine, parameters, None)?);
    }
    if let Some((name, _)) = query.first() {
        let text =
            format!("`{name}` stands in the query, and this path has none: send it in the body, as JSON");
        return Err(bad(&text));
    }
    let is_json = is_json(request.headers());
    let body = Bytes::from_request(request, &()).await.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ControlFailure(
            error.status(),
            format!("the body is too long: {} bytes are the most", V::ROUTE.largest_body),
        ),
        status => ControlFailure(status, "the body broke off; send it once more".into()),
    })?;
    let body = if body.is_empty() {
        Value::Object(Map::new())
    } else if is_json {
        serde_json::from_slice(&body).map_err(|error| bad(&no_json(&error)))?
    } else {
        let text = "the body must be JSON, with the header `content-type: application/json`";
        return Err(ControlFailure(StatusCode::UNSUPPORTED_MEDIA_TYPE, text.into()));
    };
    Ok(read_request(engine, parameters, Some(body))?)
}

fn bad(text: &str) -> ControlFailure {
    ControlFailure(StatusCode::BAD_REQUEST, text.into())
}

fn no_json(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "the body is no JSON: it ends too early".into();
    }
    format!("the body is no JSON: line {}, column {} cannot be read", error.line(), error.column())
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}
