//! The shapes in which clients look for an error, and retake's refusals in them.

use serde_json::{Value, json};

use super::family::Dialect;
use super::refusal::Refusal;
use super::{anthropic, gemini, openai};

/// The shape in which a provider's clients look for an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorShape {
    /// `error` with all four members.
    OpenAi,
    /// `type` and `error`.
    Anthropic,
    /// `error` with a status in words.
    Gemini,
    /// The members of `OpenAi` without `error` around them.
    Mistral,
    /// `error` is the sentence.
    Ollama,
    /// `message` of AWS; the word for the status stands in a header.
    Bedrock,
    /// `message` for Cohere and many others, `detail` for servers made with `FastAPI`.
    Plain,
}

impl ErrorShape {
    /// The shape that the clients of a mount read; `target` is the path they ask for.
    #[must_use]
    pub fn of(mount: &str, target: &str) -> Self {
        match (Dialect::of_mount(mount), mount) {
            (Dialect::OpenAi | Dialect::Azure, _) => Self::OpenAi,
            (Dialect::Anthropic, _) => Self::Anthropic,
            (Dialect::Gemini, _) => Self::Gemini,
            (Dialect::Generic, "mistral") => Self::Mistral,
            // Ollama also answers OpenAI's clients.
            (Dialect::Generic, "ollama") if target.starts_with("/v1/") => Self::OpenAi,
            (Dialect::Generic, "ollama") => Self::Ollama,
            (Dialect::Generic, "bedrock") => Self::Bedrock,
            (Dialect::Generic, _) => Self::Plain,
        }
    }

    /// The body of a refusal, from which the SDKs make errors of their own types.
    #[must_use]
    pub fn body(self, refusal: &Refusal<'_>) -> Value {
        let Refusal { status, code, message, .. } = *refusal;
        let mut body = match self {
            Self::OpenAi => openai::refusal(refusal),
            Self::Anthropic => anthropic::refusal(refusal),
            Self::Gemini => gemini::refusal(refusal),
            Self::Mistral => {
                let kind = openai::error_type(status);
                json!({ "object": "error", "message": message, "type": kind, "param": null, "code": code })
            }
            Self::Ollama => json!({ "error": message }),
            Self::Bedrock | Self::Plain => {
                let error = json!({ "message": message, "status": status, "code": code });
                json!({ "message": message, "detail": message, "error": error })
            }
        };
        if let (Some(members), Some(details)) = (body.as_object_mut(), &refusal.details) {
            members.insert("retake".to_owned(), details.clone());
        }
        body
    }

    /// The header that names the error where the body does not.
    #[must_use]
    pub fn header(self, status: u16) -> Option<(&'static str, &'static str)> {
        let name = match status {
            _ if self != Self::Bedrock => return None,
            403 => "AccessDeniedException",
            404 => "ResourceNotFoundException",
            429 => "ThrottlingException",
            502..=504 => "ServiceUnavailableException",
            500.. => "InternalServerException",
            _ => "ValidationException",
        };
        Some(("x-amzn-errortype", name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(mount: &str, target: &str) -> Value {
        let details = json!({ "explain": "http://x" });
        let refusal =
            Refusal { details: Some(details), ..Refusal::new(404, "RECORDING_NOT_FOUND", "no recording") };
        ErrorShape::of(mount, target).body(&refusal)
    }

    #[test]
    fn the_sentence_stands_where_each_client_looks_for_it() {
        for (mount, target, place) in [
            ("openai", "/v1/responses", "/error/message"),
            ("azure", "/openai/deployments/x/chat/completions", "/error/message"),
            ("anthropic", "/v1/messages", "/error/message"),
            ("gemini", "/v1/models/x:generateContent", "/error/message"),
            ("mistral", "/v1/chat/completions", "/message"),
            ("cohere", "/v2/chat", "/message"),
            ("bedrock", "/model/x/converse", "/message"),
            ("ollama", "/api/chat", "/error"),
            ("ollama", "/v1/chat/completions", "/error/message"),
            ("fal", "/fal-ai/flux", "/detail"),
        ] {
            let body = body(mount, target);
            assert_eq!(body.pointer(place), Some(&"no recording".into()), "{mount} {target}: {body}");
            assert_eq!(body["retake"]["explain"], "http://x", "{mount}");
        }
        let mistral = body("mistral", "/v1/chat/completions");
        assert_eq!((&mistral["object"], &mistral["code"]), (&"error".into(), &"RECORDING_NOT_FOUND".into()));
    }

    #[test]
    fn aws_names_the_error_in_a_header() {
        let named = |mount, status| ErrorShape::of(mount, "/model/x/converse").header(status);
        assert_eq!(named("bedrock", 404), Some(("x-amzn-errortype", "ResourceNotFoundException")));
        assert_eq!(named("bedrock", 502), Some(("x-amzn-errortype", "ServiceUnavailableException")));
        assert_eq!(named("cohere", 404), None);
    }
}
