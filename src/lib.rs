//! retake: a terminal workbench for recorded AI API calls.

pub mod desk;
pub mod dialect;
pub mod model;
pub mod reading;
pub mod store;
pub mod terminal;
pub mod tui;
pub mod upstream;
