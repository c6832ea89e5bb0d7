//! Answers as they may be kept: without credentials, personal data and what looks like a key. The client of the call
//! has got the provider's bytes by then.

use bytes::Bytes;

use crate::dialect::endpoint_of;
use crate::dialect::media_links;
use crate::engine::aside::LARGE;
use crate::engine::settings::Live;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::matching::{AnswerOrigin, Unsearched};
use crate::model::{ByteLog, Piece, Recording, Response, Scrubbed};
use crate::reading::decoded;
use crate::reading::decoded::timed;
use crate::wire::content_coding::decoded_len;

impl Engine {
    /// A recording that somebody wrote, with its answer as it may be stored; `credentials` are those of its request.
    ///
    /// # Errors
    /// When nobody knows what the answer holds. Such a one is not stored, as one that an upstream sends is not.
    pub(crate) fn scrub_answers_of(
        &self,
        mut recording: Recording,
        credentials: &[Bytes],
    ) -> Result<Recording, VerbError> {
        let scrub = |response: &Response| {
            let scrubbed = self.scrub_answer(&recording.request, response.clone(), credentials);
            scrubbed.map_err(VerbError::Unsearchable)
        };
        let (response, original) = (scrub(&recording.response)?, recording.original.as_deref());
        let original = original.map(|original| scrub(&original.response)).transpose()?;
        recording.response = response;
        if let (Some(original), Some(response)) = (&mut recording.original, original) {
            original.response = response;
        }
        Ok(recording)
    }

    /// [`Engine::scrub_answer`] where a long answer keeps no other call waiting.
    pub(crate) async fn scrub_arrived(
        &self,
        request: &Scrubbed,
        response: Response,
        credentials: &[Bytes],
    ) -> Result<Response, &'static str> {
        let len = decoded_len(&response.headers, response.log.bytes.len());
        if len <= LARGE {
            return self.scrub_answer(request, response, credentials);
        }
        let (engine, request, credentials) = (self.clone(), request.clone(), credentials.to_vec());
        self.shared.budget.aside(len, move || engine.scrub_answer(&request, response, &credentials)).await
    }

    /// A response as it may be stored, of a request that carried these credentials. One that is encoded although nobody
    /// asked for that is decoded when something in it is replaced.
    ///
    /// # Errors
    /// What it is, where nobody knows what it holds: it cannot be decoded, or is too much to be searched.
    pub(crate) fn scrub_answer(
        &self,
        request: &Scrubbed,
        response: Response,
        credentials: &[Bytes],
    ) -> Result<Response, &'static str> {
        self.shared.live.load().scrub_answer(request, response, credentials)
    }
}

impl Live {
    /// [`Engine::scrub_answer`] by one configuration.
    pub(crate) fn scrub_answer(
        &self,
        request: &Scrubbed,
        response: Response,
        credentials: &[Bytes],
    ) -> Result<Response, &'static str> {
        let encoded =
            response.headers.text("content-encoding").is_some_and(|encoding| encoding != "identity");
        let plain = match decoded(&response.headers, &response.log.bytes) {
            Ok(bytes) if encoded => {
                let mut headers = response.headers.clone();
                headers.retain(|name| name != "content-encoding");
                let log = ByteLog { pieces: pieces(&response, bytes.len()), bytes };
                Response { headers, log, ..response.clone() }
            }
            Err(_) if encoded && !response.log.bytes.is_empty() => {
                return Err("an encoding that cannot be read");
            }
            _ => response.clone(),
        };
        let (dialect, endpoint) = endpoint_of(request);
        let links = media_links::find(&plain.log.bytes, dialect.links(&endpoint));
        let links: Vec<_> = links.iter().map(|(_, url)| url.as_str()).collect();
        let origin = AnswerOrigin { mount: &request.mount, credentials, links: &links };
        let scrubbed = self.scrubber.answer(&plain, origin);
        let (kept, log) = match scrubbed.map_err(|Unsearched| "more than can be searched for secrets")? {
            Some(log) => (plain, Some(log)),
            None => (response, None),
        };
        let headers = self.scrubber.answer_headers(&kept.headers, log.is_some(), origin);
        Ok(Response { headers, log: log.unwrap_or(kept.log), ..kept })
    }
}

/// The pieces of an encoded body once it is decoded to `len` bytes, each at the time at which it arrived.
fn pieces(encoded: &Response, len: usize) -> Vec<Piece> {
    let (_, ends) = timed(encoded);
    let last = ends.last().map_or(encoded.log.ended(), |(_, at)| *at);
    let mut begin = 0;
    let whole = ends.into_iter().chain([(len, last)]);
    let pieces = whole.filter_map(|(end, at)| {
        let piece = (begin < end && end <= len).then(|| Piece::new(end - begin, at));
        begin = begin.max(end.min(len));
        piece
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use super::*;
    use crate::model::Headers;

    #[test]
    fn an_encoded_body_keeps_the_times_of_its_pieces() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut arrived = Vec::new();
        let mut sent = 0;
        for (nth, text) in ["data: 1\n\n", "data: 2\n\n", "data: [DONE]\n\n"].into_iter().enumerate() {
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.flush().unwrap();
            let all = encoder.get_ref();
            arrived.push((Duration::from_millis(nth as u64 + 1), all[sent..].to_vec()));
            sent = all.len();
        }
        arrived.push((Duration::from_millis(9), encoder.finish().unwrap()[sent..].to_vec()));
        let response = Response {
            headers: Headers::from_iter([("content-encoding", "gzip")]),
            log: ByteLog::from_pieces(arrived),
            status: 200,
        };
        let body = decoded(&response.headers, &response.log.bytes).unwrap();
        let log = ByteLog { pieces: pieces(&response, body.len()), bytes: body };
        let pieces: Vec<_> = log.iter().map(|(at, piece)| (at.as_millis(), piece)).collect();
        assert_eq!(
            pieces,
            [(1, "data: 1\n\n".into()), (2, "data: 2\n\n".into()), (3, "data: [DONE]\n\n".into())]
        );
    }
}
