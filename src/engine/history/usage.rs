//! Reports of use: what a build machine hit must be known where recordings are pruned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::clock;
use crate::engine::state::Engine;
use crate::engine::verb_error::VerbError;
use crate::model::{Gap, Hash, RecordingId, Timestamp, Usage};
use crate::store::StoreChange;

/// The version of the form.
const FORMAT: u32 = 1;

/// A store's knowledge of its recordings' use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageReport {
    /// The version of this form: 1.
    pub retake_usage: u32,
    /// The name that the store gives itself, the same in all its reports.
    pub store: Arc<str>,
    /// The time of the report.
    pub written_at: Timestamp,
    /// The time before which hits may be missing; 1970 where none can be.
    pub unknown_before: Timestamp,
    /// The times in which they may be missing, in their order; reports of older versions do not tell them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// The recordings that were hit.
    pub recordings: Vec<Used>,
}

/// The use of one recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Used {
    /// The recording's id.
    pub id: RecordingId,
    /// The recording's hash, by which it is known where it has another id.
    pub hash: Hash,
    /// The recording's use there.
    pub usage: Usage,
}

/// The effect of a merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Merged {
    /// The number of recordings that are known to be used.
    pub recordings: usize,
    /// The number of recordings in the report that are not here.
    pub unknown: usize,
}

impl Engine {
    /// The use of this store's recordings, without what other stores said.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn usage(&self) -> Result<UsageReport, VerbError> {
        let mut used: Vec<_> = self.rows().into_values().filter(|row| row.usage.hits > 0).collect();
        used.sort_by(|a, b| a.id.cmp(&b.id));
        let recordings = used.iter().map(|row| {
            let usage = Usage { elsewhere: BTreeMap::default(), ..row.usage.clone() };
            Used { id: row.id.clone(), hash: row.hash, usage }
        });
        Ok(UsageReport {
            retake_usage: FORMAT,
            store: self.shared.store.name().into(),
            written_at: clock::now(),
            unknown_before: self.use_unknown_before()?,
            gaps: self.shared.store.gaps()?,
            recordings: recordings.collect(),
        })
    }

    /// Takes a report of another store in. A later report of the same store replaces an earlier one, whichever comes
    /// first, so nothing counts twice.
    /// A recording that is not here by its id is looked for by its hash: all takes of the request count as used then.
    ///
    /// # Errors
    /// When the report is of another version or of this very store, or the store cannot be written.
    pub async fn merge_usage(&self, report: UsageReport) -> Result<Merged, VerbError> {
        if report.retake_usage != FORMAT {
            let text =
                format!("its version is {}, and this retake reads version {FORMAT}", report.retake_usage);
            return Err(VerbError::Report(text));
        }
        if *report.store == *self.shared.store.name() {
            return Err(VerbError::Report("this store wrote it itself".into()));
        }
        let _curation = self.curate().await;
        let (mut merged, mut changed) = (Merged::default(), BTreeSet::new());
        for used in report.recordings {
            let here = match self.row(&used.id) {
                Some(row) => vec![row.id.clone()],
                None => self.find_hash(&used.hash.to_string())?,
            };
            let counted = here.into_iter().filter_map(|id| Some((self.shared.index.used(&id)?, id)));
            let counted: Vec<_> = counted.collect();
            merged.unknown += usize::from(counted.is_empty());
            merged.recordings += counted.len();
            for (known, id) in counted {
                known.hear(&report.store, &used.usage);
                changed.insert(id);
            }
        }
        self.write_ledger().await?;
        // What may be missing there is missing here now.
        let mut gaps = report.gaps;
        let told = gaps.iter().map(|gap| gap.to).max().unwrap_or_default();
        if report.unknown_before > told {
            gaps.push(Gap { from: Timestamp::default(), to: report.unknown_before });
        }
        let known = self.shared.store.gaps()?;
        let new = |gap: &Gap| !known.iter().any(|known| known.from <= gap.from && gap.to <= known.to);
        let gaps: Vec<_> = gaps.into_iter().filter(new).map(StoreChange::Gap).collect();
        if !gaps.is_empty() {
            self.shared.store.commit_all(gaps, clock::now()).await?;
        }
        if !changed.is_empty() {
            let rows = || changed.iter().filter_map(|id| self.row(id)).collect();
            self.shared.history.announce(|| crate::model::Event::Stored { rows: rows() });
        }
        Ok(merged)
    }
}
