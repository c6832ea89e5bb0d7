//! Why a call missed: the nearest recordings and what differs, in the words of the 404 that the client sees.

use serde_json::{Value, json};

use super::Engine;
use super::answer::Asked;
use super::library::sees;
use crate::matching::{Change, Fields, NearMiss, nearest, summary};
use crate::model::RecordingId;

/// How many recordings of the endpoint are compared: the newest.
const COMPARED: usize = 200;
/// How many near misses are named.
const NAMED: usize = 3;

impl Engine {
    /// The recordings of the same endpoint that come nearest. Comparing reads them from the store, so it runs off the
    /// answering threads.
    pub(super) async fn near_misses(&self, asked: &Asked) -> Vec<NearMiss> {
        let (method, endpoint) = (asked.scrubbed.method.clone(), summary(&asked.scrubbed).endpoint);
        let mut rows = self.shared.library.select(|row| row.endpoint == endpoint && row.method == method);
        // What the call can see first: the newest are compared, and the first of equally near ones is named.
        let scope = asked.incoming.overrides.scope.as_deref();
        rows.sort_by_key(|entry| (!sees(scope, &entry.row), std::cmp::Reverse(entry.row.recorded_at)));
        rows.truncate(COMPARED);
        if rows.is_empty() {
            return Vec::new();
        }
        let (engine, incoming) = (self.clone(), asked.fields.clone());
        let compared = tokio::task::spawn_blocking(move || {
            let read: Vec<_> = rows
                .into_iter()
                .filter_map(|entry| {
                    let recording = engine.recording(&entry.row.id).ok()??;
                    Some((entry.row.id.clone(), entry.row.strategy.clone(), Fields::of(&recording.request)))
                })
                .collect();
            nearest(
                &incoming,
                read.iter().map(|(id, strategy, fields)| (id.clone(), strategy, fields)),
                NAMED,
            )
        });
        compared.await.unwrap_or_default()
    }
}

/// The miss in one or two sentences; `scope` tells which scope keeps a recording from the call, if one does.
pub(super) fn sentence(near: &[NearMiss], scope: impl Fn(&RecordingId) -> Option<String>) -> String {
    let Some(nearest) = near.first() else {
        return "no recording answers this call, and none exists for this endpoint; record it with mode replay-or-record".into();
    };
    let significant: Vec<_> = nearest.comparison.significant().map(difference).collect();
    let shown = significant.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
    let more = significant.len().saturating_sub(4);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if significant.is_empty() {
        let why = scope(&nearest.id).map_or_else(
            || "cannot be replayed".to_owned(),
            |scope| format!("belongs to the scope `{scope}`"),
        );
        return format!("no recording answers this call; {} has the same fields but {why}", nearest.id);
    }
    format!("no recording answers this call; nearest is {}: {shown}{more}", nearest.id)
}

/// The near misses for programs.
pub(super) fn details(near: &[NearMiss]) -> Value {
    let change = |change: &Change| {
        json!({
            "field": change.field.to_string(),
            "recorded": change.recorded,
            "incoming": change.incoming,
            "significant": change.significant,
        })
    };
    let miss = |miss: &NearMiss| {
        json!({
            "recording": miss.id,
            "likeness": miss.likeness,
            "changes": miss.comparison.changes.iter().map(change).collect::<Vec<_>>(),
        })
    };
    near.iter().map(miss).collect()
}

fn difference(change: &Change) -> String {
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "absent".into());
    format!("{} {} → {}", change.field, side(&change.recorded), side(&change.incoming))
}
