//! The verbs that change recordings: one file each, those that only label them in one.

pub(super) mod derive;
pub(super) mod duplicate;
pub(super) mod edit;
pub(super) mod keep;
pub(super) mod label;
pub(super) mod new;
pub(super) mod prune;
pub(super) mod rerecord;
pub(super) mod retag;
pub(super) mod review;
pub(super) mod rm;
pub(super) mod trash;
pub(super) mod undo;
