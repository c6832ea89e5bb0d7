//! A list of recordings, filtered and sorted by a worker, as there can be very many.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use super::order::{RowKey, RowOrder};
use super::ranked_set::RankedSet;
use crate::model::{Part, Row, Rows, Timestamp};
use crate::query::{Query, QueryKind, RowFacts, Subject};
use crate::reading::Prices;

/// A filter and an order, which make a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// The filter.
    pub query: Arc<Query>,
    /// The order.
    pub order: RowOrder,
}

/// Recordings to be filtered and sorted.
#[derive(Clone, Debug, PartialEq)]
pub struct ListJob {
    /// Comes back with the answer; only the newest counts.
    pub request_id: u64,
    /// The filter and the order.
    pub query: ListQuery,
    /// All recordings.
    pub rows: Rows,
    /// The keys that may be in the list; `None` for all recordings.
    pub within: Option<RankedSet<RowKey>>,
    /// The current time, for queries by age.
    pub now: Timestamp,
    /// The price list, for sorting by cost.
    pub prices: Arc<Prices>,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self { query: Arc::new(Query::all(QueryKind::Recordings)), order: RowOrder::default() }
    }
}

impl ListQuery {
    /// True if a recording belongs into the list; for queries that need no facts.
    #[must_use]
    pub fn shows(&self, row: &Row, now: Timestamp) -> bool {
        self.query.is_empty() || self.query.shows(Subject::Row(row, &RowFacts::default()), now)
    }
}

impl ListJob {
    /// The keys of what is listed.
    #[must_use]
    pub fn keys(&self) -> RankedSet<RowKey> {
        let key =
            |row: &Arc<Row>| self.query.shows(row, self.now).then(|| self.query.order.key(row, &self.prices));
        if let Some(keys) = &self.within {
            return keys.iter().filter_map(|known| self.rows.get(&known.1)).filter_map(key).collect();
        }
        // Rows lie all over the memory, and most of the time is spent waiting for that: two wait half as long.
        let half = |parts: &[Arc<Part>]| {
            let mut keys: Vec<RowKey> = parts.iter().flat_map(|part| part.values()).filter_map(key).collect();
            keys.sort_unstable();
            keys
        };
        let parts = self.rows.parts();
        let (here, there) = parts.split_at(parts.len() / 2);
        thread::scope(|scope| {
            let there = scope.spawn(|| half(there));
            let here = half(here);
            let there = there.join().unwrap_or_else(|panic| resume_unwind(panic));
            here.into_iter().chain(there).collect()
        })
    }
}
