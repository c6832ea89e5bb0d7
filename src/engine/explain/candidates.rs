//! The recordings of an endpoint, ready to be asked who answers what, and which of them come near a request.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::index::sketches::LINEUPS;
use crate::engine::state::Engine;
use crate::matching::{Candidate, Lineup, Outline, OutlineSet, RankedRecording, RankedRecordings};
use crate::model::{RecordingId, Row};

/// Under which name outlines are kept in the store.
const OUTLINES: &str = "outlines";
/// The version of what is kept.
const FORMAT: u32 = 1;
/// The most requests that are read to explain one call; the others are seen to in the background.
const READ: usize = 256;
/// The number of outlines that are made before others get their turn, and the time that they have then.
const AHEAD: usize = 64;
const PAUSE: Duration = Duration::from_millis(5);

impl Engine {
    /// The recordings of an endpoint, ready to be asked who answers what. The first time it reads their requests, so
    /// it belongs off the answering threads.
    pub(crate) fn lineup(&self, method: &str, endpoint: &str) -> Arc<Lineup> {
        self.restore_outlines();
        let generation = self.shared.index.generation();
        self.shared.sketches.lineup(generation, (method, endpoint), || {
            let rows = self.shared.index.select(|entry| entry.asks((method, endpoint)), |_| true);
            let candidate =
                |row: &Arc<Row>| Some(Candidate { row: Arc::clone(row), outline: self.outline(&row.id)? });
            Lineup::new(rows.iter().filter_map(|entry| candidate(&entry.row)).collect())
        })
    }

    /// The recordings of an endpoint that come nearest to a request, the nearest first; of equally near ones those that
    /// `scope` sees come first. It belongs off the answering threads.
    pub(crate) fn shortlist(
        &self,
        (method, endpoint): (&str, &str),
        incoming: &Outline,
        scope: Option<&str>,
        limit: usize,
    ) -> Vec<RankedRecording> {
        let ranked = self.ranked((method, endpoint));
        let sees = |own: Option<&str>| scope.is_none() || own.is_none() || own == scope;
        let outlines = self.shared.sketches.outlines();
        let short = outlines.shortlist(&ranked, incoming, limit, |one| !sees(one.scope.as_deref()));
        short.into_iter().cloned().collect()
    }

    fn ranked(&self, asks: (&str, &str)) -> Arc<RankedRecordings> {
        self.restore_outlines();
        let sketches = &self.shared.sketches;
        let generation = self.shared.index.generation();
        if let Some(known) = sketches.ranked(generation, asks) {
            return known;
        }
        let all = self.shared.index.rankable(Some(asks));
        let (mut ranked, mut missing) = sketches.outlines().ranked(all);
        let complete = missing.len() <= READ;
        if !missing.is_empty() {
            missing.sort_by_key(|one| Reverse(one.recorded_at));
            missing.truncate(READ);
            for one in &missing {
                drop(self.outline(&one.id));
            }
            let (more, _) = sketches.outlines().ranked(missing);
            ranked.extend(more);
        }
        let ranked = Arc::new(ranked);
        if complete {
            sketches.keep_ranked(generation, asks, &ranked);
        }
        ranked
    }

    /// The outline of a recording's request; `None` where that cannot be read.
    fn outline(&self, id: &RecordingId) -> Option<Arc<Outline>> {
        self.shared.sketches.outline(id, || self.fields_of(id))
    }

    /// Takes in the outlines that an earlier run wrote down.
    pub(crate) fn restore_outlines(&self) {
        self.shared.sketches.restore(|| {
            let kept = self.shared.store.derived(OUTLINES)?;
            let live = self.shared.live.load();
            let rest = kept.bytes.strip_prefix(&stamp(live.version)[..])?;
            let current = |id: &str| self.shared.index.id(id).filter(|_| !kept.changed.contains(id));
            OutlineSet::from_bytes(rest, current, &live.canon)
        });
    }

    /// Writes the outlines down, where enough of them are new.
    pub(crate) fn keep_outlines(&self) {
        let version = self.shared.live.load().version;
        if let Some(bytes) = self.shared.sketches.unkept() {
            self.shared.store.keep(OUTLINES, &[&stamp(version)[..], &bytes].concat());
        }
    }

    /// Makes the outlines that nobody asked for yet, a few at a time, and writes them down.
    pub(crate) async fn outline_ahead(&self) {
        if !self.shared.sketches.falls_behind(self.shared.index.generation()) {
            return;
        }
        let missing = self.aside(|engine| {
            engine.restore_outlines();
            let outlines = engine.shared.sketches.outlines();
            let all = if outlines.is_full() { Vec::new() } else { engine.shared.index.rankable(None) };
            outlines.ranked(all).1
        });
        let missing = missing.await;
        for some in missing.chunks(AHEAD) {
            let ids: Vec<_> = some.iter().map(|one| one.id.clone()).collect();
            self.aside(move |engine| ids.iter().for_each(|id| drop(engine.outline(id)))).await;
            let closing = self.shared.lifetime.closing.cancelled();
            if tokio::time::timeout(PAUSE, closing).await.is_ok() || self.shared.sketches.outlines().is_full()
            {
                break;
            }
        }
        self.aside(|engine| {
            engine.keep_outlines();
            // The first call that misses waits for none of it.
            let endpoints = engine.shared.index.answering_endpoints();
            endpoints.iter().take(LINEUPS).for_each(|(method, name)| drop(engine.ranked((method, name))));
        })
        .await;
    }
}

fn stamp(version: u32) -> [u8; 8] {
    let mut stamp = [0; 8];
    stamp[..4].copy_from_slice(&FORMAT.to_le_bytes());
    stamp[4..].copy_from_slice(&version.to_le_bytes());
    stamp
}
