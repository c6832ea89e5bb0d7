//! The state of an answer by its body: whole or cut off, a success or a failure. A status alone tells neither: streams
//! break off cleanly, and errors come in bodies of a 200.

use std::collections::BTreeMap;

use serde_json::{Deserializer, Value};

use super::endpoint::Endpoint;
use super::rules::Terminator;
use crate::model::{AnswerFailure, Completeness, Headers, Response};
use crate::wire::content_coding::decoded;
use crate::wire::event_stream::{StreamLines, events};
use crate::wire::json_excerpt::JsonExcerpt;
use crate::wire::media_type::{is_json, is_rows};
use crate::wire::{pointer, without_mark};

/// The state that an answer's body reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerState {
    /// True where the end that the dialect promises was seen, or an error in its place: nothing is missing, however the
    /// connection ended.
    pub terminated: bool,
    /// True where nothing is missing, provided that the connection ended cleanly.
    pub ended: bool,
    /// The upstream's failure; `None` for an answer that is none.
    pub failure: Option<AnswerFailure>,
}

/// The end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// The upstream ended it cleanly.
    Clean,
    /// The upstream broke off.
    Cut,
    /// The client left, and the rest did not arrive in time or is not wanted.
    Abandoned,
}

/// Events of streams, and of no other kind, that report a failure.
const FAILED: &[&str] = &["error", "response.failed", "image_generation.failed", "image_edit.failed"];
/// The ends of streams that speak as a known dialect does, behind a mount of which nothing is known.
const ENDS: &[&str] = &[
    "message_stop",
    "message-end",
    "response.completed",
    "response.failed",
    "response.incomplete",
    "response.cancelled",
];

impl AnswerState {
    const WHOLE: Self = Self { terminated: false, ended: true, failure: None };
    const CUT: Self = Self { terminated: false, ended: false, failure: None };

    /// The completeness of an answer with this state, whose body ended so: whole where the dialect's terminator was
    /// seen, or, where the endpoint has none, the body ended cleanly (which includes the declared length).
    #[must_use]
    pub fn completeness(self, end: BodyEnd) -> Completeness {
        match end {
            _ if self.terminated => Completeness::Whole,
            BodyEnd::Clean if self.ended => Completeness::Whole,
            BodyEnd::Clean | BodyEnd::Cut => Completeness::CutByUpstream,
            BodyEnd::Abandoned => Completeness::CutByClient,
        }
    }

    pub(super) fn of(endpoint: &Endpoint, method: &str, response: &Response) -> Self {
        let status = response.status;
        if status >= 400 {
            return Self { failure: Some(AnswerFailure::Status), ..Self::WHOLE };
        }
        let Some(body) = decoded(&response.headers, &response.log.bytes) else { return Self::WHOLE };
        let media_type = response.headers.media_type();
        // A part of a JSON text is none.
        let bodiless = method == "HEAD" || matches!(status, 204..=206 | 304);
        if bodiless || response.headers.text("content-length") == Some("0") {
            Self::WHOLE
        // A transcript may begin as a stream does, and would never count as whole: here only the media type decides.
        } else if media_type == "text/event-stream" {
            Self::of_events(endpoint.rules.terminator, &body)
        } else if media_type == "application/vnd.amazon.eventstream" {
            Self::of_frames(&body)
        } else if is_json(&media_type) || is_rows(&media_type) {
            Self::of_json(endpoint, method, &body)
        } else {
            Self::WHOLE
        }
    }

    fn of_events(terminator: Terminator, body: &[u8]) -> Self {
        let mut seen = Events::new(terminator);
        events(body).for_each(|event| seen.take(&event.name, &event.data));
        let failure = seen.failed.then_some(AnswerFailure::ErrorEvent);
        let terminated = seen.terminated || seen.failed;
        // A clean end behind a finish reason is an end, also without the dialect's terminator.
        let unknown = terminator == Terminator::Unknown && !seen.known;
        Self { terminated, ended: terminated || unknown || seen.finished(), failure }
    }

    /// Frames of `application/vnd.amazon.eventstream`: the total length in four bytes, big endian, that of the headers in
    /// as many, their checksum, headers, payload, checksum.
    fn of_frames(body: &[u8]) -> Self {
        let mut rest = body;
        let mut failed = false;
        while let Some((total, headers)) = rest.first_chunk::<8>().map(|head| {
            let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
            (number(0) as usize, number(4) as usize)
        }) {
            let Some(frame) = rest.get(..total).filter(|_| total >= 16) else { return Self::CUT };
            let headers = frame.get(12..12 + headers).unwrap_or_default();
            failed |= headers.windows(15).any(|window| window == b":exception-type");
            rest = &rest[total..];
        }
        let failure = failed.then_some(AnswerFailure::ErrorEvent);
        Self { terminated: failed, ended: rest.is_empty() || failed, failure }
    }

    /// One JSON value, or several in rows.
    fn of_json(endpoint: &Endpoint, method: &str, body: &[u8]) -> Self {
        let mut rows = JsonRows::default();
        let mut values = Deserializer::from_slice(without_mark(body)).into_iter::<JsonExcerpt>();
        for value in values.by_ref() {
            match value {
                Ok(JsonExcerpt(value)) => rows.take(value),
                Err(error) if error.is_eof() => return Self::CUT,
                Err(error) => {
                    // It is JSON, and nested too deeply for what reads it here; or JSON but for numbers that some
                    // servers write and most clients read.
                    let fine = error.to_string().contains("recursion limit") || is_lenient(body);
                    let failure = (!fine).then_some(AnswerFailure::Unparsable);
                    return Self { failure, ..Self::WHOLE };
                }
            }
        }
        let polls = endpoint.rules.poll.is_some() || method == "GET";
        let failed = if rows.count == 1 { rows.is_error(polls) } else { rows.failed };
        let open = rows.done == Some(false) && rows.count > 1 && !failed;
        Self {
            terminated: failed || (rows.count > 1 && rows.done == Some(true)),
            ended: rows.count > 0 && !open,
            failure: failed.then_some(AnswerFailure::ErrorEvent),
        }
    }
}

/// State of the rows of a body; most bodies have one row.
#[derive(Default)]
struct JsonRows {
    count: usize,
    /// True where one of several rows reports an error.
    failed: bool,
    /// The `done` of the last row that has one (Ollama's streams).
    done: Option<bool>,
    first: Value,
}

impl JsonRows {
    fn take(&mut self, value: Value) {
        self.count += 1;
        self.failed |= has_error(&value);
        if let Some(done) = value.get("done").and_then(Value::as_bool) {
            self.done = Some(done);
        }
        if self.count == 1 {
            self.first = value;
        }
    }

    /// Test for an only row that is an error: one that says nothing else, or an answer that says it failed. The state
    /// of a job reports what the job came to, and no failure of the call.
    fn is_error(&self, polls: bool) -> bool {
        let telling = ["id", "name", "status", "state", "done"];
        let tells = telling.iter().any(|name| self.first.get(*name).is_some());
        let ended_badly = self.first.get("status").and_then(Value::as_str) == Some("failed");
        has_error(&self.first) && (!tells || (ended_badly && !polls))
    }
}

/// Test for a reported error in a value, or in an item of a list: Gemini's streams without `alt=sse` are lists.
fn has_error(value: &Value) -> bool {
    let has = |value: &Value| value.get("error").is_some_and(truthy);
    has(value) || value.as_array().is_some_and(|items| items.iter().any(has))
}

/// State of the events of a stream.
struct Events {
    terminator: Terminator,
    terminated: bool,
    failed: bool,
    /// True where the stream speaks as a known dialect does, so that its end is known.
    known: bool,
    /// The choices seen, and whether each has a finish reason.
    choices: BTreeMap<u64, bool>,
}

impl Events {
    fn new(terminator: Terminator) -> Self {
        let (terminated, failed, known) = (false, false, false);
        Self { terminator, terminated, failed, known, choices: BTreeMap::new() }
    }

    fn ends_with_done(&self) -> bool {
        matches!(self.terminator, Terminator::Unknown | Terminator::Done | Terminator::DoneOr(_))
    }

    /// Test for an event that ends the stream, by its name or its data.
    fn ends_with(&self, name: &str, data: &Value) -> bool {
        match self.terminator {
            Terminator::Unknown => ENDS.contains(&name),
            Terminator::Done => false,
            Terminator::Events(names) | Terminator::DoneOr(names) => names.contains(&name),
            Terminator::Fields(pointers) => pointers.iter().any(|pointer| pointer::holds(data, pointer)),
        }
    }

    fn take(&mut self, name: &str, data: &[u8]) {
        if data.trim_ascii() == b"[DONE]" {
            self.terminated |= self.ends_with_done();
            return;
        }
        let Ok(data) = serde_json::from_slice::<Value>(data) else { return };
        let kind = data.get("type").and_then(Value::as_str).unwrap_or(name);
        self.terminated |= self.ends_with(kind, &data) || self.ends_with(name, &data);
        self.failed |= FAILED.contains(&kind) || FAILED.contains(&name);
        self.failed |= data.get("error").is_some_and(truthy);
        self.known |= matches!(kind, "message_start" | "message-start" | "response.created");
        self.finish(&data);
    }

    /// Takes note of finish reasons: of each choice, of each candidate, of a message.
    fn finish(&mut self, data: &Value) {
        let reason = |value: &Value, name: &str| value.get(name).is_some_and(|reason| !reason.is_null());
        for (list, name) in [("choices", "finish_reason"), ("candidates", "finishReason")] {
            for choice in data.get(list).and_then(Value::as_array).into_iter().flatten() {
                let index = choice.get("index").and_then(Value::as_u64).unwrap_or_default();
                *self.choices.entry(index).or_default() |= reason(choice, name);
                self.known = true;
            }
        }
        let delta = data.get("delta").unwrap_or(&Value::Null);
        if reason(delta, "stop_reason") || reason(delta, "finish_reason") {
            self.choices.insert(0, true);
        }
    }

    fn finished(&self) -> bool {
        !self.choices.is_empty() && self.choices.values().all(|finished| *finished)
    }
}

/// Looks for the end of a stream while it arrives, each event once.
#[derive(Clone, Debug)]
pub struct EndWatch {
    form: EndForm,
    /// Count of bytes that were looked at: all events up to there are whole.
    seen: usize,
}

#[derive(Clone, Copy, Debug)]
enum EndForm {
    Events(Terminator),
    /// One JSON value a line.
    Rows,
}

impl EndWatch {
    /// A watch over the answer that begins with these headers; none where only the end of the connection tells.
    pub(super) fn of(endpoint: &Endpoint, headers: &Headers) -> Option<Self> {
        let encoded = headers.text("content-encoding").is_some_and(|encoding| encoding != "identity");
        let form = match headers.media_type().as_str() {
            _ if encoded => return None,
            "text/event-stream" => EndForm::Events(endpoint.rules.terminator),
            kind if is_rows(kind) => EndForm::Rows,
            _ => return None,
        };
        Some(Self { form, seen: 0 })
    }

    /// Test for the end of the stream in the bytes that are new since the last call; `body` is all that arrived.
    pub fn ends(&mut self, body: &[u8]) -> bool {
        let new = &body[self.seen.min(body.len())..];
        let whole = match self.form {
            EndForm::Events(_) => {
                StreamLines::new(new).filter(|line| line.text.is_empty()).last().map_or(0, |line| line.end)
            }
            EndForm::Rows => new.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1),
        };
        self.seen += whole;
        let new = &new[..whole];
        match self.form {
            EndForm::Events(terminator) => {
                let mut seen = Events::new(terminator);
                events(new).for_each(|event| seen.take(&event.name, &event.data));
                seen.terminated || seen.failed
            }
            EndForm::Rows => new.split(|b| *b == b'\n').any(|row| {
                let row: Value = serde_json::from_slice(row).unwrap_or_default();
                row.get("done") == Some(&Value::Bool(true)) || row.get("error").is_some_and(truthy)
            }),
        }
    }
}

/// Truth as Python defines it: the SDKs ask that way.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// Test for JSON that may also hold `NaN` and `Infinity`, which Python's encoder writes.
fn is_lenient(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let mut plain = String::with_capacity(text.len());
    let (mut rest, mut inside, mut escaped) = (text, false, false);
    while let Some(c) = rest.chars().next() {
        let word =
            ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| !inside && rest.starts_with(word));
        if let Some(word) = word {
            plain.push('0');
            rest = &rest[word.len()..];
            continue;
        }
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
        plain.push(c);
        rest = &rest[c.len_utf8()..];
    }
    serde_json::from_str::<serde::de::IgnoredAny>(&plain).is_ok()
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
