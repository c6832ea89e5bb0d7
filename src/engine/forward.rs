//! Calls that go out to an upstream.

use std::time::Instant;

use super::answer::{Answer, header_map, mark};
use super::asked::Asked;
use super::body::AnswerBody;
use super::record::aside_if_large;
use super::tee::{Arrived, End, Tee};
use super::ticket::{Ticket, micros};
use super::{Engine, clock, hop, lead_back};
use crate::dialect::{Dialect, Refusal};
use crate::matching::credentials;
use crate::model::{
    ByteLog, Exchange, Headers, Outcome, Request, Response, Timestamp, is_hop_by_hop, is_own,
};
use crate::upstream::{Base, Forwarded, UpstreamError};
use crate::wire::content_coding::decoded_len;

/// The longest answer of a call without recording that is remembered for looking at.
const REMEMBER: u64 = 8 << 20;

/// A call whose answer has begun.
pub(super) struct Sent {
    pub(super) asked: Asked,
    pub(super) answer: Forwarded,
    pub(super) upstream: Base,
    pub(super) at: Instant,
}

impl Engine {
    pub(super) async fn forward(&self, asked: Asked, store: bool) -> Answer {
        match self.send(asked, store).await {
            Ok(sent) if store => self.record(sent).await,
            Ok(sent) => self.pass_on(sent),
            Err(answer) => *answer,
        }
    }

    /// Sends a call to its upstream and waits for the answer to begin; a failure is an answer of retake's own.
    pub(super) async fn send(&self, mut asked: Asked, store: bool) -> Result<Sent, Box<Answer>> {
        let mount = asked.incoming.request.mount.clone();
        let Some(base) = self.settings().upstreams.get(&mount).cloned() else {
            let text = format!("no upstream `{mount}` is known; start with --upstream {mount}=URL");
            let refused = Refusal::new(404, "UNKNOWN_UPSTREAM", &text);
            return Err(Box::new(self.refuse(asked, Outcome::Error, &refused)));
        };
        if store {
            plain_encoding(&mut asked.incoming.request.headers);
        }
        let dressed =
            asked.profile.as_ref().map_or(Ok(None), |profile| profile.dressed(&asked.incoming.request));
        let dressed = match dressed {
            Ok(dressed) => dressed,
            Err(error) => {
                if let Some(found) = asked.instead.take() {
                    asked.ticket.call().reason = Some(format!("{error}: what was recorded answers"));
                    return Err(Box::new(Box::pin(self.replay(asked, &found)).await));
                }
                let text = format!(
                    "{error}; set it and start retake again: the client's own key is not sent instead"
                );
                let refused = Refusal::new(403, "UPSTREAM_KEY_MISSING", &text);
                return Err(Box::new(self.refuse(asked, Outcome::Error, &refused)));
            }
        };
        asked.ticket.call().outcome = Some(if store { Outcome::Record } else { Outcome::Live });
        let under_way = Exchange { request: asked.scrubbed.clone(), response: None };
        self.shared.history.remember(asked.ticket.call().id, under_way);
        asked.ticket.progress();
        // Neither the client's key nor the one that takes its place may be stored.
        asked.secrets = credentials(&asked.incoming.request);
        if let Some((request, key)) = dressed {
            asked.incoming.request = request;
            asked.secrets.push(key);
        }
        let passed = asked.incoming.overrides.passed.as_deref();
        asked.secrets.extend(self.mark_hop(&mut asked.incoming.request.headers, passed, &base));
        let at = Instant::now();
        let answer = self.shared.client.forward(&asked.incoming.request, &base).await;
        match answer.and_then(|answer| hop::arrived(answer, &base)) {
            Ok(answer) => Ok(Sent { asked, answer, upstream: base, at }),
            Err(error) => Err(Box::new(Box::pin(self.unanswered(asked, &base, &error)).await)),
        }
    }

    /// The answer to a call whose upstream did not answer: what it said the last time, where that was recorded.
    async fn unanswered(&self, mut asked: Asked, base: &Base, error: &UpstreamError) -> Answer {
        if let Some(found) = asked.instead.take().filter(|_| !matches!(error, UpstreamError::Invalid(_))) {
            asked.ticket.call().reason = Some(format!("{error}: what was recorded answers"));
            return Box::pin(self.replay(asked, &found)).await;
        }
        if matches!(error, UpstreamError::Loop { .. }) {
            return self.refuse_loop(asked);
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
        self.refuse(asked, Outcome::Error, &Refusal::new(status, code, &text))
    }

    /// Passes an answer on and stores nothing; the exchange is remembered for a while.
    fn pass_on(&self, sent: Sent) -> Answer {
        let Sent { asked, answer, upstream, at } = sent;
        let response =
            Response { status: answer.status, headers: end_to_end(answer.headers), log: ByteLog::default() };
        let mut headers = header_map(&asked.scrubbed.method, &response);
        lead_back::at_once(&mut headers, &asked, &upstream);
        mark(&mut headers, Outcome::Live, None, None);
        let Asked { secrets, scrubbed, mut ticket, .. } = asked;
        ticket.call().status = Some(response.status);
        ticket.call().retry_after = retry_after(&response, clock::now());
        let (engine, status) = (self.clone(), response.status);
        let held = self.hold();
        let finish = Box::new(move |arrived: Arrived| {
            Self::note_end(&mut ticket, &arrived);
            let kept = arrived.unkept.is_none();
            let response = Response { log: arrived.log, ..response };
            let len = decoded_len(&response.headers, response.log.bytes.len());
            let (scrubbing, settling) = (engine.clone(), engine.clone());
            let scrub = move || {
                let scrubbed_answer = scrubbing.scrub_answer(&scrubbed, response, &secrets).ok();
                scrubbed_answer.map(|response| Exchange { request: scrubbed, response: Some(response) })
            };
            let scrub = move || kept.then(scrub).flatten();
            aside_if_large(&engine, len, scrub, move |exchange| {
                if let Some(exchange) = exchange {
                    settling.shared.history.remember(ticket.call().id, exchange);
                }
                ticket.done(Outcome::Live);
            })
        });
        let tee = Tee::new(answer.body, at, REMEMBER, None, finish).within(held);
        Answer { status, headers, body: AnswerBody::Tee(Box::new(tee)) }
    }

    /// What the end of a body says about its call.
    pub(super) fn note_end(ticket: &mut Ticket, arrived: &Arrived) {
        let call = ticket.call();
        call.response_len = arrived.len;
        call.first_byte = arrived.first_byte.map(micros);
        call.total = Some(micros(arrived.total));
        match arrived.end {
            End::Clean => {}
            End::Cut => call.reason = Some("the upstream broke off in the middle of the answer".into()),
            End::Abandoned => call.reason = Some("the client left before the answer was complete".into()),
        }
    }
}

/// Asks for a body that can be read later: what is stored must not depend on what one client could decode.
pub(super) fn plain_encoding(headers: &mut Headers) {
    headers.retain(|name| name != "accept-encoding");
    headers.push("accept-encoding", "identity");
}

/// A response's headers without those of the connection and those that only retake itself may send.
pub(super) fn end_to_end(mut headers: Headers) -> Headers {
    let nominated = headers.text("connection").unwrap_or_default().to_ascii_lowercase();
    let nominated: Vec<_> = nominated.split(',').map(|name| name.trim().to_owned()).collect();
    headers.retain(|name| !is_hop_by_hop(name) && !is_own(name) && !nominated.iter().any(|n| n == name));
    headers
}

/// The endpoint and dialect of a request.
pub(super) fn endpoint_of(request: &Request) -> (Dialect, crate::dialect::Endpoint) {
    let dialect = Dialect::of_mount(&request.mount);
    (dialect, dialect.endpoint(&request.method, request.path()))
}

/// How many seconds a refusal asks to wait: `retry-after-ms`, else `retry-after`, which is a number or a date.
pub(super) fn retry_after(response: &Response, now: Timestamp) -> Option<u64> {
    if response.status < 400 {
        return None;
    }
    let number = |name: &str| response.headers.text(name)?.trim().parse::<u64>().ok();
    let date = || {
        let date = jiff::fmt::rfc2822::parse(response.headers.text("retry-after")?.trim()).ok()?;
        Some(Timestamp(date.timestamp().as_millisecond()).since(now).div_ceil(1000))
    };
    let precise = number("retry-after-ms").map(|millis| millis.div_ceil(1000));
    precise.or_else(|| number("retry-after")).or_else(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_asks_to_wait_in_one_of_three_ways() {
        let asks = |status: u16, headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().copied().collect();
            // 2026-11-02 09:00:00 GMT
            retry_after(&Response { status, headers, log: ByteLog::default() }, Timestamp(1_793_610_000_000))
        };
        for (headers, seconds) in [
            (&[("retry-after", "20")][..], Some(20)),
            (&[("retry-after-ms", "1200"), ("retry-after", "20")], Some(2)),
            (&[("retry-after", "Mon, 02 Nov 2026 09:00:30 GMT")], Some(30)),
            (&[("retry-after", "Mon, 02 Nov 2026 08:00:00 GMT")], Some(0)),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-3")], None),
            (&[], None),
        ] {
            assert_eq!(asks(429, headers), seconds, "{headers:?}");
        }
        assert_eq!(asks(200, &[("retry-after", "20")]), None, "nothing was refused");
    }
}
