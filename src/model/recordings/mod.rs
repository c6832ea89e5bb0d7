//! Recordings, what lists show of them, and what changed them.

pub(super) mod labels;
pub(super) mod recording;
pub(super) mod rows;
pub(super) mod step;
pub(super) mod usage;
