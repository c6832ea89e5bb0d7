//! The Prune tab: a query, the plan that it makes, and what speaks against each removal.

pub mod keys;
pub mod pane;
pub mod plan_lines;
pub mod state;
