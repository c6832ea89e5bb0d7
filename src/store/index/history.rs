//! Past calls: a ring of slots beside the trees that the journal fills.

use super::{INLINE, Index, Result, guard};

impl Index {
    /// Puts past calls into their slots.
    pub(in crate::store) fn remember(&self, calls: &[(u64, Vec<u8>)]) -> Result<()> {
        guard(|| {
            let mut batch = sled::Batch::default();
            for (slot, call) in calls.iter().filter(|(_, call)| call.len() + 4 <= INLINE) {
                batch.insert(&slot.to_be_bytes(), [&crc32fast::hash(call).to_be_bytes()[..], call].concat());
            }
            Ok(self.history.apply_batch(batch)?)
        })
    }

    /// All past calls that can be read, with their slots. A damaged one is left out: it is no part of the truth.
    pub(in crate::store) fn history(&self) -> Result<Vec<(u64, Vec<u8>)>> {
        guard(|| {
            let mut all = Vec::new();
            for entry in &self.history {
                let (slot, value) = entry?;
                let sound = value
                    .split_first_chunk::<4>()
                    .filter(|(sum, call)| u32::from_be_bytes(**sum) == crc32fast::hash(call));
                if let (Some((_, call)), Ok(slot)) = (sound, slot[..].try_into()) {
                    all.push((u64::from_be_bytes(slot), call.to_vec()));
                }
            }
            Ok(all)
        })
    }
}
