//! The recordings in memory, for look-ups, and the state that look-ups keep about them.

pub(super) mod cursors;
pub(super) mod found_recording;
pub(super) mod generations;
pub(super) mod index_entry;
mod index_state;
pub(super) mod jobs;
pub(super) mod open_reads;
pub(super) mod recent;
pub(super) mod recording_index;
pub(super) mod sketches;
pub(super) mod takes;
pub(super) mod unsaved;
pub(super) mod use_count;
