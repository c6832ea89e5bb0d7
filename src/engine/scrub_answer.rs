//! Answers as they may be kept: without credentials, personal data and what looks like a key. The client of the call has
//! got the provider's bytes by then.

use bytes::Bytes;

use super::answer::{LARGE, aside};
use super::forward::endpoint_of;
use super::{Engine, links};
use crate::matching::AnswerOrigin;
use crate::model::{ByteLog, Recording, Response, Scrubbed};
use crate::reading::decoded;

impl Engine {
    /// A recording that somebody wrote, with its answer as it may be stored; `credentials` are those of its request.
    pub(super) fn scrub_answers_of(&self, mut recording: Recording, credentials: &[Bytes]) -> Recording {
        let scrub =
            |response: &Response| self.scrub_answer(&recording.request, response.clone(), credentials);
        let (response, original) = (scrub(&recording.response), recording.original.as_deref());
        let original = original.and_then(|original| scrub(&original.response));
        recording.response = response.unwrap_or(recording.response);
        if let (Some(original), Some(response)) = (&mut recording.original, original) {
            original.response = response;
        }
        recording
    }

    /// [`Engine::scrub_answer`] where a long answer keeps no other call waiting.
    pub(super) async fn scrub_arrived(
        &self,
        request: &Scrubbed,
        response: Response,
        credentials: &[Bytes],
    ) -> Option<Response> {
        if response.log.bytes.len() <= LARGE {
            return self.scrub_answer(request, response, credentials);
        }
        let (engine, request, credentials) = (self.clone(), request.clone(), credentials.to_vec());
        aside(move || engine.scrub_answer(&request, response, &credentials)).await
    }

    /// A response as it may be stored, of a request that carried these credentials. One that is encoded although nobody
    /// asked for that is decoded when something in it is replaced; where it cannot be decoded and may hold a credential
    /// nobody knows, and there is none.
    pub(super) fn scrub_answer(
        &self,
        request: &Scrubbed,
        response: Response,
        credentials: &[Bytes],
    ) -> Option<Response> {
        let live = self.shared.live.load();
        let encoded =
            response.headers.text("content-encoding").is_some_and(|encoding| encoding != "identity");
        let plain = match decoded(&response.headers, &response.log.bytes) {
            Ok(bytes) if encoded => {
                let mut headers = response.headers.clone();
                headers.retain(|name| name != "content-encoding");
                let log = ByteLog::whole(bytes, response.log.ended());
                Response { headers, log, ..response.clone() }
            }
            Err(_) if encoded && !credentials.is_empty() => return None,
            _ => response.clone(),
        };
        let (dialect, endpoint) = endpoint_of(request);
        let links = links::find(&plain.log.bytes, dialect.links(&endpoint));
        let links: Vec<_> = links.iter().map(|(_, url)| url.as_str()).collect();
        let origin = AnswerOrigin { mount: &request.mount, credentials, links: &links };
        let (kept, log) = match live.scrubber.answer(&plain, origin) {
            Some(log) => (plain, Some(log)),
            None => (response, None),
        };
        let headers = live.scrubber.answer_headers(&kept.headers, log.is_some(), origin);
        Some(Response { headers, log: log.unwrap_or(kept.log), ..kept })
    }
}
