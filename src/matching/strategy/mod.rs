//! Match strategies: comparison, fingerprint and the conditions of rules ask the same function for significance.

pub(crate) mod change;
pub(crate) mod compare;
pub(crate) mod condition;
pub(crate) mod decide;
pub(crate) mod fingerprint;
pub(crate) mod significance;
pub(crate) mod strategy_check;
