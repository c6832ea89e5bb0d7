//! Answering a call: look up, decide, serve. What each decision takes stands in a file of its own.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crate::dialect::{Dialect, ErrorShape, Refusal};
use crate::engine::aside::{LARGE, aside};
use crate::engine::call::answer::body::AnswerBody;
use crate::engine::call::answer::call_guard::CallGuard;
use crate::engine::call::answer::call_types::{Answer, Incoming};
use crate::engine::call::answer::reply::{header_map, mark, refusal};
use crate::engine::call::call_context::CallContext;
use crate::engine::clock::micros;
use crate::engine::history::compared_request::ComparedRequest;
use crate::engine::state::Engine;
use crate::matching::{Decision, check_strategy, decide, summary};
use crate::model::{Exchange, Outcome, Request};
use crate::wire::content_coding::decoded_len;

impl Engine {
    /// Answers a call that [`Engine::answer_known`] did not. Whatever goes wrong is an answer too.
    pub async fn answer(&self, incoming: Incoming) -> Answer {
        let mut context = self.call_context(incoming).await;
        if !context.fits(self) {
            let text = "the bodies of all calls together take too much memory; try again later";
            return self.refuse(context, Outcome::Error, &Refusal::new(413, "BODIES_TOO_LARGE", text));
        }
        self.answer_context(context).await
    }

    /// A call, taken apart and entered into the history.
    pub(crate) async fn call_context(&self, incoming: Incoming) -> CallContext {
        // Before anything is read: what changes meanwhile must not be taken for known.
        let generation = self.shared.index.generation();
        let (engine, request) = (self.clone(), incoming.request.clone());
        let len = decoded_len(&request.headers, request.body.len());
        let read = move || {
            let scrubbed = engine.scrub(&request);
            let (fields, summary) = (OnceLock::new(), summary(&scrubbed));
            // Of a long body now, while it keeps nobody waiting.
            let made = || fields.get_or_init(|| engine.fields(&scrubbed));
            if len > LARGE {
                made();
            }
            let asking = ComparedRequest::new(&engine.shared.sketches, &scrubbed, made);
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
        let mut guard =
            CallGuard::new(&self.shared.history, &incoming.request, summary, mode, incoming.started);
        guard.compares(&Arc::new(asking));
        guard.call().profile = profile.as_ref().map(|profile| Arc::clone(&profile.name));
        guard.call().scope.clone_from(&incoming.overrides.scope);
        guard.call().match_header = incoming.overrides.match_header().map(Arc::new);
        let secrets = Vec::new();
        let (instead, lasting) = (None, true);
        CallContext {
            incoming,
            scrubbed,
            fields,
            mode,
            profile,
            generation,
            secrets,
            instead,
            lasting,
            guard,
        }
    }

    pub(crate) async fn answer_context(&self, mut context: CallContext) -> Answer {
        if let Some(strategy) = &context.incoming.overrides.strategy
            && let Err(problem) = check_strategy(strategy, context.fields(self))
        {
            let text = format!("X-Retake-Match: {problem}");
            return self.refuse(context, Outcome::Error, &Refusal::new(400, "INVALID_HEADER", &text));
        }
        let generation = context.generation;
        let found = self.look_up(&mut context).await;
        match (decide(context.mode, found.is_some(), self.settings().never_forward), found) {
            (Decision::Replay, Some(found)) => match self.aged(context, &found.id) {
                // On the heap, as what else is rare: the future of every call is as large as its largest branch.
                Ok(context) => Box::pin(self.replay(context, &found)).await,
                Err(refused) => *refused,
            },
            (Decision::Replay | Decision::Miss, _) => self.miss(context, None).await,
            (Decision::Forward { .. }, _) if self.is_looped(&context) => self.refuse_loop(context),
            // Nobody could say that its answer repeats none of them.
            (Decision::Forward { store: true }, _) if context.is_countless() => {
                context.guard.call().reason =
                    Some("not recorded: its body holds more credentials than can be searched for".into());
                self.forward(context, false).await
            }
            (Decision::Forward { store }, _) => match self.shared_key(&context) {
                None => Box::pin(self.forward(context, store)).await,
                Some(key) => {
                    let current = || self.shared.index.generation() == generation;
                    if let Some(seat) =
                        self.shared.singleflight.join(&key, context.guard.call().id, self.hold(), current)
                    {
                        return Box::pin(self.fly(context, key, seat)).await;
                    }
                    // Something was recorded since the look-up: it may be what this call asks for.
                    context.generation = self.shared.index.generation();
                    Box::pin(self.answer_context(context)).await
                }
            },
            (Decision::Mock, _) => self.mock(context).await,
            (Decision::Forbidden, _) => {
                let text =
                    format!("mode {} would forward this call, and --never-forward forbids it", context.mode);
                self.miss(context, Some(text)).await
            }
        }
    }

    async fn mock(&self, mut context: CallContext) -> Answer {
        let (request, base) = (context.incoming.request.clone(), Arc::clone(&context.incoming.base));
        let dialect = Dialect::of_mount(&request.mount);
        let slow = dialect.mocks_slowly(&context.guard.call().endpoint) || request.body.len() > LARGE;
        let mock = move || dialect.mock(&request, &base);
        // The others not: what is kept of calls would lie in the memory of as many threads as there were calls at once.
        let made = if slow { aside(mock).await } else { mock() };
        let Some(response) = made else {
            let text = format!(
                "no recording answers this call and `{}` cannot be synthesized; record it with mode replay-or-record",
                context.guard.call().endpoint
            );
            return self.refuse(context, Outcome::Miss, &Refusal::new(404, "MOCK_UNAVAILABLE", &text));
        };
        let mut headers = header_map(&context.scrubbed.method, &response);
        mark(&mut headers, Outcome::Mock, None, None);
        let latency = context.incoming.overrides.latency.unwrap_or(self.settings().latency);
        let mut guard = context.guard;
        let first = guard.elapsed() + latency.due(response.log.begins());
        let call = guard.call();
        call.status = Some(response.status);
        call.response_len = response.log.bytes.len() as u64;
        call.first_byte = Some(micros(first));
        let (status, log) = (response.status, response.log.clone());
        let exchange = Exchange { request: context.scrubbed, response: Some(response) };
        self.shared.history.exchanges.remember(call.id, exchange);
        let ended = move |_| guard.done(Outcome::Mock);
        Answer { status, headers, body: AnswerBody::held(log.bytes.clone(), &log, latency, ended) }
    }

    /// The answer to a request that is no call: it never reached a mode, but people should see it.
    pub fn reject(&self, request: &Request, started: Instant, refused: &Refusal<'_>) -> Answer {
        // What is refused may quote a header that holds a key by mistake.
        let message = self.shared.live.load().scrubber.sentence(refused.message, request);
        let scrubbed = self.scrub(request);
        let refused = Refusal { message: &message, ..refused.clone() };
        let mut guard =
            CallGuard::new(&self.shared.history, &scrubbed, summary(&scrubbed), self.mode(), started);
        let shape = ErrorShape::of(&request.mount, &request.target);
        let (answer, response) = refusal(shape, Outcome::Error, &refused);
        let call = guard.call();
        call.status = Some(refused.status);
        call.reason = Some(message.clone());
        call.code = Some(refused.code.into());
        call.response_len = response.log.bytes.len() as u64;
        let exchange = Exchange { request: scrubbed, response: Some(response) };
        self.shared.history.exchanges.remember(call.id, exchange);
        guard.done(Outcome::Error);
        answer
    }

    /// An answer that is retake's own, in the error shape of the call's dialect, which no SDK retries.
    pub(crate) fn refuse(&self, mut context: CallContext, outcome: Outcome, refused: &Refusal<'_>) -> Answer {
        let shape = ErrorShape::of(&context.scrubbed.mount, &context.scrubbed.target);
        let (answer, response) = refusal(shape, outcome, refused);
        let call = context.guard.call();
        call.status = Some(refused.status);
        call.reason = Some(refused.message.into());
        call.code = Some(refused.code.into());
        call.response_len = response.log.bytes.len() as u64;
        let exchange = Exchange { request: context.scrubbed, response: Some(response) };
        // What missed may be sent after all, when somebody asks for that.
        let again = (outcome == Outcome::Miss).then_some(context.incoming.request);
        self.shared.history.exchanges.remember_repeatable(call.id, exchange, again);
        context.guard.done(outcome);
        answer
    }
}
