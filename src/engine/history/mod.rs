//! What this process knows of its past calls.

pub(super) mod calls;
pub(super) mod compared_request;
pub(super) mod latencies;
