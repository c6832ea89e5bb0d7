//! Headers and query parameters that only one provider's clients send: they tell whose key a request carries.

use crate::wire::percent::{decoded, pairs};

/// Whose clients a request looks like, by its headers and its query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs {
    /// Azure's: its key, or its API version in the query.
    pub(super) azure: bool,
    /// Anthropic's: its key, or one of its own headers.
    pub(super) anthropic: bool,
    /// Google's: its key, in a header or in the query.
    pub(super) google: bool,
}

/// Headers of Azure's clients; the second one is of the gateways that companies put in front.
const AZURE: [&str; 2] = ["api-key", "ocp-apim-subscription-key"];
/// Query parameters of Azure's clients.
const AZURE_QUERY: [&str; 3] = ["api-version", "api-key", "subscription-key"];
/// Headers of Anthropic's clients alone.
const ANTHROPIC: [&str; 2] = ["anthropic-version", "anthropic-beta"];
/// First segments behind the version that `OpenAI` has and neither Anthropic nor Google: gateways that speak like it take
/// their keys under names that others use, too.
const OPENAI: [&str; 16] = [
    "assistants",
    "audio",
    "chat",
    "completions",
    "conversations",
    "embeddings",
    "evals",
    "fine_tuning",
    "images",
    "moderations",
    "realtime",
    "responses",
    "threads",
    "uploads",
    "vector_stores",
    "videos",
];

impl Signs {
    /// The signs in a request's query and headers; `first` is the first segment of its path behind the version, and `has`
    /// tells whether a header is there.
    pub(super) fn of(first: &str, query: &str, has: impl Fn(&str) -> bool) -> Self {
        let elsewhere = !OPENAI.contains(&first);
        let names = || pairs(query).map(|(name, _)| decoded(name));
        let asks = |wanted: &str| names().any(|name| name.eq_ignore_ascii_case(wanted));
        Self {
            azure: AZURE.iter().any(|name| has(name)) || AZURE_QUERY.iter().any(|name| asks(name)),
            anthropic: ANTHROPIC.iter().any(|name| has(name)) || (elsewhere && has("x-api-key")),
            google: has("x-goog-api-key") || (elsewhere && names().any(|name| name == "key")),
        }
    }
}
