//! Plans of what to prune, with reasons, and facts that only several recordings together tell. Nothing here removes anything.
//!
//! [`facts`] finds out what a row alone does not tell: duplicates, takes that never answer any more, what is too old.
//! [`plan`] asks a query of every recording and says which would go, why, and what that would break; and which would go but
//! for something that speaks against it.

mod facts;
mod plan;

#[cfg(test)]
mod tests;

pub use facts::{MaxAge, UseGiven, expired, facts, max_age};
pub use plan::{PlanItem, PruneOptions, PrunePlan, Reason, Removal, ScopeUse, Spared, Totals, Why, plan};
