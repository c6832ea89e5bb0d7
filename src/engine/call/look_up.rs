//! Looking up the recording that answers a call. The maps behind it are the index's.

use crate::engine::call::answer::overrides::Overrides;
use crate::engine::call::call_context::CallContext;
use crate::engine::index::found_recording::{FailureLens, FoundRecording};
use crate::engine::state::Engine;
use crate::matching::{Fields, summary};
use crate::model::{Mode, Scrubbed, Strategy};

impl Engine {
    /// The recording that serves a call; one that waits for its upstream to fail stays with the call.
    pub(crate) async fn look_up(&self, context: &mut CallContext) -> Option<FoundRecording> {
        if !context.mode.looks_up() {
            (context.instead, context.lasting) = (None, false);
            return None;
        }
        let (fields, overrides) = (context.fields(self), &context.incoming.overrides);
        let looked = self.looked_up(context.mode, &context.scrubbed, fields, overrides).await;
        (context.instead, context.lasting) = (looked.waits, looked.lasting);
        looked.serves
    }

    /// The recording that serves a call in this mode. One that is not the last word on it, a failure that may pass or a
    /// read that may be answered otherwise by now, serves only where no upstream can be asked; until that is known it
    /// waits.
    pub(crate) async fn looked_up(
        &self,
        mode: Mode,
        scrubbed: &Scrubbed,
        fields: &Fields,
        overrides: &Overrides,
    ) -> LookUp {
        let asks = self.settings().asks(mode, &scrubbed.mount);
        let found =
            if mode.looks_up() { self.find_recording(scrubbed, fields, overrides, asks).await } else { None };
        let Some(found) = found else { return LookUp::default() };
        let named = overrides.recording.is_some();
        let ahead = !named && self.is_ahead(scrubbed, || fields.all(), &overrides.scope);
        let lasting = !found.steps_back && !ahead;
        let waits = asks && !named && (found.steps_back || (ahead && mode == Mode::ReplayOrRecord));
        let (serves, waits) = if waits { (None, Some(found)) } else { (Some(found), None) };
        LookUp { serves, waits, lasting }
    }

    /// The recording that answers a request.
    pub(crate) async fn find_recording(
        &self,
        scrubbed: &Scrubbed,
        fields: &Fields,
        overrides: &Overrides,
        asks: bool,
    ) -> Option<FoundRecording> {
        if let Some(id) = &overrides.recording {
            let row = self.row(id)?;
            return Some(FoundRecording {
                id: id.clone(),
                strategy: Strategy::Pinned,
                cosmetic: row.hash != scrubbed.hash(),
                used: self.shared.index.used(id)?,
                turn: None,
                steps_back: false,
            });
        }
        let settings = self.settings();
        let lens = FailureLens { policy: &settings.failures, asks };
        let Some(strategy) = overrides.strategy.clone() else {
            let find = move |engine: &Self, scrubbed: &Scrubbed, fields: &Fields, scope: Option<&str>| {
                let (index, policy) = (&engine.shared.index, &engine.settings().failures);
                // What was recorded before the earlier answer was known holds its id as it is.
                let literal = || index.find(scrubbed, &fields.literal()?, scope, policy);
                index.find(scrubbed, fields, scope, policy).or_else(literal)
            };
            let found = if fields.facts.prompt.len() > SAID {
                let (scrubbed, fields) = (scrubbed.clone(), fields.clone());
                let scope = overrides.scope.clone();
                self.aside(move |engine| find(engine, &scrubbed, &fields, scope.as_deref())).await
            } else {
                find(self, scrubbed, fields, overrides.scope.as_deref())
            };
            return Some(self.shared.index.take(found?, &overrides.scope, &self.shared.takes.cursors, lens));
        };
        let (fields, scrubbed) = (fields.clone(), scrubbed.clone());
        let scope = overrides.scope.clone();
        let find = move |engine: &Self| engine.find_under(&strategy, &fields, &scrubbed, scope.as_deref());
        let found = self.aside(find).await?;
        Some(self.shared.index.take(found, &overrides.scope, &self.shared.takes.cursors, lens))
    }

    /// The look-up with a strategy that the call gave, instead of each recording's own. It reads the requests of the
    /// endpoint from the store: calls that say so pay for it, until the first-level map knows them.
    fn find_under(
        &self,
        strategy: &Strategy,
        fields: &Fields,
        scrubbed: &Scrubbed,
        scope: Option<&str>,
    ) -> Option<FoundRecording> {
        let (wanted, all) = (fields.fingerprint(strategy), fields.all());
        let endpoint = summary(scrubbed).endpoint;
        let asks = (scrubbed.method.as_str(), endpoint.as_str());
        let mut rows = self
            .shared
            .index
            .select(|entry| entry.answers && entry.asks(asks) && entry.is_seen_in(scope), |_| true);
        let policy = &self.settings().failures;
        // Good ones before failures that may pass; the scope's own first; equal fields first among them, and the newest
        // first among those and the others.
        rows.sort_by_key(|entry| {
            let foreign = scope.is_some() && entry.row.scope.as_deref() != scope;
            (policy.steps_back(&entry.row), foreign, entry.keys.all != all, entry.row.newest_first())
        });
        rows.into_iter().find_map(|entry| {
            let recorded = self.recording(&entry.row.id).ok()??;
            let equal = self.fields(&recorded.request).fingerprint(strategy) == wanted;
            let cosmetic = entry.keys.all != all;
            let equal = equal && !(cosmetic && entry.row.is_conditional());
            let used = self.shared.index.used(&entry.row.id)?;
            equal.then(|| FoundRecording {
                id: entry.row.id.clone(),
                strategy: strategy.clone(),
                cosmetic,
                used,
                turn: None,
                steps_back: policy.steps_back(&entry.row),
            })
        })
    }
}

/// The length of what was said, in bytes, from which on expressions of rules search it aside.
pub(crate) const SAID: usize = 4 << 10;

/// The result of a look-up.
#[derive(Default)]
pub(crate) struct LookUp {
    /// The recording that serves.
    pub(crate) serves: Option<FoundRecording>,
    /// The recording that serves if the upstream cannot be asked.
    pub(crate) waits: Option<FoundRecording>,
    /// True if the answer may be remembered for calls with the same bytes.
    lasting: bool,
}
