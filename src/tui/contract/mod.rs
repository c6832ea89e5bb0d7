//! The contract between the app and its parts: what tabs, overlays and the detail pane may read, and what they give back.
//!
//! A part changes itself alone. All that goes beyond it is an [`outcome::AppRequest`], which the app carries out.

pub mod context;
pub mod filter_input;
pub mod options;
pub mod outcome;
