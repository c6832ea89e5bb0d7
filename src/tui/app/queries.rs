//! Questions to the client.

use super::state::App;
use crate::tui::input::tab::Tab;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::query::RemoteQuery;

impl App {
    /// Sends a question to the client.
    pub(super) fn send(&mut self, query: RemoteQuery) -> Effect {
        let id = self.context.next_request_id();
        self.context.cache.request(id, &query);
        if matches!(query, RemoteQuery::List(_)) {
            self.recordings.await_query(id);
        }
        Effect::Query(id, query)
    }

    /// Sends the questions of what is in front that were not sent yet, or whose answers are old.
    pub(super) fn send_wanted(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(query) = self.diff.take_query() {
            effects.push(self.send(query));
        }
        let mut wanted = match self.context.tab {
            Tab::Prune => self.prune.plan_query().into_iter().collect(),
            Tab::Log => vec![RemoteQuery::Steps],
            Tab::Live | Tab::Recordings | Tab::Diff => Vec::new(),
        };
        wanted.extend(self.overlay.iter().flat_map(|overlay| overlay.queries(&self.context)));
        for query in wanted {
            if self.queries.note(&query, self.context.cache.is_waiting(&query)) {
                effects.push(self.send(query));
            }
        }
        effects
    }
}
