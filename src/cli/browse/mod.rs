//! The verbs that only look.

pub(super) mod calls;
pub(super) mod diff;
pub(super) mod explain;
pub(super) mod list;
pub(super) mod show;
pub(super) mod stats;
pub(super) mod suggest;
