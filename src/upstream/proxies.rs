//! The proxies that the environment names.

use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use super::base::{has_no_port, is_loopback};

/// The proxies by the hosts that are reached through them.
pub(super) struct Proxies {
    matcher: Matcher,
    problem: Option<ProxyProblem>,
}

/// A variable that names a proxy which cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyProblem {
    variable: &'static str,
    problem: String,
}

impl fmt::Display for ProxyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, problem } = self;
        write!(
            f,
            "the proxy in {variable} cannot be used: {problem}; write it like http://HOST:PORT or socks5h://HOST:PORT"
        )
    }
}

/// The problem with the environment's proxies, where there is one: nothing is sent past a proxy that somebody asked for.
#[must_use]
pub fn proxy_problem() -> Option<ProxyProblem> {
    Proxies::from_env().problem
}

impl Default for Proxies {
    /// No proxies.
    fn default() -> Self {
        Self::new(None, None, String::new())
    }
}

impl Proxies {
    /// `HTTPS_PROXY`, else `ALL_PROXY`, for upstreams over TLS, `ALL_PROXY` for others; `NO_PROXY` excepts hosts from
    /// both. Small letters are read where capitals are not set.
    pub(super) fn from_env() -> Self {
        let https = first(["HTTPS_PROXY", "https_proxy"]);
        let all = first(["ALL_PROXY", "all_proxy"]);
        let no = first(["NO_PROXY", "no_proxy"]).map(|(_, value)| value).unwrap_or_default();
        Self::new(https, all, no)
    }

    fn new(https: Option<Named>, all: Option<Named>, no: String) -> Self {
        let problem = [&https, &all]
            .into_iter()
            .flatten()
            .find_map(|(variable, value)| Some(ProxyProblem { variable, problem: problem_of(value)? }));
        let value = |named: Option<Named>| named.map(|(_, value)| value).unwrap_or_default();
        let matcher = Matcher::builder().https(value(https)).all(value(all)).no(no).build();
        Self { matcher, problem }
    }

    /// The proxy for a URL.
    ///
    /// # Errors
    /// When the environment names one that cannot be used.
    pub(super) fn of(&self, uri: &Uri) -> Result<Option<Intercept>, ProxyProblem> {
        // What runs on this machine in plain HTTP is behind no proxy, whoever forgot to say so.
        if uri.scheme_str() != Some("https") && is_loopback(uri.host().unwrap_or_default()) {
            return Ok(None);
        }
        match &self.problem {
            Some(problem) => Err(problem.clone()),
            None => Ok(self.matcher.intercept(uri)),
        }
    }
}

/// A variable and its value.
type Named = (&'static str, String);

fn first(names: [&'static str; 2]) -> Option<Named> {
    let set = |name| Some((name, std::env::var_os(name)?.to_string_lossy().trim().to_owned()));
    names.into_iter().find_map(set).filter(|(_, value)| !value.is_empty())
}

/// The problem with a proxy's URL. It may hold a password, so it is not repeated.
fn problem_of(value: &str) -> Option<String> {
    let Ok(uri) = value.parse::<Uri>() else { return Some("it cannot be read as a URL".into()) };
    if uri.host().is_none_or(str::is_empty) {
        return Some("its host is missing".into());
    }
    if has_no_port(&uri) {
        return Some("its port is no number up to 65535".into());
    }
    match uri.scheme_str() {
        None | Some("http" | "https" | "socks5" | "socks5h") => None,
        Some(scheme) => Some(format!("`{scheme}` is no kind of proxy that retake knows")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(https: &str, all: &str, no: &str) -> Proxies {
        let named = |variable, value: &str| (!value.is_empty()).then(|| (variable, value.to_owned()));
        Proxies::new(named("HTTPS_PROXY", https), named("ALL_PROXY", all), no.to_owned())
    }

    #[test]
    fn each_upstream_has_its_proxy() {
        let through = |proxies: &Proxies, uri: &str| {
            let proxy = proxies.of(&uri.parse().unwrap()).unwrap();
            proxy.map(|proxy| proxy.uri().to_string())
        };
        let both = proxies("http://a:1", "socks5h://b:2", "near.example");
        assert_eq!(through(&both, "https://far.example"), Some("http://a:1/".into()));
        assert_eq!(through(&both, "http://far.example"), Some("socks5h://b:2/".into()));
        assert_eq!(through(&both, "https://near.example"), None);
        assert_eq!(through(&both, "http://127.0.0.1:11434"), None, "no proxy leads to this machine");
        assert_eq!(through(&proxies("a:1", "", ""), "https://x"), Some("http://a:1/".into()));
        assert_eq!(through(&proxies("a:1", "", ""), "http://x"), None);
        assert_eq!(through(&proxies("", "socks5://b:2", ""), "https://x"), Some("socks5://b:2/".into()));
    }

    #[test]
    fn one_that_cannot_be_used_is_never_passed_by() {
        for (https, all, words) in [
            ("socks4://user:secret@p:1", "", ["HTTPS_PROXY", "`socks4`"]),
            ("ftp://p:1", "", ["HTTPS_PROXY", "`ftp`"]),
            ("http://user:secret@p :1", "", ["HTTPS_PROXY", "URL"]),
            ("http://user:secret@p:no", "", ["HTTPS_PROXY", "port"]),
            ("http://p:1", "socks5:/p:secret", ["ALL_PROXY", "proxy"]),
            ("", "socks://p:1", ["ALL_PROXY", "`socks`"]),
        ] {
            let proxies = proxies(https, all, "");
            let problem = proxies.of(&"https://x".parse().unwrap()).unwrap_err().to_string();
            assert!(words.iter().all(|word| problem.contains(word)), "{problem}");
            assert!(!problem.contains("secret"), "{problem}");
            assert!(proxies.of(&"http://localhost:1".parse().unwrap()).unwrap().is_none());
        }
    }
}
