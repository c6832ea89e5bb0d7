//! The verbs that are about a store as a whole.

pub(super) mod compact;
pub(super) mod scrub;
pub(super) mod usage;
