//! Which questions were sent to the client, and which are to be sent anew.

use super::state::App;
use crate::tui::input::tab::Tab;
use crate::tui::protocol::effect::Effect;
use crate::tui::protocol::query::RemoteQuery;

/// The newest question of each kind that what is in front asked.
#[derive(Debug, Default)]
pub(super) struct SentQueries(Vec<SentQuery>);

#[derive(Debug)]
struct SentQuery {
    query: RemoteQuery,
    /// Whether something happened since that may change the answer.
    stale: bool,
}

impl SentQueries {
    /// Something happened that may change all answers.
    pub(super) fn invalidate(&mut self) {
        self.0.iter_mut().for_each(|sent| sent.stale = true);
    }

    /// Forgets the questions for which this holds.
    pub(super) fn forget(&mut self, which: impl Fn(&RemoteQuery) -> bool) {
        self.0.retain(|sent| !which(&sent.query));
    }

    /// Notes a question, unless its answer is here or on its way; true where it has to be sent.
    fn note(&mut self, query: &RemoteQuery, waiting: bool) -> bool {
        let sent = self.0.iter_mut().find(|sent| sent.query.kind() == query.kind());
        // One that is on its way is waited for: in heavy traffic it would never arrive else.
        if sent.as_ref().is_some_and(|sent| sent.query == *query && (!sent.stale || waiting)) {
            return false;
        }
        let new = SentQuery { query: query.clone(), stale: false };
        match sent {
            Some(sent) => *sent = new,
            None => self.0.push(new),
        }
        true
    }
}

impl App {
    /// Sends a question to the client.
    pub(super) fn send(&mut self, query: RemoteQuery) -> Effect {
        let id = self.context.next_request_id();
        self.context.cache.request(id, &query);
        if matches!(query, RemoteQuery::List(_)) {
            self.recordings.asked_with(id);
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
