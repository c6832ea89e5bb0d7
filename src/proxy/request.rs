//! The call in an HTTP request: its mount, the wishes in its headers, its body. It decides nothing about recordings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use http_body_util::BodyExt;

use super::encoding::Accepts;
use super::guard::RequestFault;
use super::respond::Refused;
use super::scope;
use super::shared::ProxyState;
use super::upload::{Broken, Pace};
use crate::api::{Mounted, end_to_end, find_mount, overrides};
use crate::engine::{Hold, Incoming, LOOPED, Overrides, RawCall, RawKey};
use crate::model;

/// The longest body.
const LONGEST: usize = 256 << 20;
/// The interval at which a body that waits for room looks for it.
const ROOM: Duration = Duration::from_millis(20);
/// Shorter bodies are not counted: taking part in the budget costs more than they do.
const FREE: usize = 64 << 10;

/// A call as the server has it.
pub(super) struct Arrived {
    head: Parts,
    mounted: Mounted,
    body: Bytes,
    overrides: Overrides,
    base: Arc<str>,
    started: Instant,
    held: Option<Hold>,
}

impl Arrived {
    /// The call, without anything copied.
    pub(super) fn raw(&self) -> RawCall<'_> {
        let (mount, target) = self.mounted.split(target(&self.head));
        RawCall {
            method: self.head.method.as_str(),
            mount,
            target,
            headers: &self.head.headers,
            body: &self.body,
            overrides: &self.overrides,
            base: &self.base,
            started: self.started,
        }
    }

    /// Method, and the encodings that its client takes.
    pub(super) fn takes(&self) -> (Method, Accepts) {
        (self.head.method.clone(), Accepts::of(&self.head.headers))
    }

    /// The call as the engine takes it apart.
    pub(super) fn incoming(self, key: RawKey) -> Incoming {
        let request = model::Request { body: self.body, ..call(&self.head, self.mounted) };
        let Self { overrides, base, started, held, .. } = self;
        Incoming { request, overrides, base, started, key, held }
    }
}

/// Reads a call.
pub(super) async fn read(
    shared: &ProxyState,
    request: Request,
    started: Instant,
) -> Result<Arrived, Box<Refused>> {
    let (head, body) = request.into_parts();
    let mounted = route(shared, &head)?;
    let refused = |fault| Box::new(Refused { request: call(&head, mounted), fault });
    if is_upgrade(&head.headers) {
        let text = "WebSocket connections cannot be recorded yet; connect to the provider directly for these";
        return Err(refused(RequestFault::new(501, "WEBSOCKET_UNSUPPORTED", text)));
    }
    let wrong = |code| move |message: String| RequestFault::new(400, code, message);
    let mut overrides = overrides(&head.headers).map_err(wrong("INVALID_HEADER")).map_err(refused)?;
    overrides.scope = scope::of(&head).map_err(wrong("INVALID_SCOPE")).map_err(refused)?;
    overrides.scope_path = scope::prefix_of(&head);
    let (body, share) = collected(shared, body, &head.headers).await.map_err(refused)?;
    let base = shared.guard.base(&head.headers);
    Ok(Arrived { head, mounted, body, overrides, base, started, held: share })
}

/// All of a body, and the share of the memory that it takes.
async fn collected(
    shared: &ProxyState,
    mut body: Body,
    headers: &HeaderMap,
) -> Result<(Bytes, Option<Hold>), RequestFault> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<usize>().ok());
    let limits = &shared.limits;
    let too_large =
        || RequestFault::new(413, "BODY_TOO_LARGE", format!("the body is longer than {} MiB", LONGEST >> 20));
    let broken = |broken| match broken {
        Broken::Cut => RequestFault::new(400, "BODY_INCOMPLETE", "the body ended before its declared length"),
        Broken::Slow => {
            let text = format!("the body came too slowly: less than 64 KiB in {:?}", limits.body);
            RequestFault::new(400, "BODY_TOO_SLOW", text)
        }
    };
    match declared {
        Some(len) if len > LONGEST => return Err(too_large()),
        Some(len) if len <= FREE => {
            let whole = tokio::time::timeout(limits.body, body.collect()).await;
            let whole = whole.map_err(|_| broken(Broken::Slow))?.map_err(|_| broken(Broken::Cut))?;
            return Ok((whole.to_bytes(), None));
        }
        _ => {}
    }
    // What came counts, not what was declared: who declares much and sends nothing keeps nobody waiting.
    let (mut held, mut pace) = (shared.engine.hold(), Pace::new(limits.body));
    let mut whole = BytesMut::with_capacity(declared.unwrap_or_default().min(FREE));
    while let Some(piece) = pace.piece(&mut body).await.map_err(broken)? {
        let len = whole.len() + piece.len();
        if len > LONGEST {
            return Err(too_large());
        }
        if !held.cover_fairly(len) {
            let waiting = async {
                while !held.cover_fairly(len) {
                    tokio::time::sleep(ROOM).await;
                }
            };
            if tokio::time::timeout(limits.room, waiting).await.is_err() {
                let text = "the bodies of all calls together take too much memory; try again later";
                return Err(RequestFault::new(413, "BODIES_TOO_LARGE", text));
            }
            pace.again();
        }
        whole.extend_from_slice(&piece);
    }
    Ok((whole.freeze(), Some(held)))
}

/// The refusal of a request that must not be looked up. Only its mount is told, for the shape of the error.
pub(super) fn turned_away(shared: &ProxyState, request: Request, stranger: RequestFault) -> Refused {
    let fault = if shared.engine.is_sender(request.headers()) {
        // That the name is foreign is not what is wrong.
        let message =
            "an upstream of this proxy leads back to it; point it to the provider with --upstream NAME=URL";
        RequestFault::new(400, LOOPED, message)
    } else {
        stranger
    };
    let (head, _) = request.into_parts();
    let request = match route(shared, &head) {
        Ok(mounted) => call(&head, mounted),
        Err(refused) => refused.request,
    };
    Refused { request, fault }
}

/// A call as far as its head tells.
fn call(head: &Parts, mounted: Mounted) -> model::Request {
    let (mount, target) = mounted.split(target(head));
    model::Request {
        method: head.method.as_str().into(),
        mount: mount.into(),
        target: target.into(),
        headers: end_to_end(&head.headers),
        body: Bytes::new(),
    }
}

/// The mount and what follows it. A target without a mount is given one by its form.
fn route(shared: &ProxyState, head: &Parts) -> Result<Mounted, Box<Refused>> {
    let refused = |fault| {
        let request = model::Request {
            method: head.method.as_str().into(),
            target: head.uri.to_string(),
            headers: end_to_end(&head.headers),
            ..Default::default()
        };
        Box::new(Refused { request, fault })
    };
    let target = target(head);
    let settings = shared.engine.settings();
    find_mount(target, &head.headers, &settings.upstreams).map_err(|none| {
        let path = target.split('?').next().unwrap_or_default();
        refused(RequestFault::new(404, "UNKNOWN_MOUNT", none.sentence(path)))
    })
}

/// Path and query as they were sent.
fn target(head: &Parts) -> &str {
    head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}
