//! The way of every recording into the store: read as look-ups see it, scrubbed, stamped, and written on one path.

pub(super) mod commit;
pub(super) mod keys;
pub(super) mod row;
pub(super) mod scrub_answer;
pub(super) mod stamp;
