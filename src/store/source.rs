//! The source of reads: the index, or what stands in for it.

use std::sync::Arc;

use parking_lot::Mutex;

use super::index::Index;
use super::offsets::Offsets;

/// The source of reads.
#[derive(Clone, Debug)]
pub(super) enum ReadSource {
    /// The index, as it should be.
    Index(Arc<Index>),
    /// sled failed and is not called again.
    Offsets(Arc<Mutex<Offsets>>),
    /// The store was closed.
    Closed,
}
