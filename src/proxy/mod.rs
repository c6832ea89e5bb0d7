//! The HTTP server: calls come in, answers go out, and `/__retake/` is the control API.
//!
//! It decides nothing about recordings; it reads requests (`request`), refuses what is not HTTP as it should be,
//! hands calls to the engine and writes answers (`respond`).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::serve::ListenerExt;
use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;

mod control;
mod cors;
mod guard;
mod media;
mod mount;
mod question;
mod request;
mod respond;
mod scope;

pub use control::{CallShown, control_paths};
pub use question::Question;
pub use scope::scope_prefix;

pub(crate) use guard::reachable;
use guard::{Asker, Guard};

/// How long calls under way are waited for at the end.
pub const DRAIN: Duration = Duration::from_secs(5);

/// A proxy that is bound and ready to run.
pub struct Proxy {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What each request needs.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) guard: Guard,
    /// Cancelled when no more calls are taken: what would go on for ever ends then.
    stopping: CancellationToken,
}

/// How a proxy is reached.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The token of the control API.
    pub token: String,
    /// The proxy's URL as clients see it, where that is not its address (a container, a tunnel).
    pub public_url: Option<String>,
}

impl Proxy {
    /// Binds `address` (port 0 picks a free one).
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(address: SocketAddr, engine: Engine, access: Access) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let guard = Guard::new(address, access);
        let stopping = CancellationToken::new();
        Ok(Self { listener, address, shared: Arc::new(Shared { engine, guard, stopping }) })
    }

    /// The address that is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, then waits up to [`DRAIN`] for calls under way.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let app = Router::new()
            .nest("/__retake", control::routes(&self.shared))
            .fallback(answer)
            .with_state(Arc::clone(&self.shared));
        let listener = self.listener.tap_io(|stream| {
            // An answer must not wait for the next one to fill a packet.
            _ = stream.set_nodelay(true);
        });
        let stopping = self.shared.stopping.clone();
        let stop = stopping.clone();
        let serve = axum::serve(listener, app).with_graceful_shutdown(async move {
            shutdown.await;
            stop.cancel();
        });
        let deadline = async {
            stopping.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            served = serve.into_future() => served,
            () = deadline => Ok(()),
        }
    }
}

/// Answers one call. A panic in here is a bug, and the client still gets an answer.
async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
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
        if let Some(id) = media::asked(&request) {
            return media::media(State(shared), Path(id), request.headers().clone()).await;
        }
        match request::read(&shared, request, started).await {
            Ok(arrived) => {
                let raw = arrived.raw();
                let key = shared.engine.raw_key(&raw);
                let known = shared.engine.answer_known(&raw, &key);
                respond::response(match known {
                    Some(answer) => answer,
                    // On the heap, so that the future of a call that is known stays small.
                    None => Box::pin(shared.engine.answer(arrived.incoming(key))).await,
                })
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
