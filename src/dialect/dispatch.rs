//! The questions about a family, each passed on to its file.

use super::answer::{AnswerState, EndWatch};
use super::endpoint::Endpoint;
use super::failure::{self, ProviderFailure};
use super::family::Dialect;
use super::signs::Signs;
use super::{anthropic, azure, finality, gemini, generic, openai, openai_mock, path};
use crate::model::{Headers, Request, Response};

impl Dialect {
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

    /// The body of an error of the provider's own, as its servers say it; none where they say no such thing.
    #[must_use]
    pub fn failure(self, failure: &ProviderFailure<'_>) -> Option<serde_json::Value> {
        failure::body(self, failure)
    }

    /// The state that an answer of this endpoint reports: ended or cut off, failed or not.
    #[must_use]
    pub fn answer_state(self, endpoint: &Endpoint, method: &str, response: &Response) -> AnswerState {
        AnswerState::of(endpoint, method, response)
    }

    /// True for an answer to a read that is the last word: whoever asks again gets the same.
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

    /// True for endpoints whose mocked answers take milliseconds: pictures are painted.
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

/// Test for a path that ends in a verb, as Gemini's do (`models/x:generateContent`).
fn verb(path: &str) -> bool {
    path.rsplit_once(':').is_some_and(|(_, verb)| path::is_verb(verb))
}

/// The dialect of a request's mount, and the endpoint that it asks.
pub(crate) fn endpoint_of(request: &Request) -> (Dialect, Endpoint) {
    let dialect = Dialect::of_mount(&request.mount);
    (dialect, dialect.endpoint(&request.method, request.path()))
}

/// The state that an answer to a request reports: ended or cut off, failed or not.
pub(crate) fn answer_state(request: &Request, response: &Response) -> AnswerState {
    AnswerState::of(&endpoint_of(request).1, &request.method, response)
}
