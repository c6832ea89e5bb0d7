//! Replacing bytes of a body in place, with the times of all others kept.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use crate::model::{ByteLog, Headers, Piece, Response};
use crate::reading::decoded;
use crate::reading::decoded::timed;
use crate::wire::content_coding::CodingError;

/// Headers that speak of the exact bytes of a body: wrong when it is another one.
const OF_THE_BYTES: [&str; 6] =
    ["content-encoding", "content-md5", "digest", "content-digest", "repr-digest", "etag"];

/// A response's body without its encoding.
pub(super) struct PlainAnswer {
    pub(super) body: Bytes,
    /// The end of each piece, and the time at which it arrived.
    ends: Vec<(usize, Duration)>,
}

/// Other bytes for those at a place.
pub(super) struct Splice {
    pub(super) at: Range<usize>,
    pub(super) with: String,
}

impl PlainAnswer {
    pub(super) fn of(response: &Response) -> Result<Self, CodingError> {
        let body = decoded(&response.headers, &response.log.bytes)?;
        let (_, ends) = timed(response);
        Ok(Self { body, ends })
    }

    /// The response with other bytes where `splices` say, which are in order and do not overlap. Each byte that stays
    /// keeps its time. Without splices the response stays as it is, its encoding included.
    pub(super) fn spliced(&self, response: &Response, splices: &[Splice]) -> Response {
        if splices.is_empty() {
            return response.clone();
        }
        let mut body = Vec::with_capacity(self.body.len());
        let mut copied = 0;
        for splice in splices {
            body.extend_from_slice(&self.body[copied..splice.at.start]);
            body.extend_from_slice(splice.with.as_bytes());
            copied = splice.at.end;
        }
        body.extend_from_slice(&self.body[copied..]);
        let ends = self.moved(splices);
        with_log(response, log(body.into(), &ends, response.log.begins()))
    }

    /// The first `len` bytes of the body.
    pub(super) fn cut(&self, response: &Response, len: usize) -> Response {
        let len = len.min(self.body.len());
        if len == self.body.len() {
            return response.clone();
        }
        let mut ends: Vec<_> = self.ends.iter().copied().take_while(|(end, _)| *end < len).collect();
        ends.extend(self.ends.get(ends.len()).map(|(_, at)| (len, *at)));
        with_log(response, log(self.body.slice(..len), &ends, response.log.begins()))
    }

    /// The ends of the pieces when the splices are made. An end within replaced bytes moves in proportion.
    fn moved(&self, splices: &[Splice]) -> Vec<(usize, Duration)> {
        let mut rest = splices.iter().peekable();
        let (mut gone, mut come) = (0, 0);
        let moved = self.ends.iter().map(|(end, at)| {
            while let Some(splice) = rest.next_if(|splice| splice.at.end <= *end) {
                gone += splice.at.len();
                come += splice.with.len();
            }
            let inside = rest.peek().filter(|splice| splice.at.start < *end).map(|splice| {
                let start = splice.at.start;
                start + come - gone + share(splice.with.len(), end - start, splice.at.len())
            });
            (inside.unwrap_or_else(|| end + come - gone), *at)
        });
        moved.collect()
    }
}

/// `part` of `whole` of something else.
fn share(of: usize, part: usize, whole: usize) -> usize {
    usize::try_from(of as u128 * part as u128 / whole.max(1) as u128).unwrap_or(of)
}

/// A log of `body` whose pieces end at `ends`; the last one takes what is left, and without any `begins` is the time.
fn log(body: Bytes, ends: &[(usize, Duration)], begins: Duration) -> ByteLog {
    let mut pieces: Vec<Piece> = Vec::with_capacity(ends.len());
    let mut start = 0;
    for (nth, (end, at)) in ends.iter().enumerate() {
        let end = if nth + 1 == ends.len() { body.len() } else { (*end).clamp(start, body.len()) };
        if end > start {
            pieces.push(Piece::new(end - start, *at));
        }
        start = end;
    }
    if pieces.is_empty() { ByteLog::whole(body, begins) } else { ByteLog { bytes: body, pieces } }
}

/// The response with another body, which is not encoded: headers that spoke of the bytes are restated or go.
pub(super) fn with_log(response: &Response, log: ByteLog) -> Response {
    let mut headers = response.headers.clone();
    headers.retain(|name| !OF_THE_BYTES.contains(&name));
    replace(&mut headers, "content-length", &log.bytes.len().to_string());
    Response { status: response.status, headers, log }
}

/// Gives a header that is there another value.
pub(super) fn replace(headers: &mut Headers, name: &str, value: &str) {
    for header in headers.0.iter_mut().filter(|header| header.0 == name) {
        header.1 = Bytes::copy_from_slice(value.as_bytes());
    }
}
