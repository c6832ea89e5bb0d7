//! The HTTP client: one request out, the beginning of one answer back. It follows no redirect.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderValue, Method, Uri, header};
use http_body_util::Full;
use hyper::service::Service as _;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;

use super::connect::{Connector, Reach};
use super::error::{root_cause, unreached};
use super::places::{UpstreamPlaces, connections};
use super::proxies::{Proxies, ProxyProblem};
use super::{Arriving, Base, UpstreamError};
use crate::model::{Headers, Request};

type Body = Full<bytes::Bytes>;
type ClientConnections = Pool<HttpsConnector<Connector>, Body>;

/// A pool of connections to upstreams. Clones share it.
#[derive(Clone)]
pub struct UpstreamClient {
    shared: Arc<SharedClient>,
}

struct SharedClient {
    /// Made when something is asked: to read the machine's certificates takes as long as all else at a start.
    tls: OnceLock<rustls::ClientConfig>,
    /// The proxies that the environment names.
    proxies: Proxies,
    /// Connections that may be used for one another: by the proxy that they go through, and where they may lead.
    pools: Mutex<HashMap<(Option<Uri>, Reach), ClientConnections>>,
    /// Places for calls under way.
    places: Arc<UpstreamPlaces>,
    /// The longest wait for the beginning of an answer.
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

/// The machine's certificates are trusted, or a built-in list where the machine has none.
fn trusting() -> rustls::ClientConfig {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| match builder.clone().with_native_roots() {
            Ok(native) => native.with_no_client_auth(),
            Err(_) => builder.with_webpki_roots().with_no_client_auth(),
        });
    let Ok(tls) = tls else { unreachable!("ring offers TLS 1.2 and 1.3") };
    tls
}

impl UpstreamClient {
    /// The longest wait for the beginning of an answer by default: that of the large SDKs.
    pub const TIMEOUT: Duration = Duration::from_secs(600);

    /// A client that waits up to `timeout` for the first byte of an answer. It trusts the machine's certificates,
    /// or a built-in list where the machine has none.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self::through(Proxies::from_env(), timeout)
    }

    /// A client for what runs on this machine: no proxy stands between, and none may see what is said.
    #[must_use]
    pub fn local(timeout: Duration) -> Self {
        Self::through(Proxies::default(), timeout)
    }

    fn through(proxies: Proxies, timeout: Duration) -> Self {
        let (pools, places) = (Mutex::default(), UpstreamPlaces::new(connections()));
        let shared = SharedClient { tls: OnceLock::new(), proxies, pools, places, timeout };
        Self { shared: Arc::new(shared) }
    }

    /// Sends a request as it is to `base` and its target, and waits for the answer to begin.
    ///
    /// # Errors
    /// When no answer begins; an answer with an error status is a success here.
    pub async fn forward(&self, request: &Request, base: &Base) -> Result<Forwarded, UpstreamError> {
        let uri = base.join(&request.target).map_err(|error| UpstreamError::Invalid(error.to_string()))?;
        self.send(uri, request, base.as_str(), Reach::Anywhere).await
    }

    pub(super) async fn send(
        &self,
        uri: Uri,
        request: &Request,
        name: &str,
        reach: Reach,
    ) -> Result<Forwarded, UpstreamError> {
        let invalid = |error: http::Error| UpstreamError::Invalid(error.to_string());
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|e| invalid(e.into()))?;
        let mut outgoing = http::Request::builder().method(method).uri(uri.clone());
        for (name, value) in request.headers.iter() {
            if name != header::HOST && name != header::CONTENT_LENGTH {
                outgoing = outgoing.header(name, header_value(name, value).map_err(|e| invalid(e.into()))?);
            }
        }
        // RFC 9110, section 8.6: with these methods a body was to be expected, and servers ask for its length.
        if request.body.is_empty() && matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
            outgoing = outgoing.header(header::CONTENT_LENGTH, 0);
        }
        let outgoing = outgoing.body(Full::new(request.body.clone())).map_err(invalid)?;
        let pool = self.pool(&uri, reach).map_err(|problem| no_proxy(name, &problem))?;
        let place = uri.authority().map_or("", |authority| authority.as_str());
        let answer = tokio::time::timeout(self.shared.timeout, async {
            let place = self.shared.places.take(place).await;
            pool.request(outgoing).await.map(|answer| (answer, place))
        });
        let (answer, place) = answer
            .await
            .map_err(|_| UpstreamError::Timeout { base: name.into(), after: self.shared.timeout })?
            .map_err(|error| unreached(name, &error))?;
        if answer.status().is_informational() {
            // Nobody asked for another protocol, so there is no answer behind it (RFC 9110, section 15.2.2).
            let reason = format!("it answered {}, which no call asked for", answer.status());
            return Err(UpstreamError::Unreachable { base: name.into(), reason });
        }
        let (head, body) = answer.into_parts();
        let headers = head.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes().to_vec())).collect();
        Ok(Forwarded { status: head.status.as_u16(), headers, body: Arriving::new(body, place) })
    }

    /// Makes a connection to `base` as a call would, TLS included, and lets it go; nothing is sent on it.
    ///
    /// # Errors
    /// When there is no connection within the client's time.
    pub async fn reach(&self, base: &Base) -> Result<(), UpstreamError> {
        let uri = base.join("/").map_err(|error| UpstreamError::Invalid(error.to_string()))?;
        let proxy = self.shared.proxies.of(&uri).map_err(|problem| no_proxy(base.as_str(), &problem))?;
        let connecting = TowerToHyperService::new(self.connector(proxy.as_ref(), Reach::Anywhere)).call(uri);
        let name = || base.as_str().to_owned();
        let connected = tokio::time::timeout(self.shared.timeout, connecting).await;
        let connected = connected
            .map_err(|_| UpstreamError::Timeout { base: name(), after: self.shared.timeout })?
            .map_err(|error| UpstreamError::Unreachable { base: name(), reason: root_cause(error.as_ref()) });
        connected.map(drop)
    }

    fn pool(&self, uri: &Uri, reach: Reach) -> Result<ClientConnections, ProxyProblem> {
        let proxy = self.shared.proxies.of(uri)?;
        let mut pools = self.shared.pools.lock();
        let key = (proxy.as_ref().map(|proxy| proxy.uri().clone()), reach);
        Ok(pools.entry(key).or_insert_with(|| pooled(self.connector(proxy.as_ref(), reach))).clone())
    }

    fn connector(&self, proxy: Option<&Intercept>, reach: Reach) -> HttpsConnector<Connector> {
        let tls = self.shared.tls.get_or_init(trusting).clone();
        let connector = match proxy {
            None => Connector::direct(reach),
            Some(proxy) => Connector::through(proxy, tls.clone(), reach),
        };
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
        builder.enable_all_versions().wrap_connector(connector)
    }
}

/// The error where a proxy that somebody asked for cannot be used: nothing goes past it.
fn no_proxy(name: &str, problem: &ProxyProblem) -> UpstreamError {
    UpstreamError::Unreachable { base: name.into(), reason: problem.to_string() }
}

/// A header's value; one that may be a credential is marked, so that no library under us logs it or lets HTTP/2
/// compress it into a shared table.
fn header_value(name: &str, value: &[u8]) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_bytes(value)?;
    let telling = ["auth", "key", "token", "cookie", "secret"];
    value.set_sensitive(telling.iter().any(|part| name.contains(part)));
    Ok(value)
}

fn pooled(connector: HttpsConnector<Connector>) -> ClientConnections {
    Pool::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(60))
        // Each of them keeps a descriptor that a call may need.
        .pool_max_idle_per_host((connections() / 8).max(1))
        .build(connector)
}
