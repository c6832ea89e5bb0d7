//! Explaining calls: why one was answered as it was, and what would answer it. Nothing here changes a recording.

pub(super) mod advice;
pub(super) mod candidates;
pub(super) mod diff;
pub(super) mod explanation;
pub(super) mod fire;
pub(super) mod miss;
