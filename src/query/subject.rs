//! The subjects of queries: calls and recordings, with the facts that a row alone does not tell.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Call, RecordingId, Row, Timestamp, Usd};

/// The kind of subject that a query is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryKind {
    /// The rows of recordings.
    Recordings,
    /// The calls of the history.
    Calls,
}

/// One row or one call.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A recording's row, and what the row alone does not tell.
    Row(&'a Row, &'a RowFacts),
    /// A call.
    Call(&'a Call),
}

/// Facts that a row alone does not tell. By default each is false, and all use is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFacts {
    /// The recording that gives the same answer to the same request, and stays.
    #[serde(default)]
    pub duplicate_of: Option<RecordingId>,
    /// The newer take because of which this one never answers.
    #[serde(default)]
    pub superseded_by: Option<RecordingId>,
    /// True for a recording that is older than its rule of expiry allows.
    #[serde(default)]
    pub expired: bool,
    /// The price of recording it again; `None` where no price is known.
    #[serde(default)]
    pub cost: Option<Usd>,
    /// Hits between the day it came into the store and this time may be missing from the ledger. Not after that day:
    /// all use is known.
    #[serde(default)]
    pub use_unknown_before: Timestamp,
}

impl fmt::Display for QueryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Recordings => "recordings",
            Self::Calls => "calls",
        })
    }
}

/// The time at which a recording came into its store; where that is not known, the time at which it was recorded.
#[must_use]
pub fn arrived(row: &Row) -> Timestamp {
    if row.stored_at == Timestamp::default() { row.recorded_at } else { row.stored_at }
}

/// The last known use of a recording, here or elsewhere: its last hit, or its arrival.
#[must_use]
pub fn last_use(row: &Row) -> Timestamp {
    row.usage.everywhere().last.unwrap_or_else(|| arrived(row))
}
