//! The store: recordings on disk, in one directory that one process owns.
//!
//! ```text
//! LOCK             flock'ed by the owner; says who it is and where it listens
//! journal.log      the truth: one checksummed line per change, synced before the change is acknowledged
//! journal.torn     the last half of a line that a crash left and that was cut off
//! journal.damaged-N  a journal that was not all sound and was written anew
//! index/           sled, derived from the journal: lists and look-ups come from here, and what a damaged line said; in `rows`
//!                  all rows together, for the start
//! index.doubt      exists while the index is opened, and after it failed: the next start makes it anew
//! watch            use since it is counted: a process that was killed left it, and the next one reads it
//! index.damaged-N  the last index that was not believed
//! history          the newest calls, and history.old those before them: no part of the truth
//! bodies/ab/…      bodies over 16 KiB, named by their SHA-256
//! ```
//!
//! Start-up reads the index and the last lines of the journal, not all of it. There is no clock in here and no choice
//! of ids: times and ids are handed in. Nothing is decided about recordings either; that is the engine's.

mod bodies;
mod change;
mod compact;
mod core;
mod error;
mod files;
mod glance;
mod handle;
mod history;
mod index;
mod index_dir;
mod journal;
mod line;
mod lock;
mod mend;
mod offsets;
mod open;
mod packed_row;
mod redo;
mod ring;
mod running;
mod source;
mod survey;
mod watch;
mod writer;

#[cfg(test)]
mod tests;

pub use change::{Changed, Indexed, LookUpKeys, RecordingVersion, STEPS, StoreChange, UndoStep};
pub use error::StoreError;
pub use glance::{Glance, glance};
pub use handle::{Opened, Store, StoreStats};
pub use index::{KeptFile, catches_panics};
pub use line::INLINE;
pub use lock::{Ownership, StoreOwner, owner};
pub use packed_row::{PackedRow, RowView};
pub use watch::UseNote;
