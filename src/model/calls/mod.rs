//! Calls as the history has them, the modes that decide about them, and the announcements.

pub(super) mod call;
pub(super) mod event;
pub(super) mod latency;
pub(super) mod mode;
pub(super) mod scope;
