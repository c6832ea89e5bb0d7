//! Headers of answers that say who called: the organization, the account, the address. What is committed and shared needs
//! none of them; whoever wants one names it in `keep_headers`.

use crate::model::is_header_name;

/// Endings of the names of headers that say who called, but for `id` and the like: `openai-organization`,
/// `anthropic-organization-id`, `x-goog-user-project`, `cf-connecting-ip`.
const WHO: &[&str] = &[
    "account",
    "customer",
    "email",
    "ip",
    "org",
    "organisation",
    "organization",
    "principal",
    "project",
    "subscription",
    "team",
    "tenant",
    "user",
    "username",
    "workspace",
];

/// Words that may stand behind such an ending.
const ENDS: &[&str] = &["id", "ids", "key", "name", "slug", "uid", "uuid"];

/// True if a header of an answer (lower case) says who called.
pub(crate) fn says_who(name: &str) -> bool {
    let mut words = name.split(['-', '_']).rev().skip_while(|word| ENDS.contains(word));
    words.next().is_some_and(|word| WHO.contains(&word)) || matches!(name, "forwarded" | "x-forwarded-for")
}

/// The reason, in half a sentence, why a configuration may not keep a header; `None` where it may.
pub(crate) fn keep_problem(name: &str) -> Option<&'static str> {
    if !is_header_name(name) {
        Some("is no name of a header")
    } else if says_who(&name.to_ascii_lowercase()) {
        None
    } else {
        Some("is kept anyway, or carries a credential: only headers that say who called can be named here")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_called_is_known_by_the_end_of_a_name() {
        for name in [
            "openai-organization",
            "openai-project",
            "anthropic-organization-id",
            "x-goog-user-project",
            "x-account-id",
            "x_tenant_id",
            "x-user",
            "cf-connecting-ip",
            "x-real-ip",
            "true-client-ip",
            "x-forwarded-for",
            "x-workspace-slug",
        ] {
            assert!(says_who(name), "{name}");
        }
        for name in [
            "x-request-id",
            "request-id",
            "cf-ray",
            "openai-processing-ms",
            "openai-model",
            "openai-version",
            "x-ratelimit-limit-project-tokens",
            "x-ratelimit-remaining-requests",
            "anthropic-ratelimit-tokens-limit",
            "content-type",
            "x-user-agent",
            "id",
            "",
            "via",
            "strict-transport-security",
            "x-ms-region",
        ] {
            assert!(!says_who(name), "{name}");
        }
    }
}
