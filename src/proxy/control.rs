//! The control API under `/__retake/`: the engine's verbs for other `retake` commands.
//!
//! It needs the token of the store's `LOCK` (health, media and the description do not), refuses browsers and foreign hosts, and takes
//! small bodies only. The description that it gives of itself is made in `api`.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, get, on};
use axum::{Json, Router};
use http::{StatusCode, header};

use super::guard::Asker;
use super::shared::ProxyState;
use super::{cors, media};
use crate::api::{self, Route, Verb, VerbAccess, Visitor, visit_all};

mod events;
mod failure;
mod landing;
mod metrics;
mod read;

use failure::ControlFailure;

/// The longest text of an error that is passed on.
const LONGEST_TEXT: usize = 64 << 10;

/// Routes by who may ask, and the paths of all: a router does not tell.
#[derive(Default)]
struct Routes {
    open: Router<Arc<ProxyState>>,
    closed: Router<Arc<ProxyState>>,
    paths: Vec<&'static str>,
}

pub(super) fn routes(shared: &Arc<ProxyState>) -> Router<Arc<ProxyState>> {
    let Routes { open, closed, .. } = Routes::all();
    open.merge(closed.layer(middleware::from_fn_with_state(Arc::clone(shared), authorize)))
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(Arc::clone(shared), admit))
        .layer(middleware::map_response(as_failure))
}

/// The paths of all routes of the control API, as the router spells them (`/__retake/recordings/{id}`).
#[must_use]
pub fn control_paths() -> Vec<String> {
    Routes::all().paths.iter().map(|path| format!("/__retake{path}")).collect()
}

impl Routes {
    /// The verbs, and what is no JSON.
    fn all() -> Self {
        let mut routes = Self::default()
            .with(VerbAccess::Open, "/", get(landing::landing))
            .with(VerbAccess::Open, "/media/{id}", get(media::media))
            .with(VerbAccess::Token, "/events", get(events::events).layer(middleware::from_fn(bare)))
            .with(VerbAccess::Token, "/metrics", get(metrics::metrics).layer(middleware::from_fn(bare)))
            .with(VerbAccess::Open, "/openapi.json", get(openapi).layer(middleware::from_fn(bare)));
        visit_all(&mut routes);
        routes
    }

    fn with(
        mut self,
        access: VerbAccess,
        path: &'static str,
        methods: MethodRouter<Arc<ProxyState>>,
    ) -> Self {
        self.add(access, path, methods);
        self
    }

    fn add(&mut self, access: VerbAccess, path: &'static str, methods: MethodRouter<Arc<ProxyState>>) {
        let router = match access {
            VerbAccess::Open => &mut self.open,
            VerbAccess::Token => &mut self.closed,
        };
        *router = std::mem::take(router).route(path, methods);
        self.paths.push(path);
    }
}

impl Visitor for Routes {
    fn visit<V: Verb>(&mut self) {
        let Route { method, path, largest_body, access, .. } = V::ROUTE;
        let Ok(filter) = MethodFilter::try_from(method) else { return };
        self.add(access, path, on(filter, carry_out::<V>).layer(DefaultBodyLimit::max(largest_body)));
    }
}

async fn carry_out<V: Verb>(
    State(shared): State<Arc<ProxyState>>,
    request: Request,
) -> Result<Json<V::Answer>, ControlFailure> {
    let verb: V = read::verb(&shared.engine, request).await?;
    Ok(Json(verb.run(&shared.engine).await?))
}

async fn admit(State(shared): State<Arc<ProxyState>>, request: Request, next: Next) -> Response {
    match shared.guard.admit(&shared.engine.settings(), &request) {
        Ok(Asker::Program) => next.run(request).await,
        // What links in answers lead to belongs to the answers.
        Ok(Asker::Page(origin)) if request.uri().path().starts_with("/media/") => {
            if cors::is_preflight(request.method(), request.headers()) {
                return cors::allowed(origin, request.headers());
            }
            cors::shared(next.run(request).await, origin)
        }
        Ok(Asker::Page(_)) => {
            let text = "the control API is not for web pages: leave the Origin header out";
            ControlFailure(StatusCode::FORBIDDEN, text.into()).into_response()
        }
        Err(stranger) => {
            let status = StatusCode::from_u16(stranger.status).unwrap_or(StatusCode::FORBIDDEN);
            ControlFailure(status, stranger.message).into_response()
        }
    }
}

async fn authorize(State(shared): State<Arc<ProxyState>>, request: Request, next: Next) -> Response {
    if shared.guard.is_authorized(request.headers()) {
        return next.run(request).await;
    }
    let text = "the control API needs the token of the store's LOCK file as a bearer token";
    ControlFailure(StatusCode::UNAUTHORIZED, text.into()).into_response()
}

/// Errors in the one shape that they have here, also those that the server's own parts answer with.
async fn as_failure(response: Response) -> Response {
    let status = response.status();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !(status.is_client_error() || status.is_server_error()) || is_json {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let text = axum::body::to_bytes(body, LONGEST_TEXT).await.unwrap_or_default();
    let text = match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            "this path of the control API has no such method; the Allow header says which it has".into()
        }
        _ => String::from_utf8_lossy(&text).into_owned(),
    };
    let (own, body) = ControlFailure(status, text).into_response().into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.extend(own.headers);
    Response::from_parts(head, body)
}

/// Refuses parameters where there are none.
async fn bare(request: Request, next: Next) -> Response {
    let Some(query) = request.uri().query().filter(|query| !query.is_empty()) else {
        return next.run(request).await;
    };
    let name: String = query.chars().take_while(|c| !matches!(c, '=' | '&')).take(60).collect();
    let text = format!("unknown parameter `{name}`; there are none here");
    ControlFailure(StatusCode::BAD_REQUEST, text).into_response()
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], api::openapi()).into_response()
}

async fn nothing() -> ControlFailure {
    ControlFailure(
        StatusCode::NOT_FOUND,
        "the control API has no such path; /__retake/openapi.json says which it has".into(),
    )
}
