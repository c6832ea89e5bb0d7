//! Who may speak to the control API, and under which name clients know the proxy.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::{HeaderMap, StatusCode, header};

use super::Access;

/// Checks hosts, origins and tokens.
pub(crate) struct Guard {
    address: SocketAddr,
    token: String,
    /// The proxy's URL for links, when the client's own Host is not to be believed.
    base: Arc<str>,
    public_host: Option<String>,
}

impl Guard {
    pub(super) fn new(address: SocketAddr, access: Access) -> Self {
        let public = access.public_url.map(|url| url.trim_end_matches('/').to_owned());
        let public_host = public
            .as_deref()
            .and_then(|url| url.split("://").nth(1))
            .map(|host| host.split('/').next().unwrap_or(host).to_owned());
        let base = public.unwrap_or_else(|| format!("http://{}", reachable(address)));
        Self { address, token: access.token, base: base.into(), public_host }
    }

    /// The base URL for links in answers: the public one, else the Host that the client used, if it is one of ours.
    pub(super) fn base(&self, headers: &HeaderMap) -> Arc<str> {
        match host(headers) {
            Some(host) if self.public_host.is_none() && self.is_own(host) && !self.base.ends_with(host) => {
                format!("http://{host}").into()
            }
            _ => Arc::clone(&self.base),
        }
    }

    /// What is refused for every control route: a foreign Host (DNS rebinding) and anything that a browser sends from
    /// a page.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), (StatusCode, String)> {
        if headers.contains_key(header::ORIGIN) {
            let text = "the control API is not for web pages: leave the Origin header out";
            return Err((StatusCode::FORBIDDEN, text.into()));
        }
        match host(headers) {
            Some(host) if self.is_own(host) => Ok(()),
            foreign => {
                let address = reachable(self.address);
                let foreign = foreign.unwrap_or_default();
                let text = format!(
                    "the proxy does not know itself as `{foreign}`; use http://{address}, or, where it is reached \
                     under another name, set public_url = \"http://NAME:PORT\" in its configuration"
                );
                Err((StatusCode::FORBIDDEN, text))
            }
        }
    }

    /// The token, for the routes that need it.
    pub(super) fn authorize(&self, headers: &HeaderMap) -> Result<(), (StatusCode, String)> {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if !self.token.is_empty() && same(sent.as_bytes(), self.token.as_bytes()) {
            Ok(())
        } else {
            Err((
                StatusCode::UNAUTHORIZED,
                "the control API needs the token of the store's LOCK file as a bearer token".into(),
            ))
        }
    }

    fn is_own(&self, host: &str) -> bool {
        if self.public_host.as_deref().is_some_and(|public| public.eq_ignore_ascii_case(host)) {
            return true;
        }
        let (name, port) = split_host(host);
        let address = name.parse::<IpAddr>();
        let known = name.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|ip| ip.is_loopback() || ip == self.address.ip());
        known && port.unwrap_or(80) == self.address.port()
    }
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST).and_then(|host| host.to_str().ok())
}

/// Name and port of a Host header; brackets of IPv6 literals are taken off.
fn split_host(host: &str) -> (&str, Option<u16>) {
    if let Some((name, rest)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (name, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match host.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().ok()),
        None => (host, None),
    }
}

/// An address that can be dialled: the unspecified one is reached through loopback.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
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
    use super::*;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn hosts_of_this_machine_are_own_and_others_are_not() {
        let guard = Guard::new("127.0.0.1:4010".parse().unwrap(), Access::default());
        for own in ["127.0.0.1:4010", "localhost:4010", "LOCALHOST:4010", "[::1]:4010"] {
            assert!(guard.admit(&headers(&[("host", own)])).is_ok(), "{own}");
        }
        for foreign in
            ["evil.example:4010", "127.0.0.1:4011", "127.0.0.1", "[::1", "", "localhost.evil.example:4010"]
        {
            assert!(guard.admit(&headers(&[("host", foreign)])).is_err(), "{foreign}");
        }
        assert!(guard.admit(&headers(&[("host", "localhost:4010"), ("origin", "null")])).is_err());
    }

    #[test]
    fn links_use_the_checked_host_or_the_public_url() {
        let guard = Guard::new("0.0.0.0:4010".parse().unwrap(), Access::default());
        assert_eq!(&*guard.base(&headers(&[("host", "localhost:4010")])), "http://localhost:4010");
        assert_eq!(&*guard.base(&headers(&[("host", "evil.example")])), "http://127.0.0.1:4010");
        let access = Access { public_url: Some("https://retake.example/".into()), ..Access::default() };
        let guard = Guard::new("0.0.0.0:4010".parse().unwrap(), access);
        assert_eq!(&*guard.base(&headers(&[("host", "localhost:4010")])), "https://retake.example");
    }

    #[test]
    fn only_the_right_token_opens() {
        let access = Access { token: "secret-token".into(), public_url: None };
        let guard = Guard::new("127.0.0.1:1".parse().unwrap(), access);
        assert!(guard.authorize(&headers(&[("authorization", "Bearer secret-token")])).is_ok());
        for wrong in ["Bearer secret-tokeN", "Bearer ", "secret-token", "Basic secret-token"] {
            assert!(guard.authorize(&headers(&[("authorization", wrong)])).is_err(), "{wrong}");
        }
        let open = Guard::new("127.0.0.1:1".parse().unwrap(), Access::default());
        assert!(open.authorize(&headers(&[("authorization", "Bearer ")])).is_err());
    }
}
