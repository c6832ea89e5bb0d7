//! The HTTP server: calls come in, answers go out, and `/__retake/` is the control API.
//!
//! It decides nothing about recordings; it reads requests (`request`), refuses what is not HTTP as it should be,
//! hands calls to the engine and writes answers (`respond`).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use futures_util::FutureExt;
use http::{HeaderValue, Uri, Version, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::api::DRAIN;
use crate::engine::Engine;

mod control;
mod cors;
mod encoding;
mod guard;
mod limits;
mod media;
mod request;
mod respond;
mod scope;
mod serve;
mod shared;
mod socket;
mod upload;

pub use control::control_paths;
pub use guard::ProxyAccess;
pub use limits::Limits;

pub(crate) use guard::reachable;
use guard::{Asker, Guard};
use shared::ProxyState;
use upload::Upload;

/// The path of the control API.
const CONTROL: &str = "/__retake";

/// A proxy that is bound and ready to run.
pub struct Proxy {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<ProxyState>,
}

impl Proxy {
    /// Binds `address` (port 0 picks a free one).
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(address: SocketAddr, engine: Engine, access: ProxyAccess) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let guard = Guard::new(address, access);
        let (limits, stopping) = (Limits::default(), CancellationToken::new());
        Ok(Self { listener, address, shared: Arc::new(ProxyState { engine, guard, limits, stopping }) })
    }

    /// The address that is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// This proxy with other limits for its clients.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        // Nobody shares it before it runs.
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.limits = limits;
        }
        self
    }

    /// Serves until `shutdown`, then waits up to [`DRAIN`] for calls under way.
    ///
    /// # Errors
    /// None by now: a listener that fails for a while is asked again.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { listener, shared, .. } = self;
        let control = Router::new().nest(CONTROL, control::routes(&shared)).with_state(Arc::clone(&shared));
        let control = TowerToHyperService::new(control);
        let (stopping, limits) = (shared.stopping.clone(), shared.limits);
        let serving = serve::serve(
            listener,
            limits,
            move |request| {
                let (shared, control) = (Arc::clone(&shared), control.clone());
                async move {
                    let mut request = door(request, limits.body);
                    if request
                        .uri()
                        .path()
                        .strip_prefix(CONTROL)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    {
                        at_its_root(request.uri_mut());
                        return control.call(request).await.unwrap_or_else(|never| match never {});
                    }
                    answer(shared, request).await
                }
            },
            stopping.clone(),
        );
        let mut serving = pin!(serving);
        tokio::select! {
            () = &mut serving => {}
            () = shutdown => {
                stopping.cancel();
                _ = tokio::time::timeout(DRAIN, serving).await;
            }
        }
        Ok(())
    }
}

/// The root of the control API by its one name: the router knows it without a slash at its end.
fn at_its_root(uri: &mut Uri) {
    if uri.path() == "/__retake/"
        && let Ok(root) =
            format!("{CONTROL}{}", uri.query().map(|query| format!("?{query}")).unwrap_or_default()).parse()
    {
        *uri = root;
    }
}

/// A request as the rest of the proxy knows it: with a Host, whatever the version of HTTP, and with a body that is read to
/// its end.
fn door(request: http::Request<Incoming>, pace: Duration) -> Request {
    let (mut head, body) = request.into_parts();
    if head.version == Version::HTTP_2
        && let Some(authority) = head.uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        // One that says something else stays beside it, and the request is refused.
        if head.headers.get(header::HOST) != Some(&host) {
            head.headers.append(header::HOST, host);
        }
        let target = head.uri.path_and_query().cloned();
        head.uri = target.map(Uri::from).unwrap_or_default();
    }
    if body.is_end_stream() {
        return Request::from_parts(head, Body::empty());
    }
    // Who waits to be asked for the body reads the answer without having sent it.
    let pace = (!head.headers.contains_key(header::EXPECT)).then_some(pace);
    Request::from_parts(head, Body::new(Upload::new(body, pace)))
}

/// Answers one call. A panic in here is a bug, and the client still gets an answer.
async fn answer(shared: Arc<ProxyState>, request: Request) -> Response {
    let started = Instant::now();
    let asker = match shared.guard.admit(&shared.engine.settings(), &request) {
        Ok(Asker::Page(origin)) if cors::is_preflight(request.method(), request.headers()) => {
            return cors::allowed(origin, request.headers());
        }
        Ok(asker) => asker,
        Err(stranger) => {
            let refused = request::turned_away(&shared, request, stranger);
            return respond::refused(&shared.engine, &refused, started);
        }
    };
    let shows = cors::shows(request.headers());
    let answered = AssertUnwindSafe(async {
        let request = scope::cut(request);
        // Links in answers stay reachable for a client that puts its scope before every path.
        if let Some(id) = media::media_id(&request) {
            return media::media(State(shared), Path(id), request.headers().clone()).await;
        }
        match request::read(&shared, request, started).await {
            Ok(arrived) => {
                let raw = arrived.raw();
                let key = shared.engine.raw_key(&raw);
                let known = shared.engine.answer_known(&raw, &key);
                let (method, accepts) = arrived.takes();
                let answer = match known {
                    Some(answer) => answer,
                    // On the heap, so that the future of a call that is known stays small.
                    None => Box::pin(shared.engine.answer(arrived.incoming(key))).await,
                };
                if answer.headers.contains_key(header::CONTENT_ENCODING) {
                    return Box::pin(encoding::suited(&shared.engine, answer, &method, &accepts)).await;
                }
                respond::response(answer)
            }
            Err(refused) => respond::refused(&shared.engine, &refused, started),
        }
    });
    let response = answered.catch_unwind().await.unwrap_or_else(|_| respond::panicked());
    let response = if shows { cors::sandboxed(response) } else { response };
    match asker {
        Asker::Page(origin) => cors::shared(response, origin),
        Asker::Program => response,
    }
}
