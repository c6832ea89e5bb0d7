//! What retake knows of each API family: endpoints, cosmetic fields and defaults, how streams end, where links to
//! media stand, what an error looks like. One file of tables per family; nothing here compares, stores or sends.

mod answer;
mod anthropic;
mod azure;
mod dice;
mod failure;
mod finality;
mod gemini;
mod generic;
pub(crate) mod model_name;
mod openai;
pub mod openai_mock;
pub mod painting;
mod path;
mod rules;
mod signs;

pub use answer::{AnswerState, EndWatch};
pub use failure::Failure;
pub(crate) use path::behind_version;
pub use rules::{
    Echo, EchoPart, Forms, Given, Items, Job, Plain, Preset, Reads, Rules, Spelling, Terminator,
};

use signs::Signs;

use crate::model::{Headers, Request, Response};

/// One API family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// `OpenAI` and the many that speak like it.
    OpenAi,
    /// Azure's way to the same: deployments in the path.
    Azure,
    /// Anthropic's Messages.
    Anthropic,
    /// Gemini and Vertex.
    Gemini,
    /// Everything else: all fields decide, the mount included.
    Generic,
}

/// One endpoint of a dialect, as a request's method and path name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What people say: the path behind the API version, `images/generations`, `videos/{id}`.
    pub name: String,
    /// The whole path with variables in place of ids, `/v1/videos/{id}`.
    pub template: String,
    /// The variables and their values.
    pub vars: Vec<(String, String)>,
    /// What is known of it.
    pub rules: &'static Rules,
}

/// A refusal of retake's own, to be put into a dialect's words.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    /// The HTTP status.
    pub status: u16,
    /// A word for programs, `RECORDING_NOT_FOUND`.
    pub code: &'a str,
    /// A sentence for people.
    pub message: &'a str,
    /// More for programs, such as near misses; it goes beside the error, under `retake`.
    pub details: Option<serde_json::Value>,
}

impl<'a> Refusal<'a> {
    /// A refusal without details.
    #[must_use]
    pub fn new(status: u16, code: &'a str, message: &'a str) -> Self {
        Self { status, code, message, details: None }
    }
}

impl Dialect {
    /// The dialect that a mount speaks.
    #[must_use]
    pub fn of_mount(mount: &str) -> Self {
        match mount {
            "openai" | "lumenfall" => Self::OpenAi,
            "azure" => Self::Azure,
            "anthropic" => Self::Anthropic,
            "gemini" | "vertex" => Self::Gemini,
            _ => Self::Generic,
        }
    }

    /// The mount that a target without a mount prefix means, from what only one provider's clients send; `has` tells
    /// whether a header is there. The target may come with its query.
    #[must_use]
    pub fn detect(target: &str, has: impl Fn(&str) -> bool) -> Option<&'static str> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (version, rest) = path::behind_version(path);
        let mut segments = rest.split('/');
        let (first, second) = (segments.next().unwrap_or_default(), segments.next().unwrap_or_default());
        let signs = Signs::of(first, query, has);
        if azure::claims(version, rest, signs.azure) {
            return Some("azure");
        }
        // What only one provider's clients send decides before what several have in their paths: a key must not go to
        // another provider.
        match (version, first) {
            ("v1" | "v1beta1", "projects" | "publishers") => Some("vertex"),
            ("v1", "messages") => Some("anthropic"),
            (version, _) if version != "/" && signs.anthropic => Some("anthropic"),
            (version, _) if version != "/" && signs.google => Some("gemini"),
            ("v1" | "v1alpha" | "v1beta" | "v1beta1", "models" | "tunedModels") if verb(rest) => {
                Some("gemini")
            }
            ("v1alpha" | "v1beta" | "v1beta1", _) => Some("gemini"),
            ("/", "upload") if second.starts_with("v1") && rest.ends_with("/files") => Some("gemini"),
            ("v1", "") => None,
            ("v1", _) => Some("openai"),
            ("v2", _) => Some("cohere"),
            ("/", "api") => ["chat", "generate", "embed", "tags", "show", "ps", "version"]
                .contains(&second)
                .then_some("ollama"),
            _ => None,
        }
    }

    /// The dialect's name, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Azure => "azure",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Generic => "generic",
        }
    }

    /// The dialect with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::OpenAi, Self::Azure, Self::Anthropic, Self::Gemini, Self::Generic];
        all.into_iter().find(|dialect| dialect.name() == name)
    }

    /// The endpoint that `method` and `path` (without the query) mean; an unknown one has no rules of its own.
    #[must_use]
    pub fn endpoint(self, method: &str, path: &str) -> Endpoint {
        match self {
            Self::OpenAi => openai::endpoint(method, path),
            Self::Azure => azure::endpoint(method, path),
            Self::Anthropic => anthropic::endpoint(method, path),
            Self::Gemini => gemini::endpoint(method, path),
            Self::Generic => generic::endpoint(path),
        }
    }

    /// The body of a refusal, in the shape that the dialect's SDKs turn into their own error types.
    #[must_use]
    pub fn refusal(self, refusal: &Refusal<'_>) -> serde_json::Value {
        let mut body = match self {
            Self::OpenAi | Self::Azure => openai::refusal(refusal),
            Self::Anthropic => anthropic::refusal(refusal),
            Self::Gemini => gemini::refusal(refusal),
            Self::Generic => generic::refusal(refusal),
        };
        if let (Some(members), Some(details)) = (body.as_object_mut(), &refusal.details) {
            members.insert("retake".to_owned(), details.clone());
        }
        body
    }

    /// The body of an error of the provider's own, as its servers say it; none where they say no such thing.
    #[must_use]
    pub fn failure(self, failure: &Failure<'_>) -> Option<serde_json::Value> {
        failure::body(self, failure)
    }

    /// What an answer of this endpoint says of itself: whether it ended, whether it reports a failure.
    #[must_use]
    pub fn answer_state(self, endpoint: &Endpoint, method: &str, response: &Response) -> AnswerState {
        AnswerState::of(endpoint, method, response)
    }

    /// Whether an answer to a read is the last word: whoever asks again gets the same.
    #[must_use]
    pub fn is_final(self, endpoint: &Endpoint, response: &Response) -> bool {
        finality::is_final(endpoint, response)
    }

    /// A watch for the end of an answer with these headers, while it arrives; none where the connection's end tells.
    #[must_use]
    pub fn end_watch(self, endpoint: &Endpoint, headers: &Headers) -> Option<EndWatch> {
        EndWatch::of(endpoint, headers)
    }

    /// A made-up answer to a request, the same for the same request; none for an endpoint that cannot be synthesized.
    /// `base` is the proxy's URL, for answers that link to pictures.
    #[must_use]
    pub fn mock(self, request: &Request, base: &str) -> Option<Response> {
        match self {
            Self::OpenAi => {
                openai_mock::mock(&self.endpoint(&request.method, request.path()).name, request, base)
            }
            _ => None,
        }
    }

    /// Whether making up answers at an endpoint takes milliseconds: pictures are painted.
    #[must_use]
    pub fn mocks_slowly(self, endpoint: &str) -> bool {
        self == Self::OpenAi && openai_mock::is_slow(endpoint)
    }

    /// The picture that a made-up answer links to: content type and bytes, made from the id alone.
    #[must_use]
    pub fn mock_media(id: &str) -> Option<(&'static str, bytes::Bytes)> {
        openai_mock::picture(id)
    }

    /// JSON pointers of the links to media in the endpoint's answers, `*` for any array index.
    #[must_use]
    pub fn links(self, endpoint: &Endpoint) -> &'static [&'static str] {
        endpoint.rules.links
    }
}

/// Whether the path ends in a verb, as Gemini's do (`models/x:generateContent`).
fn verb(path: &str) -> bool {
    path.rsplit_once(':').is_some_and(|(_, verb)| path::is_verb(verb))
}

#[cfg(test)]
mod across;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::ByteLog;

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
    fn a_refusal_speaks_the_dialect_and_carries_details() {
        let refusal = Refusal {
            status: 404,
            code: "RECORDING_NOT_FOUND",
            message: "no",
            details: Some(serde_json::json!([1])),
        };
        let body = Dialect::OpenAi.refusal(&refusal);
        assert_eq!(body["error"]["code"], "RECORDING_NOT_FOUND");
        assert_eq!(body["error"]["type"], "invalid_request_error");
        assert!(body["error"]["param"].is_null() && body["error"].get("param").is_some());
        assert_eq!(body["retake"], serde_json::json!([1]));
        assert_eq!(Dialect::Generic.refusal(&refusal)["error"]["message"], "no");
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
