//! Base URLs of upstreams.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;

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
        let default = if self.uri.scheme_str() == Some("http") { 80 } else { 443 };
        self.uri.port_u16().unwrap_or(default)
    }

    /// Whether the host is this machine by name or address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.uri.host().unwrap_or_default())
    }

    /// Where `target` (path and query) goes: appended as it is, percent-encoding untouched.
    ///
    /// # Errors
    /// When the target holds characters that no URL may hold.
    pub fn join(&self, target: &str) -> Result<Uri, http::uri::InvalidUri> {
        format!("{}{target}", self.text).parse()
    }
}

/// Whether a host name or address literal means this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

impl FromStr for Base {
    type Err = ParseBaseError;
    fn from_str(text: &str) -> Result<Self, ParseBaseError> {
        let text = text.trim().trim_end_matches('/');
        let wrong = |problem| ParseBaseError { text: text.into(), problem };
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
    fn a_wrong_base_says_what_is_wrong() {
        for (text, problem) in [
            ("api.openai.com", "scheme"),
            ("ftp://x", "only http"),
            ("http://user:pass@x", "password"),
            ("https://x/?a=b", "query"),
            ("", "URL"),
        ] {
            assert!(text.parse::<Base>().unwrap_err().to_string().contains(problem), "{text}");
        }
        assert!("http://[::1]:80".parse::<Base>().unwrap().is_loopback());
    }
}
