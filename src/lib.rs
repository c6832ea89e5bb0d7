//! retake: a terminal workbench for recorded AI API calls.

pub mod dialect;
pub mod matching;
pub mod model;
