//! Fetching an answer from an upstream outside of any call. Used by keep (a miss) and rerecord (a stale recording).

use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::dialect::{answer_state, endpoint_of};
use crate::engine::call::answer::hops;
use crate::engine::call::answer::tee::{MAX_BODY, Tee};
use crate::engine::call::answer::upstream_headers::{end_to_end, plain_encoding};
use crate::engine::call::media::Downloaded;
use crate::engine::clock;
use crate::engine::state::Engine;
use crate::engine::verb_error::FetchError;
use crate::matching::credentials;
use crate::model::{ByteLog, Hash, Recording, RecordingId, Request, Response, Scrubbed};

/// A recording that was fetched, and the files behind its links.
pub(crate) struct FetchedRecording {
    pub(crate) recording: Recording,
    pub(crate) media: Vec<(Hash, Bytes)>,
}

impl Engine {
    /// Sends a request, with the credentials that it holds, and waits for all of the answer.
    pub(crate) async fn fetch(
        &self,
        id: &RecordingId,
        mut request: Request,
        scrubbed: Scrubbed,
    ) -> Result<FetchedRecording, FetchError> {
        if self.settings().never_forward {
            return Err(FetchError::Forbidden);
        }
        let unknown = || FetchError::NoUpstream(request.mount.clone());
        let base = self.settings().upstreams.get(&request.mount).cloned().ok_or_else(unknown)?;
        plain_encoding(&mut request.headers);
        let mut secrets = credentials(&request);
        let profile = self.settings().profile(&request.headers, &request.target).cloned();
        let dressed = profile.map_or(Ok(None), |profile| profile.dressed(&request))?;
        if let Some((dressed, key)) = dressed {
            request = dressed;
            secrets.push(key);
        }
        secrets.extend(self.mark_hop(&mut request.headers, None, &base));
        let at = Instant::now();
        let answer = hops::arrived(self.shared.client.forward(&request, &base).await?, &base)?;
        let head =
            Response { status: answer.status, headers: end_to_end(answer.headers), log: ByteLog::default() };
        let (arrive, arrival) = oneshot::channel();
        let finish = Box::new(|arrived| {
            _ = arrive.send(arrived);
            None
        });
        Tee::new(answer.body, at, MAX_BODY, None, finish).within(self.hold()).read_to_end().await;
        let arrived = arrival.await.map_err(|_| FetchError::Unfit("one that ended too soon"))?;
        if let Some(why) = arrived.unkept {
            return Err(FetchError::Unfit(why));
        }
        let response = Response { log: arrived.log.clone(), ..head };
        let scrubbed_answer = self.scrub_arrived(&scrubbed, response, &secrets).await;
        let mut response = scrubbed_answer.map_err(FetchError::Unfit)?;
        response.headers.retain(|name| name != "set-cookie");
        let downloads = self.download(Self::links_of(id, &scrubbed, &response), &base).await;
        let (media, bodies) = Downloaded::split(downloads);
        let recording = Recording {
            completeness: answer_state(&scrubbed, &response).completeness(arrived.end),
            playback: self.playback(&scrubbed),
            media,
            ..Recording::new(id.clone(), scrubbed, response, arrived.provenance(clock::next(), base.as_str()))
        };
        Ok(FetchedRecording { recording, media: bodies })
    }

    /// The links to media in an answer, none of them followed yet.
    pub(crate) fn links_of(
        id: &RecordingId,
        request: &Scrubbed,
        response: &Response,
    ) -> Vec<crate::model::MediaRef> {
        let (dialect, endpoint) = endpoint_of(request);
        let is_json = response.headers.media_type() == "application/json";
        if !is_json || !(200..300).contains(&response.status) {
            return Vec::new();
        }
        Self::linked(id, &response.log.bytes, dialect.links(&endpoint))
    }
}
