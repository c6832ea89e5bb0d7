//! Listing recordings by the filter language, pruning what a plan names, and compacting the store.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::aside::aside;
use crate::engine::clock;
use crate::engine::curate::step::{Curation, RecordingEdit};
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::model::{RecordingId, Row, Timestamp};
use crate::query::{Query, QueryKind, Subject};
use crate::retention::{PlanItem, PruneOptions, PrunePlan, UseGiven, facts, plan};
use crate::store::{StoreError, StoreStats};

/// The time for which the trash is kept, in milliseconds: 7 days.
pub const TRASH: i64 = 7 * 24 * 60 * 60 * 1000;

/// The effect of compacting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compacted {
    /// The store before.
    pub before: StoreStats,
    /// And since.
    pub after: StoreStats,
}

impl Engine {
    /// All recordings with what their rows alone do not tell.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn items(&self) -> Result<Vec<PlanItem>, StoreError> {
        let (unsaved, unknown_before) = (self.shared.unsaved.ids(), self.use_unknown_before()?);
        let entries = self.shared.index.select(|_| true, |row| !unsaved.contains(&row.id));
        let given = entries.into_iter().filter_map(|entry| {
            // With its use as it is now.
            let row = self.row(&entry.row.id)?;
            let (fields, cost) = (entry.keys.all, self.price(&row));
            Some(UseGiven { row, fields, cost, use_unknown_before: unknown_before })
        });
        let given: Vec<_> = given.collect();
        let known = facts(&given, &self.settings().max_ages, clock::now());
        let item =
            |(given, facts): (UseGiven, _)| PlanItem { job: given.row.job.clone(), row: given.row, facts };
        Ok(given.into_iter().zip(known).map(item).collect())
    }

    /// The rows that a query shows, the newest first.
    ///
    /// # Errors
    /// When the query cannot be understood, or the store cannot be read.
    pub async fn list(&self, query: &str) -> Result<Vec<Arc<Row>>, VerbError> {
        let query = Query::parse(query, QueryKind::Recordings)?;
        self.aside(move |engine| {
            let now = clock::now();
            let shown = |item: &PlanItem| query.shows(Subject::Row(&item.row, &item.facts), now);
            let mut rows: Vec<_> = engine.items()?.into_iter().filter(shown).map(|item| item.row).collect();
            rows.sort_by_key(|row| row.newest_first());
            Ok(rows)
        })
        .await
    }

    /// Moves what a query matches for certain to the trash, but what is protected, kept or under review; with `dry_run`
    /// it only says what that would be. With `only`, all others are kept. What is removed is one step.
    ///
    /// # Errors
    /// When the query cannot be understood, or the store cannot be read or written.
    pub async fn prune(
        &self,
        query: &str,
        mut keep: BTreeSet<RecordingId>,
        only: Option<BTreeSet<RecordingId>>,
        dry_run: bool,
    ) -> Result<PrunePlan, VerbError> {
        let curation = self.curate().await;
        let query = Query::parse(query, QueryKind::Recordings)?;
        let planned = self.aside(move |engine| -> Result<_, StoreError> {
            let items = engine.items()?;
            if let Some(only) = only {
                let others = items.iter().map(|item| &item.row.id).filter(|id| !only.contains(id));
                keep.extend(others.cloned());
            }
            let options = PruneOptions { keep, ..PruneOptions::default() };
            Ok(plan(&items, &query, clock::now(), &options))
        });
        let planned = planned.await?;
        if !dry_run {
            let gone = planned.remove.iter().map(|removal| RecordingEdit::Remove(removal.id.clone()));
            curation.step("prune", gone.collect()).await?;
        }
        Ok(planned)
    }

    /// Writes the store anew without what nothing needs: replaced versions, bodies without a recording, and what went to
    /// the trash more than 7 days ago, with `purge` all of it. What goes from the trash cannot be brought back, and steps
    /// as old as that cannot be undone. Calls are answered and recorded meanwhile.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn compact(&self, purge: bool) -> Result<Compacted, VerbError> {
        let curation = self.curate().await;
        self.compacted(&curation, purge).await
    }

    /// [`Engine::compact`] within another verb.
    pub(crate) async fn compacted(&self, _held: &Curation<'_>, purge: bool) -> Result<Compacted, VerbError> {
        // Hits that are not written down yet would be those of the old journal.
        self.conclude().await;
        let now = clock::now();
        let since = if purge { Timestamp(i64::MAX) } else { Timestamp(now.0.saturating_sub(TRASH)) };
        let before = self.store_stats().await?;
        for notice in self.shared.store.compact(since, now).await? {
            self.notify(notice.level, notice.text);
        }
        Ok(Compacted { before, after: self.store_stats().await? })
    }

    /// The size of the store, by looking at its files.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn store_stats(&self) -> Result<StoreStats, StoreError> {
        let store = self.shared.store.clone();
        aside(move || store.stats()).await
    }
}
