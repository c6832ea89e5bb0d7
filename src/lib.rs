//! retake: a terminal workbench for recorded AI API calls.

pub mod dialect;
pub mod interchange;
pub mod model;
pub mod reading;
