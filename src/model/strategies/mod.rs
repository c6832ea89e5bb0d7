//! Match strategies as people write them. Matching itself is none of it.

pub(super) mod pattern;
pub(super) mod playback;
pub(super) mod rule;
pub(super) mod strategy;
