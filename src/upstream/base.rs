//! Base URLs of upstreams. The rest of a URL is the client's, and goes on as it came.

use std::fmt;
use std::net::{IpAddr, ToSocketAddrs};
use std::str::FromStr;

use http::Uri;

use super::MaskedUrl;
use crate::dialect::behind_version;

/// The URL that a mount stands for: scheme, host, port, and a path that is put before each target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    text: String,
    uri: Uri,
}

/// A text that is no base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a base URL: {problem}; write it like https://api.openai.com or http://127.0.0.1:8080/path"
)]
pub struct ParseBaseError {
    text: String,
    problem: &'static str,
}

impl Base {
    /// The URL as text, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and port, as people know the upstream.
    #[must_use]
    pub fn host(&self) -> &str {
        self.uri.authority().map_or("", http::uri::Authority::as_str)
    }

    /// The port, as written or by the scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        port_of(&self.uri)
    }

    /// True if a URL has the scheme, host and port of this one (RFC 6454).
    #[must_use]
    pub(super) fn is_origin_of(&self, uri: &Uri) -> bool {
        let host = |uri: &Uri| uri.host().unwrap_or_default().to_ascii_lowercase();
        self.uri.scheme() == uri.scheme() && host(&self.uri) == host(uri) && self.port() == port_of(uri)
    }

    /// True if the host is this machine by name or address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.uri.host().unwrap_or_default())
    }

    /// Path and query of a URL behind this one's, where it is on the same host. The scheme does not count where each has its
    /// usual port: servers behind somebody who speaks TLS for them write `http`.
    pub(crate) fn behind<'a>(&self, uri: &'a Uri) -> Option<&'a str> {
        let is_usual = |uri: &Uri| uri.port_u16().is_none_or(|port| port == usual_port(uri));
        let usual = is_usual(&self.uri) && is_usual(uri);
        let host = |uri: &Uri| uri.host().unwrap_or_default().to_ascii_lowercase();
        if host(&self.uri) != host(uri) || !(usual || self.port() == port_of(uri)) {
            return None;
        }
        let own = self.uri.path().trim_end_matches('/');
        let whole = uri.path_and_query()?.as_str();
        let behind = whole.strip_prefix(own)?;
        // Clients begin with the version, as they do for every other target.
        let version = self.version().map_or(0, |version| version.len() + 1);
        let target = &whole[own.len() - version..];
        (behind.is_empty() || behind.starts_with(['/', '?'])).then_some(target)
    }

    /// The URL to which `target` (path and query) goes: appended, percent-encoding untouched.
    ///
    /// A URL that ends in a version (`https://gateway.example/openai/v1`) is what an SDK takes for its base URL, and is not
    /// written twice: what the target's path begins with and the URL ends in stands once. SDKs that speak as OpenAI's
    /// does begin with `/v1` whoever is behind it, so another version at the end (`/api/v3`) takes the place of that.
    /// Every other version stays: `/v2/rerank` before `https://api.cohere.com/v1` is a path of its own.
    ///
    /// # Errors
    /// When the target holds characters that no URL may hold.
    pub fn join(&self, target: &str) -> Result<Uri, http::uri::InvalidUri> {
        format!("{}{}", self.text, self.unversioned(target)).parse()
    }

    /// The target that clients send for a URL of the upstream; `None` where the URL is another's.
    #[must_use]
    pub fn target_of(&self, url: &str) -> Option<String> {
        let rest = url.strip_prefix(&self.text)?;
        if !(rest.is_empty() || rest.starts_with(['/', '?'])) {
            return None;
        }
        let version = self.version().map(|version| format!("/{version}")).unwrap_or_default();
        let target = format!("{version}{rest}");
        Some(if target.starts_with('/') { target } else { format!("/{target}") })
    }

    /// The version that the URL ends in, `v1` or `v1beta`.
    fn version(&self) -> Option<&str> {
        let last = self.uri.path().rsplit('/').next()?;
        let (version, rest) = behind_version(last);
        (version == last && rest.is_empty()).then_some(last)
    }

    /// The target without what the URL ends in already.
    fn unversioned<'a>(&self, target: &'a str) -> &'a str {
        let Some(version) = self.version() else { return target };
        let without = |start: &str| {
            let rest = target.strip_prefix(start)?;
            (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
        };
        let path = self.uri.path();
        let ends = path.match_indices('/').map(|(at, _)| &path[at..]);
        let written = ends.filter(|end| end.len() > 1).find_map(without);
        written.or_else(|| without("/v1").filter(|_| version != "v1")).unwrap_or(target)
    }
}

/// The port of a URL, as written or by its scheme.
pub(super) fn port_of(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(usual_port(uri))
}

fn usual_port(uri: &Uri) -> u16 {
    if uri.scheme_str() == Some("http") { 80 } else { 443 }
}

/// True if a URL has something for its port that is none.
pub(super) fn has_no_port(uri: &Uri) -> bool {
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    let place = authority.rsplit('@').next().unwrap_or_default();
    let written = place.strip_prefix(uri.host().unwrap_or_default()).is_none_or(|port| !port.is_empty());
    written && uri.port_u16().is_none()
}

/// A host without the brackets of an IPv6 address.
pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// True if a host name (RFC 6761) or an address in any spelling means this machine. Nobody is asked about names.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = bare(host).trim_end_matches('.').to_ascii_lowercase();
    let is_own = |ip: IpAddr| ip.to_canonical().is_loopback() || ip.to_canonical().is_unspecified();
    name == "localhost" || name.ends_with(".localhost") || address(&name).is_some_and(is_own)
}

/// The address that a host is, also as `127.1`, `0x7f000001` and `2130706433`: what ends in a number is no name, and the
/// system reads it without asking anybody.
fn address(host: &str) -> Option<IpAddr> {
    let last = host.rsplit('.').next().unwrap_or_default();
    let digits = last.strip_prefix("0x").unwrap_or(last);
    let is_number =
        last.starts_with(|c: char| c.is_ascii_digit()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let read = || Some((host, 0).to_socket_addrs().ok()?.next()?.ip());
    host.parse().ok().or_else(|| if is_number { read() } else { None })
}

impl FromStr for Base {
    type Err = ParseBaseError;
    fn from_str(text: &str) -> Result<Self, ParseBaseError> {
        let text = text.trim().trim_end_matches('/');
        let wrong = |problem| ParseBaseError { text: MaskedUrl(text).to_string(), problem };
        let uri: Uri = text.parse().map_err(|_| wrong("it cannot be read as a URL"))?;
        match uri.scheme_str() {
            Some("http" | "https") => {}
            Some(_) => return Err(wrong("only http and https are possible")),
            None => return Err(wrong("the scheme is missing")),
        }
        let authority = uri.authority().ok_or_else(|| wrong("the host is missing"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it must not hold a user or password"));
        }
        if has_no_port(&uri) {
            return Err(wrong("its port is no number up to 65535"));
        }
        if uri.query().is_some() {
            return Err(wrong("it must not hold a query"));
        }
        Ok(Self { text: text.into(), uri })
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_appended_untouched() {
        let base: Base = "https://api.example.com/openai/".parse().unwrap();
        let uri = base.join("/v1/model/a%3Ab%2Fc?x=%20y").unwrap();
        assert_eq!(uri.to_string(), "https://api.example.com/openai/v1/model/a%3Ab%2Fc?x=%20y");
        assert_eq!((base.host(), base.port(), base.is_loopback()), ("api.example.com", 443, false));
    }

    #[test]
    fn a_version_is_written_once() {
        for (base, target, url) in [
            ("https://x.example/v1", "/v1/chat/completions", "https://x.example/v1/chat/completions"),
            (
                "https://x.example/v1/",
                "/v1/chat/completions?a=/v1",
                "https://x.example/v1/chat/completions?a=/v1",
            ),
            ("https://x.example/v1", "/chat/completions", "https://x.example/v1/chat/completions"),
            ("https://x.example/v1", "/v1", "https://x.example/v1"),
            ("https://x.example/v1", "/v1?a=b", "https://x.example/v1?a=b"),
            ("https://x.example/v1", "/v1x/y", "https://x.example/v1/v1x/y"),
            ("https://x.example/v1", "/v1%2Fy", "https://x.example/v1/v1%2Fy"),
            ("https://x.example/v1", "/", "https://x.example/v1/"),
            // A gateway whose path is OpenAI's, called at its root or by its whole path.
            ("https://x.example/openai/v1", "/v1/models", "https://x.example/openai/v1/models"),
            ("https://x.example/openai/v1", "/openai/v1/models", "https://x.example/openai/v1/models"),
            ("https://x.example/openai", "/v1/models", "https://x.example/openai/v1/models"),
            ("https://x.example/openai", "/openai/v1/models", "https://x.example/openai/openai/v1/models"),
            // Where the version is really there twice, an SDK would be told so, too.
            ("https://x.example/v1/v1", "/v1/models", "https://x.example/v1/v1/models"),
            ("https://x.example/v1beta", "/v1beta/models/m:x", "https://x.example/v1beta/models/m:x"),
            ("https://x.example/v2", "/v2/chat", "https://x.example/v2/chat"),
            (
                "https://x.example/api/paas/v4",
                "/v1/chat/completions",
                "https://x.example/api/paas/v4/chat/completions",
            ),
            ("https://x.example/v1beta", "/v1/models/m:x", "https://x.example/v1beta/models/m:x"),
            ("https://x.example/v1", "/v2/rerank", "https://x.example/v1/v2/rerank"),
            ("https://x.example/v1", "/v1beta/models", "https://x.example/v1/v1beta/models"),
            ("https://x.example", "/v1/v1/x", "https://x.example/v1/v1/x"),
            ("https://x.example/vault", "/v1/x", "https://x.example/vault/v1/x"),
        ] {
            let base: Base = base.parse().unwrap();
            assert_eq!(base.join(target).unwrap().to_string(), url, "{base} {target}");
        }
    }

    #[test]
    fn a_url_of_the_upstream_is_known_by_what_clients_send() {
        for (base, url, target) in [
            ("https://x.example", "https://x.example/v1/models", Some("/v1/models")),
            ("https://x.example", "https://x.example", Some("/")),
            ("https://x.example/openai", "https://x.example/openai?a=b", Some("/?a=b")),
            ("https://x.example/openai/v1", "https://x.example/openai/v1/models?a=b", Some("/v1/models?a=b")),
            ("https://x.example/v1", "https://x.example/v1", Some("/v1")),
            ("https://x.example/v1", "https://x.example/v1x", None),
            ("https://x.example/v1", "https://x.example/other", None),
        ] {
            let base: Base = base.parse().unwrap();
            assert_eq!(base.target_of(url).as_deref(), target, "{base} {url}");
        }
    }

    #[test]
    fn a_wrong_base_says_what_is_wrong() {
        for (text, problem) in [
            ("api.openai.com", "scheme"),
            ("ftp://x", "only http"),
            ("http://user:pass@x", "password"),
            ("https://x/?a=b", "query"),
            ("https://x:port/", "port"),
            ("https://x:65536/", "port"),
            ("http://[::1]:x", "port"),
            ("", "URL"),
        ] {
            let said = text.parse::<Base>().unwrap_err().to_string();
            assert!(said.contains(problem) && !said.contains("pass@"), "{text}: {said}");
        }
    }

    #[test]
    fn this_machine_is_known_in_every_spelling() {
        for host in [
            "[::1]",
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "0",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
            "LocalHost.",
            "api.localhost",
            "127.0.0.53",
        ] {
            assert!(format!("http://{host}:80").parse::<Base>().unwrap().is_loopback(), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1", "1.1.1.1", "deadbeef", "example.0xzz"] {
            assert!(!format!("http://{host}").parse::<Base>().unwrap().is_loopback(), "{host}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let base: Base = "http://Box.example/path".parse().unwrap();
        let own = |url: &str| base.is_origin_of(&url.parse().unwrap());
        assert!(own("http://box.example/other?x") && own("http://user@box.EXAMPLE:80/"));
        for other in [
            "https://box.example/",
            "http://box.example:8080/",
            "http://box.example.evil/",
            "http://box.example@evil/",
        ] {
            assert!(!own(other), "{other}");
        }
    }
}
