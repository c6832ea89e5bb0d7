//! From a call to its answer: look up, decide, serve.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::asked::Asked;
use super::asking::Asking;
use super::body::AnswerBody;
use super::budget::Hold;
use super::hop::{LOOP, LOOPED};
use super::library::{Found, Lens, is_conditional, sees};
use super::raw::RawKey;
use super::ticket::{Ticket, micros};
use super::{Engine, explain};
use crate::dialect::{Dialect, Refusal};
use crate::matching::decide;
use crate::matching::summary;
use crate::matching::{Decision, Fields, check_strategy};
use crate::model::{
    ByteLog, Call, Exchange, Headers, Latency, MatchHeader, Mode, Outcome, RecordingId, Request, Response,
    Scrubbed, Strategy, is_hop_by_hop, is_own, speaks_for_origin,
};
use crate::wire::content_coding::decoded_len;

/// Bodies from this length on are read aside.
pub(super) const LARGE: usize = 64 << 10;

/// What was said at this length, in bytes, is searched by the expressions of rules aside.
const SAID: usize = 4 << 10;

/// A call as it came in.
pub struct Incoming {
    /// The request, without hop-by-hop headers and retake's own.
    pub request: Request,
    /// What its headers asked for.
    pub overrides: Overrides,
    /// The proxy's base URL as the client knows it, for links to media (`http://127.0.0.1:4010`).
    pub base: Arc<str>,
    /// When it arrived.
    pub started: Instant,
    /// The hash of its raw bytes.
    pub key: RawKey,
    /// The memory that its body takes, where that is long enough to count.
    pub held: Option<Hold>,
}

/// What a call's own headers ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// The mode.
    pub mode: Option<Mode>,
    /// The strategy, instead of each recording's own.
    pub strategy: Option<Strategy>,
    /// The recording that answers, whatever the call holds.
    pub recording: Option<RecordingId>,
    /// The pace.
    pub latency: Option<Latency>,
    /// The scope it is made in.
    pub scope: Option<Arc<str>>,
    /// Whether links are left as the provider sent them.
    pub original_media: bool,
    /// The path prefix by which it names its scope, `/@NAME`, as it was sent.
    pub scope_path: Option<Arc<str>>,
    /// The marks of the retakes that it has passed.
    pub passed: Option<Arc<str>>,
}

impl Overrides {
    /// What the call's headers ask for instead of the recordings' strategies.
    fn match_header(&self) -> Option<MatchHeader> {
        let Self { strategy, recording, .. } = self;
        (strategy.is_some() || recording.is_some())
            .then(|| MatchHeader { strategy: strategy.clone(), recording: recording.clone() })
    }

    /// What a call of the history asked for, so that it can be asked again. The pace is not among it.
    pub(super) fn of_call(call: &Call) -> Self {
        let MatchHeader { strategy, recording } = call.match_header.as_deref().cloned().unwrap_or_default();
        Self { mode: Some(call.mode), strategy, recording, scope: call.scope.clone(), ..Self::default() }
    }
}

/// What is sent back.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, retake's own included; the server adds `date` and the framing.
    pub headers: HeaderMap,
    /// The body.
    pub body: AnswerBody,
}

/// What a look-up came to.
#[derive(Default)]
pub(super) struct LookUp {
    /// The recording that serves.
    pub(super) serves: Option<Found>,
    /// The recording that serves if the upstream cannot be asked.
    pub(super) waits: Option<Found>,
    /// Whether the answer may be remembered for calls with the same bytes.
    lasting: bool,
}

impl Engine {
    /// Answers a call that [`Engine::answer_known`] did not. Whatever goes wrong is an answer too.
    pub async fn answer(&self, incoming: Incoming) -> Answer {
        let mut asked = self.asked(incoming).await;
        if !asked.fits(self) {
            let text = "the bodies of all calls together take too much memory; try again later";
            return self.refuse(asked, Outcome::Error, &Refusal::new(413, "BODIES_TOO_LARGE", text));
        }
        self.answer_asked(asked).await
    }

    /// A call, taken apart and entered into the history.
    pub(super) async fn asked(&self, incoming: Incoming) -> Asked {
        // Before anything is read: what changes meanwhile must not be taken for known.
        let generation = self.shared.library.generation();
        let (engine, request) = (self.clone(), incoming.request.clone());
        let len = decoded_len(&request.headers, request.body.len());
        let read = move || {
            let scrubbed = engine.scrub(&request);
            let (fields, summary) = (engine.fields(&scrubbed), summary(&scrubbed));
            let asking = Asking::new(&engine, &scrubbed, &fields);
            (scrubbed, fields, asking, summary)
        };
        let large = len > LARGE;
        let (scrubbed, fields, asking, summary) =
            if large { self.shared.budget.aside(len, read).await } else { read() };
        let settings = self.settings();
        let profile = settings.profile(&incoming.request.headers, &incoming.request.target).cloned();
        let mode = settings
            .mode_of(incoming.overrides.mode, profile.as_deref(), &summary.endpoint, summary.model.as_deref())
            .unwrap_or_else(|| self.mode());
        let mut ticket = Ticket::new(self, &incoming.request, summary, mode, incoming.started);
        ticket.asks(&Arc::new(asking));
        ticket.call().profile = profile.as_ref().map(|profile| Arc::clone(&profile.name));
        ticket.call().scope.clone_from(&incoming.overrides.scope);
        ticket.call().match_header = incoming.overrides.match_header().map(Arc::new);
        let secrets = Vec::new();
        let (instead, lasting) = (None, true);
        Asked { incoming, scrubbed, fields, mode, profile, generation, secrets, instead, lasting, ticket }
    }

    pub(super) async fn answer_asked(&self, mut asked: Asked) -> Answer {
        if let Some(strategy) = &asked.incoming.overrides.strategy
            && let Err(problem) = check_strategy(strategy, &asked.fields)
        {
            let text = format!("X-Retake-Match: {problem}");
            return self.refuse(asked, Outcome::Error, &Refusal::new(400, "INVALID_HEADER", &text));
        }
        let generation = asked.generation;
        let found = self.look_up(&mut asked).await;
        match (decide(asked.mode, found.is_some(), self.settings().never_forward), found) {
            (Decision::Replay, Some(found)) => match self.aged(asked, &found.id) {
                // On the heap, as what else is rare: the future of every call is as large as its largest branch.
                Ok(asked) => Box::pin(self.replay(asked, &found)).await,
                Err(refused) => *refused,
            },
            (Decision::Replay | Decision::Miss, _) => self.miss(asked, None).await,
            (Decision::Forward { .. }, _) if self.is_looped(&asked) => self.refuse_loop(asked),
            // Nobody could say that its answer repeats none of them.
            (Decision::Forward { store: true }, _) if asked.is_countless() => {
                asked.ticket.call().reason =
                    Some("not recorded: its body holds more credentials than can be searched for".into());
                self.forward(asked, false).await
            }
            (Decision::Forward { store }, _) => match self.shared_key(&asked) {
                None => Box::pin(self.forward(asked, store)).await,
                Some(key) => {
                    let current = || self.shared.library.generation() == generation;
                    if let Some(seat) =
                        self.shared.flights.join(&key, asked.ticket.call().id, self.hold(), current)
                    {
                        return Box::pin(self.fly(asked, key, seat)).await;
                    }
                    // Something was recorded since the look-up: it may be what this call asks for.
                    asked.generation = self.shared.library.generation();
                    Box::pin(self.answer_asked(asked)).await
                }
            },
            (Decision::Mock, _) => self.mock(asked).await,
            (Decision::Forbidden, _) => {
                let text =
                    format!("mode {} would forward this call, and --never-forward forbids it", asked.mode);
                self.miss(asked, Some(text)).await
            }
        }
    }

    /// The recording that serves a call; one that waits for its upstream to fail stays with the call.
    async fn look_up(&self, asked: &mut Asked) -> Option<Found> {
        let (fields, overrides) = (&asked.fields, &asked.incoming.overrides);
        let looked = self.looked_up(asked.mode, &asked.scrubbed, fields, overrides).await;
        (asked.instead, asked.lasting) = (looked.waits, looked.lasting);
        looked.serves
    }

    /// What serves a call in this mode. A recording that is not the last word on it, a failure that may pass or a read that
    /// may be answered otherwise by now, serves only where no upstream can be asked; until that is known it waits.
    pub(super) async fn looked_up(
        &self,
        mode: Mode,
        scrubbed: &Scrubbed,
        fields: &Fields,
        overrides: &Overrides,
    ) -> LookUp {
        let asks = self.settings().asks(mode, &scrubbed.mount);
        let found = if mode.looks_up() { self.found(scrubbed, fields, overrides, asks).await } else { None };
        let Some(found) = found else { return LookUp::default() };
        let named = overrides.recording.is_some();
        let ahead = !named && self.is_ahead(scrubbed, &fields.all(), &overrides.scope);
        let lasting = !found.steps_back && !ahead;
        let waits = asks && !named && (found.steps_back || (ahead && mode == Mode::ReplayOrRecord));
        let (serves, waits) = if waits { (None, Some(found)) } else { (Some(found), None) };
        LookUp { serves, waits, lasting }
    }

    /// A request as it may be stored, and as it is compared.
    #[must_use]
    pub fn scrub(&self, request: &Request) -> Scrubbed {
        self.shared.live.load().scrubber.scrub(request)
    }

    /// The canonical fields of a scrubbed request.
    pub(super) fn fields(&self, scrubbed: &Scrubbed) -> Fields {
        self.resolved(self.shared.live.load().canon.fields(scrubbed))
    }

    /// The fields with the ids of earlier answers replaced by what was asked then.
    pub(super) fn resolved(&self, fields: Fields) -> Fields {
        fields.resolved(|id| self.shared.library.answered(id))
    }

    /// The recording that answers a request.
    pub(super) async fn found(
        &self,
        scrubbed: &Scrubbed,
        fields: &Fields,
        overrides: &Overrides,
        asks: bool,
    ) -> Option<Found> {
        if let Some(id) = &overrides.recording {
            let row = self.row(id)?;
            return Some(Found {
                id: id.clone(),
                strategy: Strategy::Pinned,
                cosmetic: row.hash != scrubbed.hash(),
                used: self.shared.library.used(id)?,
                turn: None,
                steps_back: false,
            });
        }
        let settings = self.settings();
        let lens = Lens { policy: &settings.failures, asks };
        let Some(strategy) = overrides.strategy.clone() else {
            let find = move |engine: &Self, scrubbed: &Scrubbed, fields: &Fields, scope: Option<&str>| {
                let (library, policy) = (&engine.shared.library, &engine.settings().failures);
                // What was recorded before the earlier answer was known holds its id as it is.
                let literal = || library.find(scrubbed, &fields.literal()?, scope, policy);
                library.find(scrubbed, fields, scope, policy).or_else(literal)
            };
            let found = if fields.facts.said.len() > SAID {
                let (engine, scrubbed, fields) = (self.clone(), scrubbed.clone(), fields.clone());
                let scope = overrides.scope.clone();
                aside(move || find(&engine, &scrubbed, &fields, scope.as_deref())).await
            } else {
                find(self, scrubbed, fields, overrides.scope.as_deref())
            };
            return Some(self.shared.library.take(found?, &overrides.scope, &self.shared.cursors, lens));
        };
        let (engine, fields, scrubbed) = (self.clone(), fields.clone(), scrubbed.clone());
        let scope = overrides.scope.clone();
        let find = move || engine.find_under(&strategy, &fields, &scrubbed, scope.as_deref());
        let found = aside(find).await?;
        Some(self.shared.library.take(found, &overrides.scope, &self.shared.cursors, lens))
    }

    /// The look-up with a strategy that the call gave, instead of each recording's own. It reads the requests of the
    /// endpoint from the store: calls that say so pay for it, until the first-level map knows them.
    fn find_under(
        &self,
        strategy: &Strategy,
        fields: &Fields,
        scrubbed: &Scrubbed,
        scope: Option<&str>,
    ) -> Option<Found> {
        let (wanted, all) = (fields.fingerprint(strategy), fields.all());
        let endpoint = summary(scrubbed).endpoint;
        let mut rows = self.shared.library.select(|row| {
            row.answers() && sees(scope, row) && row.endpoint == endpoint && row.method == scrubbed.method
        });
        let policy = &self.settings().failures;
        // Good ones before failures that may pass; the scope's own first; equal fields first among them, and the newest
        // first among those and the others.
        rows.sort_by_key(|entry| {
            let foreign = scope.is_some() && entry.row.scope.as_deref() != scope;
            let age = std::cmp::Reverse((entry.row.recorded_at, entry.row.id.clone()));
            (policy.steps_back(&entry.row), foreign, entry.keys.all != all, age)
        });
        rows.into_iter().find_map(|entry| {
            let recorded = self.recording(&entry.row.id).ok()??;
            let equal = self.fields(&recorded.request).fingerprint(strategy) == wanted;
            let cosmetic = entry.keys.all != all;
            let equal = equal && !(cosmetic && is_conditional(&entry.row));
            let used = self.shared.library.used(&entry.row.id)?;
            equal.then(|| Found {
                id: entry.row.id.clone(),
                strategy: strategy.clone(),
                cosmetic,
                used,
                turn: None,
                steps_back: policy.steps_back(&entry.row),
            })
        })
    }

    async fn mock(&self, mut asked: Asked) -> Answer {
        let (request, base) = (asked.incoming.request.clone(), Arc::clone(&asked.incoming.base));
        let dialect = Dialect::of_mount(&request.mount);
        let slow = dialect.mocks_slowly(&asked.ticket.call().endpoint) || request.body.len() > LARGE;
        let mock = move || dialect.mock(&request, &base);
        // The others not: what is kept of calls would lie in the memory of as many threads as there were calls at once.
        let made = if slow { aside(mock).await } else { mock() };
        let Some(response) = made else {
            let text = format!(
                "no recording answers this call and `{}` cannot be synthesized; record it with mode replay-or-record",
                asked.ticket.call().endpoint
            );
            return self.refuse(asked, Outcome::Miss, &Refusal::new(404, "MOCK_UNAVAILABLE", &text));
        };
        let mut headers = header_map(&asked.scrubbed.method, &response);
        mark(&mut headers, Outcome::Mock, None, None);
        let latency = asked.incoming.overrides.latency.unwrap_or(self.settings().latency);
        let mut ticket = asked.ticket;
        let first = ticket.elapsed() + latency.due(response.log.begins());
        let call = ticket.call();
        call.status = Some(response.status);
        call.response_len = response.log.bytes.len() as u64;
        call.first_byte = Some(micros(first));
        let (status, log) = (response.status, response.log.clone());
        let exchange = Exchange { request: asked.scrubbed, response: Some(response) };
        self.shared.history.remember(call.id, exchange);
        let ended = move |_| ticket.done(Outcome::Mock);
        Answer { status, headers, body: AnswerBody::held(log.bytes.clone(), &log, latency, ended) }
    }

    /// Refuses a call that no recording answers; `forbidden` says why it is not forwarded where its mode would do that.
    async fn miss(&self, mut asked: Asked, forbidden: Option<String>) -> Answer {
        let (status, code) = match forbidden {
            Some(_) => (403, "FORWARDING_FORBIDDEN"),
            None => (self.settings().miss_status, "RECORDING_NOT_FOUND"),
        };
        if let Some(text) = forbidden.as_ref().filter(|_| !asked.mode.looks_up()) {
            return self.refuse(asked, Outcome::Miss, &Refusal::new(status, code, text));
        }
        if let Some(id) = &asked.incoming.overrides.recording {
            let text = format!("there is no recording `{id}`, which the call asks for; see `retake list`");
            return self.refuse(asked, Outcome::Miss, &Refusal::new(status, code, &text));
        }
        let near = self.near_misses(&asked).await;
        asked.ticket.call().cause = explain::cause(&near);
        let scope = asked.incoming.overrides.scope.as_deref();
        let text = explain::sentence(&near, |id| self.row(id).filter(|row| !sees(scope, row))?.scope.clone());
        let text = explain::with_opaque(text, &asked.fields);
        let text = forbidden.map_or(text.clone(), |forbidden| format!("{forbidden}: {text}"));
        let mut details = json!({ "mode": asked.mode, "near_misses": near });
        if let Some(why) = asked.fields.opaque {
            details["opaque"] = why.into();
        }
        self.refuse(
            asked,
            Outcome::Miss,
            &Refusal { details: Some(details), ..Refusal::new(status, code, &text) },
        )
    }

    /// The answer to a request that is no call: it never reached a mode, but people should see it.
    pub fn reject(&self, request: &Request, started: Instant, refused: &Refusal<'_>) -> Answer {
        // What is refused may quote a header that holds a key by mistake.
        let message = self.shared.live.load().scrubber.sentence(refused.message, request);
        let scrubbed = self.scrub(request);
        let refused = Refusal { message: &message, ..refused.clone() };
        let mut ticket = Ticket::new(self, &scrubbed, summary(&scrubbed), self.mode(), started);
        let (answer, response) = refusal(Dialect::of_mount(&request.mount), Outcome::Error, &refused);
        let call = ticket.call();
        call.status = Some(refused.status);
        call.reason = Some(message.clone());
        call.code = Some(refused.code.into());
        call.response_len = response.log.bytes.len() as u64;
        let exchange = Exchange { request: scrubbed, response: Some(response) };
        self.shared.history.remember(call.id, exchange);
        ticket.done(Outcome::Error);
        answer
    }

    /// An answer that is retake's own, in the error shape of the call's dialect, which no SDK retries.
    pub(super) fn refuse(&self, mut asked: Asked, outcome: Outcome, refused: &Refusal<'_>) -> Answer {
        let dialect = Dialect::of_mount(&asked.scrubbed.mount);
        let (answer, response) = refusal(dialect, outcome, refused);
        let call = asked.ticket.call();
        call.status = Some(refused.status);
        call.reason = Some(refused.message.into());
        call.code = Some(refused.code.into());
        call.response_len = response.log.bytes.len() as u64;
        let exchange = Exchange { request: asked.scrubbed, response: Some(response) };
        // What missed may be sent after all, when somebody asks for that.
        let again = (outcome == Outcome::Miss).then_some(asked.incoming.request);
        self.shared.history.remember_all(call.id, exchange, again);
        asked.ticket.done(outcome);
        answer
    }
}

/// Runs work that takes milliseconds where it keeps no other call waiting.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            // Passed on: the server answers it.
            Ok(panic) => std::panic::resume_unwind(panic),
            // The program ends, and this call with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// retake's own refusal, as an answer and as a response to remember. SDKs are told not to try again, because nothing
/// would change; only of an upstream that cannot be reached they decide as they would without a proxy.
pub(super) fn refusal(dialect: Dialect, outcome: Outcome, refusal: &Refusal<'_>) -> (Answer, Response) {
    let body = serde_json::to_vec(&dialect.refusal(refusal)).unwrap_or_default();
    let mut own = Headers::default();
    own.push("content-type", "application/json");
    if !matches!(refusal.status, 502 | 504) {
        own.push("x-should-retry", "false");
    }
    let response =
        Response { status: refusal.status, headers: own, log: ByteLog::whole(body, Duration::ZERO) };
    let mut headers = header_map("", &response);
    mark(&mut headers, outcome, None, None);
    if refusal.code == LOOPED {
        headers.insert(LOOP, HeaderValue::from_static("true"));
    }
    (
        Answer { status: refusal.status, headers, body: AnswerBody::Whole(response.log.bytes.clone()) },
        response,
    )
}

/// The headers of a response as they go out: without framing, connection and date, which the server sets, without
/// any that only retake itself may send, and without those that speak for the origin of the upstream.
///
/// The length stays where there is no body that could tell it: in an answer to HEAD and in a 304 (RFC 9110, section
/// 8.6).
pub(super) fn header_map(method: &str, response: &Response) -> HeaderMap {
    let bodiless = method == "HEAD" || response.status == 304;
    let mut map = HeaderMap::with_capacity(response.headers.0.len() + 4);
    for (name, value) in response.headers.iter() {
        let dropped = is_hop_by_hop(name) || is_own(name) || speaks_for_origin(name);
        if dropped || name == "date" || name == "content-length" && !bodiless {
            continue;
        }
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
        {
            map.append(name, value);
        }
    }
    map
}

/// Adds what every answer says about itself.
pub(super) fn mark(
    headers: &mut HeaderMap,
    outcome: Outcome,
    recording: Option<&RecordingId>,
    matched: Option<&Strategy>,
) {
    headers.insert("x-retake-result", HeaderValue::from_static(outcome.as_str()));
    if matches!(outcome, Outcome::Replay | Outcome::Mock) {
        headers.insert("x-lumenfall-replay-result", HeaderValue::from_static(outcome.as_str()));
    }
    if let Some(id) = recording.and_then(|id| HeaderValue::from_str(id.as_str()).ok()) {
        headers.insert("x-lumenfall-recording-id", id.clone());
        headers.insert("x-retake-recording-id", id);
    }
    if let Some(matched) = matched.and_then(|strategy| HeaderValue::from_str(&strategy.to_string()).ok()) {
        headers.insert("x-retake-match", matched);
    }
}
