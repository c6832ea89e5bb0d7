//! Calls that go out to an upstream. Storing the answer is `record`'s work.

use std::time::Instant;

use crate::dialect::Refusal;
use crate::engine::aside::LARGE;
use crate::engine::call::answer::body::AnswerBody;
use crate::engine::call::answer::call_guard::note_end;
use crate::engine::call::answer::call_types::Answer;
use crate::engine::call::answer::reply::{header_map, mark};
use crate::engine::call::answer::tee::{ArrivedBody, Tee};
use crate::engine::call::answer::upstream_headers::{end_to_end, plain_encoding, retry_after};
use crate::engine::call::answer::{hops, lead_back};
use crate::engine::call::call_context::CallContext;
use crate::engine::clock;
use crate::engine::state::Engine;
use crate::matching::credentials;
use crate::model::{ByteLog, Exchange, Outcome, Response};
use crate::upstream::{Base, Forwarded, UpstreamError};
use crate::wire::content_coding::decoded_len;

/// The longest answer of a call without recording that is remembered for looking at.
const REMEMBER: u64 = 8 << 20;

/// A call whose answer has begun.
pub(crate) struct SentCall {
    pub(crate) context: CallContext,
    pub(crate) answer: Forwarded,
    pub(crate) upstream: Base,
    pub(crate) at: Instant,
}

impl Engine {
    pub(crate) async fn forward(&self, context: CallContext, store: bool) -> Answer {
        match self.send(context, store).await {
            Ok(sent) if store => self.record(sent).await,
            Ok(sent) => self.pass_on(sent),
            Err(answer) => *answer,
        }
    }

    /// Sends a call to its upstream and waits for the answer to begin; a failure is an answer of retake's own.
    pub(crate) async fn send(&self, mut context: CallContext, store: bool) -> Result<SentCall, Box<Answer>> {
        let mount = context.incoming.request.mount.clone();
        let Some(base) = self.settings().upstreams.get(&mount).cloned() else {
            let text = format!("no upstream `{mount}` is known; start with --upstream {mount}=URL");
            let refused = Refusal::new(404, "UNKNOWN_UPSTREAM", &text);
            return Err(Box::new(self.refuse(context, Outcome::Error, &refused)));
        };
        if store {
            plain_encoding(&mut context.incoming.request.headers);
        }
        let dressed =
            context.profile.as_ref().map_or(Ok(None), |profile| profile.dressed(&context.incoming.request));
        let dressed = match dressed {
            Ok(dressed) => dressed,
            Err(error) => {
                if let Some(found) = context.instead.take() {
                    context.guard.call().reason = Some(format!("{error}: what was recorded answers"));
                    return Err(Box::new(Box::pin(self.replay(context, &found)).await));
                }
                let text = format!(
                    "{error}; set it and start retake again: the client's own key is not sent instead"
                );
                let refused = Refusal::new(403, "UPSTREAM_KEY_MISSING", &text);
                return Err(Box::new(self.refuse(context, Outcome::Error, &refused)));
            }
        };
        context.guard.call().outcome = Some(if store { Outcome::Record } else { Outcome::Live });
        let under_way = Exchange { request: context.scrubbed.clone(), response: None };
        self.shared.history.exchanges.remember(context.guard.call().id, under_way);
        context.guard.progress();
        // Neither the client's key nor the one that takes its place may be stored.
        context.secrets = credentials(&context.incoming.request);
        if let Some((request, key)) = dressed {
            context.incoming.request = request;
            context.secrets.push(key);
        }
        let passed = context.incoming.overrides.passed.as_deref();
        context.secrets.extend(self.mark_hop(&mut context.incoming.request.headers, passed, &base));
        let at = Instant::now();
        let answer = self.shared.client.forward(&context.incoming.request, &base).await;
        match answer.and_then(|answer| hops::arrived(answer, &base)) {
            Ok(answer) => Ok(SentCall { context, answer, upstream: base, at }),
            Err(error) => Err(Box::new(Box::pin(self.unanswered(context, &base, &error)).await)),
        }
    }

    /// The answer to a call whose upstream did not answer: what it said the last time, where that was recorded.
    async fn unanswered(&self, mut context: CallContext, base: &Base, error: &UpstreamError) -> Answer {
        if let Some(found) = context.instead.take().filter(|_| !matches!(error, UpstreamError::Invalid(_))) {
            context.guard.call().reason = Some(format!("{error}: what was recorded answers"));
            return Box::pin(self.replay(context, &found)).await;
        }
        if matches!(error, UpstreamError::Loop { .. }) {
            return self.refuse_loop(context);
        }
        let (status, code) = match error {
            UpstreamError::Timeout { .. } => (504, "UPSTREAM_TIMEOUT"),
            UpstreamError::Invalid(_) => (400, "INVALID_REQUEST"),
            _ => (502, "UPSTREAM_UNREACHABLE"),
        };
        let hint = if base.is_loopback() {
            "; is it running?"
        } else {
            "; check the network, or use --upstream NAME=URL"
        };
        let text = format!("{error}{}", if status == 502 { hint } else { "" });
        self.refuse(context, Outcome::Error, &Refusal::new(status, code, &text))
    }

    /// Passes an answer on and stores nothing; the exchange is remembered for a while.
    fn pass_on(&self, sent: SentCall) -> Answer {
        let SentCall { context, answer, upstream, at } = sent;
        let response =
            Response { status: answer.status, headers: end_to_end(answer.headers), log: ByteLog::default() };
        let mut headers = header_map(&context.scrubbed.method, &response);
        lead_back::at_once(&mut headers, &context.incoming, &upstream);
        mark(&mut headers, Outcome::Live, None, None);
        let CallContext { secrets, scrubbed, mut guard, .. } = context;
        guard.call().status = Some(response.status);
        guard.call().retry_after = retry_after(&response, clock::now());
        let (engine, status) = (self.clone(), response.status);
        let held = self.hold();
        let finish = Box::new(move |arrived: ArrivedBody| {
            note_end(&mut guard, &arrived);
            let kept = arrived.unkept.is_none();
            let response = Response { log: arrived.log, ..response };
            let len = decoded_len(&response.headers, response.log.bytes.len());
            let live = engine.shared.live.load_full();
            let scrub = move |exchange: Exchange| {
                let Exchange { request, response } = exchange;
                let response = live.scrub_answer(&request, response?, &secrets).ok()?;
                Some(Exchange { request, response: Some(response) })
            };
            let exchange = Exchange { request: scrubbed, response: Some(response) };
            if len <= LARGE {
                // The client waits for the last bytes meanwhile.
                if kept {
                    let exchanges = &engine.shared.history.exchanges;
                    exchanges.remember_unscrubbed(guard.call().id, exchange, Box::new(scrub));
                }
                guard.done(Outcome::Live);
                return None;
            }
            let settling = engine.clone();
            let scrub = move || kept.then(|| scrub(exchange)).flatten();
            engine.aside_if_large(len, scrub, move |exchange| {
                if let Some(exchange) = exchange {
                    settling.shared.history.exchanges.remember(guard.call().id, exchange);
                }
                guard.done(Outcome::Live);
            })
        });
        let tee = Tee::new(answer.body, at, REMEMBER, None, finish).within(held);
        Answer { status, headers, body: AnswerBody::Tee(Box::new(tee)) }
    }
}
