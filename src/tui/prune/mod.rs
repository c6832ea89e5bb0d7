//! The Prune tab: a query, the plan that it makes, and what speaks against each removal.

pub mod pane;
pub mod state;
