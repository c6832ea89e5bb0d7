//! Reading the request of a verb: its path, its query, its body.

use axum::RequestExt as _;
use axum::extract::{FromRequest as _, Query, RawPathParams, Request};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::failure::ControlFailure;
use crate::api::Verb;

/// Reads the request of a verb.
pub(super) async fn verb<V: Verb>(mut request: Request) -> Result<V, ControlFailure> {
    let path = request.extract_parts::<RawPathParams>().await;
    let path = path.map_err(|error| ControlFailure(error.status(), error.body_text()))?;
    let mut parameters: Map<String, Value> =
        path.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    if request.method() == Method::GET || request.method() == Method::HEAD {
        let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
        let Query(query) = query.map_err(|error| ControlFailure(error.status(), error.body_text()))?;
        parameters.extend(query.into_iter().map(|(name, value)| (name, value.into())));
        return serde_json::from_value(Value::Object(parameters))
            .map_err(|error| ControlFailure(StatusCode::BAD_REQUEST, error.to_string()));
    }
    let is_json = is_json(request.headers());
    let body = Bytes::from_request(request, &()).await;
    let body = body.map_err(|error| ControlFailure(error.status(), error.body_text()))?;
    let read = if body.is_empty() {
        serde_json::from_value(Value::Object(parameters))
    } else if !is_json {
        let text = "the body must be JSON, with the header `content-type: application/json`";
        return Err(ControlFailure(StatusCode::UNSUPPORTED_MEDIA_TYPE, text.into()));
    } else if parameters.is_empty() {
        serde_json::from_slice(&body)
    } else {
        serde_json::from_slice::<Map<String, Value>>(&body).and_then(|mut fields| {
            fields.extend(parameters);
            serde_json::from_value(Value::Object(fields))
        })
    };
    read.map_err(|error| match error.classify() {
        Category::Data => {
            ControlFailure(StatusCode::UNPROCESSABLE_ENTITY, format!("the body does not fit: {error}"))
        }
        _ => ControlFailure(StatusCode::BAD_REQUEST, format!("the body is no JSON: {error}")),
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}
