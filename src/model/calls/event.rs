//! Announcements of the engine, and the picture of the world that a listener folds from them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Call, Hit, Mode, Outcome, RecordingId, Row, Rows};

/// Something that became true. Applying an event twice is harmless: each carries the state it leads to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A call arrived, progressed or ended.
    Call {
        /// The call as it stands now.
        call: Arc<Call>,
        /// The use of the recording that answered, after this call.
        usage: Option<Hit>,
        /// The engine's counters, after this.
        counters: Counters,
    },
    /// Recordings were added, changed or restored.
    Stored {
        /// The rows as they stand now.
        rows: Vec<Arc<Row>>,
    },
    /// Recordings were removed; they stay in the trash.
    Removed {
        /// The recordings' ids.
        ids: Vec<RecordingId>,
    },
    /// The proxy's mode was switched.
    Mode(Mode),
    /// Something people should know.
    Notice(Notice),
    /// Everything anew, for a listener that may have missed something.
    Snapshot(Arc<Snapshot>),
}

/// A message for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// The severity.
    pub level: Level,
    /// One or two sentences: what happened, what to do.
    pub text: String,
}

/// The severity of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Something was lost or refused.
    Warning,
    /// Something does not work.
    Error,
}

/// The engine's counts since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counters {
    /// Ended calls by outcome, in the order of [`Outcome::ALL`]; written by their names.
    #[serde(with = "by_outcome")]
    #[schemars(with = "BTreeMap<String, u64>", extend("propertyNames" = { "enum": Outcome::ALL.map(Outcome::as_str) }))]
    pub outcomes: [u64; 6],
    /// Calls under way.
    pub in_flight: u64,
    /// Recordings stored as partial.
    pub partial: u64,
    /// Ended calls that another call's upstream call answered.
    #[serde(default)]
    pub coalesced: u64,
}

/// All that a listener knows: taken once, then folded with [`Snapshot::apply`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The proxy's mode.
    pub mode: Mode,
    /// All recordings.
    pub rows: Rows,
    /// The newest calls, oldest first, at most [`Snapshot::CALLS`].
    pub calls: VecDeque<Arc<Call>>,
    /// The engine's counters.
    pub counters: Counters,
}

/// Numbers by the names of their outcomes.
mod by_outcome {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::Outcome;

    pub(super) fn serialize<S: Serializer>(counts: &[u64; 6], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Outcome::ALL.iter().zip(counts))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u64; 6], D::Error> {
        let counts = BTreeMap::<Outcome, u64>::deserialize(deserializer)?;
        Ok(Outcome::ALL.map(|outcome| counts.get(&outcome).copied().unwrap_or_default()))
    }
}

impl Counters {
    /// Ended calls with this outcome.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        Outcome::ALL.iter().position(|o| *o == outcome).map_or(0, |at| self.outcomes[at])
    }

    /// Counts an ended call.
    pub fn add(&mut self, outcome: Outcome) {
        if let Some(at) = Outcome::ALL.iter().position(|o| *o == outcome) {
            self.outcomes[at] += 1;
        }
    }

    /// Share of replays among replays and misses of any kind (0 to 1); `None` before the first.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        let hits = self.of(Outcome::Replay);
        let all: u64 = self.outcomes.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        (all > 0).then(|| hits as f64 / all as f64)
    }
}

impl Snapshot {
    /// The most calls that are kept.
    pub const CALLS: usize = 10_000;

    /// Takes an event in. Law: the fold of all events equals the engine's own snapshot.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Call { call, usage, counters } => {
                self.counters = *counters;
                Self::put(&mut self.calls, call);
                if let (Some(usage), Some(id)) = (usage, &call.recording)
                    && let Some(row) = self.rows.get_mut(id)
                {
                    Arc::make_mut(row).usage.take(*usage, call.scope.as_ref());
                }
            }
            Event::Stored { rows } => {
                for row in rows {
                    self.rows.insert(Arc::clone(row));
                }
            }
            Event::Removed { ids } => {
                for id in ids {
                    self.rows.remove(id);
                }
            }
            Event::Mode(mode) => self.mode = *mode,
            Event::Notice(_) => {}
            Event::Snapshot(snapshot) => self.clone_from(snapshot),
        }
    }

    /// Adds a call to a list of calls, or replaces the one with its id; the oldest beyond the bound are dropped.
    pub fn put(calls: &mut VecDeque<Arc<Call>>, call: &Arc<Call>) {
        if calls.back().is_none_or(|last| last.id < call.id) {
            calls.push_back(Arc::clone(call));
        } else {
            let at = calls.partition_point(|known| known.id < call.id);
            match calls.get_mut(at) {
                Some(known) if known.id == call.id => *known = Arc::clone(call),
                _ => calls.insert(at, Arc::clone(call)),
            }
        }
        while calls.len() > Self::CALLS {
            calls.pop_front();
        }
    }
}
