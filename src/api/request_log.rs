//! The request log: the calls of the history in the shape that Lumenfall's own request log has (`GET /v1/requests`),
//! so that what reads that one reads this one.
//!
//! Left out is what a proxy on this machine does not know (`trace_id`, `user`); added are `http_status`, `timing`,
//! `replay_result` and `recording_id`, and the filters `outcome` and `model`.

use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Route, Verb};
use crate::engine::{Engine, VerbError};
use crate::model::{Call, CallId, Outcome, RecordingId, Timestamp, Usd};

/// How many entries a page has by default, and at most.
const PAGE: usize = 50;
const LONGEST_PAGE: usize = 500;
const PREFIX: &str = "req_";

/// A page of the request log.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogPageRequest {
    /// How many entries a page has.
    #[serde(default)]
    limit: Option<usize>,
    /// Only calls older than this one.
    #[serde(alias = "before")]
    starting_after: Option<String>,
    /// Only calls newer than this one.
    ending_before: Option<String>,
    outcome: Option<Outcome>,
    model: Option<String>,
}

/// One entry of the request log.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "id": "req_1" }))]
pub struct LogEntryRequest {
    /// Its id, `req_17`.
    id: String,
}

/// A page of the log, as calls or as entries.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogPage<T> {
    object: &'static str,
    /// The newest first.
    data: Vec<T>,
    /// Where older calls are.
    next_page_url: Option<String>,
    /// Where newer calls are.
    previous_page_url: Option<String>,
}

/// One call.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct LogEntry {
    id: String,
    object: &'static str,
    /// RFC 3339.
    created_at: String,
    model: Option<Arc<str>>,
    modality: Option<&'static str>,
    endpoint: Arc<str>,
    status: &'static str,
    http_status: Option<u16>,
    /// In US dollars; none where it is not known. What never reached a provider cost nothing.
    cost: Option<f64>,
    currency: &'static str,
    duration_ms: Option<f64>,
    timing: LogTiming,
    #[serde(flatten)]
    result: LogResult,
    request_size_bytes: u64,
    response_size_bytes: u64,
}

/// What retake made of a call, and for whom.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct LogResult {
    replay_result: Option<Outcome>,
    recording_id: Option<RecordingId>,
    /// The name of the profile whose key the call carried.
    key_id: Option<Arc<str>>,
    error_code: Option<Arc<str>>,
    error_message: Option<String>,
    /// The scope.
    session_id: Option<Arc<str>>,
}

/// Where the time of a call went, in milliseconds.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct LogTiming {
    first_byte_ms: Option<f64>,
    total_ms: Option<f64>,
}

impl Verb for LogPageRequest {
    type Answer = LogPage<LogEntry>;
    const ROUTE: Route = Route::get("/v1/requests");

    async fn run(self, engine: &Engine) -> Result<LogPage<LogEntry>, VerbError> {
        let calls: Vec<_> = engine.calls().into_iter().rev().collect();
        let page = self.page(&calls).map_err(VerbError::Invalid)?;
        let costs = engine.costs(page.data.clone()).await;
        let data = page.data.iter().zip(costs).map(|(call, cost)| LogEntry::of(call, cost)).collect();
        let LogPage { object, next_page_url, previous_page_url, .. } = page;
        Ok(LogPage { object, data, next_page_url, previous_page_url })
    }
}

impl Verb for LogEntryRequest {
    type Answer = LogEntry;
    const ROUTE: Route = Route::get("/v1/requests/{id}");

    async fn run(self, engine: &Engine) -> Result<LogEntry, VerbError> {
        let id = number(&self.id).map_err(VerbError::Invalid)?;
        let call = engine.call(id).ok_or(VerbError::UnknownCall(id.0))?;
        let costs = engine.costs(vec![Arc::clone(&call)]).await;
        Ok(LogEntry::of(&call, costs.into_iter().flatten().next()))
    }
}

impl LogPageRequest {
    /// The page of these calls, which come with the newest first.
    fn page(&self, calls: &[Arc<Call>]) -> Result<LogPage<Arc<Call>>, String> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=LONGEST_PAGE).contains(&limit) {
            return Err(format!("`limit` is {limit}; it must be 1 to {LONGEST_PAGE}"));
        }
        let after = self.starting_after.as_deref().map(number).transpose()?;
        let before = self.ending_before.as_deref().map(number).transpose()?;
        if after.is_some() && before.is_some() {
            return Err("`starting_after` and `ending_before` cannot be combined".into());
        }
        let fits = |call: &&Arc<Call>| {
            self.outcome.is_none_or(|outcome| call.outcome == Some(outcome))
                && self.model.as_deref().is_none_or(|model| call.model.as_deref() == Some(model))
        };
        let all: Vec<_> = calls.iter().filter(fits).collect();
        let (from, to) = match (after, before) {
            (_, Some(before)) => {
                let to = all.partition_point(|call| call.id > before);
                (to.saturating_sub(limit), to)
            }
            (after, None) => {
                let from = after.map_or(0, |after| all.partition_point(|call| call.id >= after));
                (from, all.len().min(from + limit))
            }
        };
        let url = |side: &str, at: Option<&&Arc<Call>>| at.map(|call| self.url(side, call.id, limit));
        let page = &all[from..to];
        Ok(LogPage {
            object: "list",
            data: page.iter().map(|call| Arc::clone(call)).collect(),
            next_page_url: url("starting_after", page.last().filter(|_| to < all.len())),
            previous_page_url: url("ending_before", page.first().filter(|_| from > 0)),
        })
    }

    /// The address of a neighbouring page, with the same filters.
    fn url(&self, side: &str, at: CallId, limit: usize) -> String {
        let outcome = self.outcome.map(|outcome| format!("&outcome={outcome}")).unwrap_or_default();
        let model = self.model.as_deref().map(|model| utf8_percent_encode(model, NON_ALPHANUMERIC));
        let model = model.map(|model| format!("&model={model}")).unwrap_or_default();
        format!("/__retake/v1/requests?{side}={PREFIX}{}&limit={limit}{outcome}{model}", at.0)
    }
}

impl LogEntry {
    /// A call as the log shows it.
    fn of(call: &Call, cost: Option<Usd>) -> Self {
        Self {
            id: format!("{PREFIX}{}", call.id.0),
            object: "request",
            created_at: rfc3339(call.at),
            model: call.model.clone(),
            modality: modality(&call.endpoint),
            endpoint: Arc::clone(&call.endpoint),
            status: status(call),
            http_status: call.status,
            cost: cost.map(f64::from),
            currency: "usd",
            duration_ms: call.total.map(millis),
            timing: LogTiming {
                first_byte_ms: call.first_byte.map(millis),
                total_ms: call.total.map(millis),
            },
            result: LogResult {
                replay_result: call.outcome,
                recording_id: call.recording.clone(),
                key_id: call.profile.clone(),
                error_code: call.code.clone(),
                error_message: call.reason.clone(),
                session_id: call.scope.clone(),
            },
            request_size_bytes: call.request_len,
            response_size_bytes: call.response_len,
        }
    }
}

/// What Lumenfall says of such a request: `processing`, `completed`, `rejected` (retake refused it),
/// `upstream_failure` (the provider did, or could not be reached) or `cancelled` (the client left).
fn status(call: &Call) -> &'static str {
    match (call.status, &call.code) {
        _ if !call.done => "processing",
        (None, _) => "cancelled",
        (Some(502 | 504), Some(_)) | (Some(400..), None) => "upstream_failure",
        (_, Some(_)) => "rejected",
        _ => "completed",
    }
}

/// What an endpoint is about; none where its name does not tell.
fn modality(endpoint: &str) -> Option<&'static str> {
    const WORDS: &[(&str, &str)] = &[
        ("embed", "embedding"),
        ("video", "video"),
        ("predictlongrunning", "video"),
        ("image", "image"),
        ("audio", "audio"),
        ("speech", "audio"),
        ("transcri", "audio"),
        ("chat", "text"),
        ("completions", "text"),
        ("messages", "text"),
        ("responses", "text"),
        ("generatecontent", "text"),
        ("generate", "text"),
        ("converse", "text"),
        ("rerank", "text"),
        ("moderations", "text"),
    ];
    let endpoint = endpoint.to_ascii_lowercase();
    WORDS.iter().find(|(word, _)| endpoint.contains(word)).map(|(_, modality)| *modality)
}

fn millis(micros: u64) -> f64 {
    std::time::Duration::from_micros(micros).as_secs_f64() * 1e3
}

fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| format!("{at:.3}")).unwrap_or_default()
}

/// The call that an entry's id names.
fn number(id: &str) -> Result<CallId, String> {
    let number = id.strip_prefix(PREFIX).and_then(|number| number.parse().ok());
    number.map(CallId).ok_or_else(|| format!("`{id}` is not the id of a request (`{PREFIX}17`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: u64, outcome: Outcome) -> Arc<Call> {
        Arc::new(Call {
            id: CallId(id),
            done: true,
            outcome: Some(outcome),
            status: Some(200),
            ..Call::default()
        })
    }

    fn ids(page: &LogPage<Arc<Call>>) -> Vec<u64> {
        page.data.iter().map(|call| call.id.0).collect()
    }

    #[test]
    fn pages_lead_to_their_neighbours() {
        let calls: Vec<_> =
            (1..=9).rev().map(|id| call(id, if id == 4 { Outcome::Miss } else { Outcome::Replay })).collect();
        let wanted = |query: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let pairs = pairs
                .map(|(name, value)| {
                    (name.to_owned(), value.parse::<u64>().map_or_else(|_| value.into(), Into::into))
                })
                .collect();
            serde_json::from_value::<LogPageRequest>(serde_json::Value::Object(pairs))
                .unwrap()
                .page(&calls)
                .unwrap()
        };
        let first = wanted("limit=3&outcome=replay");
        assert_eq!((ids(&first), &first.previous_page_url), (vec![9, 8, 7], &None));
        let next = first.next_page_url.unwrap();
        assert_eq!(next, "/__retake/v1/requests?starting_after=req_7&limit=3&outcome=replay");
        let second = wanted(next.split_once('?').unwrap().1);
        assert_eq!(ids(&second), [6, 5, 3], "the miss is left out");
        let back = second.previous_page_url.unwrap();
        assert_eq!(ids(&wanted(back.split_once('?').unwrap().1)), [9, 8, 7]);
        let last = wanted("starting_after=req_3");
        assert_eq!((ids(&last), &last.next_page_url), (vec![2, 1], &None));
        assert_eq!(ids(&wanted("model=none")), [0; 0]);
    }

    #[test]
    fn a_wrong_question_says_what_is_allowed() {
        let wanted = LogPageRequest::default();
        let told = |wanted: LogPageRequest| wanted.page(&[]).unwrap_err();
        assert!(told(LogPageRequest { limit: Some(501), ..wanted.clone() }).contains("1 to 500"));
        assert!(told(LogPageRequest { limit: Some(0), ..wanted.clone() }).contains("1 to 500"));
        assert!(
            told(LogPageRequest { starting_after: Some("17".into()), ..wanted.clone() }).contains("`req_17`")
        );
        let both = LogPageRequest {
            starting_after: Some("req_1".into()),
            ending_before: Some("req_2".into()),
            ..wanted
        };
        assert!(told(both).contains("cannot be combined"));
    }

    #[test]
    fn an_entry_says_what_became_of_the_call() {
        let known = |status, code: Option<&str>, done| {
            super::status(&Call { status, code: code.map(Into::into), done, ..Call::default() })
        };
        assert_eq!(known(Some(200), None, false), "processing");
        assert_eq!(known(Some(200), None, true), "completed");
        assert_eq!(known(Some(429), None, true), "upstream_failure");
        assert_eq!(known(Some(404), Some("RECORDING_NOT_FOUND"), true), "rejected");
        assert_eq!(known(Some(502), Some("UPSTREAM_UNREACHABLE"), true), "upstream_failure");
        assert_eq!(known(None, None, true), "cancelled");
        let call = Call {
            at: Timestamp(1_773_585_130_000),
            total: Some(2500),
            ..Call::clone(&call(1, Outcome::Miss))
        };
        let entry = LogEntry::of(&call, Some(Usd(1_250_000)));
        assert_eq!((entry.created_at.as_str(), entry.duration_ms), ("2026-03-15T14:32:10.000Z", Some(2.5)));
        assert_eq!((entry.cost, LogEntry::of(&call, None).cost), (Some(1.25), None));
    }

    #[test]
    fn endpoints_tell_what_they_are_about() {
        for (endpoint, expected) in [
            ("chat/completions", Some("text")),
            ("messages", Some("text")),
            ("streamGenerateContent", Some("text")),
            ("images/generations", Some("image")),
            ("audio/speech", Some("audio")),
            ("videos", Some("video")),
            ("predictLongRunning", Some("video")),
            ("embeddings", Some("embedding")),
            ("batchEmbedContents", Some("embedding")),
            ("models", None),
        ] {
            assert_eq!(modality(endpoint), expected, "{endpoint}");
        }
    }
}
