//! Prices of recordings and calls, and with that what it would cost to record them again.

use std::sync::Arc;

use crate::engine::state::Engine;
use crate::matching::summary;
use crate::model::{Call, Completeness, Outcome, Row, Scrubbed, Usd};
use crate::reading::{count_images, tokens};

impl Engine {
    /// The price of a recording's answer, going by the prices in force; `None` where that is not known.
    #[must_use]
    pub fn price(&self, row: &Row) -> Option<Usd> {
        self.settings().prices.of(row)
    }

    /// The price of each of these calls, going by the prices in force: nothing where no upstream was asked for it,
    /// `None` where that is not known.
    pub async fn costs(&self, calls: Vec<Arc<Call>>) -> Vec<Option<Usd>> {
        // Answers that became no recording are read for it.
        self.aside(move |engine| calls.iter().map(|call| engine.cost(call)).collect()).await
    }

    fn cost(&self, call: &Call) -> Option<Usd> {
        match call.outcome? {
            Outcome::Replay | Outcome::Mock | Outcome::Miss => Some(Usd::default()),
            // The call that asked the upstream for both has paid.
            _ if call.coalesced.is_some() => Some(Usd::default()),
            Outcome::Record => self.price(&*self.row(call.recording.as_ref()?)?),
            Outcome::Live | Outcome::Error => {
                let exchange = self.exchange(call.id)?;
                let response = exchange.response.as_ref()?;
                let (tokens, images) = (tokens(response), count_images(response));
                self.settings().prices.billed(call.model.as_deref()?, tokens.as_ref(), images)
            }
        }
    }

    /// The price of an answer of this endpoint and model, going by the recordings: the one in the middle. `None` where
    /// none of them has a price.
    #[must_use]
    pub fn estimate(&self, request: &Scrubbed) -> Option<Usd> {
        let asked = summary(request);
        let same = self.shared.index.select(
            |entry| entry.asked.1 == asked.endpoint,
            |row| row.model == asked.model && row.completeness == Completeness::Whole,
        );
        let mut prices: Vec<_> = same.iter().filter_map(|entry| self.price(&entry.row)).collect();
        prices.sort_unstable();
        prices.get(prices.len() / 2).copied()
    }
}
