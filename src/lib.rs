//! retake: a terminal workbench for recorded AI API calls.

pub mod model;
pub mod reading;
