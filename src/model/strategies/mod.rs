//! Which requests a recording answers, as people write it. Matching itself is none of it.

pub(super) mod pattern;
pub(super) mod playback;
pub(super) mod rule;
pub(super) mod strategy;
