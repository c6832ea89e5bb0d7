//! The HTTP client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Method, Uri, header};
use http_body_util::Full;
use hyper::service::Service as _;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::{Client as Pool, Error as PoolError};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::service::TowerToHyperService;

use super::error::root_cause;
use super::{Arriving, Base, UpstreamError};
use crate::model::{Headers, Request};

type Body = Full<bytes::Bytes>;
/// A pool whose connections go through an HTTP proxy.
type Tunnels = Pool<HttpsConnector<Tunnel<HttpConnector>>, Body>;

/// A pool of connections to upstreams. Clones share it.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    tls: rustls::ClientConfig,
    direct: Pool<HttpsConnector<HttpConnector>, Body>,
    /// Of the environment: which hosts are reached through which HTTP proxy.
    proxies: Matcher,
    /// One pool for each HTTP proxy, made when it is first used.
    tunnels: Mutex<HashMap<Uri, Tunnels>>,
    /// How long an answer may take to begin.
    timeout: Duration,
}

/// The beginning of an upstream's answer.
#[derive(Debug)]
pub struct Forwarded {
    /// The HTTP status.
    pub status: u16,
    /// All headers, hop-by-hop ones included.
    pub headers: Headers,
    /// The body.
    pub body: Arriving,
}

impl Client {
    /// How long to wait for a connection.
    const CONNECT: Duration = Duration::from_secs(10);
    /// How long an answer may take to begin by default: what the large SDKs wait.
    pub const TIMEOUT: Duration = Duration::from_secs(600);

    /// A client that waits up to `timeout` for the first byte of an answer. It trusts the machine's certificates,
    /// or a built-in list where the machine has none.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        let tls =
            rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map(|builder| match builder.clone().with_native_roots() {
                    Ok(native) => native.with_no_client_auth(),
                    Err(_) => builder.with_webpki_roots().with_no_client_auth(),
                });
        let Ok(tls) = tls else { unreachable!("ring offers TLS 1.2 and 1.3") };
        let direct = pool(https(tls.clone(), connector()));
        let shared = Shared { tls, direct, proxies: Matcher::from_env(), tunnels: Mutex::default(), timeout };
        Self { shared: Arc::new(shared) }
    }

    /// Sends a request as it is to `base` and its target, and waits for the answer to begin.
    ///
    /// # Errors
    /// When no answer begins; an answer with an error status is a success here.
    pub async fn forward(&self, request: &Request, base: &Base) -> Result<Forwarded, UpstreamError> {
        let uri = base.join(&request.target).map_err(|error| UpstreamError::Invalid(error.to_string()))?;
        self.send(uri, request, base.as_str()).await
    }

    pub(super) async fn send(
        &self,
        uri: Uri,
        request: &Request,
        name: &str,
    ) -> Result<Forwarded, UpstreamError> {
        let invalid = |error: http::Error| UpstreamError::Invalid(error.to_string());
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|e| invalid(e.into()))?;
        let mut outgoing = http::Request::builder().method(method).uri(uri.clone());
        for (name, value) in request.headers.iter() {
            if name != header::HOST && name != header::CONTENT_LENGTH {
                outgoing = outgoing.header(name, header_value(name, value).map_err(|e| invalid(e.into()))?);
            }
        }
        let outgoing = outgoing.body(Full::new(request.body.clone())).map_err(invalid)?;
        let answer = tokio::time::timeout(self.shared.timeout, self.dispatch(&uri, outgoing)).await;
        let answer = answer
            .map_err(|_| UpstreamError::Timeout { base: name.into(), after: self.shared.timeout })?
            .map_err(|error| UpstreamError::Unreachable { base: name.into(), reason: root_cause(&error) })?;
        let (head, body) = answer.into_parts();
        let headers = head.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes().to_vec())).collect();
        Ok(Forwarded { status: head.status.as_u16(), headers, body: Arriving::new(body) })
    }

    /// Makes a connection to `base` as a call would, TLS included, and lets it go; nothing is sent on it.
    ///
    /// # Errors
    /// When there is no connection within the client's time.
    pub async fn reach(&self, base: &Base) -> Result<(), UpstreamError> {
        let uri = base.join("/").map_err(|error| UpstreamError::Invalid(error.to_string()))?;
        let tls = self.shared.tls.clone();
        let connecting = async {
            match self.proxy_of(&uri) {
                None => TowerToHyperService::new(https(tls, connector())).call(uri).await.map(drop),
                Some(proxy) => {
                    TowerToHyperService::new(https(tls, tunnel_of(&proxy))).call(uri).await.map(drop)
                }
            }
        };
        let name = || base.as_str().to_owned();
        let connected = tokio::time::timeout(self.shared.timeout, connecting).await;
        connected
            .map_err(|_| UpstreamError::Timeout { base: name(), after: self.shared.timeout })?
            .map_err(|error| UpstreamError::Unreachable { base: name(), reason: root_cause(error.as_ref()) })
    }

    fn proxy_of(&self, uri: &Uri) -> Option<Intercept> {
        (uri.scheme_str() == Some("https")).then(|| self.shared.proxies.intercept(uri)).flatten()
    }

    async fn dispatch(
        &self,
        uri: &Uri,
        outgoing: http::Request<Body>,
    ) -> Result<http::Response<hyper::body::Incoming>, PoolError> {
        match self.proxy_of(uri) {
            None => self.shared.direct.request(outgoing).await,
            Some(proxy) => self.tunnel(&proxy).request(outgoing).await,
        }
    }

    fn tunnel(&self, proxy: &Intercept) -> Tunnels {
        let mut tunnels = self.shared.tunnels.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || pool(https(self.shared.tls.clone(), tunnel_of(proxy)));
        tunnels.entry(proxy.uri().clone()).or_insert_with(make).clone()
    }
}

/// A header's value; one that may be a credential is marked, so that no library under us logs it or lets HTTP/2
/// compress it into a shared table.
fn header_value(name: &str, value: &[u8]) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_bytes(value)?;
    let telling = ["auth", "key", "token", "cookie", "secret"];
    value.set_sensitive(telling.iter().any(|part| name.contains(part)));
    Ok(value)
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(Client::CONNECT));
    connector
}

/// Connections through an HTTP proxy.
fn tunnel_of(proxy: &Intercept) -> Tunnel<HttpConnector> {
    let tunnel = Tunnel::new(proxy.uri().clone(), connector());
    match proxy.basic_auth() {
        Some(auth) => tunnel.with_auth(auth.clone()),
        None => tunnel,
    }
}

fn https<C>(tls: rustls::ClientConfig, connector: C) -> HttpsConnector<C> {
    HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(connector)
}

fn pool<C>(connector: C) -> Pool<C, Body>
where
    C: hyper_util::client::legacy::connect::Connect + Clone,
{
    Pool::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(60))
        .build(connector)
}
