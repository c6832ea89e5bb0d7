//! The index: where recordings are listed and found. The only place that names sled.
//!
//! sled 0.34 panics on damaged files, loses whole ends of its log without an error, and does not survive its own
//! write errors. So every call runs under [`guard`], every value carries a CRC, the whole of it is derived from the
//! journal, and a change to all trees is one transaction that also says how far in the journal it has come.

mod change;
mod copies;
mod history;
mod row_file;
mod sled_index;
mod trees;

pub(super) use copies::UncopiedLines;
pub use row_file::KeptFile;
pub use sled_index::catches_panics;
pub(super) use sled_index::{FoundPut, Index};
