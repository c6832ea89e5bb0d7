//! Which upstream a target means: by the first segment of its path, or by what only one provider's clients send.
//!
//! The one router of the proxy: calls and questions about calls go through it, so that they cannot disagree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::HeaderMap;

use crate::dialect::Dialect;
use crate::upstream::Base;
use crate::wire::percent::decoded as unescaped;

/// Mounts whose names are also the first segment of paths at Azure: `/openai/responses`, `/anthropic/v1/messages`.
const SHARED: [&str; 2] = ["openai", "anthropic"];

/// How a target names its mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mounted {
    /// By the first segment of its path, which has this length.
    Prefix(usize),
    /// By what it means; what the upstream gets begins at this byte.
    Detected(&'static str, usize),
}

/// A target that belongs to no upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmounted {
    /// The mount that it means, where that is clear.
    meant: Option<&'static str>,
    known: Vec<String>,
}

impl Mounted {
    /// The mount, and what its upstream gets.
    #[must_use]
    pub fn split(self, target: &str) -> (&str, &str) {
        match self {
            Self::Prefix(len) => (&target[1..=len], &target[1 + len..]),
            Self::Detected(mount, from) => (mount, &target[from..]),
        }
    }
}

impl Unmounted {
    /// A sentence about `what` (a path or a URL) that says how to mount it.
    #[must_use]
    pub fn sentence(&self, what: &str) -> String {
        let known = self.known.join(", ");
        match self.meant {
            Some("azure") => format!(
                "{what} is Azure's, whose key goes nowhere else, and there is no upstream `azure`; \
                 --upstream azure=https://NAME.openai.azure.com adds it, and so does [upstreams] in the configuration"
            ),
            Some(mount) => format!(
                "{what} is a path of {mount}, and there is no upstream `{mount}`; known are {known}; --upstream {mount}=URL, or [upstreams] in the configuration, adds it"
            ),
            None => format!(
                "no mount for {what}; known are {known}; --upstream NAME=URL, or [upstreams] in the configuration, adds one"
            ),
        }
    }
}

/// The mount of `target` (path and query, as sent) for a request with these headers.
///
/// # Errors
/// When no upstream has it.
pub fn find(
    target: &str,
    headers: &HeaderMap,
    upstreams: &BTreeMap<String, Base>,
) -> Result<Mounted, Unmounted> {
    let first = first_segment(target);
    let shared = SHARED.contains(&first);
    // Somebody who gave Azure's SDK the address of the mount `openai`: its own paths come behind that.
    let behind = target.get(1 + first.len()..).filter(|behind| {
        shared && first_segment(behind).eq_ignore_ascii_case("openai") && is_azures(behind, headers)
    });
    if behind.is_some() {
        return mounted("azure", 1 + first.len(), upstreams);
    }
    if upstreams.contains_key(first) && !(shared && is_azures(target, headers)) {
        return Ok(Mounted::Prefix(first.len()));
    }
    detected(target, headers)
        .map_or_else(|| Err(unmounted(None, upstreams)), |mount| mounted(mount, 0, upstreams))
}

/// The mount of a URL at its provider, where the host tells: of Azure, whose hosts have a name of their own for everybody.
pub(super) fn of_host(url: &str, upstreams: &BTreeMap<String, Base>) -> Option<Result<Mounted, Unmounted>> {
    let host =
        url.split_once("://")?.1.split(['/', '?', ':']).next().unwrap_or_default().to_ascii_lowercase();
    host.ends_with(".azure.com").then(|| mounted("azure", 0, upstreams))
}

fn mounted(
    mount: &'static str,
    from: usize,
    upstreams: &BTreeMap<String, Base>,
) -> Result<Mounted, Unmounted> {
    if upstreams.contains_key(mount) {
        Ok(Mounted::Detected(mount, from))
    } else {
        Err(unmounted(Some(mount), upstreams))
    }
}

fn unmounted(meant: Option<&'static str>, upstreams: &BTreeMap<String, Base>) -> Unmounted {
    Unmounted { meant, known: upstreams.keys().map(|name| format!("/{name}")).collect() }
}

/// Whether the path and what comes with it are Azure's own, so that the key must go nowhere else.
fn is_azures(target: &str, headers: &HeaderMap) -> bool {
    detected(target, headers) == Some("azure")
}

fn detected(target: &str, headers: &HeaderMap) -> Option<&'static str> {
    Dialect::detect(&plain(target), |name| headers.contains_key(name))
}

/// The target with its path as servers read it: escapes resolved, and no empty segments.
fn plain(target: &str) -> Cow<'_, str> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if !path.contains('%') && !path.contains("//") {
        return Cow::Borrowed(target);
    }
    let path = unescaped(path).replace('?', "%3F");
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    Cow::Owned(format!("/{}?{query}", segments.join("/")))
}

/// The first segment of a target that has more than one.
fn first_segment(target: &str) -> &str {
    let path = target.strip_prefix('/').unwrap_or_default();
    match path.find(['/', '?']) {
        Some(at) if path.as_bytes()[at] == b'/' => &path[..at],
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn upstreams(mounts: &[&str]) -> BTreeMap<String, Base> {
        let base = || "http://127.0.0.1:9".parse().unwrap();
        mounts.iter().map(|mount| ((*mount).to_owned(), base())).collect()
    }

    fn found(target: &str, headers: &[&str], mounts: &[&str]) -> Result<(String, String), String> {
        let name = |name: &str| HeaderName::from_bytes(name.as_bytes()).unwrap();
        let map = headers.iter().map(|header| (name(header), "key".parse().unwrap())).collect();
        let mounted = find(target, &map, &upstreams(mounts)).map_err(|none| none.sentence(target))?;
        let (mount, rest) = mounted.split(target);
        Ok((mount.to_owned(), rest.to_owned()))
    }

    #[test]
    fn mounts_are_the_first_segment() {
        for (target, mount) in [
            ("/openai/v1/x?y=/z", "openai"),
            ("/openai//v1", "openai"),
            ("/openai?x=/y", ""),
            ("/", ""),
            ("*", ""),
        ] {
            assert_eq!(first_segment(target), mount, "{target}");
        }
    }

    /// Each was sent to `api.openai.com` with Azure's key before, but for those with `deployments`.
    #[test]
    fn what_is_azures_goes_to_azure() {
        let key = &["Api-Key"][..];
        for (target, headers) in [
            ("/openai/responses", key),
            ("/openai/responses?api-version=preview", &["authorization"][..]),
            ("/openai/responses?stream=true&Api-Version=2025-04-01-preview", &[]),
            ("/openai/responses?a=b&api%2Dversion=preview", &[]),
            ("/openai/models?api-version=2024-10-21", &[]),
            ("/openai/models", key),
            ("/openai/files/file-1/content?api-version=2024-10-21", &[]),
            ("/openai/batches/batch_1/cancel/?api-version=2024-10-21", &[]),
            ("/openai/threads/t/runs?api-version=2024-05-01-preview", &[]),
            ("/openai/assistants", key),
            ("/openai/vector_stores", key),
            ("/openai/evals/e/runs?api-version=preview", &[]),
            ("/openai/fine_tuning/jobs?api-version=2024-10-21", &[]),
            ("/openai/images/generations:submit?api-version=2023-06-01-preview", &[]),
            ("/openai/v1/responses", key),
            ("/openai/v1/chat/completions?api-version=preview", &[]),
            ("/openai/v1/responses", &["ocp-apim-subscription-key"]),
            ("/openai/deployments/d/chat/completions", &[]),
            ("/openai/%64eployments/d/chat/completions", &[]),
            ("/openai//deployments/d/chat/completions", &[]),
            ("//openai/responses?api-version=preview", &[]),
            ("/%6Fpenai/responses?api-version=preview", &[]),
            ("/OpenAI/Deployments/d/chat/completions", &[]),
            ("/openai%2Fresponses", key),
            ("/openai", key),
            ("/openai/", key),
            ("/anthropic/v1/messages", key),
            ("/deployments/d/embeddings?api-version=2024-10-21", &[]),
            ("/models/chat/completions?api-version=2024-05-01-preview", &[]),
            ("/v1/models", key),
            ("/v2/rerank", key),
        ] {
            let expected = Ok(("azure".to_owned(), target.to_owned()));
            assert_eq!(
                found(target, headers, &["anthropic", "azure", "cohere", "openai"]),
                expected,
                "{target}"
            );
            let none = found(target, headers, &["anthropic", "cohere", "openai"]).unwrap_err();
            assert!(none.contains("--upstream azure=https://NAME.openai.azure.com"), "{target}: {none}");
        }
        let mounts = ["azure", "openai"];
        for (target, headers, rest) in [
            ("/azure/openai/responses?api-version=preview", &[][..], "/openai/responses?api-version=preview"),
            ("/azure/openai/v1/responses", key, "/openai/v1/responses"),
            ("/openai/openai/deployments/d/embeddings", &[], "/openai/deployments/d/embeddings"),
            ("/openai/openai/responses?api-version=1", &[], "/openai/responses?api-version=1"),
        ] {
            assert_eq!(found(target, headers, &mounts), Ok(("azure".into(), rest.into())), "{target}");
        }
    }

    #[test]
    fn what_is_not_azures_goes_where_it_went() {
        let mounts = ["anthropic", "azure", "gemini", "openai", "vertex"];
        for (target, headers, mount, rest) in [
            ("/openai/v1/responses", &["authorization"][..], "openai", "/v1/responses"),
            ("/openai/v1/models?limit=2", &["authorization"], "openai", "/v1/models?limit=2"),
            ("/openai/responses", &["authorization"], "openai", "/responses"),
            ("/openai/v1/files?purpose=api-version", &[], "openai", "/v1/files?purpose=api-version"),
            ("/anthropic/v1/messages", &["x-api-key"], "anthropic", "/v1/messages"),
            ("/v1/chat/completions", &["authorization"], "openai", "/v1/chat/completions"),
        ] {
            assert_eq!(found(target, headers, &mounts), Ok((mount.into(), rest.into())), "{target}");
        }
    }

    /// Each but those with `anthropic-version` and `x-goog-api-key` was sent to `api.openai.com` before.
    #[test]
    fn a_key_goes_to_the_provider_that_it_is_of() {
        let mounts = ["anthropic", "azure", "cohere", "gemini", "openai", "vertex"];
        for (target, headers, mount) in [
            ("/v1/models", &["anthropic-version"][..], "anthropic"),
            ("/v1/models", &["X-Api-Key"], "anthropic"),
            ("/v1/chat/completions", &["x-api-key", "anthropic-version"], "anthropic"),
            ("/v1/files", &["x-api-key"], "anthropic"),
            ("/v1/models", &["x-goog-api-key"], "gemini"),
            ("/v1/models?key=AIzaSy", &[], "gemini"),
            ("/v1/models?pageSize=5&key=AIzaSy", &[], "gemini"),
            ("/v1/projects/p/locations/l/publishers/google/models/x:predict", &["x-goog-api-key"], "vertex"),
            ("/v2/models", &["x-goog-api-key"], "gemini"),
        ] {
            assert_eq!(found(target, headers, &mounts), Ok((mount.into(), target.into())), "{target}");
            let none = found(target, headers, &["cohere", "openai"]).unwrap_err();
            assert!(none.contains(&format!("--upstream {mount}=URL")), "{none}");
        }
        // Gateways that speak as OpenAI does take keys under names that others use, too.
        for (target, headers) in
            [("/v1/chat/completions", &["x-api-key"][..]), ("/v1/embeddings?key=abc", &[])]
        {
            assert_eq!(found(target, headers, &mounts), Ok(("openai".into(), target.into())));
        }
    }

    #[test]
    fn azures_hosts_are_azures() {
        let here = upstreams(&["azure", "openai"]);
        let of = |url: &str| of_host(url, &here).map(|found| found.map_err(|_| ()));
        let azure = Some(Ok(Mounted::Detected("azure", 0)));
        assert_eq!(of("https://name.openai.azure.com/openai/v1/responses"), azure);
        assert_eq!(of("https://NAME.services.ai.Azure.com:443"), azure);
        assert_eq!(of("https://api.openai.com/v1/x?y=.azure.com"), None);
        assert_eq!(of("/openai/v1/responses"), None);
        assert!(of_host("https://a.openai.azure.com/x", &upstreams(&["openai"])).unwrap().is_err());
    }
}
