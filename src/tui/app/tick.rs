//! A second went by: the clock on the screen, messages that go, totals that are asked for anew.

use super::state::App;
use crate::model::Timestamp;
use crate::tui::input::tab::Tab;
use crate::tui::protocol::effect::Effect;

impl App {
    /// A second went by. Only what would look different counts as a change, so that an idle screen is not drawn.
    pub(super) fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        let minute = |at: Timestamp| at.0.div_euclid(60_000);
        let aged = minute(now) != minute(self.context.now);
        self.dirty |= self.context.world.counters.in_flight > 0;
        self.dirty |= self.toasts.expire(now) || aged;
        self.dirty |= self.live.tick(now);
        self.context.now = now;
        if aged {
            self.recordings.aged();
            if self.live.list.filter.query().needs_now() {
                self.live.list_calls(&self.context);
            }
        }
        if self.context.tab != Tab::Live {
            return Vec::new();
        }
        let query = self.live.stats_query(&self.context);
        query.map(|query| self.send(query)).into_iter().collect()
    }
}
