//! Steps: the change that one verb made, so that it can be undone and done again.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{RecordingId, Timestamp};

/// Names one step: they are counted from 1 through the whole life of a store.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct StepId(pub u64);

/// One verb's work on the recordings, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepRow {
    /// The step's id.
    pub id: StepId,
    /// The time of the step.
    pub at: Timestamp,
    /// The verb, as people call it.
    pub verb: String,
    /// The recordings that it changed; of very many only the first.
    pub recordings: Vec<RecordingId>,
    /// The number of recordings that it changed.
    pub count: u64,
    /// Whether it is undone.
    pub undone: bool,
}

impl StepRow {
    /// The most recordings that are named.
    pub const NAMED: usize = 16;
}

impl fmt::Display for StepRow {
    /// `retag rec_…`, `rm of 12 recordings`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.recordings[..], self.count) {
            ([only], 1) => write!(f, "{} {only}", self.verb),
            (_, count) => write!(f, "{} of {count} recordings", self.verb),
        }
    }
}
