//! Calls as the history has them, what decides about them, and what is announced of them.

pub(super) mod call;
pub(super) mod event;
pub(super) mod latency;
pub(super) mod mode;
pub(super) mod scope;
