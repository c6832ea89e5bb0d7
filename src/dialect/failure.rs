//! Errors as the providers' own servers say them. Sources: their API references, and what their SDKs read.

use serde_json::{Value, json};

use super::family::Dialect;
use super::{anthropic, gemini};

/// An error that a provider could answer with.
#[derive(Clone, Copy, Debug)]
pub struct ProviderFailure<'a> {
    /// The HTTP status: 429, 500 or, of Anthropic, 529.
    pub status: u16,
    /// Delay in seconds after which to try again; `None` where the answer names none.
    pub retry_after: Option<u64>,
    /// The id that the provider gave the request.
    pub request_id: Option<&'a str>,
}

pub(super) fn body(dialect: Dialect, failure: &ProviderFailure<'_>) -> Option<Value> {
    let ProviderFailure { status, retry_after, request_id } = *failure;
    let wait = retry_after.unwrap_or_default();
    let body = match (dialect, status) {
        (Dialect::Anthropic, 429 | 500 | 529) => {
            let message = match status {
                429 => "This request would exceed the rate limit of your organization.",
                500 => "Internal server error",
                _ => "Overloaded",
            };
            let error = json!({ "type": anthropic::error_type(status), "message": message });
            json!({ "type": "error", "error": error, "request_id": request_id })
        }
        (Dialect::Gemini, 429) => {
            let retry = json!({
                "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{wait}s"),
            });
            google(status, "Resource has been exhausted (e.g. check quota).", &json!([retry]))
        }
        (Dialect::Gemini, 500) => google(status, "An internal error has occurred.", &Value::Null),
        (Dialect::Azure, 429) => {
            let message =
                format!("Requests have exceeded the call rate limit. Please retry after {wait} seconds.");
            json!({ "error": { "code": "429", "message": message } })
        }
        (Dialect::Azure, 500) => {
            let message = "The server had an error while processing your request. Sorry about that!";
            json!({ "error": { "code": "InternalServerError", "message": message } })
        }
        // Most providers without tables here speak as OpenAI does.
        (Dialect::OpenAi | Dialect::Generic, 429) => {
            let message = format!("Rate limit reached for requests. Please try again in {wait}s.");
            let code = "rate_limit_exceeded";
            json!({ "error": { "message": message, "type": "requests", "param": null, "code": code } })
        }
        (Dialect::OpenAi | Dialect::Generic, 500) => {
            let message = "The server had an error while processing your request. Sorry about that!";
            json!({ "error": { "message": message, "type": "server_error", "param": null, "code": null } })
        }
        _ => return None,
    };
    Some(body)
}

fn google(status: u16, message: &str, details: &Value) -> Value {
    let mut error = json!({ "code": status, "message": message, "status": gemini::status_name(status) });
    if !details.is_null() {
        error["details"] = details.clone();
    }
    json!({ "error": error })
}
