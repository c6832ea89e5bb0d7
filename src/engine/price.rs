//! What recordings cost, and with that what it would cost to record them again.

use super::Engine;
use crate::matching::summary;
use crate::model::{Completeness, Row, Scrubbed, Usd};

impl Engine {
    /// What the answer of a recording cost, going by the prices in force; none where that is not known.
    #[must_use]
    pub fn price(&self, row: &Row) -> Option<Usd> {
        self.settings().prices.of(row)
    }

    /// What an answer of this endpoint and model costs, going by the recordings: the price in the middle. None where none
    /// of them has a price.
    #[must_use]
    pub fn estimate(&self, request: &Scrubbed) -> Option<Usd> {
        let asked = summary(request);
        let same = self.shared.library.select(|row| {
            row.endpoint == asked.endpoint
                && row.model == asked.model
                && row.completeness == Completeness::Whole
        });
        let mut prices: Vec<_> = same.iter().filter_map(|entry| self.price(&entry.row)).collect();
        prices.sort_unstable();
        prices.get(prices.len() / 2).copied()
    }
}
