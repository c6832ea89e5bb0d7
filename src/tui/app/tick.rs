//! What a second that went by changes: the clock on the screen, messages that go, numbers that are counted anew.

use super::state::App;
use crate::model::{Outcome, Timestamp};
use crate::tui::input::tab::Tab;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::query::RemoteQuery;

/// How often the numbers of the store are asked for at most, in milliseconds.
const COUNTED_EVERY: u64 = 10_000;

impl App {
    /// A second went by. Only what would look different counts as a change, so that an idle screen is not drawn.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        let minute = |at: Timestamp| at.0.div_euclid(60_000);
        self.dirty |= self.world.counters.in_flight > 0 || self.rates.iter().any(|calls| *calls > 0);
        let aged = minute(now) != minute(self.now);
        self.dirty |= self.toasts.expire(now) || aged;
        self.dirty |= self.stats.age(now);
        self.now = now;
        if aged {
            self.aged();
        }
        self.rates.push_back(0);
        while self.rates.len() > 60 {
            self.rates.pop_front();
        }
        self.count().into_iter().collect()
    }

    /// Asks for the numbers of the store while they are seen, and only when there was something to count.
    fn count(&mut self) -> Option<Effect> {
        let known = (self.world.counters.of(Outcome::Replay), self.world.rows.len());
        let due =
            self.counted.is_none_or(|(at, before)| before != known && self.now.since(at) >= COUNTED_EVERY);
        if !due || self.tab != Tab::Live {
            return None;
        }
        self.counted = Some((self.now, known));
        Some(self.ask(RemoteQuery::Stats))
    }
}
