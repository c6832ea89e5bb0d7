//! Why a call was answered as it was, and what would answer it.

pub(super) mod advice;
pub(super) mod candidates;
pub(super) mod diff;
pub(super) mod explanation;
pub(super) mod fire;
pub(super) mod miss;
