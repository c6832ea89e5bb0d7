//! Answers that fail, made of one that did not: what a provider says, or does, on a bad day.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::splice::{PlainAnswer, Splice};
use crate::dialect::{Dialect, ProviderFailure};
use crate::model::{ByteLog, Ending, Headers, Latency, Recording, Response};
use crate::wire::content_coding::CodingError;
use crate::wire::event_stream::StreamForm;
use crate::wire::event_stream::{StreamFrame, frames};
use crate::wire::json_text::is_json;

/// The wait that `429` alone asks for: long enough to be seen, short enough for a test.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The longest wait that can be asked for, in seconds.
const LONGEST: u64 = 86_400;

/// A way in which an answer fails. As text: `429`, `429 retry-after=20`, `500`, `529`, `cut@3`, `stall@3`, `malformed`,
/// `slow x5`, `slow 10s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// 429, and when to try again, in whole seconds.
    RateLimit {
        /// The wait that it asks for.
        retry_after: Duration,
    },
    /// 500.
    ServerError,
    /// 529, which Anthropic says.
    Overloaded,
    /// The connection breaks.
    Cut {
        /// After so many events; after so many bytes, where the answer is no stream.
        after: usize,
    },
    /// A stall: nothing more comes, and the connection stays open.
    Stall {
        /// After so many events; after so many bytes, where the answer is no stream.
        after: usize,
    },
    /// The JSON, or that of the event in the middle, breaks off; all around it is whole.
    Malformed,
    /// Another pace for the same bytes.
    Slow(Latency),
}

/// A recording with a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Faulty {
    /// The answer, up to where it ends.
    pub response: Response,
    /// The end of its answer.
    pub ending: Ending,
    /// The pace of its answer; `None` leaves it open.
    pub pace: Option<Latency>,
}

/// A text that names no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown fault `{0}`; use 429, 429 retry-after=20 (seconds), 500, 529, cut@3, stall@3, malformed, slow x5 or slow 10s (at most 30s)"
)]
pub struct ParseFaultError(pub String);

/// The reason why a recording cannot fail so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// The body has an encoding that cannot be decoded.
    #[error("the answer cannot be made to fail so: {0}")]
    Unreadable(#[from] CodingError),
    /// A place behind the last event or byte.
    #[error("the answer has {there} {unit}; {after} is too far")]
    TooFar {
        /// The count that was wanted.
        after: usize,
        /// The count that there is.
        there: usize,
        /// `events` or `bytes`.
        unit: &'static str,
    },
    /// An answer without JSON that could be malformed.
    #[error("the answer holds no JSON object or list that could be broken")]
    NoJson,
    /// The provider has no such error.
    #[error("{status} is no answer of the dialect {dialect}; use 429 or 500")]
    NotSaid {
        /// The status.
        status: u16,
        /// The dialect's name.
        dialect: &'static str,
    },
}

/// The answer that a recording gives when it fails. What is whole keeps its bytes and times; an error comes when the
/// recorded answer began, in the shape of the recording's provider, and says nothing that keeps clients from trying again.
///
/// # Errors
/// When the answer has not so many events or bytes (the error says how many there are), nothing that could be
/// malformed, or an encoding that cannot be decoded, and for 529 of another provider than Anthropic.
pub fn derive(recording: &Recording, fault: Fault) -> Result<Faulty, FaultError> {
    let response = &recording.response;
    let (response, ending, pace) = match fault {
        Fault::RateLimit { retry_after } => {
            (failed(recording, 429, Some(retry_after.as_secs()))?, Ending::Clean, None)
        }
        Fault::ServerError => (failed(recording, 500, None)?, Ending::Clean, None),
        Fault::Overloaded => (failed(recording, 529, None)?, Ending::Clean, None),
        Fault::Cut { after } => (begun(response, after)?, Ending::Cut, None),
        Fault::Stall { after } => (begun(response, after)?, Ending::Stall, None),
        Fault::Malformed => (malformed(response)?, Ending::Clean, None),
        Fault::Slow(pace) => (response.clone(), recording.ending, Some(pace)),
    };
    Ok(Faulty { response, ending, pace })
}

/// An error in the provider's words.
fn failed(recording: &Recording, status: u16, retry_after: Option<u64>) -> Result<Response, FaultError> {
    let dialect = Dialect::of_mount(&recording.request.mount);
    let recorded = &recording.response;
    let id = ["request-id", "x-request-id", "apim-request-id"]
        .into_iter()
        .find_map(|name| Some((name, recorded.headers.text(name)?)));
    let failure = ProviderFailure { status, retry_after, request_id: id.map(|(_, id)| id) };
    let not_said = FaultError::NotSaid { status, dialect: dialect.name() };
    let body = dialect.failure(&failure).ok_or(not_said)?.to_string();
    let mut headers = Headers::default();
    headers.push("content-type", "application/json");
    if let Some((name, id)) = id {
        headers.push(name, id.to_owned());
    }
    if let Some(seconds) = retry_after {
        headers.push("retry-after", seconds.to_string());
    }
    Ok(Response { status, headers, log: ByteLog::whole(body, recorded.log.begins()) })
}

/// The answer up to the end of an event, or up to a byte where it is no stream.
fn begun(response: &Response, after: usize) -> Result<Response, FaultError> {
    let plain = PlainAnswer::of(response)?;
    let form = StreamForm::of(&response.headers, &plain.body);
    let (there, unit, end) = if form.is_some() {
        let frames = frames(form, &plain.body);
        let end = after.checked_sub(1).map_or(Some(0), |last| frames.get(last).map(|frame| frame.end));
        (frames.len(), "events", end)
    } else {
        (plain.body.len(), "bytes", Some(after).filter(|end| *end <= plain.body.len()))
    };
    let end = end.ok_or(FaultError::TooFar { after, there, unit })?;
    Ok(plain.cut(response, end))
}

/// The answer with half of its JSON, or of that of one event.
fn malformed(response: &Response) -> Result<Response, FaultError> {
    let plain = PlainAnswer::of(response)?;
    let frames = frames(StreamForm::of(&response.headers, &plain.body), &plain.body);
    let objects: Vec<&StreamFrame> =
        frames.iter().filter(|frame| frame.is_one_line() && is_object(frame)).collect();
    let (frame, text) = objects
        .get(objects.len() / 2)
        .and_then(|frame| Some((frame, frame.text()?)))
        .ok_or(FaultError::NoJson)?;
    // Half of an object is none, because it lacks its end.
    let len = text.trim_end().len();
    let half = (1..=len / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(1);
    let splice = Splice { at: frame.place(&(half..text.len())), with: String::new() };
    Ok(plain.spliced(response, &[splice]))
}

fn is_object(frame: &StreamFrame) -> bool {
    frame.text().is_some_and(|text| text.starts_with(['{', '[']) && is_json(text))
}

impl Fault {
    /// True if the provider's error stands in place of the answer, with nothing of it left.
    #[must_use]
    pub fn replaces_answer(self) -> bool {
        matches!(self, Self::RateLimit { .. } | Self::ServerError | Self::Overloaded)
    }
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        let wrong = || ParseFaultError(text.to_owned());
        let mut words = text.split_ascii_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        if words.next().is_some() {
            return Err(wrong());
        }
        let number = |digits: &str| digits.parse().map_err(|_| wrong());
        match (first, second) {
            ("429", None) => Ok(Self::RateLimit { retry_after: RETRY_AFTER }),
            ("429", Some(wait)) => {
                let seconds = wait.strip_prefix("retry-after=").and_then(|digits| digits.parse().ok());
                let seconds = seconds.filter(|seconds| *seconds <= LONGEST).ok_or_else(wrong)?;
                Ok(Self::RateLimit { retry_after: Duration::from_secs(seconds) })
            }
            ("500", None) => Ok(Self::ServerError),
            ("529", None) => Ok(Self::Overloaded),
            ("malformed", None) => Ok(Self::Malformed),
            ("slow", Some(pace)) => match pace.parse().map_err(|_| wrong())? {
                Latency::Fixed(wait) if wait > Latency::LONGEST => Err(wrong()),
                Latency::None => Err(wrong()),
                pace => Ok(Self::Slow(pace)),
            },
            (place, None) => match place.split_once('@') {
                Some(("cut", after)) => Ok(Self::Cut { after: number(after)? }),
                Some(("stall", after)) => Ok(Self::Stall { after: number(after)? }),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimit { retry_after } if *retry_after == RETRY_AFTER => f.write_str("429"),
            Self::RateLimit { retry_after } => write!(f, "429 retry-after={}", retry_after.as_secs()),
            Self::ServerError => f.write_str("500"),
            Self::Overloaded => f.write_str("529"),
            Self::Cut { after } => write!(f, "cut@{after}"),
            Self::Stall { after } => write!(f, "stall@{after}"),
            Self::Malformed => f.write_str("malformed"),
            Self::Slow(Latency::Fixed(wait)) if wait.subsec_nanos() == 0 => {
                write!(f, "slow {}s", wait.as_secs())
            }
            Self::Slow(pace) => write!(f, "slow {pace}"),
        }
    }
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
