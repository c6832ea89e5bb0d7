//! A request as mocks see it, and the forms of their answers.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::dialect::seeded_rng::SeededRng;
use crate::model::{ByteLog, Hash, Headers, Request, Response};
use crate::wire::content_coding::json_of;

/// A request as mocks see it.
pub(super) struct MockRequest {
    pub(super) body: Map<String, Value>,
    /// SHA-256 of endpoint and body, keys sorted.
    pub(super) seed: Hash,
    pub(super) dice: SeededRng,
}

impl MockRequest {
    pub(super) fn of(endpoint: &str, request: &Request) -> Result<Self, MockRefusal> {
        let mut body: Value = json_of(&request.headers, &request.body).map_err(|problem| {
            MockRefusal::new(None, format!("We could not parse the JSON body of your request: {problem}."))
        })?;
        body.sort_all_objects();
        let seed = Hash::of(format!("{endpoint}\n{body}").as_bytes());
        match body {
            Value::Object(body) => Ok(Self { body, seed, dice: SeededRng::new(seed.0) }),
            _ => Err(MockRefusal::new(None, "The JSON body of your request is not an object.".into())),
        }
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, field: &str) -> Option<&Value> {
        self.body.get(field).filter(|value| !value.is_null())
    }

    /// A text field; none where it is absent or `auto`.
    pub(super) fn text(&self, field: &'static str) -> Result<Option<&str>, MockRefusal> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| *text != "auto")),
            Some(_) => {
                Err(MockRefusal::new(Some(field), format!("Invalid type for '{field}': expected a string.")))
            }
        }
    }

    /// A whole number within limits.
    pub(super) fn number(
        &self,
        field: &'static str,
        default: u64,
        (low, high): (u64, u64),
    ) -> Result<u64, MockRefusal> {
        let Some(value) = self.get(field) else { return Ok(default) };
        value.as_u64().filter(|number| (low..=high).contains(number)).ok_or_else(|| {
            MockRefusal::new(
                Some(field),
                format!("Invalid '{field}': expected an integer from {low} to {high}."),
            )
        })
    }

    pub(super) fn flag(&self, field: &str) -> bool {
        self.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn model(&self) -> &str {
        self.get("model").and_then(Value::as_str).unwrap_or("mock")
    }

    /// A second in the first nine months of 2026: plausible, past, and the same every time.
    pub(super) fn created(&self) -> i64 {
        self.dice.clone().skip(1).whole(1_767_225_600, 1_790_000_000)
    }

    pub(super) fn dice(&self, purpose: u64) -> SeededRng {
        self.dice.clone().skip(purpose)
    }
}

/// The refusal of a request, in OpenAI's error form.
#[derive(Debug)]
pub(super) struct MockRefusal {
    param: Option<&'static str>,
    message: String,
}

impl MockRefusal {
    pub(super) fn new(param: Option<&'static str>, message: String) -> Self {
        Self { param, message }
    }

    pub(super) fn response(&self, dice: &SeededRng) -> Response {
        let code = self.param.map(|_| "invalid_value");
        let error = json!({ "message": self.message, "type": "invalid_request_error", "param": self.param, "code": code });
        let body = json!({ "error": error }).to_string();
        Response { status: 400, ..whole(dice, &body, Duration::from_millis(90)) }
    }
}

/// An answer in one piece.
pub(super) fn whole(dice: &SeededRng, body: &str, at: Duration) -> Response {
    let log = ByteLog::whole(body.to_owned(), at);
    Response { status: 200, headers: headers(dice, "application/json", at), log }
}

/// An event stream with a piece for each event.
pub(super) fn stream(dice: &SeededRng, events: Vec<(Duration, String)>) -> Response {
    let first = events.first().map_or(Duration::ZERO, |(at, _)| *at);
    let headers = headers(dice, "text/event-stream; charset=utf-8", first);
    Response { status: 200, headers, log: ByteLog::from_pieces(events) }
}

pub(super) fn headers(dice: &SeededRng, content_type: &'static str, first: Duration) -> Headers {
    let fields = [
        ("content-type", content_type.to_owned()),
        ("x-request-id", format!("req_mock{}", dice.clone().skip(2).letters(24))),
        ("openai-version", "2020-10-01".to_owned()),
        ("openai-processing-ms", first.as_millis().to_string()),
    ];
    fields.into_iter().collect()
}

/// About how many tokens a text has: four characters each.
pub(super) fn tokens(text: &str) -> u64 {
    text.chars().count().div_ceil(4) as u64
}
