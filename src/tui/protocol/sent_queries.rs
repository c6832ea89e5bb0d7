//! The questions that were sent to the client, and which of them are to be sent anew.

use super::query::RemoteQuery;

/// The newest question of each kind that what is in front asked.
#[derive(Debug, Default)]
pub struct SentQueries(Vec<SentQuery>);

#[derive(Debug)]
struct SentQuery {
    query: RemoteQuery,
    /// True if something happened since that may change the answer.
    stale: bool,
}

impl SentQueries {
    /// Marks all answers as old.
    pub fn invalidate(&mut self) {
        self.0.iter_mut().for_each(|sent| sent.stale = true);
    }

    /// Forgets the questions for which this holds.
    pub fn forget(&mut self, which: impl Fn(&RemoteQuery) -> bool) {
        self.0.retain(|sent| !which(&sent.query));
    }

    /// Notes a question, unless its answer is here or on its way; true where it has to be sent.
    pub fn note(&mut self, query: &RemoteQuery, waiting: bool) -> bool {
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
