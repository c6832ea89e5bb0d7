//! The history across restarts: calls and outlines of their requests, written beside the truth.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::engine::clock;
use crate::engine::history::calls::ComparedCall;
use crate::engine::state::Engine;
use crate::matching::{Outline, Past, Suggestion, suggest};
use crate::model::{Call, Scrubbed, Snapshot};

/// The version of what is kept of a call. Others are left out: the history is no part of the truth.
const FORMAT: u32 = 6;

#[derive(Serialize)]
struct KeptCall<'a> {
    format: u32,
    call: &'a Call,
    outline: Option<&'a Outline>,
}

#[derive(Deserialize)]
struct StoredCall {
    call: Call,
    outline: Option<Outline>,
}

impl Engine {
    /// Takes the calls of earlier runs in. Before the first call of this one, else they are left out.
    pub fn restore_history(&self) {
        // One that was written twice counts as it was written last.
        let calls = self.shared.store.history().into_iter().filter_map(|kept| stored_call(&kept));
        let calls: BTreeMap<_, _> = calls.map(|kept| (kept.call.id, kept)).collect();
        let older = calls.len().saturating_sub(Snapshot::CALLS);
        let live = self.shared.live.load();
        let shared = |outline: Outline| self.shared.sketches.share(outline.under(&live.canon));
        let calls = calls.into_values().skip(older).map(|kept| (kept.call, kept.outline.map(shared)));
        self.shared.history.restore(calls.collect());
    }

    /// Writes down the calls that ended since the last time.
    pub(crate) async fn write_history(&self) {
        let calls = self.aside(Self::unwritten_calls).await;
        if calls.is_empty() {
            return;
        }
        if let Err(error) = self.shared.store.remember(calls, clock::now()).await {
            tracing::warn!("the history could not be written: {error}");
        }
    }

    /// The calls that ended since the last time, as they are written down.
    fn unwritten_calls(&self) -> Vec<Vec<u8>> {
        let calls = self.shared.history.take_unwritten();
        let kept = calls.iter().filter_map(|(call, compared)| {
            let outline = compared.as_ref().map(|compared| compared.outline(|request| self.sketch(request)));
            let kept = KeptCall { format: FORMAT, call, outline: outline.as_deref() };
            postcard::to_stdvec(&kept).ok()
        });
        kept.collect()
    }

    /// Rewrites the texts of past calls, in memory and in the store.
    pub(crate) async fn rewrite_calls(&self, rewritten: impl Fn(&Call) -> Call) {
        self.shared.history.rewrite(&rewritten);
        let old = self.shared.store.history();
        let kept = old.iter().filter_map(|kept| {
            let StoredCall { call, outline } = stored_call(kept)?;
            let kept = KeptCall { format: FORMAT, call: &rewritten(&call), outline: outline.as_ref() };
            postcard::to_stdvec(&kept).ok()
        });
        if let Err(error) = self.shared.store.rewrite_history(kept.collect(), clock::now()).await {
            tracing::warn!("the history could not be written: {error}");
        }
    }

    /// The requests of an endpoint's past calls, equal ones counted together.
    pub(crate) fn past(&self, method: &str, endpoint: &str) -> Vec<Past> {
        let mut past: HashMap<_, Past> = HashMap::new();
        for ComparedCall { call, request } in self.shared.history.past(method, endpoint) {
            let outline = request.outline(|request| self.sketch(request));
            let same = (outline.identity(), call.scope.clone());
            let new = || Past { outline, scope: call.scope.clone(), count: 0 };
            past.entry(same).or_insert_with(new).count += 1;
        }
        past.into_values().collect()
    }

    /// The outline of a request of a past call, as requests are compared now.
    fn sketch(&self, request: &Scrubbed) -> Outline {
        self.shared.sketches.shared(&self.fields(request))
    }

    /// Fields that vary between otherwise equal calls of the history.
    pub async fn suggestions(&self) -> Vec<Suggestion> {
        self.aside(move |engine| {
            let places = engine.shared.history.places();
            places
                .iter()
                .flat_map(|(method, endpoint)| suggest(endpoint, &engine.past(method, endpoint)))
                .collect()
        })
        .await
    }
}

fn stored_call(kept: &[u8]) -> Option<StoredCall> {
    let (format, rest) = postcard::take_from_bytes::<u32>(kept).ok()?;
    (format == FORMAT).then(|| postcard::from_bytes(rest).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::Fields;
    use crate::model::{CallId, Mode, Outcome, Request, Timestamp};

    #[test]
    fn the_layout_changes_only_with_its_version() {
        let call = Call {
            id: CallId(7),
            at: Timestamp(1),
            method: "GET".into(),
            mode: Mode::Off,
            outcome: Some(Outcome::Live),
            ..Call::default()
        };
        let request =
            Request { method: "GET".into(), mount: "x".into(), target: "/y".into(), ..Request::default() };
        let outline = Fields::of(&request).outline();
        let kept = KeptCall { format: FORMAT, call: &call, outline: Some(&outline) };
        let bytes = postcard::to_stdvec(&kept).unwrap();
        let back = stored_call(&bytes).unwrap();
        assert_eq!((back.call, back.outline), (call, Some(outline)));
        insta::assert_snapshot!(bytes.escape_ascii().to_string());
        assert!(stored_call(&[&[9], &bytes[1..]].concat()).is_none());
    }
}
