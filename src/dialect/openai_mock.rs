//! Synthesized answers in OpenAI's form.
//!
//! A mock is made of nothing but the request: the same request gets the same bytes, ids and times included, whatever the
//! order of its keys. It looks like a real answer to every SDK and reads like a mock to every person. The offsets in time
//! of its pieces are believable ones; they matter only where answers are paced.

mod chat;
mod images;
mod mock_request;
mod schema;

use bytes::Bytes;

use mock_request::MockRequest;

use super::seeded_rng::SeededRng;
use crate::model::{Request, Response};

/// The answer to `request` at `endpoint` (`images/generations`, `chat/completions`); none for endpoints that are not
/// mocked. Links to pictures begin with `base`, the address of the proxy (`http://127.0.0.1:4010`). A request that the
/// real API would refuse gets a 400 in its error form.
#[must_use]
pub fn mock(endpoint: &str, request: &Request, base: &str) -> Option<Response> {
    let answer = match endpoint {
        "images/generations" => images::mock,
        "chat/completions" => chat::mock,
        _ => return None,
    };
    Some(match MockRequest::of(endpoint, request) {
        Ok(ask) => answer(&ask, base).unwrap_or_else(|refusal| refusal.response(&ask.dice)),
        Err(refusal) => refusal.response(&SeededRng::new(request.hash().0)),
    })
}

/// True for endpoints whose answers are made in milliseconds, not in microseconds.
#[must_use]
pub fn is_slow(endpoint: &str) -> bool {
    endpoint == "images/generations"
}

/// Content type and bytes of the mocked picture `id`, the last part of a link that a mock gave out. All there is to know
/// about the picture stands in its id, so links stay good as long as the program exists. None when it is no such id.
#[must_use]
pub fn picture(id: &str) -> Option<(&'static str, Bytes)> {
    let picture: images::MockPicture = id.parse().ok()?;
    Some((picture.content_type(), picture.file().into()))
}

#[cfg(test)]
mod tests;
