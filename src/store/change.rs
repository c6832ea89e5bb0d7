//! Changes as the engine hands them to the store: recordings with their keys, labels, and the steps that take them
//! back.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::model::{Fingerprint, Gap, Hash, Labels, Recording, RecordingId, Row, StepId, Usage};

/// Keys that find a recording, computed by the engine and stored beside its row, so that start-up parses no requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookUpKeys {
    /// The version of the canonical form that the fingerprints were computed under.
    pub canonical: u32,
    /// The fingerprint of all fields.
    pub all: Fingerprint,
    /// The fingerprint of the fields that are significant under the recording's strategy.
    pub significant: Fingerprint,
    /// The id of the recorded answer, by which later requests may name it, and on lines of their own those of its items.
    #[serde(default)]
    pub answer: Option<String>,
    /// Ids of earlier answers in the request, and the fingerprints of all fields of what they answered.
    #[serde(default)]
    pub earlier: Vec<(String, Fingerprint)>,
}

/// A recording as start-up needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexed {
    /// The recording's row.
    pub row: Arc<Row>,
    /// The keys that find it.
    pub keys: LookUpKeys,
}

/// Something to be made durable. Ids that the store does not hold are passed over.
#[derive(Clone, Debug)]
pub enum StoreChange {
    /// Adds a recording, or replaces the one of the same id.
    Put {
        /// The recording.
        recording: Box<Recording>,
        /// The recording's row.
        row: Arc<Row>,
        /// The keys that find it.
        keys: LookUpKeys,
        /// Files behind its links that are not stored yet, by SHA-256.
        media: Vec<(Hash, Bytes)>,
    },
    /// Changes what a recording answers and how people call it: strategy, name, tags, protection, scope,
    /// playback, completeness and review, its labels, are taken from the row. Also the way to store keys that were computed anew.
    Retag {
        /// The row as it is from now on.
        row: Arc<Row>,
        /// The keys that find it from now on.
        keys: LookUpKeys,
    },
    /// Moves recordings to the trash.
    Remove {
        /// The recordings' ids.
        ids: Vec<RecordingId>,
    },
    /// Brings recordings back from the trash.
    Restore {
        /// The recordings' ids.
        ids: Vec<RecordingId>,
    },
    /// Sets how often recordings answered.
    Ledger {
        /// The whole use of each, not what is to be added.
        entries: Vec<(RecordingId, Usage)>,
    },
    /// Notes what the changes behind it, which belong to one verb, lead from and to.
    Step(Box<UndoStep>),
    /// Notes that a step was undone, or done again, by the changes behind it.
    Undone {
        /// The step.
        step: StepId,
        /// True if it is undone from now on.
        undone: bool,
    },
    /// Notes that hits may have been lost.
    Gap(Gap),
}

/// One verb's work on the recordings. The newest [`STEPS`] are kept, and those that are younger than the trash.
#[derive(Clone, Debug, PartialEq)]
pub struct UndoStep {
    /// The step's id, one more than that of the step before it.
    pub id: StepId,
    /// The verb, as people call it.
    pub verb: String,
    /// True if it is undone.
    pub undone: bool,
    /// The change of each recording.
    pub changed: Vec<Changed>,
}

/// The change that a step made to one recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The recording.
    pub id: RecordingId,
    /// The version that was listed before; `None` when none was.
    pub before: Option<RecordingVersion>,
    /// The version that is listed since; `None` when none is.
    pub after: Option<RecordingVersion>,
}

/// A recording as it was listed at some time.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingVersion {
    /// The labels.
    pub labels: Labels,
    /// All of it, only where the step changed more than labels.
    pub recording: Option<Box<Recording>>,
    /// Small files behind its links, which the store adds by itself.
    pub media: Vec<(Hash, Bytes)>,
}

/// The number of steps that can be undone.
pub const STEPS: u64 = 1000;
