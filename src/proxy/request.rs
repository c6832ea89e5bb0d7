//! From an HTTP request to a call: which mount, what its headers ask for, what its body holds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use http_body_util::BodyExt;

use super::encoding::Accepts;
use super::guard::Stranger;
use super::mount::{self, Mounted};
use super::upload::{Broken, Pace};
use super::{Shared, scope};
use crate::engine::{HOPS, Hold, Incoming, LOOPED, Overrides, Raw, RawKey};
use crate::model::{self, Headers, is_hop_by_hop, is_own};

/// The longest body.
const LONGEST: usize = 256 << 20;
/// How often a body that waits for room looks for it.
const ROOM: Duration = Duration::from_millis(20);
/// Shorter bodies are not counted: taking part in the budget costs more than they do.
const FREE: usize = 64 << 10;

/// A request that is no call: why, and the answer's status and code.
pub(super) struct Refused {
    pub(super) request: model::Request,
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
}

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
    pub(super) fn raw(&self) -> Raw<'_> {
        let (mount, target) = self.mounted.split(target(&self.head));
        Raw {
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

    /// Its method, and the encodings that its client takes.
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
    shared: &Shared,
    request: Request,
    started: Instant,
) -> Result<Arrived, Box<Refused>> {
    let (head, body) = request.into_parts();
    let mounted = route(shared, &head)?;
    let refused =
        |(status, code, message)| Box::new(Refused { request: call(&head, mounted), status, code, message });
    if is_upgrade(&head.headers) {
        let text = "WebSocket connections cannot be recorded yet; connect to the provider directly for these";
        return Err(refused((501, "WEBSOCKET_UNSUPPORTED", text.into())));
    }
    let mut overrides =
        overrides(&head.headers).map_err(|message| refused((400, "INVALID_HEADER", message)))?;
    overrides.scope = scope::of(&head).map_err(|message| refused((400, "INVALID_SCOPE", message)))?;
    overrides.scope_path = scope::prefix_of(&head);
    let (body, share) = collected(shared, body, &head.headers).await.map_err(refused)?;
    let base = shared.guard.base(&head.headers);
    Ok(Arrived { head, mounted, body, overrides, base, started, held: share })
}

/// All of a body, and the share of the memory that it takes.
async fn collected(
    shared: &Shared,
    mut body: Body,
    headers: &HeaderMap,
) -> Result<(Bytes, Option<Hold>), (u16, &'static str, String)> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<usize>().ok());
    let limits = &shared.limits;
    let too_large = || (413, "BODY_TOO_LARGE", format!("the body is longer than {} MiB", LONGEST >> 20));
    let broken = |broken| match broken {
        Broken::Cut => (400, "BODY_INCOMPLETE", "the body ended before its declared length".to_owned()),
        Broken::Slow => {
            let text = format!("the body came too slowly: less than 64 KiB in {:?}", limits.body);
            (400, "BODY_TOO_SLOW", text)
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
                return Err((413, "BODIES_TOO_LARGE", text.to_owned()));
            }
            pace.again();
        }
        whole.extend_from_slice(&piece);
    }
    Ok((whole.freeze(), Some(held)))
}

/// The refusal of a request that must not be looked up. Only its mount is told, for the shape of the error.
pub(super) fn turned_away(shared: &Shared, request: Request, stranger: Stranger) -> Refused {
    let Stranger { status, code, message } = if shared.engine.is_sender(request.headers()) {
        // That the name is foreign is not what is wrong.
        let message =
            "an upstream of this proxy leads back to it; point it to the provider with --upstream NAME=URL";
        Stranger { status: 400, code: LOOPED, message: message.into() }
    } else {
        stranger
    };
    let (head, _) = request.into_parts();
    let request = match route(shared, &head) {
        Ok(mounted) => call(&head, mounted),
        Err(refused) => refused.request,
    };
    Refused { request, status, code, message }
}

/// A call as far as its head tells.
fn call(head: &Parts, mounted: Mounted) -> model::Request {
    let (mount, target) = mounted.split(target(head));
    model::Request {
        method: head.method.as_str().into(),
        mount: mount.into(),
        target: target.into(),
        headers: headers(&head.headers),
        body: Bytes::new(),
    }
}

/// The mount and what follows it. A target without a mount is given one by its form.
fn route(shared: &Shared, head: &Parts) -> Result<Mounted, Box<Refused>> {
    let refused = |status, code, message: String| {
        let request = model::Request {
            method: head.method.as_str().into(),
            target: head.uri.to_string(),
            headers: headers(&head.headers),
            ..Default::default()
        };
        Box::new(Refused { request, status, code, message })
    };
    let target = target(head);
    let settings = shared.engine.settings();
    mount::find(target, &head.headers, &settings.upstreams).map_err(|none| {
        let path = target.split('?').next().unwrap_or_default();
        refused(404, "UNKNOWN_MOUNT", none.sentence(path))
    })
}

/// Path and query as they were sent.
fn target(head: &Parts) -> &str {
    head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
}

/// The end-to-end headers that are the client's and the upstream's business.
pub(super) fn headers(map: &HeaderMap) -> Headers {
    let nominated: Vec<_> = map
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    map.iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            let dropped =
                is_hop_by_hop(name) || is_own(name) || matches!(name, "host" | "content-length" | "expect");
            !dropped && !nominated.iter().any(|n| n == name)
        })
        .map(|(name, value)| (name.as_str(), Bytes::copy_from_slice(value.as_bytes())))
        .collect()
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// What the call's own headers ask for, but for the scope, which the path may name too; the text of an error names what is allowed.
pub(super) fn overrides(map: &HeaderMap) -> Result<Overrides, String> {
    if !map.keys().any(|name| is_own(name.as_str())) {
        return Ok(Overrides::default());
    }
    let mode = asked(map, "x-retake-mode", "x-lumenfall-replay")?;
    let strategy = asked(map, "x-retake-match", "x-lumenfall-replay-match")?;
    let fields = asked(map, "x-retake-fields", "x-lumenfall-replay-fields")?;
    let recording = asked(map, "x-retake-recording", "x-lumenfall-replay-recording")?;
    let strategy = match (strategy, fields) {
        (Some(strategy), Some(fields)) if strategy.trim() == "specific" => Some(format!("specific {fields}")),
        (None, Some(fields)) => Some(format!("specific {fields}")),
        (Some(_), Some(_)) => return Err("X-Retake-Fields goes with X-Retake-Match: specific".into()),
        (strategy, None) => strategy.map(str::to_owned),
    };
    let media = asked(map, "x-retake-media", "x-retake-media")?;
    let latency = asked(map, "x-retake-latency", "x-retake-latency")?;
    Ok(Overrides {
        mode: parsed("X-Retake-Mode", mode)?,
        strategy: one_call(parsed("X-Retake-Match", strategy.as_deref())?)?,
        recording: parsed("X-Retake-Recording", recording)?,
        latency: parsed("X-Retake-Latency", latency)?,
        original_media: match media {
            None => false,
            Some("original") => true,
            Some(other) => {
                return Err(format!(
                    "X-Retake-Media: `{other}` is unknown; the one allowed value is original"
                ));
            }
        },
        scope: None,
        scope_path: None,
        passed: asked(map, HOPS, HOPS)?.map(marks).transpose()?,
    })
}

/// The marks of the retakes that a call has passed, as they were written.
fn marks(text: &str) -> Result<Arc<str>, String> {
    let is_mark = |mark: &str| mark.len() == 32 && mark.bytes().all(|b| b.is_ascii_hexdigit());
    if text.split(',').map(str::trim).all(is_mark) {
        Ok(text.into())
    } else {
        Err("X-Retake-Hop is for retakes among themselves: leave it out".into())
    }
}

/// A rule says which calls a recording answers: for a single call that has no meaning.
fn one_call(strategy: Option<model::Strategy>) -> Result<Option<model::Strategy>, String> {
    match strategy {
        Some(model::Strategy::Rule(_)) => {
            Err("X-Retake-Match: a rule belongs to a recording and not to a call; use \
            standard, standard -FIELD…, strict, specific FIELD,FIELD or pinned"
                .into())
        }
        other => Ok(other),
    }
}

pub(super) fn asked<'a>(map: &'a HeaderMap, name: &str, alias: &str) -> Result<Option<&'a str>, String> {
    let Some(value) = map.get(name).or_else(|| map.get(alias)) else { return Ok(None) };
    value.to_str().map(Some).map_err(|_| format!("{name} holds bytes that are no text"))
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &str,
    value: Option<&str>,
) -> Result<Option<T>, String> {
    value.map(|value| value.trim().parse().map_err(|error| format!("{name}: {error}"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mode, Strategy};

    fn map(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn both_names_of_each_header_are_read() {
        for (mode, strategy, fields) in [
            ("x-retake-mode", "x-retake-match", "x-retake-fields"),
            ("x-lumenfall-replay", "x-lumenfall-replay-match", "x-lumenfall-replay-fields"),
        ] {
            let read =
                overrides(&map(&[(mode, "replay-or-error"), (strategy, "specific"), (fields, "size, seed")]))
                    .unwrap();
            assert_eq!(read.mode, Some(Mode::ReplayOrError));
            let fields = vec!["seed".to_owned(), "size".to_owned()];
            assert_eq!(read.strategy, Some(Strategy::Specific { fields }));
            let refused = overrides(&map(&[(strategy, "rule turn=1")])).unwrap_err();
            assert!(refused.contains("use standard, standard -FIELD…, strict, specific"), "{refused}");
        }
    }

    #[test]
    fn an_unknown_value_is_answered_with_the_allowed_ones() {
        for (name, value, hint) in [
            ("x-retake-mode", "rewind", "replay-or-mock"),
            ("x-retake-match", "loose", "standard"),
            ("x-retake-recording", "9f31", "rec_"),
            ("x-retake-media", "none", "original"),
            ("x-retake-hop", "somewhere", "leave it out"),
            ("x-retake-latency", "fast", "recorded"),
        ] {
            let text = overrides(&map(&[(name, value)])).unwrap_err();
            assert!(text.contains(hint), "{text}");
        }
    }

    #[test]
    fn nominated_and_own_headers_stay_here() {
        let kept = headers(&map(&[
            ("connection", "keep-alive, X-Secret-Hop"),
            ("x-secret-hop", "1"),
            ("x-retake-mode", "off"),
            ("x-lumenfall-replay", "off"),
            ("x-test-id", "t"),
            ("te", "trailers"),
            ("authorization", "Bearer x"),
        ]));
        assert_eq!(kept.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["authorization"]);
    }
}
