//! The verbs about the program and its configuration.

pub(super) mod completion;
pub(super) mod config;
pub(super) mod doctor;
pub(super) mod generate;
pub(super) mod help;
pub(super) mod schema;
pub(super) mod token;
pub(super) mod trust;
mod typed;
