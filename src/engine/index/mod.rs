//! What is known of recordings and of what they belong to, in memory, for look-ups.

pub(super) mod cursors;
pub(super) mod open_reads;
pub(super) mod recent;
pub(super) mod recording_index;
pub(super) mod sketches;
pub(super) mod takes;
pub(super) mod unsaved;
pub(super) mod use_count;
