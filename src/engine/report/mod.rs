//! What there is and what it was good for, in numbers, and what of it outlives the process.

pub(super) mod history_restore;
pub(super) mod ledger;
pub(super) mod metrics;
pub(super) mod price;
pub(super) mod scopes;
pub(super) mod stats;
pub(super) mod usage;
