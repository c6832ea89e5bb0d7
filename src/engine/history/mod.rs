//! The past of this process: its calls, the numbers about them, and what of it outlives the process.

pub(super) mod calls;
pub(super) mod compared_request;
pub(super) mod exchanges;
pub(super) mod history_restore;
pub(super) mod latencies;
pub(super) mod ledger;
pub(super) mod metrics;
pub(super) mod model_calls;
pub(super) mod price;
pub(super) mod scopes;
pub(super) mod stats;
pub(super) mod usage;
