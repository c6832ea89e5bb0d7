//! The knowledge of each API family: endpoints, cosmetic fields and defaults, how streams end, where links to media
//! stand, what an error looks like. One file of tables per family; nothing here compares, stores or sends.

mod answer;
mod anthropic;
mod azure;
mod dispatch;
mod endpoint;
mod error_shape;
mod failure;
mod family;
mod finality;
mod gemini;
mod generic;
pub(crate) mod media_links;
pub mod mock_image;
pub(crate) mod model_name;
mod openai;
pub mod openai_mock;
mod path;
mod refusal;
mod rules;
mod seeded_rng;
mod signs;

pub use answer::{AnswerState, BodyEnd, EndWatch};
pub(crate) use dispatch::{answer_state, endpoint_of};
pub use endpoint::Endpoint;
pub use error_shape::ErrorShape;
pub use failure::ProviderFailure;
pub use family::Dialect;
pub(crate) use path::behind_version;
pub use refusal::Refusal;
pub use rules::{
    DefaultValue, Echo, EchoPart, Forms, GivenWhen, Items, JobRules, PlainValue, ReadFinality, Rules,
    Spelling, Terminator,
};

#[cfg(test)]
mod across;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{ByteLog, Headers, Response};

    #[test]
    fn a_target_without_a_mount_is_recognized() {
        let detect = |path: &str| Dialect::detect(path, |_| false);
        assert_eq!(detect("/v1/chat/completions"), Some("openai"));
        assert_eq!(detect("/v1/models"), Some("openai"));
        assert_eq!(detect("/v1/messages"), Some("anthropic"));
        assert_eq!(detect("/v1beta/models/x:generateContent"), Some("gemini"));
        assert_eq!(detect("/v1/models/x:generateContent"), Some("gemini"));
        assert_eq!(detect("/api/chat"), Some("ollama"));
        assert_eq!(detect("/v2/chat"), Some("cohere"));
        assert_eq!(detect("/favicon.ico"), None);
        assert_eq!(detect("/v1/tunedModels/x:streamGenerateContent?alt=sse"), Some("gemini"));
        assert_eq!(detect("/upload/v1beta/files"), Some("gemini"));
        assert_eq!(detect("/v1beta1/publishers/google/models/x:predict"), Some("vertex"));
        assert_eq!(detect("/v1/projects/p/locations/l/publishers/google/models/x:predict"), Some("vertex"));
        assert_eq!(detect("/openai/deployments/d/chat/completions"), Some("azure"));
        assert_eq!(detect("/openai/responses?api-version=preview"), Some("azure"));
        assert_eq!(detect("/openai/responses"), None);
        assert_eq!(Dialect::detect("/openai/v1/responses", |name| name == "api-key"), Some("azure"));
        assert_eq!(Dialect::detect("/v1/models", |name| name == "x-goog-api-key"), Some("gemini"));
        let anthropic = |name: &str| name == "anthropic-version";
        assert_eq!(Dialect::detect("/v1/models", anthropic), Some("anthropic"));
    }

    #[test]
    fn endpoints_have_names_templates_and_variables() {
        let endpoint = Dialect::OpenAi.endpoint("GET", "/v1/videos/video_1/content");
        assert_eq!(
            (endpoint.name.as_str(), endpoint.template.as_str()),
            ("videos/{id}/content", "/v1/videos/{id}/content")
        );
        assert_eq!(endpoint.vars, [("id".to_owned(), "video_1".to_owned())]);
        let endpoint = Dialect::OpenAi.endpoint("POST", "/v1/images/generations/");
        assert_eq!(
            (endpoint.name.as_str(), endpoint.template.as_str()),
            ("images/generations", "/v1/images/generations")
        );
        assert_eq!(Dialect::OpenAi.links(&endpoint), ["/data/*/url"]);
        let endpoint = Dialect::OpenAi.endpoint("POST", "/v1/decisions");
        assert_eq!((endpoint.name.as_str(), endpoint.template.as_str()), ("decisions", "/v1/decisions"));
        let endpoint = Dialect::Generic.endpoint("POST", "/v3/x/7");
        assert_eq!((endpoint.name.as_str(), endpoint.template.as_str()), ("x/7", "/v3/x/7"));
    }

    #[test]
    fn a_stream_is_complete_with_its_terminator_only() {
        let ends = |path: &str, body: &str| {
            let headers = Headers::from_iter([("content-type", "text/event-stream; charset=utf-8")]);
            let log = ByteLog::whole(body.to_owned(), Duration::ZERO);
            let endpoint = Dialect::OpenAi.endpoint("POST", path);
            let response = Response { status: 200, headers, log };
            Dialect::OpenAi.answer_state(&endpoint, "POST", &response).ended
        };
        assert!(ends("/v1/chat/completions", "data: {}\n\ndata: [DONE]\n\n"));
        assert!(!ends("/v1/chat/completions", "data: {}\n\n"));
        assert!(!ends("/v1/images/generations", "data: {\"type\":\"image_generation.partial_image\"}\n\n"));
        assert!(ends("/v1/images/generations", "data: {\"type\":\"image_generation.completed\"}\n\n"));
        assert!(!ends("/v1/responses", "data: {\"type\":\"response.created\"}\n\n"));
        assert!(ends("/v1/responses", "event: response.failed\ndata: {}\n\n"));
        assert!(ends("/v1/other", "data: {}\n\n"));
    }
}
