//! Recordings, the rows that lists show of them, and the steps that changed them.

pub(super) mod labels;
pub(super) mod recording;
pub(super) mod rows;
pub(super) mod step;
pub(super) mod usage;
