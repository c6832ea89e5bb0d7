//! Azure `OpenAI`: the endpoints and bodies of `OpenAI` under other paths. Source: Azure's REST reference and
//! `AzureOpenAI` of the SDKs, which puts the body's `model` into the path as the deployment.

use super::endpoint::Endpoint;
use super::{openai, path};
use crate::wire::percent::decoded;

/// `/openai/deployments/{model}/chat/completions`, `/openai/responses` and `/openai/v1/responses`. The prefix
/// `/openai` may be missing, because an upstream's address may end in it.
pub(super) fn endpoint(method: &str, path: &str) -> Endpoint {
    let normal = path::normal(path);
    let rest = normal.trim_start_matches('/');
    let (prefix, rest) = match rest.strip_prefix("openai") {
        Some(behind) if behind.starts_with('/') => ("/openai", behind.trim_start_matches('/')),
        _ => ("", rest),
    };
    let deployment = rest
        .strip_prefix("deployments/")
        .and_then(|rest| rest.split_once('/'))
        .filter(|(name, behind)| !name.is_empty() && !behind.is_empty());
    let Some((deployment, behind)) = deployment else {
        return openai::endpoint_below(prefix, method, rest);
    };
    let prefix = format!("{prefix}/deployments/{{model}}");
    let mut endpoint = openai::endpoint_below(&prefix, method, behind);
    endpoint.vars.insert(0, ("model".to_owned(), decoded(deployment).into_owned()));
    endpoint
}

/// First segments of Azure's paths: its own layout, with a deployment in the path or in the body, and the models of others
/// that it hosts.
const FIRST: [&str; 5] = ["openai", "deployments", "models", "anthropic", "providers"];

/// Test for a path without a mount that is Azure's: `version` and `rest` are its two sides, and `signed` is true for a
/// request that carries what only Azure's clients send. Deployments are Azure's whatever comes with them; all else is
/// known by its key or its API version, because paths such as `/openai/v1/responses` are also those of the mount
/// `openai`.
pub(super) fn claims(version: &str, rest: &str, signed: bool) -> bool {
    let mut segments = rest.split('/').filter(|segment| !segment.is_empty());
    let first = segments.next().unwrap_or_default().to_ascii_lowercase();
    let second = segments.next().unwrap_or_default();
    let deployed = version == "/" && first == "openai" && second.eq_ignore_ascii_case("deployments");
    deployed || (signed && (version != "/" || FIRST.contains(&&*first)))
}
