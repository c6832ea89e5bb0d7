//! Past calls of an older retake: it kept them in a tree of the index.

use super::sled_index::{Index, guard};
use super::trees::Result;

const TREE: &[u8] = b"history";

impl Index {
    /// The past calls that stand in the index and can be read, in no order.
    pub(in crate::store) fn history(&self) -> Result<Vec<Vec<u8>>> {
        guard(|| {
            if !self.db.tree_names().iter().any(|name| name == TREE) {
                return Ok(Vec::new());
            }
            let mut all = Vec::new();
            for value in self.db.open_tree(TREE)?.iter().values() {
                let value = value?;
                let sound = value
                    .split_first_chunk::<4>()
                    .filter(|(sum, call)| u32::from_be_bytes(**sum) == crc32fast::hash(call));
                all.extend(sound.map(|(_, call)| call.to_vec()));
            }
            Ok(all)
        })
    }

    /// Takes them out: they stand elsewhere from now on.
    pub(in crate::store) fn drop_history(&self) -> Result<()> {
        guard(|| Ok(self.db.drop_tree(TREE).map(drop)?))
    }
}
