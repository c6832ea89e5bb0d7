//! A request that is asked about and not sent: what would serve it, and why.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::overrides::{end_to_end, overrides};
use super::{mount, scope};
use crate::engine::Overrides;
use crate::model::{self, Headers};
use crate::upstream::Base;

/// A request as people write it: to the proxy or to the provider itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// The method, in capital letters.
    pub method: String,
    /// The provider's URL, the proxy's, or a path with or without a mount.
    pub url: String,
    /// The headers, retake's own included.
    pub headers: Headers,
    /// The body.
    #[serde(with = "crate::model::exchange::text_or_base64")]
    #[schemars(with = "crate::model::exchange::BytesText")]
    pub body: Bytes,
}

impl Question {
    /// The call that it would be.
    ///
    /// # Errors
    /// A sentence, when the URL belongs to no mount or a header cannot be understood.
    pub fn request(self, upstreams: &BTreeMap<String, Base>) -> Result<(model::Request, Overrides), String> {
        let mut map = HeaderMap::new();
        for (name, value) in self.headers.iter() {
            match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
                (Ok(name), Ok(value)) => _ = map.append(name, value),
                _ => return Err(format!("the header `{name}` cannot be sent over HTTP")),
            }
        }
        let mut overrides = overrides(&map)?;
        let target = match self.url.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => &self.url,
        };
        let (scope, target) = scope::of_path(&map, target)?;
        overrides.scope = scope;
        let (mount, target) = located(&self.url, target, &map, upstreams)?;
        let request =
            model::Request { method: self.method, mount, target, headers: end_to_end(&map), body: self.body };
        Ok((request, overrides))
    }
}

/// Mount and target of a URL: by the longest upstream that it begins with, else by its path, as a call's.
fn located(
    url: &str,
    target: &str,
    headers: &HeaderMap,
    upstreams: &BTreeMap<String, Base>,
) -> Result<(String, String), String> {
    let known =
        upstreams.iter().filter_map(|(mount, base)| Some((base.as_str().len(), mount, base.target_of(url)?)));
    if let Some((_, mount, target)) = known.max_by_key(|(len, ..)| *len) {
        return Ok((mount.clone(), target));
    }
    if !target.starts_with('/') {
        return Err(format!("`{url}` is neither a URL nor a path; write https://… or /openai/v1/…"));
    }
    let found = mount::of_host(url, upstreams).unwrap_or_else(|| mount::find(target, headers, upstreams));
    let (mount, rest) = found.map_err(|none| none.sentence(url))?.split(target);
    Ok((mount.to_owned(), rest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Settings;

    #[test]
    fn a_url_is_found_by_its_upstream_or_its_path() {
        let mut upstreams = Settings::default().upstreams;
        upstreams.insert("azure".into(), "https://company.openai.azure.com".parse().unwrap());
        upstreams.insert("local".into(), "http://127.0.0.1:9/api".parse().unwrap());
        upstreams.insert("gateway".into(), "https://gateway.example/v1".parse().unwrap());
        let found = |url: &str| {
            let headers = Headers::default();
            let question = Question { method: "POST".into(), url: url.into(), headers, body: Bytes::new() };
            question.request(&upstreams).map(|(request, _)| (request.mount, request.target))
        };
        for (url, mount, target) in [
            ("https://api.openai.com/v1/chat/completions", "openai", "/v1/chat/completions"),
            ("http://127.0.0.1:4010/openai/v1/x?y=z", "openai", "/v1/x?y=z"),
            ("/anthropic/v1/messages", "anthropic", "/v1/messages"),
            ("/v1/messages", "anthropic", "/v1/messages"),
            ("http://127.0.0.1:4010/@t1/openai/v1/x", "openai", "/v1/x"),
            ("http://127.0.0.1:9/api/x", "local", "/x"),
            ("https://gateway.example/v1/chat/completions", "gateway", "/v1/chat/completions"),
            ("https://api.lumenfall.ai/openai/v1/images/generations", "lumenfall", "/v1/images/generations"),
            // An Azure key was shown to go to `openai`, as it did.
            ("https://me.openai.azure.com/openai/v1/responses", "azure", "/openai/v1/responses"),
            ("/openai/responses?api-version=preview", "azure", "/openai/responses?api-version=preview"),
            ("/@t/openai/files?api-version=1", "azure", "/openai/files?api-version=1"),
        ] {
            assert_eq!(found(url), Ok((mount.into(), target.into())), "{url}");
        }
        assert!(found("https://example.com/other").unwrap_err().contains("/openai"));
        assert!(found("chat/completions").unwrap_err().contains("/openai/v1"));
    }
}
