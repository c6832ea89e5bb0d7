//! Verbs that change recordings: one file a verb, all of them through [`step`].

pub(super) mod create;
pub(super) mod edit;
pub(super) mod import;
pub(super) mod keep;
pub(super) mod label;
pub(super) mod prune;
pub(super) mod remove;
pub(super) mod retag;
pub(super) mod review;
pub(super) mod scrub_again;
pub(super) mod step;
pub(super) mod undo;
