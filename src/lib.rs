//! retake: a terminal workbench for recorded AI API calls.

pub mod dialect;
pub mod model;
pub mod reading;
pub mod store;
pub mod upstream;
