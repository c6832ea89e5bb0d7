//! Synthesized answers in OpenAI's form.
//!
//! A mock is made of nothing but the request: the same request gets the same bytes, ids and times included, whatever the
//! order of its keys. It looks like a real answer to every SDK and reads like a mock to every person. The offsets in time
//! of its pieces are believable ones; they matter only where answers are paced.

mod chat;
mod images;
mod schema;

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::dice::Dice;
use crate::model::{ByteLog, Hash, Headers, Request, Response};
use crate::wire::content_coding::json_of;

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
    Some(match Ask::of(endpoint, request) {
        Ok(ask) => answer(&ask, base).unwrap_or_else(|refusal| refusal.response(&ask.dice)),
        Err(refusal) => refusal.response(&Dice::new(request.hash().0)),
    })
}

/// Whether the answers of an endpoint are made in milliseconds, not in microseconds.
#[must_use]
pub fn is_slow(endpoint: &str) -> bool {
    endpoint == "images/generations"
}

/// Content type and bytes of the mocked picture `id`, the last part of a link that a mock gave out. All there is to know
/// about the picture stands in its id, so links stay good as long as the program exists. None when it is no such id.
#[must_use]
pub fn picture(id: &str) -> Option<(&'static str, Bytes)> {
    let picture: images::Picture = id.parse().ok()?;
    Some((picture.content_type(), picture.file().into()))
}

/// A request as mocks see it.
struct Ask {
    body: Map<String, Value>,
    /// SHA-256 of endpoint and body, keys sorted.
    seed: Hash,
    dice: Dice,
}

impl Ask {
    fn of(endpoint: &str, request: &Request) -> Result<Self, Refusal> {
        let mut body: Value = json_of(&request.headers, &request.body).map_err(|problem| {
            Refusal::new(None, format!("We could not parse the JSON body of your request: {problem}."))
        })?;
        body.sort_all_objects();
        let seed = Hash::of(format!("{endpoint}\n{body}").as_bytes());
        match body {
            Value::Object(body) => Ok(Self { body, seed, dice: Dice::new(seed.0) }),
            _ => Err(Refusal::new(None, "The JSON body of your request is not an object.".into())),
        }
    }

    /// A field that is there and not null.
    fn get(&self, field: &str) -> Option<&Value> {
        self.body.get(field).filter(|value| !value.is_null())
    }

    /// A text field; none where it is absent or `auto`.
    fn text(&self, field: &'static str) -> Result<Option<&str>, Refusal> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| *text != "auto")),
            Some(_) => {
                Err(Refusal::new(Some(field), format!("Invalid type for '{field}': expected a string.")))
            }
        }
    }

    /// A whole number within limits.
    fn number(&self, field: &'static str, default: u64, (low, high): (u64, u64)) -> Result<u64, Refusal> {
        let Some(value) = self.get(field) else { return Ok(default) };
        value.as_u64().filter(|number| (low..=high).contains(number)).ok_or_else(|| {
            Refusal::new(Some(field), format!("Invalid '{field}': expected an integer from {low} to {high}."))
        })
    }

    fn flag(&self, field: &str) -> bool {
        self.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    fn model(&self) -> &str {
        self.get("model").and_then(Value::as_str).unwrap_or("mock")
    }

    /// A second in the first nine months of 2026: plausible, past, and the same every time.
    fn created(&self) -> i64 {
        self.dice.clone().skip(1).whole(1_767_225_600, 1_790_000_000)
    }

    fn dice(&self, purpose: u64) -> Dice {
        self.dice.clone().skip(purpose)
    }
}

/// Why a request is refused, in OpenAI's error form.
#[derive(Debug)]
struct Refusal {
    param: Option<&'static str>,
    message: String,
}

impl Refusal {
    fn new(param: Option<&'static str>, message: String) -> Self {
        Self { param, message }
    }

    fn response(&self, dice: &Dice) -> Response {
        let code = self.param.map(|_| "invalid_value");
        let error = json!({ "message": self.message, "type": "invalid_request_error", "param": self.param, "code": code });
        let body = json!({ "error": error }).to_string();
        Response { status: 400, ..whole(dice, &body, Duration::from_millis(90)) }
    }
}

/// An answer in one piece.
fn whole(dice: &Dice, body: &str, at: Duration) -> Response {
    let log = ByteLog::whole(body.to_owned(), at);
    Response { status: 200, headers: headers(dice, "application/json", at), log }
}

/// An event stream with a piece for each event.
fn stream(dice: &Dice, events: Vec<(Duration, String)>) -> Response {
    let first = events.first().map_or(Duration::ZERO, |(at, _)| *at);
    let headers = headers(dice, "text/event-stream; charset=utf-8", first);
    Response { status: 200, headers, log: ByteLog::from_pieces(events) }
}

fn headers(dice: &Dice, content_type: &'static str, first: Duration) -> Headers {
    let fields = [
        ("content-type", content_type.to_owned()),
        ("x-request-id", format!("req_mock{}", dice.clone().skip(2).letters(24))),
        ("openai-version", "2020-10-01".to_owned()),
        ("openai-processing-ms", first.as_millis().to_string()),
    ];
    fields.into_iter().collect()
}

/// About how many tokens a text has: four characters each.
fn tokens(text: &str) -> u64 {
    text.chars().count().div_ceil(4) as u64
}

#[cfg(test)]
mod tests;
