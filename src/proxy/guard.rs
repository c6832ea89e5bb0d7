//! The callers that may ask: programs that know the proxy by one of its names, and web pages whose origin is listed.
//!
//! A browser lets every page send requests to this machine. Two headers tell them from those of programs: the Host, by
//! which a page betrays that its own name was made to point here (DNS rebinding), and what the browser itself says of
//! the page (Origin, Sec-Fetch-Site, Referer; no page can forge them). A request that is refused for either is neither
//! looked up nor forwarded.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::Request;
use http::{HeaderMap, HeaderValue, Method, header};

use super::cors;
use crate::engine::Settings;

/// Names by which containers reach this machine; `internal` is reserved, so that nobody can register them.
const CONTAINER_NAMES: [&str; 2] = ["host.docker.internal", "host.containers.internal"];
/// Endings that public DNS never resolves (RFC 6762, RFC 8375, and ICANN's reservation of `internal`).
const PRIVATE_ENDINGS: [&str; 3] = [".local", ".internal", ".home.arpa"];
/// Length of a foreign name that is repeated in a refusal, in characters.
const SHOWN: usize = 100;

/// The ways to reach a proxy.
#[derive(Clone, Debug, Default)]
pub struct ProxyAccess {
    /// The token of the control API.
    pub token: String,
    /// The proxy's URL as clients see it, where that is not its address (a container, a tunnel).
    pub public_url: Option<String>,
}

/// Checks hosts, pages and tokens.
pub(super) struct Guard {
    address: SocketAddr,
    token: String,
    /// The proxy's URL for links, where `public_url` says it or no Host does.
    base: Arc<str>,
    public_host: Option<String>,
}

/// A caller among those that may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// No web page.
    Program,
    /// A page of this listed origin.
    Page(HeaderValue),
}

/// The refusal of a request before anything is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestFault {
    pub(super) status: u16,
    /// A word for programs, `INVALID_HEADER`.
    pub(super) code: &'static str,
    /// A sentence for people.
    pub(super) message: String,
}

impl RequestFault {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
}

impl Guard {
    pub(super) fn new(address: SocketAddr, access: ProxyAccess) -> Self {
        let public = access.public_url.map(|url| url.trim_end_matches('/').to_owned());
        let public_host = public
            .as_deref()
            .and_then(|url| url.split("://").nth(1))
            .map(|host| host.split('/').next().unwrap_or(host))
            .and_then(|host| Some(name(host)?.to_ascii_lowercase()));
        let base = public.clone().unwrap_or_else(|| format!("http://{}", reachable(address)));
        Self { address, token: access.token, base: base.into(), public_host }
    }

    /// The base URL for links in answers to an admitted call: the public one, else by the name that the client used.
    pub(super) fn base(&self, headers: &HeaderMap) -> Arc<str> {
        match host(headers) {
            Some(host) if self.public_host.is_none() && !self.base.ends_with(host) => {
                format!("http://{host}").into()
            }
            _ => Arc::clone(&self.base),
        }
    }

    /// The caller, if it is one that may ask.
    pub(super) fn admit(&self, settings: &Settings, request: &Request) -> Result<Asker, RequestFault> {
        if *request.method() == Method::CONNECT || request.uri().authority().is_some() {
            let message = "this is a reverse proxy: set your SDK's base URL to it instead of a proxy setting";
            return Err(RequestFault::new(400, "NOT_A_FORWARD_PROXY", message));
        }
        let headers = request.headers();
        let foreign = |code, message: String| RequestFault::new(403, code, message);
        // Two of them would leave it to chance which one is checked and which one is believed.
        let hosts = headers.get_all(header::HOST).iter().count();
        if hosts > 1 || !host(headers).is_some_and(|host| self.is_own(settings, host)) {
            return Err(foreign("FOREIGN_HOST", self.unknown(host(headers).unwrap_or_default())));
        }
        let Some(page) = cors::page(headers) else { return Ok(Asker::Program) };
        let listed = settings.origins.iter().find(|known| known.as_bytes() == page);
        match listed.and_then(|origin| HeaderValue::from_str(origin).ok()) {
            Some(origin) => Ok(Asker::Page(origin)),
            None => Err(foreign("FOREIGN_ORIGIN", unlisted(&String::from_utf8_lossy(page)))),
        }
    }

    /// The message to somebody who asks under a name that is not the proxy's.
    fn unknown(&self, host: &str) -> String {
        let address = reachable(self.address);
        let name = shown(name(host).unwrap_or("NAME"));
        let host = shown(host);
        format!(
            "the proxy does not know itself as `{host}`; use http://{address}, or, where it is reached under another \
             name, set hosts = [\"{name}\"] or public_url = \"http://NAME:PORT\" in its configuration"
        )
    }

    /// Test for the token, which some routes need.
    pub(super) fn is_authorized(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        !self.token.is_empty() && same(sent.as_bytes(), self.token.as_bytes())
    }

    /// True if a Host header names this proxy. Its port says nothing: who makes a name point here keeps the port, and
    /// who maps ports does not.
    fn is_own(&self, settings: &Settings, host: &str) -> bool {
        let Some(name) = name(host) else { return false };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if let Ok(ip) = name.parse::<IpAddr>() {
            return self.is_own_address(ip.to_canonical());
        }
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        name == "localhost"
            || ends(&[".localhost"])
            || self.public_host.as_ref() == Some(&name)
            || CONTAINER_NAMES.contains(&name.as_str())
            || settings.hosts.iter().any(|known| known.eq_ignore_ascii_case(&name))
            // Who can give such a name an address is in this network, and reaches the proxy anyway.
            || !self.address.ip().is_loopback() && (!name.contains('.') || ends(&PRIVATE_ENDINGS))
    }

    /// True if an address stands for this proxy. No address can be made to point elsewhere; but to pages the
    /// unspecified one is a way here on which browsers do not say who asks.
    fn is_own_address(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || !self.address.ip().is_loopback() && !ip.is_unspecified()
    }
}

fn unlisted(page: &str) -> String {
    let page = shown(page);
    let (who, origin) = match page.as_str() {
        "" | "null" => ("a web page".to_owned(), "http://localhost:3000"),
        page => (format!("a web page of {page}"), page),
    };
    format!(
        "{who} asks, and no web page may unless its origin is listed; if it is yours, set origins = [\"{origin}\"] in \
         the configuration, and if this is no web page, leave the headers Origin and Sec-Fetch-Site out"
    )
}

/// The beginning of what a stranger says of itself.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// The name of a Host header (RFC 9110, section 7.2), without brackets and port; None where it is not one.
fn name(host: &str) -> Option<&str> {
    let (name, rest) = match host.strip_prefix('[') {
        Some(literal) => literal.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let fits = if host.starts_with('[') { name.contains(':') } else { name.bytes().all(plain) };
    let port = rest.is_empty()
        || rest.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    (fits && port && !name.is_empty()).then_some(name)
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST).and_then(|host| host.to_str().ok())
}

/// An address that can be dialled: the unspecified one is reached through loopback.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Equality that takes as long for a near miss as for a far one.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn guard(address: &str, public_url: Option<&str>) -> Guard {
        let access = ProxyAccess { token: "secret-token".into(), public_url: public_url.map(str::to_owned) };
        Guard::new(address.parse().unwrap(), access)
    }

    fn asking(target: &str, fields: &[(&str, &str)]) -> Request {
        let mut request = http::Request::builder().uri(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    fn settings() -> Settings {
        let (hosts, origins) = (vec!["retake.test".into()], vec!["http://localhost:3000".into()]);
        Settings { origins, hosts, ..Settings::default() }
    }

    fn code(guard: &Guard, request: &Request) -> Option<&'static str> {
        guard.admit(&settings(), request).err().map(|stranger| stranger.code)
    }

    #[test]
    fn names_of_the_proxy_are_own_and_others_are_not() {
        let own =
            ["127.0.0.1:4010", "127.0.0.1", "127.8.0.1:1", "localhost:4010", "LOCALHOST.:80", "[::1]:4010"];
        let own = own.iter().chain(&["[::ffff:127.0.0.1]:4010", "a.localhost:4010", "RETAKE.test:9"]);
        let own = own.chain(&["retake.example", "retake.example:443", "host.docker.internal:4010"]);
        let near = ["192.168.1.5:4010", "172.17.0.1:8080", "[fd00::1]:4010", "retake:4010", "box.local:4010"];
        let near = near.iter().chain(&["retake.default.svc.cluster.local"]);
        let foreign =
            ["evil.example:4010", "localhost.evil.example:4010", "127.0.0.1.evil.example", "0.0.0.0:4010"];
        let foreign = foreign.iter().chain(&["[::]:4010", "[::ffff:0.0.0.0]", "[::1", "[::1]x", "", ":4010"]);
        let foreign =
            foreign.chain(&["localhost@evil.example", "evil.example@localhost", "a,localhost", "2130706433"]);
        let public = Some("https://retake.example/");
        for (address, all, expected) in [
            ("127.0.0.1:4010", own.clone().collect::<Vec<_>>(), None),
            ("0.0.0.0:4010", own.chain(near.clone()).collect(), None),
            ("[::]:4010", near.clone().collect(), None),
            ("127.0.0.1:4010", near.chain(foreign.clone()).collect(), Some("FOREIGN_HOST")),
            ("0.0.0.0:4010", foreign.filter(|host| **host != "2130706433").collect(), Some("FOREIGN_HOST")),
        ] {
            let guard = guard(address, public);
            for host in all {
                assert_eq!(code(&guard, &asking("/", &[("host", host)])), expected, "{host} at {address}");
            }
        }
        let guard = guard("127.0.0.1:4010", None);
        assert_eq!(code(&guard, &asking("/", &[])), Some("FOREIGN_HOST"));
        let two = asking("/", &[("host", "localhost"), ("host", "evil.example")]);
        assert_eq!(code(&guard, &two), Some("FOREIGN_HOST"));
        let told = guard.admit(&settings(), &asking("/", &[("host", "box.example:1")])).unwrap_err().message;
        assert!(
            told.contains("http://127.0.0.1:4010") && told.contains("hosts = [\"box.example\"]"),
            "{told}"
        );
        let forward = asking("http://localhost:4010/x", &[("host", "localhost:4010")]);
        assert_eq!(code(&guard, &forward), Some("NOT_A_FORWARD_PROXY"));
    }

    #[test]
    fn pages_of_listed_origins_may_ask_and_no_others() {
        let guard = guard("127.0.0.1:4010", None);
        let page = |fields: &[(&str, &str)]| {
            let fields = [&[("host", "localhost:4010")], fields].concat();
            guard.admit(&settings(), &asking("/", &fields)).map_err(|stranger| stranger.code)
        };
        let listed = Ok(Asker::Page(HeaderValue::from_static("http://localhost:3000")));
        for (fields, expected) in [
            (&[][..], Ok(Asker::Program)),
            (&[("sec-fetch-site", "none")], Ok(Asker::Program)),
            (&[("referer", "https://my.app/")], Ok(Asker::Program)),
            (&[("origin", "http://localhost:3000")], listed.clone()),
            (&[("origin", "http://localhost:3000"), ("sec-fetch-site", "same-site")], listed.clone()),
            (&[("sec-fetch-site", "same-site"), ("referer", "http://localhost:3000/a?b")], listed.clone()),
            (&[("sec-fetch-site", "cross-site"), ("referer", "http://localhost:3000")], listed),
            (&[("origin", "http://localhost:3001")], Err("FOREIGN_ORIGIN")),
            (&[("origin", "http://localhost:30001")], Err("FOREIGN_ORIGIN")),
            (&[("origin", "null")], Err("FOREIGN_ORIGIN")),
            (&[("origin", "")], Err("FOREIGN_ORIGIN")),
            (&[("origin", "null"), ("referer", "http://localhost:3000/")], Err("FOREIGN_ORIGIN")),
            (
                &[("origin", "http://localhost:3000"), ("origin", "http://evil.example")],
                Err("FOREIGN_ORIGIN"),
            ),
            (&[("sec-fetch-site", "cross-site")], Err("FOREIGN_ORIGIN")),
            (&[("sec-fetch-site", "same-site")], Err("FOREIGN_ORIGIN")),
            (&[("sec-fetch-site", "same-origin")], Err("FOREIGN_ORIGIN")),
            (&[("sec-fetch-site", "something-new")], Err("FOREIGN_ORIGIN")),
            (
                &[("sec-fetch-site", "same-site"), ("referer", "http://localhost:3000.evil.example/")],
                Err("FOREIGN_ORIGIN"),
            ),
        ] {
            assert_eq!(page(fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn links_use_the_clients_name_or_the_public_url() {
        let base = |guard: &Guard, host| guard.base(asking("/", &[("host", host)]).headers()).to_string();
        assert_eq!(base(&guard("0.0.0.0:4010", None), "localhost:4010"), "http://localhost:4010");
        assert_eq!(base(&guard("0.0.0.0:4010", None), "localhost:8080"), "http://localhost:8080");
        let public = guard("0.0.0.0:4010", Some("https://retake.example/"));
        assert_eq!(base(&public, "localhost:4010"), "https://retake.example");
    }

    #[test]
    fn only_the_right_token_opens() {
        let authorized =
            |guard: &Guard, value| guard.is_authorized(asking("/", &[("authorization", value)]).headers());
        let guard = guard("127.0.0.1:1", None);
        assert!(authorized(&guard, "Bearer secret-token"));
        for wrong in ["Bearer secret-tokeN", "Bearer ", "secret-token", "Basic secret-token"] {
            assert!(!authorized(&guard, wrong), "{wrong}");
        }
        let open = Guard::new("127.0.0.1:1".parse().unwrap(), ProxyAccess::default());
        assert!(!authorized(&open, "Bearer "));
    }
}
