//! The Live tab: calls as they happen, why they were answered as they were, and what can be done about misses.

pub mod causes;
pub mod causes_pane;
pub mod explanation;
pub mod keys;
pub mod pane;
pub mod state;
pub mod stats;
pub mod strip;
