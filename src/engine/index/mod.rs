//! What is known of recordings and of what they belong to, in memory, for look-ups.

pub(super) mod answer_ids;
pub(super) mod cursors;
pub(super) mod expiry_warnings;
pub(super) mod jobs;
pub(super) mod misfits;
pub(super) mod open_reads;
pub(super) mod recording_index;
pub(super) mod row;
pub(super) mod sketches;
pub(super) mod unsaved;
pub(super) mod use_count;
